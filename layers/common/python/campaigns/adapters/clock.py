"""The one place that knows the time, and how tasks run side by side."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context


class SystemClock:
    """The system's clock, in epoch milliseconds."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def sleep(self, milliseconds: int) -> None:
        if milliseconds > 0:
            time.sleep(milliseconds / 1_000)


class Threads:
    """See :class:`campaigns.services.ports.Concurrently`. Threads live as long as the process;
    each task sees its caller's context, and what it sets there is its own."""

    def __init__(self, workers: int) -> None:
        self._executor = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="campaigns")

    def __call__[T](self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        if len(tasks) == 1:
            return [tasks[0]()]
        futures = [self._executor.submit(copy_context().run, task) for task in tasks]
        wait(futures)
        return [future.result() for future in futures]
