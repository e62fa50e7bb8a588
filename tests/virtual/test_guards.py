"""Guards off: each of them alone, and together with those that back it, over the default seeds."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.simulator.deployment import Ground, ground
from tests.simulator.guard_counts import NEEDLESS_REQUEUE, refusals_counted
from tests.simulator.guard_table import RULES, TABLE
from tests.simulator.guard_trials import DEFAULT_SEEDS, Day, Trial, counted_run, find, plan_of
from tests.simulator.guards import Guard, off
from tests.simulator.run import Result, run
from tests.simulator.small import single_crashes
from tests.simulator.small_world import Small, lived

BACKED = [guard for guard, row in TABLE.items() if row.together]
#: What else is found with one guard off, though another rule breaks sooner.
ALSO = (
    Trial((Guard.INSTANCE_GATE,), breaks="human_pace"),
    Trial((Guard.CLAIM,), breaks="never_hammered"),
    Trial((Guard.TOKENS,), breaks="exact_books", day=Day.LOST_ANSWERS),
    Trial((Guard.MARK_WALK,), breaks="never_lost", day=Day.CALLS, is_cut_short=True),
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Ground]:
    with ground() as made:
        yield made


def shown(result: Result) -> tuple[object, ...]:
    return result.timeline, result.violations


def test_every_guard_is_tried_with_nothing_but_its_own_name_in_the_table() -> None:
    assert list(TABLE) == list(Guard)
    for guard, row in TABLE.items():
        assert row.alone.guards == (guard,)
        assert row.together is None or row.together.guards[0] is guard
        assert row.alone.counter or row.alone.breaks in RULES
    # What is only caught by another guard has to be tried without that one as well.
    assert {guard for guard, row in TABLE.items() if row.alone.counter} <= {*BACKED}


@pytest.mark.parametrize("guard", Guard)
def test_with_a_guard_off_a_rule_breaks_or_another_guard_begins_to_refuse(
    guard: Guard, shared: Ground
) -> None:
    assert find(TABLE[guard].alone, shared), "the guard does nothing, or no seed draws why it must"


@pytest.mark.parametrize("guard", BACKED)
def test_with_those_off_that_back_it_too_a_rule_breaks_that_neither_breaks_alone(
    guard: Guard, shared: Ground
) -> None:
    together = TABLE[guard].together
    assert together
    assert together.breaks
    assert find(together, shared), "something else backs it"


@pytest.mark.exhaustive
@pytest.mark.parametrize("guard", BACKED)
def test_with_those_off_that_back_it_too_the_rule_breaks_in_runs_as_they_are_drawn(
    guard: Guard, shared: Ground
) -> None:
    together = TABLE[guard].together
    assert together
    assert find(replace(together, day=Day.DRAWN, not_by=()), shared)


@pytest.mark.exhaustive
@pytest.mark.parametrize("trial", ALSO, ids=lambda trial: f"{trial.guards[0]} {trial.breaks}")
def test_what_else_a_guard_prevents(trial: Trial, shared: Ground) -> None:
    assert find(trial, shared)


def test_no_job_is_refused_its_recipient_in_an_undisturbed_run(shared: Ground) -> None:
    refused: Counter[str] = Counter()
    sent = 0
    for seed in range(8):
        result = counted_run(plan_of(seed, Day.UNDISTURBED), shared)
        assert result.violations == ()
        refused += result.refusals
        sent += sum(what.startswith("request leaves") for _, _, what in result.timeline)
    assert sent > 20
    saved = (Guard.FIRST_LOOK, Guard.CLAIM, Guard.PLAN_NUMBER, Guard.DEDUPLICATION)
    assert {guard: refused[guard] for guard in saved if refused[guard]} == {}
    assert refused[Guard.MARK_WALK] == refused[Guard.DOUBT] == 0


def requeues(seeds: range, shared: Ground, *guards: Guard) -> Counter[str]:
    """How often the walk planned somebody again: all told, and for no reason, by seed."""
    found: Counter[str] = Counter()
    for seed in seeds:
        refusals = counted_run(plan_of(seed), shared, guards).refusals
        found["all"] += refusals[Guard.MARK_WALK]
        if refusals[NEEDLESS_REQUEUE]:
            found[f"needless in seed {seed}"] += refusals[NEEDLESS_REQUEUE]
    return found


def test_the_walk_plans_nobody_again_whose_job_was_neither_destroyed_nor_held(
    shared: Ground,
) -> None:
    found = requeues(range(5), shared)
    del found["all"]
    assert found == {}
    assert any("needless" in what for what in requeues(range(1, 3), shared, Guard.PLAN_NUMBER)), (
        "the queue drops jobs then, and the walk is all that helps"
    )


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(4))
def test_in_none_of_the_default_seeds_the_walk_plans_somebody_again_for_no_reason(
    part: int, shared: Ground
) -> None:
    found = requeues(DEFAULT_SEEDS[part::4], shared)
    del found["all"]
    assert found == {}


def test_a_claim_that_was_never_answered_counts_as_no_refusal(shared: Ground) -> None:
    at_dispatcher = [
        (group[0],)
        for group in single_crashes(Small(), shared)
        if group[0].name.startswith("dispatcher: UpdateItem")
    ]
    assert len(at_dispatcher) > 3
    refused: Counter[str] = Counter()
    with refusals_counted():
        for crash in at_dispatcher:
            refused += lived(Small(), crash, shared).result.refusals
    assert refused.total() > 0
    assert refused[Guard.CLAIM] == 0


def test_a_run_is_the_same_whether_refusals_are_counted_or_guards_were_off_before(
    shared: Ground,
) -> None:
    plan = plan_of(1)
    before = run(plan, shared)
    assert before.refusals == {}
    with off(*Guard):
        pass
    counted = counted_run(plan, shared)
    assert counted.refusals.total() > 0
    assert shown(counted) == shown(before) == shown(run(plan, shared))
