"""What proofs of a send make of a recipient, in whatever order they come."""

from dataclasses import replace
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.acks import STATUS_OF_ACK, advanced, is_refused, stands_at
from campaigns.domain.model import Recipient
from campaigns.domain.recipient import (
    SENT_OR_FURTHER,
    RecipientErrorCode,
    RecipientTrigger,
    can_move,
)
from campaigns.domain.recipient import RecipientStatus as Status
from campaigns.domain.webhook_event import AckStatus
from tests.fakes.recipient_steps import START, a_recipient

ID = "3EB07BF3A48FF674FA9890"
JID = "5511990000001@s.whatsapp.net"
ORDER = (Status.SENT, Status.DELIVERED, Status.READ, Status.RESPONDED)
PROOFS = (*ORDER, Status.FAILED)


def being_sent() -> Recipient:
    return replace(
        a_recipient(),
        status=Status.SENDING,
        message_id="ms_1",
        whatsapp_message_id=ID,
        lease_token="mine",
        lease_until=START + 90_000,
        slot_at=START,
        updated_at=START,
    )


def standing_at(status: Status) -> Recipient:
    """One of that status, as it came there."""
    if status in SENT_OR_FURTHER:
        return advanced(being_sent(), status, at=START + 900)
    known = replace(being_sent(), status=status, lease_token=None, lease_until=None)
    if status in {Status.UNKNOWN, Status.UNCONFIRMED}:
        return replace(
            known,
            unknown_since=START + 400,
            may_have_been_sent=True,
            error_code=RecipientErrorCode.READ_TIMEOUT,
        )
    return known


def test_acks_that_tell_nothing_new_have_no_status():
    assert {AckStatus.PENDING, AckStatus.SERVER_ACK, AckStatus.DELETED} == (
        frozenset(AckStatus) - STATUS_OF_ACK.keys()
    )


@pytest.mark.parametrize(("before", "proof"), list(product(Status, ORDER)))
def test_proof_moves_along_the_table_and_never_back(before, proof):
    known = standing_at(before)
    after = advanced(known, proof, at=START + 2_000)
    if can_move(before, proof, by=RecipientTrigger.PROOF):
        assert after.status is proof
    else:
        assert after == known


@pytest.mark.parametrize("proof", ORDER)
def test_late_proof_stops_a_resend_that_the_operator_asked_for(proof):
    known = replace(
        standing_at(Status.PENDING),
        may_have_been_sent=True,
        resend_approved=True,
        retry_at=START + 60_000,
        unknown_since=START + 400,
    )
    after = advanced(known, proof, at=START + 2_000)
    assert (after.status, after.sent_at) == (proof, START + 400)
    assert (after.retry_at, after.resend_approved) == (None, False)


@pytest.mark.parametrize("before", Status)
def test_a_refusal_fails_what_was_just_sent_and_nothing_else(before):
    known = standing_at(before)
    after = advanced(known, Status.FAILED, at=START + 2_000)
    if before in {Status.SENDING, Status.SENT}:
        assert is_refused(after)
        assert after.failed_tries[-1].code == RecipientErrorCode.REFUSED_BY_WHATSAPP
    else:
        assert after == known


@pytest.mark.parametrize(("low", "high"), list(pairwise(ORDER)))
def test_a_status_implies_every_one_before_it(low, high):
    after = advanced(being_sent(), high, at=START + 2_000)
    assert stands_at(after, low)
    assert stands_at(after, high)
    moments = [after.sent_at, after.delivered_at, after.read_at, after.responded_at]
    reached = ORDER.index(high) + 1
    assert None not in moments[:reached]
    assert set(moments[reached:]) <= {None}


@given(st.lists(st.sampled_from(ORDER), min_size=1, max_size=8), st.data())
def test_of_any_proofs_in_any_order_the_furthest_stands_and_no_moment_moves(proofs, data):
    recipient = being_sent()
    seen: list[Recipient] = []
    for number, proof in enumerate(proofs, start=1):
        recipient = advanced(recipient, proof, at=START + 1_000 * number)
        seen.append(recipient)
    assert recipient.status is max(proofs, key=ORDER.index)
    for earlier in seen:
        for name in ("sent_at", "delivered_at", "read_at", "responded_at"):
            known = getattr(earlier, name)
            assert known is None or getattr(recipient, name) == known
    repeated = data.draw(st.sampled_from(proofs))
    assert advanced(recipient, repeated, at=START + 99_000) == recipient


@given(st.lists(st.sampled_from(PROOFS), min_size=1, max_size=8))
def test_a_refusal_counts_only_until_her_phone_has_it(proofs):
    recipient = being_sent()
    for proof in proofs:
        recipient = advanced(recipient, proof, at=START + 1_000)
    is_first = next((proof for proof in proofs if proof is not Status.SENT), None) is Status.FAILED
    assert is_refused(recipient) is is_first


def test_a_receipt_takes_the_lease_from_whoever_holds_it():
    after = advanced(being_sent(), Status.DELIVERED, at=START + 2_000)
    assert (after.lease_token, after.lease_until, after.slot_at) == (None, None, None)


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.UNCONFIRMED])
def test_proof_ends_all_doubt(status):
    after = advanced(standing_at(status), Status.DELIVERED, at=START + 2_000)
    assert after.error_code is None
    assert after.sent_at == START + 400


def test_without_better_knowledge_it_was_sent_when_its_try_began():
    assert advanced(being_sent(), Status.READ, at=START + 9_000).sent_at == START


def test_nothing_was_sent_after_its_receipt_came():
    known = replace(standing_at(Status.UNKNOWN), unknown_since=START + 5_000)
    after = advanced(known, Status.DELIVERED, at=START + 1_000)
    assert after.sent_at == after.delivered_at == START + 1_000


@pytest.mark.parametrize("status", PROOFS)
def test_whoever_knows_when_and_where_it_went_adds_that_later(status):
    known = advanced(being_sent(), status, at=START + 2_000)
    after = advanced(
        known,
        Status.SENT,
        at=START + 3_000,
        sent_at=START + 123,
        remote_jid=JID,
        whatsapp_message_id="AAAA",
    )
    assert after == replace(known, sent_at=START + 123, remote_jid=JID, whatsapp_message_id="AAAA")


@pytest.mark.parametrize("status", [Status.PENDING, Status.SKIPPED, Status.FAILED])
def test_who_was_not_sent_anything_is_left_alone(status):
    known = standing_at(status)
    assert advanced(known, Status.SENT, at=START, sent_at=START, remote_jid=JID) == known


def test_an_address_that_is_known_stays():
    known = replace(standing_at(Status.SENT), remote_jid="first")
    assert advanced(known, Status.READ, at=START, remote_jid=JID).remote_jid == "first"


def test_a_failure_of_another_kind_is_no_refusal():
    known = replace(
        standing_at(Status.FAILED), error_code=RecipientErrorCode.NUMBER_NOT_ON_WHATSAPP
    )
    assert not stands_at(known, Status.FAILED)
