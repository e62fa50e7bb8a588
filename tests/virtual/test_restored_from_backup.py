"""The table came back from a backup while campaigns ran on: nobody gets a message twice."""

import pytest

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.restoring import Gap
from campaigns.services.after_restore import Summary
from tests.fakes import rules
from tests.fakes.dynamodb_in_process import model_in_use
from tests.fakes.injector import Injector
from tests.fakes.world import World, a_world

ACTOR = "key:test"


class Backup:
    """A copy of the table, and when it was made."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._model = model_in_use()
        assert self._model is not None
        self._items = self._model.copy_of("campaigns")
        self.made_at = world.clock.now()

    def restore(self) -> None:
        assert self._model is not None
        self._model.restore("campaigns", self._items)


def deal_with(world: World, gap: Gap, *, is_dry: bool = False) -> Summary:
    return world.app.after_restore(gap, tell=lambda _done: None, is_dry=is_dry)


def run_schedule_and_poll(world: World, seconds: int) -> None:
    """The schedule and the dispatchers are on for so long, and off after that."""
    until = world.clock.now() + seconds * 1_000
    world.schedule_each_minute(until=until)
    world.poll(2, until=until)
    world.run(seconds)


@pytest.mark.parametrize("knows_the_end", [True, False])
@pytest.mark.parametrize(
    ("version", "ends_as"),
    [("2.4.0", RecipientStatus.SENT), ("2.3.7", RecipientStatus.UNCONFIRMED)],
)
def test_who_was_sent_to_since_the_backup_gets_nothing_twice(
    version: str, ends_as: RecipientStatus, knows_the_end: bool
) -> None:
    with a_world(version=version) as world:
        campaign_id = world.started(world.add_contacts(14))
        run_schedule_and_poll(world, 90)
        backup = Backup(world)
        sent_before = len(world.received())
        run_schedule_and_poll(world, 120)
        stopped_at = world.clock.now()
        sent_by_then = len(world.received())
        assert 2 <= sent_before < sent_by_then < 14

        backup.restore()
        world.run(300)
        gap = Gap(backup.made_at, stopped_at if knows_the_end else None)
        deal_with(world, gap)
        assert world.head(campaign_id).auto_pause_reason is AutoPauseReason.RESTORED
        doubtful = {
            each.recipient_id
            for each in world.recipients(campaign_id)
            if each.status is RecipientStatus.UNKNOWN
        }
        world.start_running(hours=4)
        world.run(60)
        world.app.run.resume(world.tenant_id, campaign_id, ACTOR)
        world.run_until_over(campaign_id, hours=4)

        rules.nobody_twice(world)
        rules.nobody_lost(world, campaign_id)
        rules.human_pace(world, 20_000)
        recipients = world.recipients(campaign_id)
        assert len(doubtful) >= sent_by_then - sent_before
        assert {each.status for each in recipients if each.recipient_id in doubtful} == {ends_as}
        certain = {each.status for each in recipients if each.recipient_id not in doubtful}
        assert certain == {RecipientStatus.SENT}
        if ends_as is RecipientStatus.SENT:
            assert len(world.received()) == 14


def test_no_request_leaves_before_every_persons_pause_is_over() -> None:
    with a_world() as world:
        campaign_id = world.started(world.add_contacts(20))
        run_schedule_and_poll(world, 45)
        gap = Gap(world.clock.now(), world.clock.now())
        dealt_at = world.clock.now()
        deal_with(world, gap)
        world.start_running(hours=1)
        world.app.run.resume(world.tenant_id, campaign_id, ACTOR)
        before = len(world.left_at())
        world.run(300)

        assert world.left_at()[before] >= dealt_at + 80_000


def test_a_repeat_changes_nothing_and_leaves_alone_what_was_resumed() -> None:
    with a_world() as world:
        campaign_id = world.started(world.add_contacts(6))
        run_schedule_and_poll(world, 45)
        gap = Gap(world.clock.now(), world.clock.now())
        world.run(60)
        first = deal_with(world, gap)
        before = world.recipients(campaign_id)
        second = deal_with(world, gap)

        assert [each.was_done for each in (*first.dealt, *second.dealt)] == [False, True]
        assert world.recipients(campaign_id) == before
        world.start_running(hours=1)
        world.app.run.resume(world.tenant_id, campaign_id, ACTOR)
        world.run(10)
        deal_with(world, gap)
        assert world.head(campaign_id).status is CampaignStatus.ACTIVE


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_run_that_crashed_anywhere_is_completed_by_the_next(after_effect: bool) -> None:
    with a_world() as world:
        campaign_id = world.started(world.add_contacts(4))
        run_schedule_and_poll(world, 45)
        backup = Backup(world)
        world.run(60)
        gap = Gap(backup.made_at, None)
        crash_at = 0
        while crash_into(world, gap, crash_at, after_effect=after_effect):
            deal_with(world, gap)
            recipients = world.recipients(campaign_id)
            assert {each.status for each in recipients} <= {
                RecipientStatus.SENT,
                RecipientStatus.UNKNOWN,
            }
            assert all(
                each.may_have_been_sent and each.whatsapp_message_id and each.retry_at is None
                for each in recipients
                if each.status is RecipientStatus.UNKNOWN
            )
            assert world.head(campaign_id).restored_to == gap.restored_to
            backup.restore()
            crash_at += 1
        assert crash_at > 10


def crash_into(world: World, gap: Gap, number: int, *, after_effect: bool) -> bool:
    """Whether the run made a call of that number, and so was ended by it."""
    injector: Injector = world.injector
    injector.arm("admin", number, after_effect=after_effect)
    ended: list[bool] = []

    def run() -> None:
        deal_with(world, gap)
        ended.append(True)

    world.clock.join(run, kind="admin")
    injector.arm("", None)
    return not ended


def test_a_scheduled_campaign_that_may_have_started_since_sends_nothing_twice() -> None:
    with a_world(version="2.4.0") as world:
        contacts = world.add_contacts(4)
        begins_at = world.clock.now() + 120_000
        campaign_id = world.draft(contacts, scheduled_at=begins_at)
        world.run(1)
        world.app.run.start(world.tenant_id, campaign_id, ACTOR)
        backup = Backup(world)
        run_schedule_and_poll(world, 240)
        assert len(world.received()) >= 2

        backup.restore()
        summary = deal_with(world, Gap(backup.made_at, world.clock.now()))
        assert [each.was for each in summary.dealt] == [CampaignStatus.SCHEDULED]
        assert world.head(campaign_id).status is CampaignStatus.DRAFT
        assert {each.status for each in world.recipients(campaign_id)} == {RecipientStatus.UNKNOWN}
        world.start_running(hours=2)
        world.app.run.start(world.tenant_id, campaign_id, ACTOR)
        world.run_until_over(campaign_id, hours=2)
        rules.nobody_twice(world)
        rules.nobody_lost(world, campaign_id)


def test_who_was_removed_before_the_backup_takes_no_place_among_the_doubtful() -> None:
    with a_world() as world:
        campaign_id = world.started(world.add_contacts(40))
        run_schedule_and_poll(world, 45)
        for each in world.recipients(campaign_id)[6:30]:
            world.app.remove_recipient.remove(
                world.tenant_id, campaign_id, each.recipient_id, approve=lambda _recipient: None
            )
        backup = Backup(world)
        run_schedule_and_poll(world, 240)
        gap = Gap(backup.made_at, world.clock.now())
        backup.restore()
        world.run(300)
        deal_with(world, gap)
        world.start_running(hours=2)
        world.app.run.resume(world.tenant_id, campaign_id, ACTOR)
        world.run_until_over(campaign_id, hours=2)

        rules.nobody_twice(world)
        rules.nobody_lost(world, campaign_id)


def test_a_scheduled_one_may_have_been_started_by_hand_since_and_is_told_among_the_drafts() -> None:
    with a_world() as world:
        begins_at = world.clock.now() + 3_600_000
        campaign_id = world.draft(world.add_contacts(3), scheduled_at=begins_at)
        world.run(1)
        world.app.run.start(world.tenant_id, campaign_id, ACTOR)
        now = world.clock.now()
        world.run(60)
        summary = deal_with(world, Gap(now, world.clock.now()))
        assert [each.campaign_id for each in summary.drafts] == [campaign_id]


def test_one_that_was_to_start_after_the_stop_is_a_draft_with_nobody_in_doubt() -> None:
    with a_world() as world:
        begins_at = world.clock.now() + 3_600_000
        campaign_id = world.draft(world.add_contacts(3), scheduled_at=begins_at)
        world.run(1)
        world.app.run.start(world.tenant_id, campaign_id, ACTOR)
        now = world.clock.now()
        world.run(60)
        deal_with(world, Gap(now, world.clock.now()))

        assert world.head(campaign_id).status is CampaignStatus.DRAFT
        assert {each.status for each in world.recipients(campaign_id)} == {RecipientStatus.PENDING}


def test_a_dry_run_tells_what_would_be_done_and_does_none_of_it() -> None:
    with a_world() as world:
        world.draft(world.add_contacts(1, first=50))
        campaign_id = world.started(world.add_contacts(5))
        run_schedule_and_poll(world, 45)
        model = model_in_use()
        assert model is not None
        before = model.copy_of("campaigns")
        gap = Gap(world.clock.now(), None)
        told = deal_with(world, gap, is_dry=True)

        assert model.copy_of("campaigns") == before
        done = deal_with(world, gap)
        assert [(each.was, each.doubtful) for each in told.dealt] == [
            (each.was, each.doubtful) for each in done.dealt
        ]
        assert [each.name for each in told.drafts] == ["Campanha"]
        assert world.head(campaign_id).status is CampaignStatus.PAUSED


def test_of_a_long_campaign_the_last_are_not_given_up_before_they_were_looked_for() -> None:
    with a_world(version="2.4.0", delay=(1, 1)) as world:
        campaign_id = world.started(world.add_contacts(150))
        run_schedule_and_poll(world, 20)
        gap = Gap(world.clock.now(), None)
        world.run(60)
        deal_with(world, gap)
        world.start_running(hours=3)
        world.app.run.resume(world.tenant_id, campaign_id, ACTOR)
        world.run_until_over(campaign_id, hours=3)

        assert {each.status for each in world.recipients(campaign_id)} == {RecipientStatus.SENT}
        rules.nobody_twice(world)
