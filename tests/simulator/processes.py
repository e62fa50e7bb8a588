"""Runs in several processes at once: what of them came to an end, whatever happens."""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context

from tests.simulator.total import Total

#: Seeds of one task: what a Ctrl-C waits for.
_CHUNK = 5
#: Tasks after which all processes are new: what a run leaves behind in memory goes with them.
_ROUND = 400
#: A process may be killed for want of memory: once, not each time.
_TRIES = 2


@dataclass
class Outcome:
    """The sum of all that was made, and why it is less than was asked for."""

    total: Total = field(default_factory=Total)
    is_interrupted: bool = False
    #: Seeds that came to no end because a process was killed, in order.
    lost: list[int] = field(default_factory=list)
    why_lost: str = ""


def make(
    seeds: Sequence[int],
    workers: int,
    told: Callable[[Total], object],
    how: Callable[[list[int]], Total],
) -> Outcome:
    """`how` sums up a part of the seeds, in a process of its own; `told` hears of each part.

    To be called by the main thread, which alone can hear of a Ctrl-C.
    """
    outcome = Outcome()
    chunks = [list(seeds[start : start + _CHUNK]) for start in range(0, len(seeds), _CHUNK)]
    with _interrupts_noted(outcome):
        for start in range(0, len(chunks), _ROUND):
            left = chunks[start : start + _ROUND]
            for _ in range(_TRIES):
                if left and not outcome.is_interrupted:
                    left = _made(left, outcome, workers, told, how)
            if outcome.is_interrupted:
                break
            outcome.lost += [seed for chunk in left for seed in chunk]
    return outcome


def _made(
    chunks: list[list[int]],
    outcome: Outcome,
    workers: int,
    told: Callable[[Total], object],
    how: Callable[[list[int]], Total],
) -> list[list[int]]:
    """What is left of the chunks."""
    left = list(chunks)

    def take(future: Future[Total]) -> None:
        try:
            outcome.total.add(future.result())
            left.remove(waiting[future])
        except BrokenProcessPool as broken:
            outcome.why_lost = str(broken)

    # No `max_tasks_per_child`: a pool that replaces its processes can come to a standstill.
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.simulator.run"])
    with ProcessPoolExecutor(workers, context, initializer=_ignore_interrupts) as pool:
        waiting = {pool.submit(how, chunk): chunk for chunk in chunks}
        taken: set[Future[Total]] = set()
        for future in as_completed(waiting):
            taken.add(future)
            take(future)
            told(outcome.total)
            if outcome.is_interrupted:
                break
        # Where it was interrupted, what is under way comes to its end.
        pool.shutdown(cancel_futures=True)
        for future in waiting.keys() - taken:
            if not future.cancelled():
                take(future)
    return left


@contextmanager
def _interrupts_noted(outcome: Outcome) -> Iterator[None]:
    """A Ctrl-C is written down, and raised nowhere: a pool that is interrupted in the middle of
    its own work leaves its processes behind. A second one is raised.
    """

    def note(*_: object) -> None:
        outcome.is_interrupted = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _ignore_interrupts() -> None:
    """A terminal's Ctrl-C goes to every process; the first one decides for all."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
