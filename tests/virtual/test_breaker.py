"""The breaker over a whole deployment: what an outage may cost, who loses a try, what pauses."""

import pytest

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.instance_items import InstanceItem
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.model import EventType, Recipient, WebhookState
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus
from local.fake_evolution import Behaviour, Rule
from local.fake_evolution import ConnectionState as FakeState
from tests.fakes import rules
from tests.fakes.capacity import count_capacity
from tests.fakes.world import World, a_world

MINUTE = 60
NO_TRY_LOST = "no try"
A_TRY_LOST = "a try"
FAILED_FOR_GOOD = "failed"
IN_DOUBT = "in doubt"
#: A window that has closed for today.
EARLY_ONLY = {"schedule_type": "custom_period", "morning_start": "08:00", "morning_end": "09:00"}


def paused_for(world: World, campaign_id: str) -> AutoPauseReason | None:
    head = world.head(campaign_id)
    return head.auto_pause_reason if head.status is CampaignStatus.PAUSED else None


def resume(world: World, campaign_id: str) -> None:
    assert world.app.run.resume(world.tenant_id, campaign_id, "key:test")


def tries_lost(world: World, campaign_id: str) -> int:
    return sum(each.retry_count for each in world.recipients(campaign_id))


def auto_pauses(world: World, campaign_id: str) -> list[dict]:
    logs = world.app.catalog.logs(world.tenant_id, campaign_id, after=None, limit=100).items
    return [dict(e.metadata) for e in logs if e.event_type is EventType.CAMPAIGN_AUTO_PAUSED]


# Failures in a row


@pytest.mark.parametrize(
    ("behaviour", "cost", "pauses"),
    [
        (Behaviour.UNAUTHORIZED, NO_TRY_LOST, AutoPauseReason.INSTANCE_UNAUTHORIZED),
        (Behaviour.INSTANCE_NOT_FOUND, NO_TRY_LOST, AutoPauseReason.INSTANCE_NOT_FOUND),
        (Behaviour.LICENCE_NOT_ACTIVATED, NO_TRY_LOST, AutoPauseReason.LICENCE_REQUIRED),
        (Behaviour.NEVER_CONNECTED, NO_TRY_LOST, AutoPauseReason.INSTANCE_DISCONNECTED),
        (Behaviour.NOT_ON_WHATSAPP, FAILED_FOR_GOOD, None),
        (Behaviour.SCHEMA_ERROR, FAILED_FOR_GOOD, None),
        (Behaviour.CONNECTION_CLOSED, A_TRY_LOST, AutoPauseReason.MANY_FAILURES),
        (Behaviour.NUMBER_CHECK_TIMED_OUT, A_TRY_LOST, AutoPauseReason.MANY_FAILURES),
        (Behaviour.NUMBER_CHECK_EMPTY, A_TRY_LOST, AutoPauseReason.MANY_FAILURES),
        (Behaviour.RATE_OVERLIMIT, A_TRY_LOST, AutoPauseReason.MANY_FAILURES),
        (Behaviour.NOT_SENT_400, IN_DOUBT, AutoPauseReason.MANY_FAILURES),
        (Behaviour.NOT_SENT_ANSWER_LOST, IN_DOUBT, AutoPauseReason.MANY_FAILURES),
        (Behaviour.NOT_SENT_BAD_GATEWAY, IN_DOUBT, AutoPauseReason.MANY_FAILURES),
        (Behaviour.NOT_SENT_OTHER_STATUS, IN_DOUBT, AutoPauseReason.MANY_FAILURES),
        (Behaviour.CONNECTION_REFUSED, A_TRY_LOST, AutoPauseReason.MANY_FAILURES),
        (Behaviour.DNS_FAILURE, A_TRY_LOST, AutoPauseReason.MANY_FAILURES),
    ],
)
def test_each_row_of_the_error_table_costs_and_pauses_as_it_says(
    behaviour: Behaviour, cost: str, pauses: AutoPauseReason | None
) -> None:
    with a_world(delay=(1, 2), breaker_failures=2) as world:
        world.fake.add_rule(Rule(behaviour))
        world.start_running(hours=0.1)
        campaign_id = world.started(world.add_contacts(3))
        world.run(15)

        assert paused_for(world, campaign_id) is pauses
        tried = [each for each in world.recipients(campaign_id) if each.failed_tries]
        statuses = {each.status for each in tried}
        match cost:
            case "no try":
                assert (len(tried), tries_lost(world, campaign_id)) == (1, 0)
                assert statuses == {RecipientStatus.PENDING}
            case "a try":
                assert (len(tried), tries_lost(world, campaign_id)) == (2, 2)
                assert statuses == {RecipientStatus.PENDING}
            case "in doubt":
                assert (len(tried), statuses) == (2, {RecipientStatus.UNKNOWN})
            case "failed":
                assert (len(tried), statuses) == (3, {RecipientStatus.FAILED})


