"""Jobs that vanish, or rest with the dead letters: the walk finds whom they were for, once."""

from itertools import pairwise

import pytest

from campaigns.domain.job import Job
from campaigns.domain.model import SendJob
from campaigns.domain.recipient import RecipientStatus
from local.fake_evolution import Behaviour, Rule
from tests.fakes import rules
from tests.fakes.world import World, a_world

MINUTE = 60


def purge(world: World) -> int:
    """Everything on the queue is gone, whether it waits, is hidden or is being worked on."""
    count = len(world.queue.messages)
    world.queue.messages.clear()
    return count


def everybody_once_at_pace(world: World, campaign_id: str, count: int, delay_ms: int) -> None:
    assert len(world.received()) == count
    rules.nobody_twice(world)
    rules.nobody_lost(world, campaign_id)
    rules.reached_or_explained(world, campaign_id)
    rules.human_pace(world, delay_ms)
    rules.books_are_exact(world, campaign_id)


@pytest.mark.parametrize("after_seconds", [0.5, 21, 55])
def test_a_queue_that_is_purged_in_the_middle_costs_time_and_nobody_a_message(
    after_seconds: float,
) -> None:
    with a_world(delay=(5, 9)) as world:
        world.start_running()
        campaign_id = world.started(world.add_contacts(12))
        world.run(after_seconds)
        assert purge(world) > 0
        world.run_until_over(campaign_id, hours=2)
        everybody_once_at_pace(world, campaign_id, 12, 5_000)


def test_where_everything_planned_vanishes_for_half_an_hour_all_of_it_comes_later() -> None:
    with a_world(delay=(5, 9)) as world:
        until = world.clock.now() + 6 * 3_600_000
        world.schedule_each_minute(until=until)
        campaign_id = world.started(world.add_contacts(6))
        vanished = 0
        for _ in range(30):
            vanished += purge(world)
            world.run(MINUTE)
        assert vanished >= 12, "each was planned more than once"
        assert world.received() == []
        world.poll(until=until)
        world.run_until_over(campaign_id, hours=2)
        everybody_once_at_pace(world, campaign_id, 6, 5_000)


def test_a_retry_whose_job_vanished_is_found_too() -> None:
    with a_world(delay=(1, 2)) as world:
        world.fake.add_rule(Rule(Behaviour.CONNECTION_CLOSED, count=1))
        until = world.clock.now() + 3_600_000
        world.schedule_each_minute(until=until)
        world.poll(until=world.clock.now() + 20_000)
        campaign_id = world.started(world.add_contacts(1))
        world.run(2 * MINUTE)
        assert world.recipients(campaign_id)[0].slot_at is not None, "its retry is planned"
        assert purge(world) == 1
        world.poll(until=until)
        world.run_until_over(campaign_id, hours=1)
        everybody_once_at_pace(world, campaign_id, 1, 1_000)


def test_a_pause_over_vanished_jobs_loses_nobody() -> None:
    with a_world(delay=(5, 9)) as world:
        world.start_running()
        campaign_id = world.started(world.add_contacts(6))
        world.run(2)
        purge(world)
        world.app.run.pause(world.tenant_id, campaign_id, "key:test")
        world.run(20 * MINUTE)
        assert len(world.received()) <= 1
        world.app.run.resume(world.tenant_id, campaign_id, "key:test")
        world.run_until_over(campaign_id, hours=1)
        everybody_once_at_pace(world, campaign_id, 6, 5_000)


def send_again(world: World, jobs: list[Job]) -> None:
    """A redrive: the same bodies, under ids of their own."""
    for number, job in enumerate(jobs):
        world.queue.put(job, f"redrive:{number}")


def test_jobs_that_always_fail_die_alone_and_come_to_nothing_when_they_are_redriven() -> None:
    with a_world(delay=(5, 9)) as world:
        send_one, is_mended = world.app.send_one, False

        def poisoned(job: SendJob, deadline: int) -> None:
            if job.sequence in {0, 3} and not is_mended:
                raise ValueError("poison")
            send_one(job, deadline)

        world.app.dispatch._send_one = poisoned
        world.start_running()
        campaign_id = world.started(world.add_contacts(5))
        world.run(2 * MINUTE)
        assert len(world.received()) == 3, "the poison of one person is nobody else's"
        world.run(20 * MINUTE)
        assert len(world.queue.dead) == 2
        is_mended = True
        world.run_until_over(campaign_id, hours=2)
        everybody_once_at_pace(world, campaign_id, 5, 5_000)

        statuses = [each.status for each in world.recipients(campaign_id)]
        plan_numbers = [each.plan_number for each in world.recipients(campaign_id)]
        assert plan_numbers[0] > 1, "it was planned again, so that the dead one is stale"
        send_again(world, world.queue.dead)
        world.run(5 * MINUTE)
        assert world.queue.messages == []
        assert [each.status for each in world.recipients(campaign_id)] == statuses
        everybody_once_at_pace(world, campaign_id, 5, 5_000)


def test_a_job_that_is_redriven_before_the_walk_found_it_is_sent_once() -> None:
    with a_world(delay=(5, 9)) as world:
        world.start_running()
        campaign_id = world.started(world.add_contacts(3))
        world.run(1)
        jobs = [message.job for message in world.queue.messages]
        purge(world)
        world.run(2)
        # Doubled, as by a crash between sending and deleting.
        send_again(world, [*jobs, *jobs])
        world.run_until_over(campaign_id, hours=1)
        everybody_once_at_pace(world, campaign_id, 3, 5_000)
        assert {each.status for each in world.recipients(campaign_id)} == {RecipientStatus.SENT}
        left = world.left_at()
        assert all(later - earlier < 10_000 for earlier, later in pairwise(left)), "in their slots"
