"""A crash before and after every external call of planning and dispatch; repeats; partial failures.

Every crash point gets a campaign of its own in one world, since the point is where, not when.
"""

from functools import partial

import pytest

from campaigns.domain.model import LaneKey
from campaigns.domain.recipient import RecipientStatus
from tests.fakes import rules
from tests.fakes.world import World, a_world

#: More external calls than one plan or one dispatch makes.
MOST_CALLS = 40


def _lane(world: World, campaign_id: str) -> LaneKey:
    return LaneKey(world.tenant_id, campaign_id, world.instance_id)


def _judge(world: World, campaign_id: str) -> None:
    rules.nobody_twice(world)
    rules.nobody_lost(world, campaign_id)
    rules.reached_or_explained(world, campaign_id)
    rules.human_pace(world, 1_000)
    rules.books_are_exact(world, campaign_id)


@pytest.mark.exhaustive
@pytest.mark.parametrize("after_effect", [False, True])
def test_a_dispatcher_that_crashes_at_any_call_sends_nobody_twice_and_loses_nobody(
    after_effect: bool,
) -> None:
    with a_world(delay=(1, 2), function_timeout_seconds=32, unknown_grace_seconds=30) as world:
        world.start_running(hours=12)
        points = 0
        for crash_at in range(MOST_CALLS):
            contacts = world.add_contacts(2, first=2 * crash_at)
            world.injector.arm("dispatcher", crash_at, after_effect=after_effect)
            campaign_id = world.started(contacts)
            world.run_until_over(campaign_id)
            crashed = len(world.injector.calls) > crash_at
            world.injector.arm("", None)
            world.run(700)  # Quiet: the books are recounted.
            _judge(world, campaign_id)
            points += crashed
            if not crashed:
                break
        assert points >= 20, "the whole way of two messages was crashed"


@pytest.mark.exhaustive
@pytest.mark.parametrize("after_effect", [False, True])
def test_a_planner_that_crashes_at_any_call_plans_nobody_twice_and_forgets_nobody(
    after_effect: bool,
) -> None:
    with a_world(delay=(1, 2)) as world:
        world.start_running(hours=12)
        points = 0
        for crash_at in range(MOST_CALLS):
            contacts = world.add_contacts(3, first=3 * crash_at)
            campaign_id = world.draft(contacts)
            world.run(1)
            world.injector.arm("planner", crash_at, after_effect=after_effect)
            world.clock.join(
                partial(world.app.run.start, world.tenant_id, campaign_id, "key:test"),
                kind="planner",
            )
            crashed = len(world.injector.calls) > crash_at
            if world.head(campaign_id).status == "draft":
                world.app.run.start(world.tenant_id, campaign_id, "key:test")
            world.run_until_over(campaign_id)
            _judge(world, campaign_id)
            statuses = {each.status for each in world.recipients(campaign_id)}
            assert statuses == {RecipientStatus.SENT}
            points += crashed
            if not crashed:
                break
        assert points >= 8, "the whole of start and plan was crashed"


@pytest.mark.exhaustive
@pytest.mark.parametrize("after_effect", [False, True])
def test_a_resume_that_crashes_at_any_call_loses_nobody(after_effect: bool) -> None:
    with a_world(delay=(2, 3)) as world:
        world.start_running(hours=24)
        points = 0
        for crash_at in range(MOST_CALLS):
            campaign_id = world.started(world.add_contacts(4, first=4 * crash_at))
            world.run(4)
            run, tenant_id = world.app.run, world.tenant_id
            run.pause(tenant_id, campaign_id, "key:test")
            world.injector.arm("resumer", crash_at, after_effect=after_effect)
            world.clock.join(
                partial(run.resume, tenant_id, campaign_id, "key:test"), kind="resumer"
            )
            crashed = len(world.injector.calls) > crash_at
            run.resume(tenant_id, campaign_id, "key:test")
            world.run_until_over(campaign_id)
            _judge(world, campaign_id)
            points += crashed
            if not crashed:
                break
        assert points >= 10


