"""Receipts over real stores: any order, any repetition, old reads, and crashes in between."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.adapters.dynamodb.recipient_items import to_item
from campaigns.adapters.dynamodb.table import Table
from campaigns.bootstrap import App
from campaigns.domain.books import counted, is_book, responses, times_sent
from campaigns.domain.delivery import Sent, Unknown
from campaigns.domain.direct_message import DirectMessage, DirectStatus
from campaigns.domain.errors import NotYet
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import Campaign, Instance, Recipient
from campaigns.domain.recipient import RecipientErrorCode
from campaigns.domain.recipient import RecipientStatus as Status
from campaigns.domain.recipient_changes import claimed, lease_expired
from campaigns.domain.webhook_event import Ack, AckStatus
from campaigns.services.advance_recipient import AdvanceRecipient
from campaigns.services.keep_books import KeepBooks
from campaigns.services.move_recipient import MoveRecipient
from campaigns.services.ports import Guard
from campaigns.services.ports_direct import DirectGuard
from campaigns.services.take_ack import SETTLED_WITHIN_MS, TakeAck
from campaigns.settings import Settings
from tests.contract.things import NOW, a_campaign, a_gate, a_recipient, fresh, keep_gate
from tests.fakes.aws import model_table
from tests.fakes.clock import FakeClock
from tests.unit.test_direct_message import MESSAGE

ID = "3EB07BF3A48FF674FA9890"
JID = "5511990000001@s.whatsapp.net"
ORDER = (Status.SENT, Status.DELIVERED, Status.READ, Status.RESPONDED)
RECEIPTS = {
    "DELIVERY_ACK": Status.DELIVERED,
    "READ": Status.READ,
    "PLAYED": Status.READ,
    "201": Status.SENT,
    "answer": Status.RESPONDED,
}


class Crash(Exception):
    """The process ends here."""


@dataclass
class Sending:
    """One recipient whose message is on its way, and the services that hear of it."""

    app: App
    clock: FakeClock
    campaign: Campaign
    claim: Recipient
    found: Recipient | DirectMessage | None = None
    learnt: list[tuple[str, str, str]] = field(default_factory=list)
    judged: list[Recipient] = field(default_factory=list)

    @property
    def instance(self) -> Instance:
        return Instance(
            instance_id=self.claim.instance_id,
            tenant_id=self.claim.tenant_id,
            name="Loja",
            evolution_url="",
            evolution_instance="",
            encrypted_api_key=b"",
            config_version=1,
            created_at=0,
            updated_at=0,
        )

    def find(self, instance_id: str, whatsapp_message_id: str) -> Recipient | DirectMessage | None:
        assert (instance_id, whatsapp_message_id) == (self.claim.instance_id, ID)
        return self.found

    @property
    def take_ack(self) -> TakeAck:
        return TakeAck(
            index=self,
            advance=self.app.advance,
            direct=self.app.direct_messages,
            gates=self.app.gates,
            learn_alias=lambda *alias: self.learnt.append(alias),
            judge_refusal=self.judged.append,
            clock=self.clock,
        )

    def ack(self, status: str, jid: str | None = JID, known: Recipient | None = None) -> None:
        """An ack, by whoever read the recipient as it is, or as it was a while ago."""
        self.found = known or self.stored
        self.take_ack(self.instance, Ack(ID, AckStatus(status), jid))

    def settle(self) -> None:
        outcome = Sent(ID, JID)
        self.app.settle.settle(self.claim, outcome, left_at=self.claim.updated_at + 50)

    def hear(self, what: str, known: Recipient | None = None) -> None:
        self.clock.sleep(SECOND_MS)
        if what == "201":
            self.settle()
        elif what == "answer":
            self.app.advance(known or self.stored, Status.RESPONDED, at=self.clock.now())
        else:
            self.ack(what, known=known)

    def expire_lease(self) -> None:
        """The walk finds that its sender has died, if it is still being sent."""
        held = self.stored
        if held.status is Status.SENDING:
            guard = Guard(frozenset({held.status}), lease_token=held.lease_token)
            expired = lease_expired(held, now=self.clock.now())
            assert self.move(held, expired, guard)

    @property
    def move(self) -> MoveRecipient:
        return MoveRecipient(
            recipients=self.app.recipients, campaigns=self.app.campaign_store, clock=self.clock
        )

    @property
    def stored(self) -> Recipient:
        found = self.app.recipients.read(
            self.claim.tenant_id, self.claim.campaign_id, self.claim.sequence, consistent=True
        )
        assert found is not None
        return found

    def write(self, **fields: Any) -> Recipient:
        """Somebody else changes the recipient."""
        before = self.stored
        after = replace(before, **fields)
        assert self.app.recipients.save(before, after, Guard(frozenset({before.status})))
        return after

    @property
    def counters(self) -> dict[str, int]:
        place = (self.claim.tenant_id, self.claim.campaign_id)
        books = self.app.campaign_store.counters(*place)
        return {name: count for name, count in books.items() if is_book(name) and count}

    def recount(self) -> None:
        books = KeepBooks(
            recipients=self.app.recipients,
            campaigns=self.app.campaign_store,
            clock=self.clock,
            random=Random(1),
        )
        if not books.recount(self.campaign):
            assert books.recount(self.campaign)


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    with model_table() as opened:
        yield opened


def a_sending(table: Table) -> Sending:
    clock = FakeClock(NOW)
    settings = Settings(
        table_name=table.name, queue_url="", kms_key_id="", scheduler_function_name=""
    )
    app = App(settings, clock=clock, random=Random(1))
    app.__dict__["table"] = table
    campaign = a_campaign(total=1)
    laid = a_recipient(
        campaign_id=campaign.campaign_id,
        tenant_id=campaign.tenant_id,
        instance_id=fresh("in"),
        sequence=0,
    )
    table.put(to_item(laid, 1))
    mine = claimed(
        laid,
        now=clock.now(),
        lease_token="mine",
        lease_until=clock.now() + 90_000,
        message_id="ms_1",
        text="Oi",
        whatsapp_message_id=ID,
    )
    assert app.recipients.save(laid, mine, Guard(frozenset({Status.PENDING})))
    return Sending(app, clock, campaign, mine)


@pytest.fixture
def sending(table: Table) -> Sending:
    return a_sending(table)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    heard=st.lists(st.sampled_from(sorted(RECEIPTS)), min_size=1, max_size=7),
    crashes=st.sets(st.integers(min_value=0, max_value=6), max_size=3),
    data=st.data(),
)
def test_any_order_and_repetition_ends_the_same_with_exact_books(
    table: Table, heard: list[str], crashes: set[int], data: st.DataObject
) -> None:
    sending = a_sending(table)
    seen = [sending.claim]
    for number, what in enumerate(heard):
        known = data.draw(st.sampled_from(seen))
        if number in crashes:
            with (
                patch.object(sending.app.campaign_store, "book", side_effect=Crash),
                suppress(Crash),
            ):
                sending.hear(what, known)
        else:
            sending.hear(what, known)
        seen.append(sending.stored)
    after = sending.stored
    was_cut_short = sending.counters != Counter(counted(after))
    assert crashes or not was_cut_short
    sending.recount()

    assert after.status is max((RECEIPTS[what] for what in heard), key=ORDER.index)
    assert sending.counters == Counter(counted(after))
    if "201" in heard:
        assert (after.sent_at, after.remote_jid) == (sending.claim.updated_at + 50, JID)
    assert after.whatsapp_message_id == ID


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    heard=st.lists(
        st.sampled_from([*sorted(RECEIPTS.keys() - {"201"}), "ERROR", "lease"]), max_size=6
    ),
    outcome=st.sampled_from([Sent(ID, JID), Unknown(RecipientErrorCode.READ_TIMEOUT)]),
    data=st.data(),
)
def test_refusals_and_doubt_among_the_receipts_are_booked_as_they_come(
    table: Table, heard: list[str], outcome: Sent | Unknown, data: st.DataObject
) -> None:
    sending = a_sending(table)
    seen = [sending.claim]
    heard.insert(data.draw(st.integers(min_value=0, max_value=len(heard))), "outcome")
    for what in heard:
        before = seen[-1]
        if what == "outcome":
            left_at = sending.claim.updated_at + 50
            sending.app.settle.settle(sending.claim, outcome, left_at=left_at)
        elif what == "lease":
            sending.expire_lease()
        else:
            sending.hear(what, data.draw(st.sampled_from(seen)))
        after = sending.stored
        assert sending.counters == Counter(counted(after))
        if before.status in ORDER[1:]:
            assert ORDER.index(after.status) >= ORDER.index(before.status)
        if before.status is Status.FAILED:
            assert after.status is Status.FAILED
        seen.append(after)


def test_an_ack_that_is_faster_than_the_answer_loses_nothing_of_it(sending: Sending) -> None:
    sending.ack("DELIVERY_ACK", jid="77@lid")
    assert sending.stored.sent_at == sending.claim.updated_at
    sending.settle()

    after = sending.stored
    assert after.status is Status.DELIVERED
    assert (after.sent_at, after.remote_jid) == (sending.claim.updated_at + 50, JID)
    assert sending.counters == {Status.DELIVERED: 1, times_sent("ms_1"): 1}


def test_an_ack_whose_recipient_was_read_too_early_moves_it_all_the_same(
    sending: Sending,
) -> None:
    """Released and claimed again in between: what was read says pending."""
    old = replace(sending.claim, status=Status.PENDING, lease_token=None, lease_until=None)
    sending.ack("READ", known=old)
    assert sending.stored.status is Status.READ


def test_what_a_server_without_our_ids_gave_is_not_lost_to_a_reconciliation(
    sending: Sending,
) -> None:
    """Its row was found under its own id before the answer came."""
    own = "AAAA1111"
    assert sending.app.advance(
        sending.stored, Status.DELIVERED, at=sending.clock.now(), whatsapp_message_id=own
    )
    sending.app.settle.settle(sending.claim, Sent(own, JID), left_at=sending.claim.updated_at + 50)
    after = sending.stored
    assert (after.status, after.whatsapp_message_id) == (Status.DELIVERED, own)
    assert after.sent_at == sending.claim.updated_at + 50


def test_a_receipt_after_the_lease_ran_out_ends_the_doubt(sending: Sending) -> None:
    sending.expire_lease()
    sending.ack("DELIVERY_ACK", known=sending.claim)
    after = sending.stored
    assert (after.status, after.error_code) == (Status.DELIVERED, None)


def test_a_refusal_fails_the_recipient_and_is_judged(sending: Sending) -> None:
    sending.settle()
    sending.ack("ERROR")
    after = sending.stored
    assert (after.status, after.error_code) == (
        Status.FAILED,
        RecipientErrorCode.REFUSED_BY_WHATSAPP,
    )
    assert sending.counters == {Status.FAILED: 1, times_sent("ms_1"): 1}
    assert len(sending.judged) == 1


def test_a_refusal_before_the_answer_ends_as_one_after_it(sending: Sending) -> None:
    sending.ack("ERROR")
    sending.settle()
    after = sending.stored
    assert after.error_code == RecipientErrorCode.REFUSED_BY_WHATSAPP
    assert (after.sent_at, after.remote_jid) == (sending.claim.updated_at + 50, JID)
    assert sending.counters == {Status.FAILED: 1, times_sent("ms_1"): 1}


def test_a_judgement_that_was_cut_short_is_made_by_the_repeat(sending: Sending) -> None:
    sending.settle()
    with patch.object(sending, "judged") as judged:
        judged.append.side_effect = Crash
        with pytest.raises(Crash):
            sending.ack("ERROR")
    sending.ack("ERROR")
    assert len(sending.judged) == 1
    assert sending.stored.failed_tries == sending.stored.failed_tries[:1]


@pytest.mark.parametrize("status", ["DELIVERY_ACK", "READ", "answer"])
def test_whoever_was_reached_is_not_refused(sending: Sending, status: str) -> None:
    sending.settle()
    sending.hear(status)
    reached = sending.stored
    sending.ack("ERROR")
    assert sending.stored == reached
    assert sending.judged == []


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.UNCONFIRMED])
def test_doubt_is_not_ended_by_a_refusal(sending: Sending, status: Status) -> None:
    doubtful = sending.write(status=status, lease_token=None, lease_until=None)
    sending.ack("ERROR")
    assert sending.stored == doubtful
    assert sending.judged == []


def test_an_answer_is_booked_once_for_its_wording(sending: Sending) -> None:
    for what in ("201", "answer", "answer", "READ"):
        sending.hear(what)
    expected = {Status.RESPONDED: 1, times_sent("ms_1"): 1, responses("ms_1"): 1}
    assert sending.counters == expected
    sending.recount()
    assert sending.counters == expected


def test_a_repeat_writes_nothing(sending: Sending) -> None:
    sending.settle()
    sending.ack("READ")
    with patch.object(sending.app.recipients, "save", side_effect=AssertionError):
        for status in ("READ", "DELIVERY_ACK", "PLAYED", "SERVER_ACK"):
            sending.ack(status)


def test_a_recipient_that_never_stands_still_is_asked_for_again(sending: Sending) -> None:
    with (
        patch.object(sending.app.recipients, "save", return_value=None),
        pytest.raises(Exception, match="concurrent_update"),
    ):
        sending.ack("READ")


def test_an_advance_of_somebody_who_is_gone_is_none(sending: Sending) -> None:
    gone = replace(sending.claim, sequence=7)
    assert not sending.app.advance(gone, Status.READ, at=sending.clock.now())


def test_an_advance_tells_whether_it_stands_there(sending: Sending) -> None:
    advance: AdvanceRecipient = sending.app.advance
    now = sending.clock.now()
    assert advance(sending.stored, Status.READ, at=now)
    assert advance(sending.stored, Status.SENT, at=now)
    assert not advance(sending.stored, Status.FAILED, at=now)


# Aliases


def test_an_alias_is_learnt_with_each_receipt_that_tells_anything_new(sending: Sending) -> None:
    sending.settle()
    sending.ack("DELIVERY_ACK", jid=JID)
    for _ in range(2):
        sending.ack("READ", jid="77@lid")
    assert sending.learnt == [(sending.claim.tenant_id, "77@lid", sending.claim.person)]


def test_an_alias_is_learnt_where_the_answer_named_it_too(sending: Sending) -> None:
    outcome = Sent(ID, "77@lid")
    sending.app.settle.settle(sending.claim, outcome, left_at=sending.claim.updated_at + 50)
    sending.ack("DELIVERY_ACK", jid="77@lid")
    assert sending.learnt == [(sending.claim.tenant_id, "77@lid", sending.claim.person)]


def test_an_address_that_tells_the_phone_is_no_alias(sending: Sending) -> None:
    sending.ack("DELIVERY_ACK", jid=JID)
    sending.ack("READ", jid=None)
    assert sending.learnt == []
    assert sending.stored.remote_jid == JID


# Acks of nobody


def keep(sending: Sending, **fields: Any) -> None:
    keep_gate(sending.app.table, replace(a_gate(**fields), instance_id=sending.claim.instance_id))


def of_nobody(sending: Sending, status: str = "READ") -> None:
    sending.found = None
    sending.take_ack(sending.instance, Ack(ID, AckStatus(status), JID))


def test_an_ack_of_nobody_waits_while_a_request_is_on_its_way(sending: Sending) -> None:
    now = sending.clock.now()
    keep(sending, busy_until=now + 1, busy_token="t", busy_holder="rc_x")
    with pytest.raises(NotYet):
        of_nobody(sending)
    sending.clock.sleep(1)
    of_nobody(sending)


def test_an_ack_of_nobody_waits_for_ten_seconds_after_a_request(sending: Sending) -> None:
    keep(sending, last_left_at=sending.clock.now())
    with pytest.raises(NotYet):
        of_nobody(sending)
    sending.clock.sleep(SETTLED_WITHIN_MS - 1)
    with pytest.raises(NotYet):
        of_nobody(sending)
    sending.clock.sleep(1)
    of_nobody(sending)


def test_an_ack_of_nobody_on_a_deleted_instance_is_dropped(sending: Sending) -> None:
    of_nobody(sending)


def test_an_ack_that_tells_nothing_is_not_waited_for(sending: Sending) -> None:
    keep(sending, last_left_at=sending.clock.now())
    of_nobody(sending, "SERVER_ACK")


# Direct messages


def a_direct(sending: Sending, status: DirectStatus, **fields: Any) -> DirectMessage:
    number = sending.claim.campaign_id
    message = replace(
        MESSAGE,
        direct_message_id=f"dm_{number}_{status}",
        instance_id=sending.claim.instance_id,
        whatsapp_message_id=ID,
    )
    sending.app.direct_messages.create(message)
    held = replace(message, status=status, **fields)
    assert sending.app.direct_messages.save(held, DirectGuard(frozenset({DirectStatus.QUEUED})))
    sending.found = held
    return held


def direct_after(sending: Sending, message: DirectMessage, status: str) -> DirectMessage:
    sending.take_ack(sending.instance, Ack(ID, AckStatus(status), JID))
    found = sending.app.direct_messages.read(message.tenant_id, message.direct_message_id)
    assert found is not None
    return found


@pytest.mark.parametrize("status", [DirectStatus.SENDING, DirectStatus.UNCONFIRMED])
@pytest.mark.parametrize("ack", ["DELIVERY_ACK", "READ"])
def test_a_receipt_proves_that_a_direct_message_was_sent(
    sending: Sending, status: DirectStatus, ack: str
) -> None:
    message = a_direct(sending, status)
    after = direct_after(sending, message, ack)
    assert after.status is DirectStatus.SENT
    assert after.sent_at == message.updated_at
    assert after.error_code is None


@pytest.mark.parametrize("status", [DirectStatus.SENDING, DirectStatus.SENT])
def test_a_direct_message_that_whatsapp_refuses_has_failed(
    sending: Sending, status: DirectStatus
) -> None:
    after = direct_after(sending, a_direct(sending, status), "ERROR")
    assert after.status is DirectStatus.FAILED
    assert after.error_code is RecipientErrorCode.REFUSED_BY_WHATSAPP


def test_a_refusal_that_meets_the_settlement_of_its_direct_message_comes_after_it(
    sending: Sending,
) -> None:
    known = a_direct(sending, DirectStatus.SENDING)
    sent = replace(known, status=DirectStatus.SENT, sent_at=NOW - 7, remote_jid=JID)
    guard = DirectGuard(frozenset({DirectStatus.SENDING}))
    assert sending.app.direct_messages.save(sent, guard)
    after = direct_after(sending, known, "ERROR")
    assert after.status is DirectStatus.FAILED
    assert (after.sent_at, after.remote_jid) == (NOW - 7, JID)


@pytest.mark.parametrize("status", [DirectStatus.FAILED, DirectStatus.SENT])
def test_a_receipt_tells_nothing_new_of_a_direct_message_that_is_done(
    sending: Sending, status: DirectStatus
) -> None:
    message = a_direct(sending, status)
    assert direct_after(sending, message, "READ") == message
