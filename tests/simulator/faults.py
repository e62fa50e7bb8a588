"""Faults at the product's external calls, each drawn from the seed and the number of its call.

A fault hangs on the number alone, so that one can be left out and the others stay what they were.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, auto
from hashlib import blake2b

from tests.fakes.injector import Injector
from tests.fakes.virtual_clock import Crash, Process


class FaultKind(StrEnum):
    """What can become of one external call."""

    CRASH = auto()
    TIMEOUT = auto()
    THROTTLE = auto()
    LOST_ANSWER = auto()
    FAILED_CONDITION = auto()
    CONFLICT = auto()
    PARTIAL_BATCH = auto()
    STALE_READ = auto()
    #: Of the world around the calls.
    DUPLICATE_DELIVERY = auto()
    LATE_DELIVERY = auto()
    REORDERED_DELIVERY = auto()
    SECOND_PLANNER = auto()
    LATE_MINUTE = auto()
    MISSING_MINUTE = auto()
    CLOCK_SKEW = auto()
    DAYLIGHT_SAVING = auto()


@dataclass(frozen=True, slots=True)
class Fault:
    """`after`: the call has its effect all the same. `share`, 0 to 1, draws what is left."""

    kind: FaultKind
    after: bool
    share: float


@dataclass
class Chaos(Injector):
    """Counts every external call of the product and says which fault strikes it."""

    seed: int = 0
    rate: float = 0.0
    given: Mapping[int, Fault] | None = None
    is_on: bool = False
    number: int = 0
    struck: dict[int, Fault] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    note: Callable[[str], None] = lambda _: None
    #: When the time of a function is up, by its process.
    ends_at: dict[Process, int] = field(default_factory=dict)

    def strike(self, name: str, kinds: Sequence[FaultKind], *, times: int = 1) -> Fault | None:
        """The fault of this call, so many times as likely as of others. A process that has ended
        makes no call.
        """
        process = self.clock.process
        if self.clock.now() > self.ends_at.get(process, self.clock.now()):
            process.is_dead = True
        if process.is_dead:
            raise Crash
        if not self.is_on or process.kind == "test" or not kinds:
            return None
        self.number += 1
        fault = self._fault(kinds, self.rate * times)
        if fault is None:
            return None
        self.struck[self.number] = fault
        self.counts[fault.kind] += 1
        effect = "with" if fault.after else "without"
        self.note(f"{name}: {fault.kind}, {effect} its effect (fault {self.number})")
        return fault

    def _fault(self, kinds: Sequence[FaultKind], rate: float) -> Fault | None:
        if self.given is not None:
            fault = self.given.get(self.number)
            return fault if fault and fault.kind in kinds else None
        drawn = blake2b(f"{self.seed} {self.number}".encode(), digest_size=16).digest()
        if int.from_bytes(drawn[:8]) >= rate * 2**64:
            return None
        return Fault(kinds[drawn[8] % len(kinds)], drawn[9] % 2 == 0, drawn[10] / 255)

    def call[T](self, name: str, effect: Callable[[], T]) -> T:
        """An external call whose only fault is the end of its process."""
        fault = self.strike(name, (FaultKind.CRASH,))
        return effect() if fault is None else self.crash(fault, effect)

    def crash[T](self, fault: Fault, effect: Callable[[], T]) -> T:
        process = self.clock.process
        try:
            if fault.after:
                effect()
        finally:
            process.is_dead = True
        raise Crash
