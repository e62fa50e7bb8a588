"""One campaign from start to completion on the virtual clock."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.errors import StartRefused
from campaigns.domain.instants import to_ms
from campaigns.domain.recipient import RecipientStatus
from local.fake_evolution import Behaviour, Rule
from tests.fakes import rules
from tests.fakes.world import World, a_world


def test_every_recipient_gets_it_once_at_the_pace_of_the_instance() -> None:
    with a_world() as world:
        contacts = world.add_contacts(12)
        world.start_running()
        campaign_id = world.started(contacts)
        world.run_until_over(campaign_id)

        assert len(world.received()) == 12
        rules.nobody_twice(world)
        rules.nobody_lost(world, campaign_id)
        rules.human_pace(world, 20_000)
        rules.books_are_exact(world, campaign_id)


def test_the_first_request_leaves_within_ten_seconds_of_the_start() -> None:
    with a_world() as world:
        contacts = world.add_contacts(2)
        world.start_running()
        world.run(33)
        campaign_id = world.started(contacts)
        world.run(10)

        started_at = world.head(campaign_id).started_at
        assert started_at is not None
        assert len(world.left_at()) == 1
        assert world.left_at()[0] - started_at <= 10_000


def test_wordings_rotate_equally_to_within_one() -> None:
    with a_world(delay=(1, 2)) as world:
        campaign_id = _completed(world, 11)

        wordings = Counter(each.message_id for each in world.recipients(campaign_id))
        assert sorted(wordings.values()) == [3, 4, 4]
        texts = Counter(text.split()[0] for _, text in world.received())
        assert sorted(texts.values()) == [3, 4, 4]


def test_of_two_starts_at_once_on_one_instance_one_is_refused() -> None:
    with a_world() as world:
        contacts = world.add_contacts(2)
        ids = [world.draft(contacts), world.draft(contacts)]
        world.run(1)
        refused: list[list[str]] = []

        def start(campaign_id: str) -> None:
            try:
                world.app.run.start(world.tenant_id, campaign_id, "key:test")
            except StartRefused as error:
                refused.append([failure.code for failure in error.failures])

        world.clock.side_by_side([lambda each=each: start(each) for each in ids])
        assert refused == [["instance_busy"]]
        statuses = Counter(world.head(each).status for each in ids)
        assert statuses == {CampaignStatus.ACTIVE: 1, CampaignStatus.DRAFT: 1}


def test_a_number_not_on_whatsapp_fails_with_its_reason_and_holds_up_nobody() -> None:
    with a_world(delay=(1, 2)) as world:
        contacts = world.add_contacts(3)
        world.fake.not_on_whatsapp("5511990000001")
        world.start_running()
        campaign_id = world.started(contacts)
        world.run_until_over(campaign_id)

        outcomes = {
            each.sequence: (each.status, each.error_code) for each in world.recipients(campaign_id)
        }
        assert outcomes[1] == (RecipientStatus.FAILED, "number_not_on_whatsapp")
        assert len(world.received()) == 2
        rules.nobody_lost(world, campaign_id)
        rules.books_are_exact(world, campaign_id)


def test_a_passing_fault_is_tried_three_times_more_and_then_fails() -> None:
    with a_world(delay=(1, 2)) as world:
        contacts = world.add_contacts(2)
        world.fake.add_rule(Rule(Behaviour.CONNECTION_CLOSED, phone="5511990000000"))
        world.start_running()
        campaign_id = world.started(contacts)
        world.run_until_over(campaign_id)

        failed, sent = world.recipients(campaign_id)
        assert (failed.status, failed.error_code) == (RecipientStatus.FAILED, "connection_closed")
        assert (failed.attempts, len(failed.failed_tries)) == (4, 4)
        assert sent.status is RecipientStatus.SENT


def test_a_passing_fault_that_passes_is_sent_with_the_same_text() -> None:
    with a_world(delay=(1, 2)) as world:
        contacts = world.add_contacts(1)
        world.fake.add_rule(Rule(Behaviour.NUMBER_CHECK_TIMED_OUT, count=2))
        world.start_running()
        campaign_id = world.started(contacts)
        world.run_until_over(campaign_id)

        (recipient,) = world.recipients(campaign_id)
        assert (recipient.status, recipient.attempts) == (RecipientStatus.SENT, 3)
        assert world.received() == [("5511990000000", recipient.rendered_text)]


def test_on_2_3_an_unknown_outcome_that_is_not_found_is_never_repeated() -> None:
    with a_world(delay=(1, 2)) as world:
        contacts = world.add_contacts(2)
        lost = Rule(Behaviour.SENT_THEN_400, phone="5511990000000", row=False)
        world.fake.add_rule(lost)
        world.start_running()
        campaign_id = world.started(contacts)
        world.run(300)
        assert world.recipients(campaign_id)[0].status is RecipientStatus.UNKNOWN
        world.run_until_over(campaign_id)

        assert world.recipients(campaign_id)[0].status is RecipientStatus.UNCONFIRMED
        rules.nobody_twice(world)
        rules.nobody_lost(world, campaign_id)
        rules.books_are_exact(world, campaign_id)


def test_a_refused_key_pauses_the_campaign_with_a_reason_and_costs_nobody_a_try() -> None:
    with a_world(delay=(1, 2)) as world:
        contacts = world.add_contacts(3)
        world.fake.add_rule(Rule(Behaviour.UNAUTHORIZED))
        world.start_running()
        campaign_id = world.started(contacts)
        world.run(60)

        head = world.head(campaign_id)
        assert (head.status, head.auto_pause_reason) == ("paused", "instance_unauthorized")
        world.fake.clear_rules()
        # Until its server was asked again nothing starts there.
        with pytest.raises(StartRefused):
            world.app.run.resume(world.tenant_id, campaign_id, "key:test")
        world.app.instances.refresh(world.tenant_id, world.instance_id)
        world.app.run.resume(world.tenant_id, campaign_id, "key:test")
        world.run_until_over(campaign_id)
        assert len(world.received()) == 3
        assert [each.retry_count for each in world.recipients(campaign_id)] == [0, 0, 0]


def test_the_day_limit_holds_and_the_rest_goes_on_the_next_day() -> None:
    with a_world(delay=(1, 2)) as world:
        world.instance_id = world.add_instance("limitada", delay=(1, 2), daily_limit=3)
        contacts = world.add_contacts(5)
        world.start_running(hours=0.5)
        campaign_id = world.started(contacts)
        world.run(3_600)
        assert len(world.left_at()) == 3
        world.run(11 * 3_600)
        world.start_running()
        world.run_until_over(campaign_id)

        assert len(world.received()) == 5
        tomorrow = to_ms(datetime(2026, 11, 25, 3, 0, tzinfo=UTC))  # Midnight in São Paulo.
        assert world.left_at()[3] >= tomorrow
        rules.nobody_twice(world)


def test_an_opted_out_person_is_skipped_at_the_gate() -> None:
    with a_world() as world:
        contacts = world.add_contacts(2)
        world.start_running()
        campaign_id = world.started(contacts)
        world.app.contacts.opt_out(world.tenant_id, contacts[1], reason=None, source="manual")
        world.run_until_over(campaign_id)

        skipped = world.recipients(campaign_id)[1]
        assert (skipped.status, skipped.error_code) == (RecipientStatus.SKIPPED, "opted_out")
        assert len(world.received()) == 1
        rules.books_are_exact(world, campaign_id)


def test_a_deleted_contact_is_skipped() -> None:
    with a_world() as world:
        contacts = world.add_contacts(2)
        world.start_running()
        campaign_id = world.started(contacts)
        world.app.contacts.delete(world.tenant_id, contacts[1])
        world.run_until_over(campaign_id)

        skipped = world.recipients(campaign_id)[1]
        assert (skipped.status, skipped.error_code) == (RecipientStatus.SKIPPED, "contact_deleted")


@pytest.mark.parametrize(
    ("start", "first_day_and_hour"),
    [
        # Friday 17:59: one leaves, the other on Monday at nine.
        (datetime(2026, 11, 27, 20, 59, 30, tzinfo=UTC), datetime(2026, 11, 30, 12, tzinfo=UTC)),
    ],
)
def test_what_the_window_cuts_off_goes_on_at_its_next_opening(start, first_day_and_hour) -> None:
    with a_world(to_ms(start)) as world:
        contacts = world.add_contacts(3)
        world.start_running(hours=0.5)
        campaign_id = world.started(contacts, schedule_type="business_days")
        # From Friday evening to a quarter to nine on Monday.
        world.run(62.75 * 3_600)
        world.start_running()
        world.run_until_over(campaign_id)

        left = world.left_at()
        friday_end = to_ms(datetime(2026, 11, 27, 21, 0, tzinfo=UTC))
        opening = to_ms(first_day_and_hour)
        assert [at for at in left if friday_end <= at < opening] == []
        assert min(at for at in left if at >= opening) - opening <= 120_000
        assert len(world.received()) == 3


def test_a_sleeping_lane_costs_nothing_until_its_window_opens() -> None:
    with a_world(to_ms(datetime(2026, 11, 27, 22, 0, tzinfo=UTC))) as world:
        contacts = world.add_contacts(1)
        campaign_id = world.started(contacts, schedule_type="business_days")
        world.injector.arm("scheduler", None)
        world.schedule_each_minute(until=world.clock.now() + 3_000_000)
        world.run(3_000)

        # One query a shard and minute finds that nothing is due.
        assert set(world.injector.calls) == {"Query"}
        assert len(world.injector.calls) == 50 * world.app.lanes.shards
        assert world.head(campaign_id).status is CampaignStatus.ACTIVE


def test_one_person_in_two_campaigns_is_not_sent_to_within_a_minute() -> None:
    with a_world(delay=(1, 2)) as world:
        contacts = world.add_contacts(1)
        first_instance = world.instance_id
        world.start_running()
        first = world.started(contacts)
        world.instance_id = world.add_instance("outra", delay=(1, 2))
        second = world.started(contacts)
        world.run_until_over(first)
        world.run_until_over(second)

        assert world.instance_id != first_instance
        one, other = world.left_at()
        assert other - one >= 60_000


def _completed(world: World, count: int) -> str:
    contacts = world.add_contacts(count)
    world.start_running()
    campaign_id = world.started(contacts)
    world.run_until_over(campaign_id)
    return campaign_id
