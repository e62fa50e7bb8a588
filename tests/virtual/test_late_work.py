"""After an outage of an hour sends resume at pace: no burst, none out of hours, nobody twice."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.instants import to_datetime, to_ms
from campaigns.domain.planning import HORIZON_MS
from local.fake_evolution import Behaviour, Rule
from tests.fakes import rules
from tests.fakes.world import TUESDAY_10_H, World, a_world

HOUR = 3_600
HOUR_MS = HOUR * 1_000
PACE_MS = 20_000
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NEW_YORK = ZoneInfo("America/New_York")


def scheduled(world: World, seconds: float) -> None:
    world.schedule_each_minute(until=world.clock.now() + round(seconds * 1_000))


def polled(world: World, seconds: float) -> None:
    world.poll(2, until=world.clock.now() + round(seconds * 1_000))


@contextmanager
def planned_slots(world: World) -> Iterator[list[tuple[int, int]]]:
    """When each job was sent, and for when."""
    slots: list[tuple[int, int]] = []
    send = world.queue.send

    def noted(jobs: Any) -> list[bool]:
        slots.extend((world.clock.now(), job.slot_at) for job in jobs)
        return send(jobs)

    world.queue.send = noted  # type: ignore[method-assign]
    yield slots


def judge(world: World, campaign_id: str, slots: list[tuple[int, int]], back_at: int) -> None:
    """What holds after any outage that ended at `back_at`, in a window that is open then."""
    left = world.left_at()
    after = [at for at in left if at >= back_at]
    assert after
    assert after[0] <= back_at + 120_000
    rules.human_pace(world, PACE_MS)
    rules.nobody_twice(world)
    rules.nobody_lost(world, campaign_id)
    rules.reached_or_explained(world, campaign_id)
    assert [(at, slot) for at, slot in slots if slot > at + HORIZON_MS] == []


@pytest.mark.parametrize("down", ["dispatcher", "scheduler", "both"])
def test_after_an_hour_without_a_part_sends_go_on_at_pace(down: str) -> None:
    with a_world() as world, planned_slots(world) as slots:
        contacts = world.add_contacts(12)
        up = 70
        for runs, part in ((scheduled, "scheduler"), (polled, "dispatcher")):
            runs(world, up if down in {part, "both"} else 4 * HOUR)
        campaign_id = world.started(contacts)
        world.run(up + HOUR)
        back_at = world.clock.now()
        before = len(world.received())
        assert 0 < before < 12
        if down in {"scheduler", "both"}:
            scheduled(world, 2 * HOUR)
        if down in {"dispatcher", "both"}:
            polled(world, 2 * HOUR)
        world.run_until_over(campaign_id, hours=2)

        judge(world, campaign_id, slots, back_at)
        assert len(world.received()) == 12


def test_jobs_that_the_queue_gives_an_hour_late_leave_no_burst() -> None:
    with a_world() as world, planned_slots(world) as slots:
        contacts = world.add_contacts(10)
        begins, put = world.clock.now() + 70_000, world.queue.put
        ends = begins + HOUR_MS

        def late(job: Any, deduplication_id: str) -> bool:
            known = len(world.queue.messages)
            done = put(job, deduplication_id)
            if begins <= world.clock.now() < ends and len(world.queue.messages) > known:
                world.queue.messages[-1].visible_at = ends
            return done

        world.queue.put = late  # type: ignore[method-assign]
        world.start_running(hours=4)
        campaign_id = world.started(contacts)
        world.run_until_over(campaign_id, hours=4)

        judge(world, campaign_id, slots, ends)
        assert len(world.received()) == 10


def test_a_server_that_is_away_for_an_hour_costs_nobody_her_message() -> None:
    with a_world() as world, planned_slots(world) as slots:
        contacts = world.add_contacts(10)
        world.start_running(hours=5)
        campaign_id = world.started(contacts)
        world.run(70)
        rule = world.fake.add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=None))
        world.run(HOUR)
        assert world.head(campaign_id).status is CampaignStatus.PAUSED
        world.fake.clear_rules(rule.rule_id)
        back_at = world.clock.now()
        world.app.run.resume(world.tenant_id, campaign_id, "key:test")
        world.run_until_over(campaign_id, hours=3)

        judge(world, campaign_id, slots, back_at)
        assert len(world.received()) == 10


@pytest.mark.parametrize("share", [1, 3])
def test_a_table_that_throttles_for_minutes_loses_and_doubles_nobody(share: int) -> None:
    with a_world() as world, planned_slots(world) as slots:
        contacts = world.add_contacts(10)
        world.start_running(hours=4)
        campaign_id = world.started(contacts)
        world.run(70)
        refused = throttle(world, every=share, seconds=300)
        back_at = world.clock.now() + 300_000
        world.run_until_over(campaign_id, hours=4)

        judge(world, campaign_id, slots, back_at)
        assert len(refused) > 10


def throttle(world: World, *, every: int, seconds: int) -> list[str]:
    """Each `every`th request of scheduler and dispatcher is refused, the SDK's repeats included.

    The operations that were.
    """
    until = world.clock.now() + seconds * 1_000
    connection, tick = world.app.table.connection, world.tick
    dispatch: Callable[..., Any] = connection.dispatch
    count = 0
    refused: list[str] = []

    def throttled(operation: str, request: dict[str, Any]) -> Any:
        nonlocal count
        count += 1
        is_ours = world.clock.process.kind in {"scheduler", "dispatcher"}
        if is_ours and world.clock.now() < until and count % every == 0:
            refused.append(operation)
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, operation)
        return dispatch(operation, request)

    def tolerant() -> None:
        """The runtime notes a function that failed; a minute later there is the next."""
        try:
            tick()
        except ClientError:
            return

    connection.dispatch = throttled
    world.tick = tolerant  # type: ignore[method-assign]
    return refused


def test_an_outage_across_the_closing_of_the_window_waits_for_the_next_day() -> None:
    hours = {"schedule_type": "custom_period", "morning_start": "10:00", "morning_end": "11:00"}
    begin = TUESDAY_10_H + 58 * 60_000
    with a_world(begin) as world, planned_slots(world) as slots:
        contacts = world.add_contacts(8)
        polled(world, 60)
        scheduled(world, 30 * HOUR)
        campaign_id = world.started(contacts, **hours)
        world.run(HOUR)
        polled(world, 30 * HOUR)
        world.run_until_over(campaign_id, hours=28)

        local = [to_datetime(at).astimezone(SAO_PAULO) for at in world.left_at()]
        assert {each.hour for each in local} == {10}
        assert {each.day for each in local} == {24, 25}
        opening = TUESDAY_10_H + 24 * HOUR_MS
        judge(world, campaign_id, slots, opening)


def test_an_outage_across_midnight_keeps_both_days_limits() -> None:
    begin = to_ms(datetime(2026, 11, 25, 2, 45, tzinfo=UTC))  # 23:45 in São Paulo.
    with a_world(begin) as world, planned_slots(world) as slots:
        world.instance_id = world.add_instance("com-limite", daily_limit=5)
        contacts = world.add_contacts(12)
        polled(world, 100)
        scheduled(world, 60 * HOUR)
        campaign_id = world.started(contacts)
        world.run(HOUR)
        back_at = world.clock.now()
        polled(world, 60 * HOUR)
        world.run_until_over(campaign_id, hours=56)

        days = Counter(to_datetime(at).astimezone(SAO_PAULO).day for at in world.left_at())
        assert max(days.values()) <= 5
        assert days[25] == 5
        judge(world, campaign_id, slots, back_at)


@pytest.mark.parametrize(
    ("midnight", "hours_of_the_night"),
    [
        # 02:00 is 03:00 at once: the hour from 02:00 never was.
        (datetime(2026, 3, 8, 0, 0, tzinfo=NEW_YORK), {1, 3}),
        # 02:00 is 01:00 once more.
        (datetime(2026, 11, 1, 0, 0, tzinfo=NEW_YORK), {1, 2, 3}),
    ],
)
def test_an_outage_across_a_change_of_the_clock_sends_only_in_hours(
    midnight: datetime, hours_of_the_night: set[int]
) -> None:
    night = {
        "schedule_type": "custom_period",
        "timezone": "America/New_York",
        "morning_start": "01:00",
        "morning_end": "04:00",
        "skip_weekends": False,
        "skip_holidays": False,
    }
    begin = to_ms(midnight) + HOUR_MS - 60_000
    with a_world(begin) as world, planned_slots(world) as slots:
        contacts = world.add_contacts(8)
        polled(world, 130)
        scheduled(world, 40 * HOUR)
        campaign_id = world.started(contacts, **night)
        world.run(HOUR + 130)
        back_at = world.clock.now()
        assert 0 < len(world.left_at()) < 8
        polled(world, 40 * HOUR)
        world.run_until_over(campaign_id, hours=38)

        local = [to_datetime(at).astimezone(NEW_YORK).hour for at in world.left_at()]
        assert set(local) <= hours_of_the_night
        judge(world, campaign_id, slots, back_at)


def test_what_was_late_does_not_leave_with_what_is_due() -> None:
    """Two campaigns of one tenant on two instances, one backlog: each keeps its own pace."""
    with a_world() as world:
        first = world.add_contacts(6)
        scheduled(world, 4 * HOUR)
        polled(world, 40)
        ids = [world.started(first)]
        other = world.add_instance("segunda")
        world.instance_id = other
        ids.append(world.started(world.add_contacts(6, first=100)))
        world.run(HOUR)
        polled(world, 3 * HOUR)
        for campaign_id in ids:
            world.run_until_over(campaign_id, hours=3)

        for name in ("loja", "segunda"):
            left = [r.arrived_at for r in world.fake.requests() if r.instance == name]
            assert min(later - earlier for earlier, later in pairwise(left)) >= 20
        rules.nobody_twice(world)
        assert len(world.received()) == 12


def test_a_job_over_15_s_late_is_given_back_to_the_planner_and_sends_nothing() -> None:
    with a_world() as world:
        campaign_id = world.started(world.add_contacts(1))
        (before,) = world.recipients(campaign_id)
        world.run(16)
        world.deliver(world.queue.receive())

        assert world.left_at() == []
        (after,) = world.recipients(campaign_id)
        assert after.plan_number == before.plan_number + 1
