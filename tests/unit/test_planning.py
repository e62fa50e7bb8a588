"""Planning: even gaps, slots that keep every promise, and a history that forgets nothing needed."""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.model import DueRetry, PlannedRun
from campaigns.domain.planning import (
    HISTORY_MS,
    HORIZON_MS,
    VANISHED_AFTER_MS,
    Fresh,
    Plan,
    PlannedSend,
    acknowledged_run,
    draw_plan,
    gap_ms,
    next_slot,
    outstanding,
    passed_by,
    remember,
)

BASE = 1_795_349_529_000
#: Days of a minute, so that a plan runs across midnight.
DAY_MS = 60_000


# Gaps


@given(
    st.text(max_size=30),
    st.integers(0, 10**6),
    st.integers(1, 99),
    st.integers(0, 3_600_000),
    st.integers(0, 3_600_000),
)
def test_a_gap_lies_within_its_ends(campaign_id, sequence, plan_number, shortest, spread):
    gap = gap_ms(campaign_id, sequence, plan_number, shortest, shortest + spread)
    assert shortest <= gap <= shortest + spread
    assert gap == gap_ms(campaign_id, sequence, plan_number, shortest, shortest + spread)


def test_gaps_are_spread_evenly_and_tell_nothing_of_the_next():
    gaps = [gap_ms("cp_1", sequence, 1, 20_000, 50_000) for sequence in range(10_000)]
    tenths = Counter((gap - 20_000) * 10 // 30_001 for gap in gaps)
    assert set(tenths) == set(range(10))
    assert all(900 <= count <= 1_100 for count in tenths.values())
    rises = sum(earlier < later for earlier, later in pairwise(gaps))
    assert 4_800 <= rises <= 5_200
    # To the millisecond, and not in steps.
    assert len(set(gaps)) > 8_000


def test_both_ends_of_a_gap_are_drawn():
    drawn = Counter(gap_ms("cp_1", sequence, 1, 1, 3) for sequence in range(3_000))
    assert set(drawn) == {1, 2, 3}
    assert all(900 <= count <= 1_100 for count in drawn.values())


def test_a_release_and_another_campaign_draw_another_gap():
    drawn = {
        gap_ms(campaign_id, 7, plan_number, 0, 10**9)
        for campaign_id in ("cp_1", "cp_2")
        for plan_number in (1, 2)
    }
    assert len(drawn) == 4


# Slots


@dataclass(frozen=True)
class Lane:
    """All that one plan is drawn from."""

    base: int
    horizon: int
    delay_min: int
    delay_max: int
    retries: tuple[DueRetry, ...]
    fresh: tuple[Fresh, ...]
    #: The window is open in every other stretch of this length, and shuts for good in the end.
    stretch: int
    shuts_at: int
    rooms: tuple[int, ...]

    def gap(self, sequence: int, plan_number: int) -> int:
        return gap_ms("cp_1", sequence, plan_number, self.delay_min, self.delay_max)

    def fit(self, slot: int) -> int | None:
        stretch, _ = divmod(slot - BASE, self.stretch)
        fitted = slot if stretch % 2 == 0 else BASE + (stretch + 1) * self.stretch
        return fitted if fitted < self.shuts_at else None

    def day(self, slot: int) -> str:
        return f"{(slot - BASE) // DAY_MS:+03d}"

    def room(self, day: str) -> int:
        return self.rooms[int(day) % len(self.rooms)]

    def draw(self) -> Plan:
        return draw_plan(
            base=self.base,
            horizon=self.horizon,
            retries=self.retries,
            fresh=iter(self.fresh),
            gap=self.gap,
            fit=self.fit,
            day=self.day,
            room=self.room,
        )


@st.composite
def lanes(draw: st.DrawFn) -> Lane:
    delay_min = draw(st.integers(1, 30_000))
    due = draw(st.lists(st.integers(-600_000, 200_000), max_size=8))
    retries = tuple(
        DueRetry(f"rc_{n}", n, f"person-{n}", draw(st.integers(2, 5)), BASE + at)
        for n, at in enumerate(due)
    )
    first, count = draw(st.integers(10, 20)), draw(st.integers(0, 30))
    fresh = tuple(Fresh(f"rc_{n}", n, f"person-{n}", 1) for n in range(first, first + count))
    base = BASE + draw(st.integers(0, 100_000))
    return Lane(
        base=base,
        horizon=base + draw(st.integers(0, HORIZON_MS)),
        delay_min=delay_min,
        delay_max=delay_min + draw(st.integers(0, 30_000)),
        retries=draw(st.permutations(retries).map(tuple)),
        fresh=fresh,
        stretch=draw(st.sampled_from([1_000, 20_000, 10**9])),
        shuts_at=BASE + draw(st.sampled_from([0, 50_000, 10**9])),
        rooms=tuple(draw(st.lists(st.integers(-2, 6), min_size=1, max_size=4))),
    )


@given(lanes())
def test_slots_lie_in_the_window_within_the_horizon_and_at_least_the_shortest_gap_apart(lane):
    plan = lane.draw()
    slots = [entry.slot_at for entry in plan.entries]
    assert all(lane.base <= slot <= lane.horizon for slot in slots)
    assert all(lane.fit(slot) == slot for slot in slots)
    assert all(later - earlier >= lane.delay_min for earlier, later in pairwise(slots))
    ends = [lane.base, *(entry.next_slot_at for entry in plan.entries)]
    assert plan.next_slot_at == ends[-1]
    for entry, next_at in zip(plan.entries, ends[1:], strict=True):
        assert next_at == entry.slot_at + lane.gap(entry.sequence, entry.plan_number)


@given(lanes())
def test_no_day_gets_more_slots_than_it_has_room_for_across_midnight_too(lane):
    per_day = Counter(lane.day(entry.slot_at) for entry in lane.draw().entries)
    assert all(count <= lane.room(day) for day, count in per_day.items())


@given(lanes())
def test_each_recipient_has_one_slot_in_order_and_no_retry_before_its_time(lane):
    entries = lane.draw().entries
    retries = [entry for entry in entries if entry.is_retry]
    newcomers = [entry for entry in entries if not entry.is_retry]
    in_turn = sorted(lane.retries, key=lambda retry: (retry.retry_at, retry.sequence))
    assert [_who(entry) for entry in retries] == [_who(each) for each in in_turn[: len(retries)]]
    assert [_who(entry) for entry in newcomers] == [
        _who(each) for each in lane.fresh[: len(newcomers)]
    ]
    due_at = {retry.sequence: retry.retry_at for retry in lane.retries}
    assert all(entry.slot_at >= due_at[entry.sequence] for entry in retries)


@given(lanes())
def test_a_due_retry_comes_before_a_newcomer_who_waits_for_no_retry_that_is_not_due(lane):
    waiting = sorted(lane.retries, key=lambda retry: (retry.retry_at, retry.sequence))
    newcomers, slot = list(lane.fresh), lane.base
    for entry in lane.draw().entries:
        if entry.is_retry:
            retry = waiting.pop(0)
            assert retry.retry_at <= slot or not newcomers
            assert entry.slot_at == lane.fit(max(slot, retry.retry_at))
        else:
            assert not waiting or waiting[0].retry_at > slot
            newcomers.pop(0)
            assert entry.slot_at == lane.fit(slot)
        slot = entry.next_slot_at


@given(lanes())
def test_planning_ends_at_the_horizon_a_full_day_or_when_nobody_is_left(lane):
    plan = lane.draw()
    planned = {entry.sequence for entry in plan.entries}
    due = [each.retry_at for each in lane.retries if each.sequence not in planned]
    newcomers = [each for each in lane.fresh if each.sequence not in planned]
    if not due and not newcomers:
        return
    slot = plan.next_slot_at if newcomers else max(plan.next_slot_at, min(due))
    fitted = lane.fit(slot)
    if fitted is not None and fitted <= lane.horizon:
        days = Counter(lane.day(entry.slot_at) for entry in plan.entries)
        assert days[lane.day(fitted)] >= lane.room(lane.day(fitted))


@given(lanes(), st.integers(0, HORIZON_MS))
def test_a_planner_that_looks_further_draws_the_same_plan_and_goes_on(lane, further):
    """Two planners with clocks of their own; the index names retries up to the horizon."""

    def looking(horizon: int) -> tuple[PlannedSend, ...]:
        known = tuple(retry for retry in lane.retries if retry.retry_at <= horizon)
        return replace(lane, horizon=horizon, retries=known).draw().entries

    short, long = looking(lane.horizon), looking(lane.horizon + further)
    assert long[: len(short)] == short


@given(lanes(), st.randoms(use_true_random=False))
def test_the_order_in_which_the_index_names_retries_makes_no_difference(lane, random):
    shuffled = list(lane.retries)
    random.shuffle(shuffled)
    assert replace(lane, retries=tuple(shuffled)).draw() == lane.draw()


def test_a_retry_that_is_due_later_gets_the_slot_that_its_time_allows():
    retry = DueRetry("rc_0", 0, "person-0", 2, BASE + 70_000)
    lane = _plain_lane(retries=(retry,))
    (entry,) = lane.draw().entries
    assert (entry.slot_at, entry.is_retry, entry.plan_number) == (BASE + 70_000, True, 2)


def test_newcomers_get_slots_again_once_the_due_retries_have_theirs():
    retries = tuple(DueRetry(f"rc_{n}", n, f"person-{n}", 2, BASE - n) for n in range(3))
    fresh = tuple(Fresh(f"rc_{n}", n, f"person-{n}", 1) for n in range(10, 13))
    entries = _plain_lane(retries=retries, fresh=fresh).draw().entries
    assert [entry.sequence for entry in entries] == [2, 1, 0, 10, 11, 12]


def _plain_lane(
    *, retries: tuple[DueRetry, ...] = (), fresh: tuple[Fresh, ...] = (), room: int = 99
) -> Lane:
    return Lane(BASE, BASE + HORIZON_MS, 1_000, 2_000, retries, fresh, 10**9, BASE + 10**9, (room,))


def _who(entry: PlannedSend | DueRetry | Fresh) -> tuple[str, int, str, int]:
    return entry.recipient_id, entry.sequence, entry.person, entry.plan_number


# The unbroken run


@given(st.lists(st.booleans(), max_size=30))
def test_the_cursor_may_pass_up_to_the_first_entry_that_was_not_acknowledged(acknowledged):
    fresh = tuple(Fresh(f"rc_{n}", n, f"person-{n}", 1) for n in range(len(acknowledged)))
    entries = _plain_lane(fresh=fresh).draw().entries[: len(acknowledged)]
    run = acknowledged_run(entries, acknowledged[: len(entries)])
    assert all(acknowledged[:run])
    assert run == len(entries) or not acknowledged[run]


# What the lane remembers


@dataclass(frozen=True)
class Ran:
    """One run: when, who was planned (sequence and slot), and which of them are retries."""

    at: int
    firsts: tuple[int, ...]
    retries: tuple[int, ...]


@st.composite
def runs(draw: st.DrawFn) -> list[Ran]:
    """Runs as a schedule makes them: slots follow one another, up to the horizon from each run."""
    made, now, slot = [], BASE, BASE
    for _ in range(draw(st.integers(1, 40))):
        now += draw(st.sampled_from([1, 30_000, 60_000, 119_000, 400_000, 1_200_000]))
        slot = max(slot, now)
        slots = []
        while slot <= now + HORIZON_MS and len(slots) < draw(st.integers(0, 5)):
            slots.append(slot)
            slot += draw(st.integers(1, 90_000))
        cut = draw(st.integers(0, len(slots)))
        if slots:
            made.append(Ran(now, tuple(slots[:cut]), tuple(slots[cut:])))
    return made


@given(runs(), st.integers(0, 200_000))
def test_a_forgetful_lane_says_the_same_as_one_that_remembers_every_run(made, later):
    history: tuple[PlannedRun, ...] = ()
    everything: list[PlannedRun] = []
    first_slots: list[int] = []
    for ran in made:
        first_slots += ran.firsts
        run = PlannedRun(len(first_slots), max(ran.firsts + ran.retries), len(ran.retries))
        everything.append(run)
        history = remember(history, run, ran.at)
        assert history == tuple(everything[-len(history) :])

        now = ran.at + later
        for instant in (now, now - 1_000, now - VANISHED_AFTER_MS, ran.at - HISTORY_MS):
            below = passed_by(history, instant)
            assert below == passed_by(everything, instant)
            assert all(slot <= instant for slot in first_slots[:below])
        assert outstanding(history, run.cursor, now) == outstanding(everything, run.cursor, now)


@given(runs(), st.integers(0, 200_000))
def test_outstanding_is_never_less_than_what_lies_ahead(made, later):
    history: tuple[PlannedRun, ...] = ()
    first_slots: list[int] = []
    retry_slots: list[int] = []
    for ran in made:
        first_slots += ran.firsts
        retry_slots += ran.retries
        run = PlannedRun(len(first_slots), max(ran.firsts + ran.retries), len(ran.retries))
        history = remember(history, run, ran.at)
        now = ran.at + later
        ahead = sum(slot > now for slot in [*first_slots, *retry_slots])
        assert outstanding(history, run.cursor, now) >= ahead
    last = max([BASE, *first_slots, *retry_slots])
    assert outstanding(history, len(first_slots), last) == 0


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2_000_000)), min_size=1, max_size=12),
    st.integers(0, 2_000_000),
)
def test_a_slot_that_lies_ahead_is_not_passed_whatever_run_was_noted_after_it(noted, at):
    """A run that passes over a crashed planner's recipients is noted as of its own time."""
    history: tuple[PlannedRun, ...] = ()
    slots: list[int] = []
    for count, last_slot in noted:
        slots += [BASE + last_slot] * count
        history = remember(history, PlannedRun(len(slots), BASE + last_slot), BASE + at)
    below = passed_by(history, BASE + at)
    assert all(slot <= BASE + at for slot in slots[:below])
    assert outstanding(history, len(slots), BASE + at) >= sum(slot > BASE + at for slot in slots)


