"""Trials of the guards: over the default seeds, what happens with some of them off."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum, auto
from unittest.mock import patch

from local.fake_evolution import Behaviour, Rule
from tests.simulator import prepare
from tests.simulator.deployment import Ground
from tests.simulator.faults import Fault, FaultKind
from tests.simulator.guard_counts import refusals_counted
from tests.simulator.guards import Guard, off
from tests.simulator.plan import DayHours, Plan, draw
from tests.simulator.run import Result, run

DEFAULT_SEEDS = range(250)
#: With a guard off a campaign may never end: four days of it show no more than two hours.
_HORIZON_MS = 2 * 60 * 60_000
#: Of the twenty for which a sender waits.
_SLOW_SECONDS = 18


class Day(StrEnum):
    """What of a drawn plan is left for a trial, so that it shows one thing."""

    #: As drawn.
    DRAWN = auto()
    #: Nothing goes wrong and nobody does anything.
    UNDISTURBED = auto()
    #: Operators and people, and nothing else.
    PEOPLE = auto()
    #: Each answer of the server takes most of the time that it is given, and nothing else is wrong.
    SLOW_SERVER = auto()
    #: Faults of external calls, and nothing else.
    CALLS = auto()
    #: Batches that are delivered twice, late or in another order, and nothing else.
    DELIVERIES = auto()
    #: Each seventh external call whose answer can be lost loses it, and nothing else.
    LOST_ANSWERS = auto()
    #: A third of the calls, where they are batches, are done in part, and nothing else goes wrong.
    PARTIAL_BATCHES = auto()
    #: The window closes seconds after the start, and deliveries are late.
    CLOSING = auto()


def plan_of(seed: int, day: Day = Day.DRAWN) -> Plan:
    """The seed's plan, or what such a day leaves of it."""
    plan = draw(seed)
    calm = replace(
        plan,
        fault_rate=0.0,
        delivery_rate=0.0,
        minute_rate=0.0,
        most_skew_ms=0,
        rules=(),
        webhook_rules=(),
        actions=(),
    )
    match day:
        case Day.DRAWN:
            return plan
        case Day.UNDISTURBED:
            return calm
        case Day.PEOPLE:
            return replace(calm, actions=plan.actions)
        case Day.SLOW_SERVER:
            return replace(calm, rules=(Rule(Behaviour.SLOW, seconds=_SLOW_SECONDS),))
        case Day.CALLS:
            return replace(calm, fault_rate=max(plan.fault_rate, 0.01))
        case Day.DELIVERIES:
            return replace(calm, delivery_rate=0.3)
        case Day.LOST_ANSWERS:
            lost = Fault(FaultKind.LOST_ANSWER, after=True, share=0.5)
            return replace(calm, given=dict.fromkeys(range(seed % 7, 2000, 7), lost))
        case Day.PARTIAL_BATCHES:
            part = Fault(FaultKind.PARTIAL_BATCH, after=False, share=0.5)
            return replace(calm, given=dict.fromkeys(range(seed % 3, 2_000, 3), part))
        case Day.CLOSING:
            start = datetime(2026, 11, 24, 13, 9, 50, tzinfo=UTC)
            return replace(
                calm,
                start=round(start.timestamp() * 1_000),
                hours=DayHours("America/Sao_Paulo", 9 * 60, 10 * 60 + 10),
                recipients=12,
                delay=(1, 1),
                delivery_rate=0.3,
                scheduled_in_ms=None,
            )


@dataclass(frozen=True, slots=True)
class Trial:
    """Guards that are off, on such a day, and what that brings about.

    Either `breaks` names a rule that is broken then, and is not with every guard on, nor with any
    of `not_by` alone off; or `counter` is the guard that refuses something then, and nothing with
    every guard on. `seed` is where it was found last: it is tried first, and proves nothing.
    """

    guards: tuple[Guard, ...]
    breaks: str = ""
    counter: Guard | None = None
    day: Day = Day.DRAWN
    not_by: tuple[tuple[Guard, ...], ...] = ()
    is_cut_short: bool = False
    seed: int = 0


def find(
    trial: Trial, ground: Ground, seeds: Iterable[int] = DEFAULT_SEEDS
) -> tuple[int, Result] | None:
    """The first seed that shows what the trial says, and its run; None: none of them does."""
    for seed in dict.fromkeys((trial.seed, *seeds)):
        result = _shown(trial, seed, ground)
        if result:
            return seed, result
    return None


def _shown(trial: Trial, seed: int, ground: Ground) -> Result | None:
    with _cut_short(trial.is_cut_short):
        result = counted_run(plan_of(seed, trial.day), ground, trial.guards)
        if not _is_so(trial, result):
            return None
        for guards in ((), *trial.not_by):
            other = counted_run(plan_of(seed, trial.day), ground, guards)
            if other.violations if trial.breaks else _is_so(trial, other):
                return None
    return result


def _is_so(trial: Trial, result: Result) -> bool:
    if trial.counter is not None:
        return result.refusals[trial.counter] > 0
    return any(each.startswith(f"{trial.breaks}:") for each in result.violations)


def counted_run(plan: Plan, ground: Ground, guards: Iterable[Guard] = ()) -> Result:
    """A run with those guards off, its refusals counted."""
    with off(*guards), refusals_counted():
        return run(plan, ground)


@contextmanager
def _cut_short(is_cut_short: bool) -> Iterator[None]:
    horizon = _HORIZON_MS if is_cut_short else prepare.HORIZON_MS
    with patch.object(prepare, "HORIZON_MS", horizon):
        yield
