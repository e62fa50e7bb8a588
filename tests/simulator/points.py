"""The points at which faults can strike a run, and which of them are the same.

A *point* is a fault at an external call. Two crash points are the same where nothing can happen in
between: only one actor runs at a time, and a process that has ended leaves nothing but what its
calls did.

- After a call is before the same process's next call, where that follows at the same instant and
  nobody else had a turn in between: what it did since the first call is in its memory only.
- Before a read is after it: it changes nothing, and what was read dies with the process.

A read that times out is the same with and without its effect, by the same words. Any other two
points are different; the last call of an invocation, whose answer goes to somebody else, has no
next one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from tests.fakes.virtual_clock import Process, VirtualClock
from tests.simulator.faults import Chaos, Fault, FaultKind

_READS = frozenset({"GetItem", "Query", "BatchGetItem", "Decrypt"})
#: These come with the call's effect or without it; of the others the kind says which. A throttle
#: that the SDK overcomes is a wait and no more: it is left out.
_WITH_OR_WITHOUT = frozenset({FaultKind.CRASH, FaultKind.TIMEOUT, FaultKind.PARTIAL_BATCH})


@dataclass(frozen=True, slots=True)
class Call:
    """An external call of a run. `moment`: the instant, and how often the turn had changed."""

    number: int
    process: Process
    name: str
    kinds: frozenset[FaultKind]
    moment: tuple[int, int]

    @property
    def operation(self) -> str:
        return self.name.split()[0]

    @property
    def is_read(self) -> bool:
        return self.operation in _READS

    def follows(self, previous: "Call | None") -> bool:
        """Nothing can have happened since that call began but the call itself."""
        return (
            previous is not None
            and previous.process is self.process
            and previous.moment == self.moment
        )


@dataclass(frozen=True, slots=True)
class Point:
    """A fault at the call of that number."""

    number: int
    fault: Fault
    #: Who makes the call, and which: for people to read.
    name: str = field(default="", compare=False)

    def __str__(self) -> str:
        effect = "after" if self.fault.after else "before"
        return f"{self.number}:{self.fault.kind}:{effect}"

    @classmethod
    def parsed(cls, text: str) -> "Point":
        """As `str` writes it, `47:crash:after`. Raises ValueError."""
        number, kind, effect = text.split(":")
        if effect not in {"before", "after"}:
            raise ValueError(text)
        return cls(int(number), _fault(FaultKind(kind), after=effect == "after"))


class Survey:
    """Notes every external call of a run that a fault could strike."""

    def __init__(self, chaos: Chaos, clock: VirtualClock) -> None:
        self.calls: list[Call] = []
        self._chaos = chaos
        self._clock = clock
        chaos.strike = self._noting(chaos.strike)  # type: ignore[method-assign]
        chaos.strike_world = self._noting(chaos.strike_world)  # type: ignore[method-assign]

    def _noting[**P](self, strike: Callable[P, Fault | None]) -> Callable[P, Fault | None]:
        def noted(*args: P.args, **also: P.kwargs) -> Fault | None:
            before = self._chaos.number
            moment = (self._clock.now(), self._clock.turns)
            try:
                return strike(*args, **also)
            finally:
                if self._chaos.number != before:
                    name, kinds = cast(tuple[str, Sequence[FaultKind]], args)
                    self.calls.append(
                        Call(
                            self._chaos.number,
                            self._clock.process,
                            name,
                            frozenset(kinds),
                            moment,
                        )
                    )

        return noted


def crashes(calls: Iterable[Call], *, behind: int = 0) -> list[list[Point]]:
    """Every crash point of the calls with a higher number, those that are the same in one list."""
    groups: list[list[Point]] = []
    previous: Call | None = None
    for call in calls:
        if call.number <= behind or FaultKind.CRASH not in call.kinds:
            continue
        before, after = (_point(call, FaultKind.CRASH, after=after) for after in (False, True))
        if call.follows(previous):
            groups[-1].append(before)
        else:
            groups.append([before])
        if call.is_read:
            groups[-1].append(after)
        else:
            groups.append([after])
        previous = call
    return groups


def others(calls: Iterable[Call]) -> Iterator[Point]:
    """Every fault that can strike a call but its crash."""
    for call in calls:
        for kind in sorted(call.kinds - {FaultKind.CRASH}):
            has_both = kind in _WITH_OR_WITHOUT and not call.is_read
            for after in (False, True) if has_both else (False,):
                yield _point(call, kind, after=after)


def _point(call: Call, kind: FaultKind, *, after: bool) -> Point:
    # The queue's mapping is nobody's process.
    who = "mapping" if call.process.kind == "test" else call.process.kind
    return Point(call.number, _fault(kind, after=after), f"{who}: {call.name}")


def _fault(kind: FaultKind, *, after: bool) -> Fault:
    """A read as old as can be; of everything else the half."""
    return Fault(kind, after, 1.0 if kind is FaultKind.STALE_READ else 0.5)