def test_a_lane_that_ran_each_minute_for_a_day_remembers_a_quarter_of_an_hour():
    history: tuple[PlannedRun, ...] = ()
    for minute in range(24 * 60):
        now = BASE + minute * 60_000
        history = remember(history, PlannedRun(minute * 3, now + HORIZON_MS), now)
    assert len(history) <= 20


@given(st.lists(st.integers(0, 8), min_size=1, max_size=8), st.integers(-10_000, 200_000))
def test_the_next_slot_is_drawn_again_from_what_the_lane_remembers(counts, later):
    history: tuple[PlannedRun, ...] = ()
    slots: list[int] = []
    base, sequence = BASE, 0
    for count in counts:
        fresh = tuple(Fresh(f"rc_{n}", n, "person", 1) for n in range(sequence, sequence + count))
        plan = replace(_plain_lane(fresh=fresh), base=base, horizon=base + HORIZON_MS).draw()
        if not plan.entries:
            continue
        planned = [entry.slot_at for entry in plan.entries]
        slots += planned
        sequence += len(planned)
        run = PlannedRun(sequence, planned[-1], 0, planned[0])
        history = remember(history, run, base)
        base = plan.next_slot_at

    now = BASE + later
    expected = min((slot for slot in slots if slot > now), default=None)
    assert next_slot(history, now, _plain_lane().gap) == expected


@given(runs(), st.integers(-100_000, 300_000))
def test_an_estimate_of_the_next_slot_lies_ahead_and_no_later_than_what_was_planned(made, later):
    history: tuple[PlannedRun, ...] = ()
    cursor = 0
    for ran in made:
        cursor += len(ran.firsts)
        slots = sorted(ran.firsts + ran.retries)
        run = PlannedRun(cursor, slots[-1], len(ran.retries), slots[0])
        history = remember(history, run, ran.at)
    now = made[-1].at + later if made else BASE
    estimate = next_slot(history, now, _plain_lane().gap)
    assert (estimate is None) is all(run.last_slot <= now for run in history)
    if estimate is not None:
        assert now < estimate <= max(run.last_slot for run in history)


@pytest.mark.parametrize("instant", [0, BASE])
def test_a_lane_without_a_past_has_passed_nobody(instant):
    assert passed_by((), instant) == 0
    assert outstanding((), 0, instant) == 0
