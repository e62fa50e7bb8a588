"""Which call something is done for: an id that goes with it, from the API through the queue."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def correlation_id() -> str | None:
    """The id of the call for which this is done; None where nobody said so."""
    return _current.get()


@contextmanager
def correlated(with_id: str | None) -> Iterator[None]:
    """What is done inside is done for that call. None leaves it as it is outside."""
    token = _current.set(with_id or _current.get())
    try:
        yield
    finally:
        _current.reset(token)
