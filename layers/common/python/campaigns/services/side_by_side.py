"""Tasks that may fail, side by side."""

from collections.abc import Callable, Sequence
from functools import partial

from campaigns.services.ports import Concurrently


def all_done[T](concurrently: Concurrently, tasks: Sequence[Callable[[], T]]) -> list[T]:
    """Every task is tried before the first fault of one is passed on; results in order."""
    results: list[T] = []
    faults: list[Exception] = []
    for outcome in concurrently([partial(_tried, task) for task in tasks]):
        if isinstance(outcome, Exception):
            faults.append(outcome)
        else:
            results.append(outcome)
    if faults:
        raise faults[0]
    return results


def _tried[T](task: Callable[[], T]) -> T | Exception:
    try:
        return task()
    except Exception as fault:
        return fault
