"""The port `Concurrently` without threads."""

from collections.abc import Callable, Sequence


def one_after_the_other[T](tasks: Sequence[Callable[[], T]]) -> list[T]:
    """Each is tried before the first fault is passed on, as the port says."""
    results: list[T] = []
    faults: list[Exception] = []
    for task in tasks:
        try:
            results.append(task())
        except Exception as fault:
            faults.append(fault)
    if faults:
        raise faults[0]
    return results
