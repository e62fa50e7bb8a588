"""When a lane is looked at again."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.model import PlannedRun
from campaigns.domain.planning import HORIZON_MS, outstanding, remember
from campaigns.domain.resting import (
    LATE_LOOKS_MS,
    LONGEST_SLEEP_MS,
    LaneState,
    due_again,
    late_look_at,
)
from campaigns.domain.walking import WalkRules, is_settled, waits_until
from tests.fakes.recipient_steps import histories

NOW = 1_795_525_200_000
TIMES = st.none() | st.integers(NOW - 86_400_000, NOW + 7 * 86_400_000)
STATES = st.builds(
    LaneState,
    is_active=st.booleans(),
    is_idle=st.booleans(),
    needs_look=st.booleans(),
    outstanding=st.integers(0, 3),
    opens_at=TIMES,
    retry_at=TIMES,
    recount_at=TIMES,
)


def is_awake(due_at: int | None) -> bool:
    return due_at is not None and due_at <= NOW


@given(STATES)
def test_a_lane_with_anything_on_its_way_never_sleeps(state):
    if state.needs_look or state.outstanding:
        assert is_awake(due_again(state, NOW))


@given(STATES)
def test_an_active_lane_sleeps_only_while_nobody_can_be_planned(state):
    if state.is_active and not state.is_idle:
        assert is_awake(due_again(state, NOW))


@given(STATES)
def test_a_sleeping_lane_wakes_a_horizon_before_it_can_plan_again(state):
    due_at = due_again(state, NOW)
    at = state.opens_at if state.opens_at is not None else state.retry_at
    if state.is_active and at is not None:
        assert due_at is not None
        assert due_at <= max(NOW, at - HORIZON_MS)


@given(STATES)
def test_a_sleeping_lane_wakes_for_its_books(state):
    due_at = due_again(state, NOW)
    if state.recount_at is not None:
        assert due_at is not None
        assert due_at <= max(NOW, state.recount_at)


@given(STATES)
def test_a_lane_at_rest_is_not_woken_without_a_reason(state):
    still = replace(state, needs_look=False, outstanding=0, is_idle=True)
    reasons = {still.recount_at}
    if still.is_active:
        at = still.opens_at if still.opens_at is not None else still.retry_at
        reasons |= {NOW + LONGEST_SLEEP_MS, None if at is None else at - HORIZON_MS}
    due_at = due_again(still, NOW)
    assert due_at in reasons
    assert due_at is not None or reasons == {None}


def test_a_paused_lane_waits_for_nothing_but_its_books():
    paused = LaneState(
        is_active=False,
        is_idle=True,
        needs_look=False,
        outstanding=0,
        opens_at=NOW + 3_600_000,
        retry_at=NOW,
        recount_at=None,
    )
    assert due_again(paused, NOW) is None
    assert due_again(replace(paused, recount_at=NOW + 600_000), NOW) == NOW + 600_000
    assert due_again(replace(paused, outstanding=1), NOW) == NOW


@given(st.lists(histories(), max_size=3), st.integers(0, 300_000), st.booleans())
def test_a_lane_whose_job_or_request_is_on_its_way_is_looked_at_each_minute(people, late, active):
    """Put together as a visit does it: what the walk says of each, and what was planned."""
    recipients = [steps[-1].after for steps in people]
    rules = WalkRules(NOW, is_cancelled=False, vanished_below=0, cursor=len(recipients))
    waits = [waits_until(each, rules) for each in recipients if not is_settled(each)]
    now = NOW + late
    history = remember((), PlannedRun(len(recipients), NOW + HORIZON_MS), NOW)
    state = LaneState(
        is_active=active,
        is_idle=True,
        needs_look=None in waits,
        outstanding=outstanding(history, len(recipients), now),
        opens_at=None,
        retry_at=min((wait for wait in waits if wait is not None), default=None),
        recount_at=None,
    )
    due_at = due_again(state, now)
    is_on_its_way = [each for each in recipients if not is_settled(each) and not each.retry_at]
    if is_on_its_way or (recipients and now < NOW + HORIZON_MS):
        assert due_at is not None
        assert due_at <= now


def test_the_books_of_what_has_stopped_are_looked_at_after_a_day_and_after_a_week():
    first, last = (NOW + after for after in LATE_LOOKS_MS)
    assert late_look_at(NOW, NOW + 120_000) == first
    assert late_look_at(NOW, first) == last
    assert late_look_at(NOW, last) is None


@given(st.integers(NOW, NOW + 20 * 86_400_000))
def test_looking_late_comes_to_an_end(recounted_at):
    look = late_look_at(NOW, recounted_at)
    assert look is None or recounted_at < look <= NOW + LATE_LOOKS_MS[-1]
