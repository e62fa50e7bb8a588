"""The table of the guards. `python -m tests.simulator.guard_table [GUARD ...]` tries each, or those
that are named, and prints their lines.
"""

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tests.simulator.deployment import Ground, ground
from tests.simulator.guard_trials import Day, Trial, find
from tests.simulator.guards import SWITCHES, Guard

RULES = (
    "never_twice",
    "never_lost",
    "never_hammered",
    "human_pace",
    "only_in_hours",
    "stop_means_stop",
    "one_live_campaign",
    "exact_books",
    "no_leaks",
)
_HEAD = """\
| guard | prevents | switched off | alone | with those that back it |
|---|---|---|---|---|
"""
_ON = {
    Day.DRAWN: "",
    Day.PEOPLE: ", people alone",
    Day.SLOW_SERVER: ", a slow server alone",
    Day.CALLS: ", faults of calls alone",
    Day.DELIVERIES: ", deliveries alone",
    Day.LOST_ANSWERS: ", lost answers alone",
    Day.PARTIAL_BATCHES: ", partly failed batches alone",
    Day.CLOSING: ", a window that closes at once",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What a guard prevents, and what shows that it does. `together` None: nothing backs it."""

    prevents: str
    alone: Trial
    together: Trial | None = None


def _breaks(rule: str, *guards: Guard, **options: object) -> Trial:
    """Those off together break the rule; the first without the others does not, nor they without
    it.
    """
    first, backing = guards[:1], guards[1:]
    not_by = (first, backing) if backing else ()
    return Trial(guards, breaks=rule, not_by=not_by, **options)  # type: ignore[arg-type]


def _backed(guard: Guard, counter: Guard, day: Day, seed: int) -> Trial:
    return Trial((guard,), counter=counter, day=day, seed=seed)


G = Guard
TABLE: Mapping[Guard, Row] = {
    G.FIRST_LOOK: Row(
        "a job that is not needed any more from taking the gates",
        _backed(G.FIRST_LOOK, G.CLAIM, Day.DELIVERIES, 13),
        _breaks("never_twice", G.FIRST_LOOK, G.CLAIM, day=Day.DELIVERIES, seed=19),
    ),
    G.CLAIM: Row(
        "two copies of a job from sending",
        _breaks("never_twice", G.CLAIM, day=Day.DELIVERIES, seed=15),
        _breaks("never_twice", G.CLAIM, G.FIRST_LOOK, day=Day.DELIVERIES, seed=19),
    ),
    G.PERSON_GATE: Row(
        "two campaigns, or tenants, from writing to a person at once",
        _breaks("never_hammered", G.PERSON_GATE, seed=2),
    ),
    G.INSTANCE_GATE: Row(
        "a send after a pause, a cancel or a disconnection, or before the gap is over",
        _breaks("stop_means_stop", G.INSTANCE_GATE, seed=1),
    ),
    G.BUSY_MARK: Row(
        "a second request while a slow one is under way",
        _breaks("human_pace", G.BUSY_MARK, day=Day.SLOW_SERVER, seed=0),
    ),
    G.WINDOW_CHECK: Row(
        "a late job from leaving after the window has closed",
        _breaks("only_in_hours", G.WINDOW_CHECK, day=Day.CLOSING, seed=5),
        _breaks("only_in_hours", G.WINDOW_CHECK, G.SLOTS_IN_HOURS, seed=4),
    ),
    G.SLOTS_IN_HOURS: Row(
        "jobs that would only be put off",
        _backed(G.SLOTS_IN_HOURS, G.WINDOW_CHECK, Day.DRAWN, 4),
        _breaks("only_in_hours", G.SLOTS_IN_HOURS, G.WINDOW_CHECK, seed=4),
    ),
    G.PLAN_NUMBER: Row(
        "a stale job from being taken for the present one, and SQS from dropping the present one",
        _backed(G.PLAN_NUMBER, G.MARK_WALK, Day.DRAWN, 2),
        _breaks(
            "never_lost",
            G.PLAN_NUMBER,
            G.MARK_WALK,
            day=Day.PEOPLE,
            is_cut_short=True,
            seed=1,
        ),
    ),
    G.DEDUPLICATION: Row(
        "second jobs of planners that raced, crashed or lost an answer",
        _backed(G.DEDUPLICATION, G.FIRST_LOOK, Day.LOST_ANSWERS, 2),
        _breaks(
            "never_twice",
            G.DEDUPLICATION,
            G.FIRST_LOOK,
            G.CLAIM,
            day=Day.LOST_ANSWERS,
            seed=2,
        ),
    ),
    G.LEASE: Row(
        "a sender that is at work from being taken for dead",
        _backed(G.LEASE, G.DOUBT, Day.SLOW_SERVER, 2),
        _breaks("never_twice", G.LEASE, G.DOUBT, day=Day.SLOW_SERVER, seed=2),
    ),
    G.DOUBT: Row(
        "a second send where the first may have left",
        _breaks("never_twice", G.DOUBT, day=Day.CALLS, seed=2),
    ),
    G.TOKENS: Row(
        "a write from being taken for somebody else's when it is repeated",
        _backed(G.TOKENS, G.DOUBT, Day.LOST_ANSWERS, 1),
        _breaks(
            "never_lost",
            G.TOKENS,
            G.MARK_WALK,
            day=Day.LOST_ANSWERS,
            is_cut_short=True,
            seed=3,
        ),
    ),
    G.JOBS_BEFORE_CURSOR: Row(
        "people from being passed over when a planner crashes",
        _backed(G.JOBS_BEFORE_CURSOR, G.MARK_WALK, Day.CALLS, 3),
        _breaks(
            "never_lost",
            G.JOBS_BEFORE_CURSOR,
            G.MARK_WALK,
            day=Day.CALLS,
            is_cut_short=True,
            seed=3,
        ),
    ),
    G.ORDERED_ACKNOWLEDGEMENT: Row(
        "people from being passed over whose jobs the queue did not take",
        _backed(G.ORDERED_ACKNOWLEDGEMENT, G.MARK_WALK, Day.PARTIAL_BATCHES, 1),
        _breaks(
            "never_lost",
            G.ORDERED_ACKNOWLEDGEMENT,
            G.MARK_WALK,
            day=Day.PARTIAL_BATCHES,
            is_cut_short=True,
            seed=1,
        ),
    ),
    G.MARK_WALK: Row(
        "whoever's job or sender is gone from waiting for ever",
        _breaks("never_lost", G.MARK_WALK, is_cut_short=True, seed=1),
    ),
}


def as_markdown(table: Mapping[Guard, Row] = TABLE) -> str:
    return _HEAD + "".join(map(_line, table, table.values()))


def _line(guard: Guard, row: Row) -> str:
    how = inspect.getdoc(SWITCHES[guard]) or ""
    together = _cell(row.together) if row.together else "nothing backs it"
    cells = (f"`{guard}`", row.prevents, " ".join(how.split()), _cell(row.alone), together)
    return f"| {' | '.join(cells)} |\n"


def _cell(trial: Trial) -> str:
    others = " and ".join(f"`{guard}`" for guard in trial.guards[1:])
    what = (
        f"rule {RULES.index(trial.breaks) + 1} breaks"
        if trial.breaks
        else f"caught by `{trial.counter}`"
    )
    return f"{f'{others}: ' if others else ''}{what} (seed {trial.seed}{_ON[trial.day]})"


def tried(row: Row, shared: Ground) -> Row:
    """The row with the seeds that show it now. Raises LookupError where none does."""
    together = _tried(row.together, shared) if row.together else None
    return replace(row, alone=_tried(row.alone, shared), together=together)


def _tried(trial: Trial, shared: Ground) -> Trial:
    found = find(trial, shared)
    if found is None:
        raise LookupError(trial)
    return replace(trial, seed=found[0])


def main() -> int:
    with ground() as shared:
        sys.stdout.write(_HEAD)
        for guard in map(Guard, sys.argv[1:] or Guard):
            sys.stdout.write(_line(guard, tried(TABLE[guard], shared)))
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