def test_an_outage_of_an_hour_costs_no_more_tries_than_the_breaker_counts() -> None:
    with a_world(delay=(1, 2)) as world:
        world.fake.add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=None))
        world.start_running()
        campaign_id = world.started(world.add_contacts(12))
        world.run(60 * MINUTE)
        assert paused_for(world, campaign_id) is AutoPauseReason.MANY_FAILURES
        assert auto_pauses(world, campaign_id) == [{"reason": "many_failures", "failures": 5}]
        assert tries_lost(world, campaign_id) == 5

        world.fake.clear_rules()
        resume(world, campaign_id)
        world.run_until_over(campaign_id, hours=2)
        assert len(world.received()) == 12
        rules.nobody_twice(world)
        rules.human_pace(world, 1_000)
        rules.books_are_exact(world, campaign_id)


def test_many_tries_that_cannot_connect_at_once_cost_no_more_than_the_breaker_counts() -> None:
    with a_world(delay=(1, 2), breaker_failures=2) as world:
        campaign_id = world.started(world.add_contacts(8))
        world.fake.add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=None))
        # Late together, as after an outage of the queue, but not too late to be tried.
        world.run(14)
        world.poll(until=world.clock.now() + 3 * MINUTE * 1_000)
        world.run(2 * MINUTE)
        assert paused_for(world, campaign_id) is AutoPauseReason.MANY_FAILURES
        assert tries_lost(world, campaign_id) == 2


def test_a_send_in_between_and_a_resume_begin_the_count_anew() -> None:
    with a_world(delay=(1, 2), breaker_failures=3) as world:
        for number in (0, 1, 3, 4):
            phone = f"551199000{number:04d}"
            world.fake.add_rule(Rule(Behaviour.CONNECTION_CLOSED, phone=phone, count=1))
        world.start_running()
        campaign_id = world.started(world.add_contacts(6))
        world.run_until_over(campaign_id, hours=1)
        assert auto_pauses(world, campaign_id) == []

    with a_world(delay=(1, 2), breaker_failures=3) as world:
        world.fake.add_rule(Rule(Behaviour.CONNECTION_CLOSED, count=5))
        world.start_running()
        campaign_id = world.started(world.add_contacts(6))
        world.run(20)
        assert paused_for(world, campaign_id) is AutoPauseReason.MANY_FAILURES
        resume(world, campaign_id)
        world.run_until_over(campaign_id, hours=1)
        assert len(auto_pauses(world, campaign_id)) == 1


def test_a_breaker_at_zero_is_off() -> None:
    with a_world(delay=(1, 2), breaker_failures=0) as world:
        world.fake.add_rule(Rule(Behaviour.CONNECTION_CLOSED))
        world.start_running()
        campaign_id = world.started(world.add_contacts(3))
        world.run_until_over(campaign_id, hours=1)
        assert {each.status for each in world.recipients(campaign_id)} == {RecipientStatus.FAILED}


@pytest.mark.parametrize("behaviour", [Behaviour.CONNECTION_CLOSED, Behaviour.CONNECTION_REFUSED])
def test_failing_test_messages_count_and_pause_only_what_is_live(behaviour: Behaviour) -> None:
    with a_world(delay=(1, 2), breaker_failures=2) as world:
        world.fake.add_rule(Rule(behaviour, operation=None))
        world.start_running()
        for number in range(2):
            world.app.direct.test_text(
                world.tenant_id,
                world.instance_id,
                phone=f"(11) 99000-9{number:03d}",
                text="Teste",
                contact_id=None,
            )
        world.run(20)
        gate = world.app.gates.read(world.instance_id, consistent=True)
        assert gate is not None
        assert gate.failures_in_row >= 2

        campaign_id = world.started(world.add_contacts(2), **EARLY_ONLY)
        world.run(3 * MINUTE)
        # Not one of its own was tried: it waits for its window.
        assert tries_lost(world, campaign_id) == 0
        assert paused_for(world, campaign_id) is AutoPauseReason.MANY_FAILURES


# Refusals by WhatsApp


def refuse(world: World, recipient: Recipient) -> None:
    """The ERROR ack of a message that is sent, as it is taken."""
    world.app.advance(recipient, RecipientStatus.FAILED, at=world.clock.now())
    world.app.judge_receipts.refused(recipient)


def deliver(world: World, recipient: Recipient) -> None:
    world.app.advance(recipient, RecipientStatus.DELIVERED, at=world.clock.now())


