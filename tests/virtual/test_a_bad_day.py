"""Two hundred people on a day on which everything goes wrong that Evolution knows to do wrong."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import pytest

from campaigns.domain.books import BOOKED
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.direct_message import DirectErrorCode
from campaigns.domain.model import EventType, Recipient
from campaigns.domain.recipient import SENT_OR_FURTHER, RecipientErrorCode, RecipientStatus
from campaigns.services.keep_books import KeepBooks
from local.fake_evolution import (
    AckRule,
    AckStatus,
    AckStep,
    Behaviour,
    ConnectionState,
    Lid,
    Reply,
    ReplyKind,
    Rule,
    WebhookRule,
    WebhookTrait,
)
from tests.fakes import rules
from tests.fakes.world import World, a_world

RECIPIENTS = 200
ACTOR = "key:test"
DELAY_MIN_MS = 1_000
#: What left until then may still leave after an opt-out was answered.
GRACE_AFTER_OPT_OUT_MS = 1_000
#: Each ends a send that would have succeeded, once.
ONCE = tuple(Behaviour)
#: These go on until the recipient's tries are used up.
FOR_GOOD = (Behaviour.CONNECTION_CLOSED, Behaviour.RATE_OVERLIMIT, Behaviour.CONNECTION_REFUSED)
ACKS = (
    (AckStep(AckStatus.ERROR, 1),),
    (AckStep(AckStatus.READ, 2),),
    (AckStep(AckStatus.DELIVERY_ACK, 1), AckStep(AckStatus.SERVER_ACK, 3)),
    (AckStep(AckStatus.SERVER_ACK, 0.01), AckStep(AckStatus.DELIVERY_ACK, 0.02)),
    (),
)
#: A confirmation has ten minutes. This day takes them from few.
NOT_CONFIRMED = DirectErrorCode.NOT_SENT_IN_TIME
MOST_NOT_CONFIRMED = 2
HELLOS = ("Oi", "Olá", "E aí")


@dataclass
class Day:
    """What was arranged for whom, and what the people wrote."""

    world: World
    random: Random
    phones: list[str] = field(
        default_factory=lambda: [f"551199000{n:04d}" for n in range(RECIPIENTS)]
    )
    #: Whose sends go wrong.
    unlucky: list[str] = field(default_factory=list)
    answers: dict[str, tuple[str, ReplyKind, bool]] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)

    def arrange(self) -> None:
        """Every trait falls on somebody; a person may have several."""
        fake = self.world.fake
        self.unlucky = self._some(len(ONCE) + len(FOR_GOOD))
        for behaviour, phone in zip(ONCE, self.unlucky, strict=False):
            fake.add_rule(Rule(behaviour, phone=phone, count=1, row=self.random.random() < 0.7))
        for behaviour, phone in zip(FOR_GOOD, self.unlucky[len(ONCE) :], strict=True):
            fake.add_rule(Rule(behaviour, phone=phone))
        for steps in ACKS:
            for phone in self._some(6):
                fake.add_rule(AckRule(steps, phone=phone))
        for with_alternate, in_answers in ((True, False), (False, False), (False, True)):
            for phone in self._some(10):
                digits = f"9000000000{self.phones.index(phone):04d}"
                fake.set_lid(phone, Lid(digits, with_alternate, in_answers))
        self._disturb_webhooks()
        self._have_people_answer()

    def _disturb_webhooks(self) -> None:
        fake, updates = self.world.fake, "messages.update"
        fake.add_rule(WebhookRule(WebhookTrait.DROPPED, event=updates, probability=0.1))
        for trait, seconds in (
            (WebhookTrait.DOUBLED, 20),
            (WebhookTrait.LATE, 90),
            (WebhookTrait.REORDERED, 120),
            (WebhookTrait.ANSWERED_LATE, None),
        ):
            fake.add_rule(WebhookRule(trait, seconds=seconds, probability=0.12))

    def _have_people_answer(self) -> None:
        for phone in self._some(40):
            text = self.random.choice(["SAIR", "Quero!", "sair.", "Quanto custa?"])
            kind = self.random.choice(list(ReplyKind))
            self.answers[phone] = (text, kind, self.random.random() < 0.5)

    def _some(self, count: int) -> list[str]:
        """Not the first: by her the campaign learns whether the server honours ids."""
        return self.random.sample(self.phones[1:], count)

    def opt_out_beforehand(self, count: int) -> None:
        """Who never got anything writes SAIR while the campaign is under way to her."""
        later = [each for each in self.phones[RECIPIENTS // 2 :] if each not in self.unlucky]
        for phone in self.random.sample(later, count):
            self.answers.pop(phone, None)
            self.world.fake.reply(phone, "SAIR", instance="loja")
            self.replies.append(self.world.fake.reply(phone, "Sair!", instance="loja"))

    def live(self, until: int) -> None:
        """People look at their phones every few seconds, as an actor."""
        fake = self.world.fake
        while self.world.clock.now() < until:
            for phone in [each for each in self.answers if fake.received(each)]:
                text, kind, quotes = self.answers.pop(phone)
                quoted = fake.received(phone)[0]
                quoting = quoted if quotes or kind is ReplyKind.REACTION else None
                self.replies.append(fake.reply(phone, text, kind=kind, quoting=quoting))
            self.world.clock.sleep(3_000)

    def chat_elsewhere(self) -> None:
        """What is no answer of a person to the business changes nothing."""
        fake = self.world.fake
        for phone in self.random.sample(self.phones, 5):
            fake.reply(phone, "SAIR", instance="loja", group="120363000000000001")
            fake.reply(phone, "SAIR", instance="loja", from_me=True)

    def operate(self, campaign_id: str) -> None:
        """Where the system paused it, somebody has the instance looked at and lets it go on; once
        the instance is connected again it does so by itself.
        """
        world, disconnected = self.world, AutoPauseReason.INSTANCE_DISCONNECTED
        if world.head(campaign_id).status is not CampaignStatus.PAUSED:
            return
        world.app.instances.refresh(world.tenant_id, world.instance_id)
        if world.head(campaign_id).auto_pause_reason not in {None, disconnected}:
            world.app.run.resume(world.tenant_id, campaign_id, ACTOR)

    def opted_out(self) -> Iterator[tuple[Reply, int]]:
        """Each opt-out that was taken and that names who wrote it, and when it was taken."""
        edge = self.world.webhooks
        assert edge is not None
        for reply in self.replies:
            is_keyword = reply.text.lower().strip(".!") == "sair"
            taken_at = edge.taken_at.get(str(reply.key["id"]))
            if is_keyword and reply.kind is not ReplyKind.REACTION and taken_at is not None:
                lid = str(reply.key["remoteJid"]).endswith("@lid")
                if not lid or "remoteJidAlt" in reply.key:
                    yield reply, taken_at


def run_until_over(day: Day, campaign_id: str) -> None:
    world = day.world
    end = world.clock.now() + 6 * 3_600_000
    while world.clock.now() < end:
        world.run(20)
        day.operate(campaign_id)
        if world.head(campaign_id).status is CampaignStatus.COMPLETED:
            return
    raise AssertionError(world.head(campaign_id))


def recipients_by_phone(world: World, campaign_id: str) -> dict[str, Recipient]:
    recipients = world.recipients(campaign_id)
    contacts = world.app.contact_store.read_many(
        world.tenant_id, [each.contact_id for each in recipients]
    )
    return {contacts[each.contact_id].phone.removeprefix("+"): each for each in recipients}


@pytest.mark.parametrize(
    ("seed", "version"),
    [
        (1, "2.4.0"),
        *(
            pytest.param(seed, version, marks=pytest.mark.exhaustive)
            for seed in range(2, 6)
            for version in ("2.3.7", "2.4.0")
        ),
    ],
)
def test_a_day_on_which_everything_goes_wrong_ends_with_exact_books_and_nobody_twice(
    seed: int, version: str
) -> None:
    no_breaker = {"breaker_failures": 0, "breaker_refusals": 0, "breaker_no_receipt_share": 0}
    with a_world(seed=seed, version=version, delay=(1, 2), **no_breaker) as world:
        edge = world.receive_webhooks()
        world.fake.row_delay = 2
        day = Day(world, Random(seed))
        contacts = world.add_contacts(RECIPIENTS)
        day.arrange()
        world.start_running(hours=8)
        campaign_id = world.started(contacts, resume_on_reconnect=True)
        until = world.clock.now() + 8 * 3_600_000
        world.clock.spawn(lambda: day.live(until))
        world.run(60)
        day.opt_out_beforehand(6)
        day.chat_elsewhere()
        world.run(30)
        world.fake.storm("loja", 60, 20, ConnectionState.CLOSE)
        world.run(200)
        assert world.head(campaign_id).status is CampaignStatus.PAUSED
        world.fake.storm("loja", 20, 10, ConnectionState.OPEN)
        run_until_over(day, campaign_id)
        world.run(1_800)

        judge(day, campaign_id)
        assert {"messages.update", "messages.upsert", "connection.update"} == {
            event for event, _ in edge.answers
        }


def judge(day: Day, campaign_id: str) -> None:
    world = day.world
    everything_went_wrong(day)
    rules.nobody_lost(world, campaign_id)
    rules.human_pace(world, DELAY_MIN_MS)
    rules.nobody_hammered(world)
    nobody_shows_it_twice(world)
    everybody_sent_to_shows_it(world, campaign_id)
    nobody_is_messaged_after_opting_out(day, campaign_id)
    who_answered_has_responded(day, campaign_id)
    the_books_are_those_of_a_recount(world, campaign_id)


def everything_went_wrong(day: Day) -> None:
    fake = day.world.fake
    assert {each.rule.behaviour for each in fake.rules() if each.used} == set(Behaviour)
    traits = fake.rule_book(WebhookRule).entries
    assert {each.rule.trait for each in traits if each.used} == set(WebhookTrait)


def campaign_messages(world: World) -> list[tuple[str, str]]:
    return [(phone, text) for phone, text in world.received() if text.startswith(HELLOS)]


def nobody_shows_it_twice(world: World) -> None:
    messages = campaign_messages(world)
    confirmations = [each for each in world.received() if each not in messages]
    for shown in (messages, confirmations):
        counts = Counter(phone for phone, _ in shown)
        assert [phone for phone, count in counts.items() if count > 1] == []


def everybody_sent_to_shows_it(world: World, campaign_id: str) -> None:
    shown = {phone for phone, _ in campaign_messages(world)}
    by_phone = recipients_by_phone(world, campaign_id)
    assert len(by_phone) == RECIPIENTS
    sent = {phone for phone, each in by_phone.items() if each.status in SENT_OR_FURTHER}
    assert sent - shown == set()
    # Who shows it and is not known to have it was refused by an ERROR ack, or is in doubt.
    doubtful = {each.status for phone, each in by_phone.items() if phone in shown - sent}
    assert doubtful <= {RecipientStatus.FAILED, RecipientStatus.UNCONFIRMED}
    refused = {
        each.error_code
        for phone, each in by_phone.items()
        if phone in shown and each.status is RecipientStatus.FAILED
    }
    assert refused == {RecipientErrorCode.REFUSED_BY_WHATSAPP}


def nobody_is_messaged_after_opting_out(day: Day, campaign_id: str) -> None:
    opted_out = list(day.opted_out())
    assert opted_out
    by_phone = recipients_by_phone(day.world, campaign_id)
    confirmed = {phone for phone, text in day.world.received() if not text.startswith(HELLOS)}
    not_confirmed: list[str | None] = []
    for reply, at in opted_out:
        later = [
            message.text
            for message in day.world.fake.received(reply.phone)
            if message.received_at * 1_000 > at + GRACE_AFTER_OPT_OUT_MS
        ]
        assert [text for text in later if text.startswith(HELLOS)] == []
        if reply.phone not in confirmed:
            not_confirmed.append(why_not_confirmed(day.world, reply))
        recipient = by_phone[reply.phone]
        if recipient.status is RecipientStatus.SKIPPED:
            assert recipient.error_code is RecipientErrorCode.OPTED_OUT
    assert set(not_confirmed) <= {NOT_CONFIRMED}
    assert len(not_confirmed) <= MOST_NOT_CONFIRMED


def why_not_confirmed(world: World, reply: Reply) -> str | None:
    message_id = world.app.identity.confirmation_id(world.instance_id, str(reply.key["id"]))
    message = world.app.direct_messages.read(world.tenant_id, message_id)
    return message.error_code if message else None


def who_answered_has_responded(day: Day, campaign_id: str) -> None:
    """What somebody wrote while her own send was in doubt proves nothing of it."""
    by_phone = recipients_by_phone(day.world, campaign_id)
    refused = {phone for phone, each in by_phone.items() if each.status is RecipientStatus.FAILED}
    shown = {phone for phone, _ in campaign_messages(day.world)} - {*day.unlucky} - refused
    answered = {
        reply.phone
        for reply in day.replies
        if reply.kind is not ReplyKind.REACTION
        and reply.phone in shown
        and str(reply.key["remoteJid"]).endswith("@s.whatsapp.net")
    }
    assert len(answered) > len(day.replies) / 3
    assert {by_phone[phone].status for phone in answered} == {RecipientStatus.RESPONDED}


def the_books_are_those_of_a_recount(world: World, campaign_id: str) -> None:
    """Nobody crashed on this day, so that no recount had anything to correct."""
    log = world.app.catalog.logs(world.tenant_id, campaign_id, after=None, limit=1_000)
    assert EventType.BOOKS_CORRECTED not in {each.event_type for each in log.items}
    rules.books_are_exact(world, campaign_id)
    kept = world.app.campaign_store.counters(world.tenant_id, campaign_id)
    app = world.app
    books = KeepBooks(
        recipients=app.recipients, campaigns=app.campaign_store, clock=app.clock, random=app.random
    )
    assert books.recount(world.head(campaign_id))
    counted = world.app.campaign_store.counters(world.tenant_id, campaign_id)
    assert counted == kept
    assert sum(counted.get(name, 0) for name in BOOKED) == RECIPIENTS
