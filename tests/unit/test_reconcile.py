"""A run of reconciling: who is asked about, in which order, and when a run lets go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.errors import Unavailable
from campaigns.domain.model import (
    Campaign,
    Contact,
    Instance,
    Recipient,
    Recipients,
    RecipientsState,
    Schedule,
    Suppression,
)
from campaigns.domain.recipient import RecipientStatus as Status
from campaigns.domain.reconciling import LOOKED_FOR, Doubts, Row
from campaigns.domain.webhook_event import AckStatus
from campaigns.services.advance_recipient import AdvanceRecipient
from campaigns.services.ports import Guard
from campaigns.services.reconcile import RUN_MS, Reconcile
from tests.fakes.clock import FakeClock
from tests.fakes.metrics import ToldMetrics
from tests.unit.test_evolution_lookup import INSTANCE
from tests.unit.test_reconciling import GATE, RULES, START, UNKNOWN

NOW = START + 100_000
DEADLINE = NOW + 300_000
CAMPAIGN = Campaign(
    campaign_id="cp_1",
    tenant_id="tn_1",
    name="Campanha",
    instance_id="in_1",
    status=CampaignStatus.ACTIVE,
    schedule=Schedule("immediate", "America/Sao_Paulo"),
    created_at=0,
    updated_at=0,
    created_by="key:test",
    recipients=Recipients(RecipientsState.READY),
)
ANA = Contact(
    contact_id="ct_0",
    tenant_id="tn_1",
    person="person-0",
    name="Ana",
    phone="+5511990000000",
    created_at=0,
    updated_at=0,
)


class AtOnce:
    """Side by side: each task begins when the first does, and all are over with the longest."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock

    def __call__[T](self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        begun = ended = self._clock.now()
        results = []
        for task in tasks:
            self._clock.at = begun
            results.append(task())
            ended = max(ended, self._clock.now())
        self._clock.at = ended
        return results


@dataclass
class Shop:
    """Everything that reconciling needs, in memory.

    `takes_ms`: what one question costs; `slow_about` (None: all) are the ids that it is asked about
    then.
    """

    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    gate: object = GATE
    instance: Instance | None = INSTANCE
    contact: Contact | None = ANA
    is_suppressed: bool = False
    version: str | None = "2.4.0"
    rows: dict[str, Row] = field(default_factory=dict)
    addressed: list[Row] = field(default_factory=list)
    owners: dict[str, Recipient] = field(default_factory=dict)
    is_silent: bool = False
    silent_about: str | None = None
    breaks: Exception | None = None
    takes_ms: int = 0
    slow_about: frozenset[str] | None = None
    refuses: frozenset[Status] = frozenset()
    asked: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    stored: dict[str, Recipient] = field(default_factory=dict)
    booked: list[dict[str, int]] = field(default_factory=list)
    metrics: ToldMetrics = field(default_factory=ToldMetrics)

    def run(
        self, *doubts: Sequence[Recipient], deadline: int = DEADLINE, **of_campaign: object
    ) -> None:
        campaign = replace(CAMPAIGN, **of_campaign)
        for recipients in doubts:
            self.stored |= {each.recipient_id: each for each in recipients}
        Reconcile(
            recipients=self,
            campaigns=self,
            instances=_Reads(lambda _id: self.instance),
            gates=_Reads(lambda _id, **_options: self.gate),
            contacts=_Reads(lambda _tenant, _id: self.contact),
            suppressions=_Reads(self._suppression),
            vault=self,
            lookup=self._lookup,
            messages=self,
            advance=AdvanceRecipient(
                recipients=self, campaigns=self, clock=self.clock, metrics=self.metrics
            ),
            clock=self.clock,
            concurrently=AtOnce(self.clock),
            metrics=self.metrics,
            rules=RULES,
        )([Doubts(campaign, tuple(recipients)) for recipients in doubts], deadline)

    def now_of(self, recipient: Recipient = UNKNOWN) -> Recipient:
        return self.stored[recipient.recipient_id]

    # Recipients and campaigns

    def read(self, tenant_id, campaign_id, sequence, *, consistent=False):
        return next(each for each in self.stored.values() if each.sequence == sequence)

    def save(self, old: Recipient, new: Recipient, guard: Guard) -> Recipient | None:
        stored = self.stored[old.recipient_id]
        if new.status in self.refuses:
            raise ConnectionError
        if stored.status not in guard.statuses:
            return None
        if guard.plan_number not in {None, stored.plan_number}:
            return None
        self.stored[old.recipient_id] = new
        return stored

    def book(self, tenant_id, campaign_id, changes, now, *, last_send_at=None):
        self.booked.append(dict(changes))

    # Vault and index

    def decrypt(self, instance):
        if self.breaks:
            raise self.breaks
        return "chave"

    def find(self, instance_id, whatsapp_message_id):
        return self.owners.get(whatsapp_message_id)

    # The server

    @property
    def _lookup(self):
        return _Lookup(self)

    def _suppression(self, tenant_id, person):
        return Suppression(tenant_id, person, NOW, "operator") if self.is_suppressed else None

    def ask(self, what: str) -> None:
        self.asked.append(what)
        if self.slow_about is None or what in self.slow_about:
            self.clock.sleep(self.takes_ms)
        if self.is_silent or what == self.silent_about:
            raise Unavailable


@dataclass
class _Reads:
    read: Callable[..., object]


@dataclass
class _Lookup:
    shop: Shop

    def version(self, server):
        self.shop.ask("version")
        return self.shop.version

    def by_id(self, instance, api_key, whatsapp_message_id):
        self.shop.ask(whatsapp_message_id)
        row = self.shop.rows.get(whatsapp_message_id)
        return [row] if row else []

    def by_address(self, instance, api_key, remote_jid, *, since, until):
        self.shop.ask("address")
        self.shop.addresses.append(remote_jid)
        return self.shop.addressed


def people(count: int, *, since: int = START) -> list[Recipient]:
    return [
        replace(
            UNKNOWN,
            recipient_id=f"rc_{number}",
            sequence=number,
            whatsapp_message_id=f"3EB0{number:018}",
            unknown_since=since,
        )
        for number in range(count)
    ]


def ids(asked: Sequence[str]) -> list[str]:
    return [each for each in asked if each.startswith("3EB0")]


OWN = str(UNKNOWN.whatsapp_message_id)


def test_a_row_under_its_id_proves_the_send_and_is_booked():
    shop = Shop(rows={OWN: Row(OWN, remote_jid="j", sent_at=START + 500)})
    shop.run([UNKNOWN])
    found = shop.now_of()
    assert (found.status, found.sent_at, found.remote_jid) == (Status.SENT, START + 500, "j")
    assert shop.booked[0]["sent"] == 1
    assert shop.booked[0]["unknown"] == -1


def test_a_row_without_a_time_was_sent_when_the_request_left():
    shop = Shop(rows={OWN: Row(OWN)})
    shop.run([UNKNOWN])
    assert shop.now_of().sent_at == START


def test_a_row_that_whatsapp_refused_is_sent_and_then_failed():
    shop = Shop(rows={OWN: Row(OWN, statuses=frozenset({AckStatus.ERROR}))})
    shop.run([UNKNOWN])
    found = shop.now_of()
    assert (found.status, found.error_code) == (Status.FAILED, "refused_by_whatsapp")
    assert [sorted(each.items()) for each in shop.booked] == [
        [("sent", 1), ("unknown", -1)],
        [("failed", 1), ("sent", -1)],
    ]


def test_what_is_not_found_is_planned_again_under_a_new_plan_number_and_the_same_id():
    shop = Shop()
    shop.run([UNKNOWN])
    planned = shop.now_of()
    assert (planned.status, planned.retry_at, planned.slot_at) == (Status.UNKNOWN, NOW, None)
    assert planned.plan_number == UNKNOWN.plan_number + 1
    assert planned.whatsapp_message_id == OWN
    assert shop.booked == []


@pytest.mark.parametrize(
    "reason",
    [
        {"gate": replace(GATE, honours_message_id=None)},
        {"gate": replace(GATE, honours_message_id=False)},
        {"gate": replace(GATE, config_version=4)},
        {"version": "2.3.7"},
        {"version": None},
        {"is_suppressed": True},
        {"contact": None},
        {"contact": replace(ANA, is_active=False)},
        {"clock": FakeClock(START + 79_999)},
    ],
    ids=str,
)
def test_each_reason_alone_keeps_it_from_being_sent_again(reason):
    shop = Shop(**reason)
    shop.run([UNKNOWN])
    assert shop.now_of() == UNKNOWN


@pytest.mark.parametrize(
    ("status", "is_planned"),
    [
        (CampaignStatus.ACTIVE, True),
        (CampaignStatus.PAUSED, True),
        (CampaignStatus.CANCELLED, False),
    ],
)
def test_a_resend_is_planned_for_a_live_campaign_only(status, is_planned):
    shop = Shop()
    shop.run([UNKNOWN], status=status)
    assert (shop.now_of().retry_at is not None) is is_planned


def test_before_a_resend_it_is_looked_for_by_its_text_as_well():
    """The server may have ignored the id then, whatever it does now."""
    row = Row("3EB0AA", text="Oi Ana", sent_at=START + 500)
    shop = Shop(addressed=[row])
    shop.run([UNKNOWN])
    found = shop.now_of()
    assert (found.status, found.whatsapp_message_id) == (Status.SENT, "3EB0AA")


def test_a_row_of_somebody_elses_is_not_taken_and_her_own_is():
    row = Row("3EB0AA", text="Oi Ana", sent_at=START + 500)
    gate = replace(GATE, honours_message_id=False)
    shop = Shop(gate=gate, addressed=[row], owners={"3EB0AA": replace(UNKNOWN, recipient_id="x")})
    shop.run([UNKNOWN])
    assert shop.now_of() == UNKNOWN
    shop.owners["3EB0AA"] = UNKNOWN
    shop.run([UNKNOWN])
    assert shop.now_of().status is Status.SENT


def test_each_address_is_asked_for_once_the_one_that_evolution_sent_to_first():
    gate = replace(GATE, honours_message_id=False)
    shop = Shop(gate=gate)
    known = replace(UNKNOWN, remote_jid="551190000000@s.whatsapp.net")
    shop.run([known])
    assert shop.addresses == ["551190000000@s.whatsapp.net", "5511990000000@s.whatsapp.net"]


def test_after_the_grace_it_is_the_operators_but_not_without_a_last_look():
    late = FakeClock(START + RULES.grace_ms)
    shop = Shop(clock=late, rows={OWN: Row(OWN)})
    shop.run([UNKNOWN], deadline=late.now() + 300_000)
    assert shop.now_of().status is Status.SENT
    shop = Shop(clock=late)
    shop.run([UNKNOWN], deadline=late.now() + 300_000)
    assert ids(shop.asked) == [OWN]
    assert shop.now_of().status is Status.UNCONFIRMED


@pytest.mark.parametrize(
    "silence",
    [
        {"is_silent": True},
        {"breaks": ConnectionError()},
        {"instance": None},
        {"gate": None},
    ],
    ids=str,
)
def test_a_server_that_does_not_answer_is_asked_once_and_prolongs_no_grace(silence):
    shop = Shop(**silence)
    old = people(30, since=START - RULES.grace_ms)
    young = replace(UNKNOWN, recipient_id="young", sequence=99)
    shop.run([*old, young])
    assert len(shop.asked) <= 1
    assert {shop.now_of(each).status for each in old} == {Status.UNCONFIRMED}
    assert shop.now_of(young) == young


def test_what_cannot_be_settled_of_one_keeps_no_other_from_it_and_ends_after_the_grace():
    """A row that the store refuses, say: nothing is raised, and nobody waits for ever."""
    old, young = people(2)
    old = replace(old, unknown_since=START - RULES.grace_ms)
    rows = {
        str(each.whatsapp_message_id): Row(str(each.whatsapp_message_id)) for each in (old, young)
    }
    shop = Shop(rows=rows, refuses=frozenset({Status.SENT}))
    shop.run([old, young])
    assert shop.now_of(old).status is Status.UNCONFIRMED
    assert shop.now_of(young) == young
    shop = Shop(rows=rows, refuses=frozenset({Status.SENT, Status.UNCONFIRMED}))
    shop.run([old, young])
    assert shop.now_of(old) == old


def test_one_campaigns_silent_server_keeps_no_other_from_its_answer():
    mine, other = people(2)
    other_id = str(other.whatsapp_message_id)
    shop = Shop(rows={other_id: Row(other_id)}, silent_about=str(mine.whatsapp_message_id))
    shop.run([mine], [other])
    assert shop.now_of(other).status is Status.SENT
    assert shop.now_of(mine) == mine


def test_as_many_are_looked_for_in_a_run_as_have_their_turn_and_all_come_round():
    waiting = people(LOOKED_FOR * 2 + 5)
    asked: set[str] = set()
    for minute in range(4):
        shop = Shop(gate=replace(GATE, honours_message_id=False))
        shop.clock = FakeClock(NOW + minute * 60_000)
        shop.run(waiting, deadline=shop.clock.now() + 300_000)
        assert len(ids(shop.asked)) == LOOKED_FOR
        asked.update(ids(shop.asked))
    assert asked == {each.whatsapp_message_id for each in waiting}


def test_who_is_past_the_grace_waits_for_her_turn_where_the_server_answers():
    waiting = people(LOOKED_FOR + 1, since=START - RULES.grace_ms)
    shop = Shop()
    shop.run(waiting)
    left = [each for each in waiting if shop.now_of(each).status is Status.UNKNOWN]
    assert len(left) == 1


def test_a_slow_server_is_asked_no_longer_than_a_run_lasts():
    shop = Shop(takes_ms=3_000, gate=replace(GATE, honours_message_id=True))
    shop.clock = FakeClock(START + 20_000)
    shop.run(people(20))
    assert shop.clock.now() - (START + 20_000) <= RUN_MS + 3_000
    assert len(shop.asked) == 7


def test_one_campaigns_slow_server_leaves_the_others_their_whole_turn():
    everyone = people(LOOKED_FOR * 2)
    slow, others = everyone[:LOOKED_FOR], everyone[LOOKED_FOR:]
    slow_ids = frozenset(str(each.whatsapp_message_id) for each in slow)
    shop = Shop(takes_ms=3 * 4_900, slow_about=slow_ids, clock=FakeClock(START + 20_000))
    shop.run(slow, others)
    assert {each.whatsapp_message_id for each in others} <= set(shop.asked)
    assert 0 < len(slow_ids & set(shop.asked)) <= 2


def test_nothing_is_asked_where_the_function_has_no_time_left():
    shop = Shop()
    shop.run([UNKNOWN], deadline=NOW + 20_000)
    assert shop.asked == []
    assert shop.now_of() == UNKNOWN


def test_a_request_that_just_left_is_not_looked_for_and_nothing_is_read_for_it():
    shop = Shop(clock=FakeClock(START + 1_000), breaks=AssertionError("not to be read"))
    shop.run([UNKNOWN])
    assert shop.asked == []