def sent_of(world: World, campaign_id: str, count: int) -> list[Recipient]:
    """So many are sent, and others still wait."""
    while True:
        sent = [r for r in world.recipients(campaign_id) if r.status is RecipientStatus.SENT]
        if len(sent) >= count:
            return sent
        world.run(5)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_refused_messages_in_a_row_pause_in_whatever_order_their_acks_come(order) -> None:
    with a_world(breaker_refusals=3) as world:
        world.start_running()
        campaign_id = world.started(world.add_contacts(10))
        sent = sent_of(world, campaign_id, 3)
        for place in order:
            assert paused_for(world, campaign_id) is None
            refuse(world, sent[place])
        assert paused_for(world, campaign_id) is AutoPauseReason.MESSAGES_REFUSED
        assert auto_pauses(world, campaign_id) == [{"reason": "messages_refused", "refused": 3}]

        resume(world, campaign_id)
        sent = sent_of(world, campaign_id, 3)
        # Of the old run, told once more, and two new ones.
        world.app.judge_receipts.refused(world.recipients(campaign_id)[0])
        refuse(world, sent[0])
        refuse(world, sent[1])
        assert paused_for(world, campaign_id) is None
        refuse(world, sent[2])
        assert paused_for(world, campaign_id) is AutoPauseReason.MESSAGES_REFUSED
        codes = {each.error_code for each in world.recipients(campaign_id)}
        assert codes == {None, RecipientErrorCode.REFUSED_BY_WHATSAPP}


def test_a_receipt_between_refused_messages_keeps_a_campaign_going() -> None:
    with a_world(breaker_refusals=3) as world:
        world.start_running()
        campaign_id = world.started(world.add_contacts(10))
        first, second, third, fourth = sent_of(world, campaign_id, 4)[:4]
        deliver(world, third)
        for each in (first, second, fourth):
            refuse(world, each)
        assert paused_for(world, campaign_id) is None


def test_a_number_that_comes_and_goes_is_not_made_good_by_coming_back() -> None:
    with a_world(breaker_refusals=3) as world:
        world.receive_webhooks()
        world.fake.set_acks(())
        world.start_running()
        campaign_id = world.draft(world.add_contacts(10), resume_on_reconnect=True)
        world.run(1)
        world.app.run.start(world.tenant_id, campaign_id, "key:test")
        first, second = sent_of(world, campaign_id, 2)[:2]
        refuse(world, first)
        refuse(world, second)
        world.fake.set_state("loja", FakeState.CLOSE)
        world.run(MINUTE)
        assert paused_for(world, campaign_id) is AutoPauseReason.INSTANCE_DISCONNECTED
        world.fake.set_state("loja", FakeState.OPEN)
        world.run(MINUTE)
        assert paused_for(world, campaign_id) is None
        refuse(world, sent_of(world, campaign_id, 1)[-1])
        assert paused_for(world, campaign_id) is AutoPauseReason.MESSAGES_REFUSED


# Silence


def webhook_is_set(world: World) -> None:
    world.app.table.update(
        InstanceItem,
        keys.instance(world.instance_id),
        [
            InstanceItem.webhook_url.set("https://campaigns.example.com/hook"),
            InstanceItem.webhook_state.set(WebhookState.SET),
            InstanceItem.webhook_set_at.set(world.clock.now()),
        ],
    )


def test_sends_that_nobody_acknowledges_pause_where_receipts_are_to_be_had() -> None:
    with a_world(breaker_sample=5) as world:
        webhook_is_set(world)
        world.start_running()
        campaign_id = world.started(world.add_contacts(60))
        world.run(12 * MINUTE)
        assert paused_for(world, campaign_id) is None
        world.run(13 * MINUTE)
        assert paused_for(world, campaign_id) is AutoPauseReason.NO_RECEIPTS

        resume(world, campaign_id)
        world.run(11 * MINUTE)
        assert paused_for(world, campaign_id) is None, "what was before the resume is no sign"


@pytest.mark.parametrize("delivers", [True, False])
def test_a_campaign_that_delivers_or_whose_receipts_nobody_tells_goes_on(delivers: bool) -> None:
    with a_world(breaker_sample=5) as world:
        if delivers:
            webhook_is_set(world)
        world.start_running()
        campaign_id = world.started(world.add_contacts(60))
        for _ in range(25):
            world.run(MINUTE)
            for each in world.recipients(campaign_id)[::5] if delivers else ():
                if each.status is RecipientStatus.SENT:
                    deliver(world, each)
        assert paused_for(world, campaign_id) is None


def test_what_was_sent_before_its_receipts_were_to_be_had_is_no_sign() -> None:
    with a_world(breaker_sample=5) as world:
        world.start_running()
        campaign_id = world.started(world.add_contacts(60))
        world.run(16 * MINUTE)
        webhook_is_set(world)
        world.run(10 * MINUTE)
        assert paused_for(world, campaign_id) is None


def test_a_look_at_the_receipts_reads_no_more_than_its_sample_asks_for() -> None:
    with a_world(delay=(1, 2)) as world:
        webhook_is_set(world)
        world.start_running()
        campaign_id = world.started(world.add_contacts(70), texts=("Oi {{nome}} " + "x" * 280,))
        world.run(13 * MINUTE)
        lane = world.app.lanes.read(world.head(campaign_id).lane_key)
        assert lane is not None
        capacity = count_capacity(world.app.table)
        for _ in range(10):
            world.app.judge_receipts.look(world.head(campaign_id), lane)
            world.clock.sleep(MINUTE * 1_000)
        # Once in ten minutes, and the rest is the test's and the schedule's own.
        assert 0 < capacity.read["block of recipients"] <= 10
        assert capacity.read["instance"] == 1
