"""Faults at the product's external calls, each drawn from the seed and the number of its call.

A fault hangs on the number alone, so that one can be left out and the others stay what they were.
Where a run comes for the first time is struck more often, so that rare places are as well.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, auto
from hashlib import blake2b
from random import Random
from typing import Final

from tests.fakes.injector import Injector
from tests.fakes.virtual_clock import Crash, Process
from tests.simulator.places import place_of


class FaultKind(StrEnum):
    """What can become of one external call."""

    CRASH = auto()
    TIMEOUT = auto()
    #: With its effect: the SDK's repeats overcome it.
    THROTTLE = auto()
    LOST_ANSWER = auto()
    #: Somebody was there in between: gone again, or a rival who did what stays.
    FAILED_CONDITION = auto()
    CONFLICT = auto()
    PARTIAL_BATCH = auto()
    STALE_READ = auto()
    #: Before a conditional write a second copy of the process does the same, or an operator acts.
    RIVAL = auto()
    #: The call takes a while, before its effect or after it; others go on meanwhile.
    SLOW_CALL = auto()
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


@dataclass(frozen=True, slots=True)
class Place:
    """A kind of process at a call of the product's; with where it ended, before or after it."""

    process: str
    call: str
    after: bool | None = None

    def __str__(self) -> str:
        ended = {None: "", False: ", before", True: ", after"}[self.after]
        return f"{self.process}: {self.call}{ended}"


#: How much likelier a fault is where the run has been so often before; the last one from then on.
_NEW_PLACE: Final = (4.0, 2.0, 1.0)
#: One in so many places is aimed at; of the later ones of a run, which are rare, one in fewer.
_AIMED: Final = 12
_AIMED_AT_RARE: Final = 3
_COMMON: Final = 25
_RARE: Final = "layer"
_SLOW_RATES: Final = (0.0, 0.0, 0.02, 0.05, 0.2)
_SLOWEST_MS: Final = 3_000
#: Of all rivals, those that are operators.
_OPERATORS: Final = 0.4


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
    #: How often each guard of the product refused something, by its name.
    refusals: Counter[str] = field(default_factory=Counter)
    #: How often the product came to each place, and ended before or after it.
    places: Counter[Place] = field(default_factory=Counter)
    note: Callable[[str], None] = lambda _: None
    #: When the time of a function is up, by its process.
    ends_at: dict[Process, int] = field(default_factory=dict)
    #: Has another process do what that one does.
    again: dict[Process, Callable[[], object]] = field(default_factory=dict)
    #: What operators may do at any moment.
    operators: Sequence[Callable[[], object]] = ()

    def __post_init__(self) -> None:
        drawn = Random(f"slow {self.seed}").choice(_SLOW_RATES)
        self._slow_rate = drawn if self.rate else 0.0
        #: Places in the order in which the run came to them.
        self._found: dict[Place, int] = {}

    def strike(self, name: str, kinds: Sequence[FaultKind], *, times: int = 1) -> Fault | None:
        """The fault of this call, so many times as likely as of others. A process that has ended
        makes no call.
        """
        process = self.clock.process
        self._end_in_time(process)
        if not self.is_on or process.kind == "test" or not kinds:
            return None
        place = Place(process.kind, place_of(name))
        been, self.places[place] = self.places[place], self.places[place] + 1
        likelier = times * _NEW_PLACE[min(been, len(_NEW_PLACE) - 1)]
        fault = self._drawn(name, kinds, likelier, self._aim(place, been))
        if fault and fault.kind is FaultKind.CRASH:
            self.places[Place(place.process, place.call, fault.after)] += 1
        return fault

    def strike_world(self, name: str, kinds: Sequence[FaultKind]) -> Fault | None:
        """The fault of a call that AWS makes for us."""
        return self._drawn(name, kinds, 2) if self.is_on else None

    def _aim(self, place: Place, been: int) -> Fault | None:
        """The end of a process at a place that this seed aims at, once before the call and once
        after it; the seeds take turns.
        """
        if not self.rate or self.given is not None or been > 1:
            return None
        if been == 0:
            self._found[place] = len(self._found)
        each = _AIMED if self._found[place] < _COMMON else _AIMED_AT_RARE
        each = _AIMED_AT_RARE if place.process == _RARE else each
        turn = int.from_bytes(blake2b(f"{place}".encode(), digest_size=4).digest()) + self.seed
        is_after = (turn // each + been) % 2 == 0
        return Fault(FaultKind.CRASH, is_after, 0.5) if turn % each == 0 else None

    def _drawn(
        self, name: str, kinds: Sequence[FaultKind], times: float, aimed: Fault | None = None
    ) -> Fault | None:
        self.number += 1
        fault = aimed or self._fault(kinds, self.rate * times)
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
            is_possible = fault and fault.kind in {*kinds, FaultKind.SLOW_CALL}
            return fault if is_possible else None
        drawn = blake2b(f"{self.seed} {self.number}".encode(), digest_size=24).digest()
        after, share = drawn[9] % 2 == 0, drawn[10] / 255
        if int.from_bytes(drawn[:8]) < rate * 2**64:
            return Fault(kinds[drawn[8] % len(kinds)], after, share)
        if int.from_bytes(drawn[16:]) < self._slow_rate * 2**64:
            return Fault(FaultKind.SLOW_CALL, after, share)
        return None

    def call[T](self, name: str, effect: Callable[[], T]) -> T:
        """An external call whose only fault is the end of its process."""
        fault = self.strike(name, (FaultKind.CRASH,))
        if fault is None:
            return effect()
        is_crash = fault.kind is FaultKind.CRASH
        return self.crash(fault, effect) if is_crash else self.slow(fault, effect)

    def crash[T](self, fault: Fault, effect: Callable[[], T]) -> T:
        process = self.clock.process
        try:
            if fault.after:
                effect()
        finally:
            process.is_dead = True
        raise Crash

    def slow[T](self, fault: Fault, effect: Callable[[], T]) -> T:
        """The effect, before or after a while; mostly a short one."""
        pause = round(_SLOWEST_MS * fault.share**3)
        if not fault.after:
            self.pause(pause)
            return effect()
        try:
            return effect()
        finally:
            self.pause(pause)

    def pause(self, milliseconds: int) -> None:
        """Others go on. A process whose time is up meanwhile does not wake up again."""
        self.clock.sleep(milliseconds)
        self._end_in_time(self.clock.process)

    def meet_rival[T](self, fault: Fault, effect: Callable[[], T]) -> T:
        """The effect, once somebody else did something real; a refusal then is a true one."""
        again = self.again.get(self.clock.process)
        rival = again
        if self.operators and (again is None or fault.share < _OPERATORS):
            rival = self.operators[self.number % len(self.operators)]
        if rival:
            self.clock.join(rival, kind="test")
        self._end_in_time(self.clock.process)
        return effect()

    def _end_in_time(self, process: Process) -> None:
        if self.clock.now() > self.ends_at.get(process, self.clock.now()):
            process.is_dead = True
        if process.is_dead:
            raise Crash