@pytest.mark.exhaustive
def test_a_layer_that_crashes_at_any_call_lays_each_person_once() -> None:
    with a_world() as world:
        points = 0
        for crash_at in range(MOST_CALLS):
            crashed = False
            for after_effect in (False, True):
                contacts = world.add_contacts(4, first=4 * crash_at)
                world.injector.arm("layer", crash_at, after_effect=after_effect)
                campaign_id = world.draft([*contacts, *contacts[:2]])
                world.run(1)
                crashed = len(world.injector.calls) > crash_at
                points += crashed
                world.injector.arm("", None)
                world.run(400)  # The crashed layer's lease runs out.
                world.tick()
                head = world.head(campaign_id)
                assert (head.total, head.recipients.state) == (4, "ready")
                assert (head.recipients.added, head.recipients.repeats) == (4, 2)
                laid = [each.contact_id for each in world.recipients(campaign_id)]
                assert laid == contacts
                for each in world.recipients(campaign_id):
                    found = world.app.recipients.find(
                        world.tenant_id, campaign_id, each.recipient_id
                    )
                    assert found == each
            if not crashed:
                break
        assert points >= 16


def test_two_planners_at_once_draw_the_same_plan() -> None:
    with a_world(delay=(1, 2)) as world:
        contacts = world.add_contacts(30)
        campaign_id = world.draft(contacts)
        world.run(1)
        view = world.app.campaign_store.view(world.tenant_id, campaign_id)
        assert view is not None
        key = world.app.start.begin(view, actor="key:test")
        world.clock.side_by_side([lambda: world.app.visit.visit(key) for _ in range(3)])

        planned = [(each.job.recipient_id, each.job.slot_at) for each in world.queue.messages]
        assert len(planned) == len({recipient_id for recipient_id, _ in planned}) == 30
        world.start_running()
        world.run_until_over(campaign_id)
        _judge(world, campaign_id)


def test_a_job_delivered_twice_at_once_and_again_later_is_sent_once() -> None:
    with a_world(delay=(1, 2)) as world:
        contacts = world.add_contacts(4)
        campaign_id = world.started(contacts)
        copies = [each.job for each in world.queue.messages]
        world.queue.messages[:] = []
        for job in copies:
            world.queue.send([job])
        batch = world.queue.receive(1)

        def deliver() -> None:
            world.app.dispatch.dispatch(batch, world.clock.now() + 60_000)

        for _ in range(3):
            world.clock.spawn(deliver, kind="dispatcher")
        world.clock.spawn(deliver, at=world.clock.now() + 30_000, kind="dispatcher")
        world.start_running()
        world.run_until_over(campaign_id)
        assert len(world.left_at()) == 4
        _judge(world, campaign_id)


def test_a_partly_failed_batch_moves_the_cursor_only_past_the_unbroken_run() -> None:
    with a_world(delay=(1, 2)) as world:
        contacts = world.add_contacts(25)
        refused: list[int] = []

        def refuse_some(job) -> bool:
            fails = job.sequence in {3, 7, 12, 24} and job.sequence not in refused
            refused.extend([job.sequence] if fails else [])
            return fails

        world.queue.refuse = refuse_some
        campaign_id = world.started(contacts)
        lane = world.app.lanes.read(_lane(world, campaign_id))
        assert lane is not None
        assert lane.cursor == 3
        world.start_running()
        world.run_until_over(campaign_id)

        assert sorted(refused) == [3, 7, 12, 24]
        assert len(world.received()) == 25
        _judge(world, campaign_id)


def test_a_job_that_vanished_from_the_queue_is_planned_again() -> None:
    with a_world(delay=(1, 2)) as world:
        contacts = world.add_contacts(3)
        campaign_id = world.started(contacts)
        world.queue.messages.clear()
        world.start_running()
        world.run_until_over(campaign_id)

        assert len(world.received()) == 3
        _judge(world, campaign_id)


def test_an_hours_backlog_leaves_at_pace_and_not_in_one_burst() -> None:
    with a_world(delay=(20, 50)) as world:
        contacts = world.add_contacts(8)
        campaign_id = world.started(contacts)
        world.schedule_each_minute(until=world.clock.now() + 6 * 3_600_000)
        world.run(3_600)  # Nobody dispatches for an hour.
        world.poll(until=world.clock.now() + 6 * 3_600_000)
        world.run_until_over(campaign_id)

        assert len(world.received()) == 8
        rules.human_pace(world, 20_000)
        _judge(world, campaign_id)
