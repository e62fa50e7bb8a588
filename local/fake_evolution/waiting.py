"""How long the caller of a request waits, and the ways in which it gets no answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from local.fake_evolution.behaviours import Behaviour


class ClientGaveUp(Exception):
    """The caller's read timeout passed; the server goes on with what it was told."""


class AnswerLost(ConnectionError):
    """The connection ends without an answer: closed in order, or reset.

    A ConnectionError, because that is what makes the HTTP server drop the connection in silence.
    """

    def __init__(self, *, reset: bool) -> None:
        super().__init__("the connection ends without an answer")
        self.reset = reset


class Unreachable(Exception):
    """The request never reached the server."""

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(behaviour)
        self.behaviour = behaviour


@dataclass(frozen=True, slots=True)
class CallerPatience:
    """The caller waits until `deadline` (None: for ever), in epoch seconds of the fake's clock."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    deadline: float | None = None

    def until(self, moment: float) -> None:
        """Sleep to the moment, or to the deadline and raise ClientGaveUp."""
        end = moment if self.deadline is None else min(moment, self.deadline)
        gap = end - self.clock()
        if gap > 0:
            self.sleep(gap)
        if self.deadline is not None and moment > self.deadline:
            raise ClientGaveUp
