"""What the operator makes of an unconfirmed recipient, and how far her word for a resend holds."""

from dataclasses import replace

import pytest

from campaigns.domain.delivery import (
    AutoPauseReason,
    InstanceFault,
    Outcome,
    PermanentFailure,
    Sent,
    Transient,
    Unknown,
)
from campaigns.domain.errors import InvalidState
from campaigns.domain.model import FailedTry, Recipient
from campaigns.domain.recipient import RecipientErrorCode as Code
from campaigns.domain.recipient import RecipientStatus as Status
from campaigns.domain.recipient_changes import claimed, ended, lease_expired, released, settled
from campaigns.domain.resolving import Resolution, resolved
from campaigns.domain.settlement import decide_settlement, under_cancelled_campaign
from tests.fakes.recipient_steps import START, a_recipient

LEFT_AT = START - 700_000
NOW = START


def unconfirmed(**fields: object) -> Recipient:
    """One whose only request left, and was never heard of again."""
    recipient = replace(
        a_recipient(),
        status=Status.UNCONFIRMED,
        plan_number=4,
        attempts=1,
        retry_count=2,
        may_have_been_sent=True,
        message_id="ms_1",
        rendered_text="Oi",
        whatsapp_message_id="3EB07BF3A48FF674FA9890",
        error_code=Code.READ_TIMEOUT,
        unknown_since=LEFT_AT,
        failed_tries=(FailedTry(LEFT_AT + 30_000, Code.READ_TIMEOUT),),
    )
    return replace(recipient, **fields)


def approved() -> Recipient:
    return resolved(unconfirmed(), Resolution.RESEND, now=NOW)


def sending(recipient: Recipient) -> Recipient:
    return claimed(
        recipient,
        now=NOW,
        lease_token="lease-1",
        lease_until=NOW + 90_000,
        message_id="ms_9",
        text="Outro texto",
        whatsapp_message_id="3EB0000000000000000000",
    )


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.UNCONFIRMED}))
@pytest.mark.parametrize("resolution", Resolution)
def test_only_an_unconfirmed_recipient_is_resolved(status: Status, resolution: Resolution) -> None:
    with pytest.raises(InvalidState) as refused:
        resolved(unconfirmed(status=status), resolution, now=NOW)
    assert refused.value.current_status == status


def test_resolved_as_sent_it_was_sent_when_its_last_request_left() -> None:
    after = resolved(unconfirmed(), Resolution.SENT, now=NOW)
    assert (after.status, after.sent_at, after.error_code) == (Status.SENT, LEFT_AT, None)
    assert after.failed_tries == unconfirmed().failed_tries
    # An item from before that moment was kept tells it by its tries.
    old = resolved(unconfirmed(unknown_since=None), Resolution.SENT, now=NOW)
    assert old.sent_at == LEFT_AT + 30_000


def test_resolved_as_failed_it_says_that_a_person_decided_so() -> None:
    after = resolved(unconfirmed(), Resolution.FAILED, now=NOW)
    assert (after.status, after.error_code) == (Status.FAILED, Code.RESOLVED_AS_FAILED)
    assert after.sent_at is None


def test_a_resend_waits_under_a_new_plan_number_and_never_forgets_that_it_may_be_the_second() -> (
    None
):
    after = approved()
    assert (after.status, after.plan_number, after.retry_at) == (Status.PENDING, 5, NOW)
    assert (after.retry_count, after.error_code) == (0, None)
    assert after.may_have_been_sent
    assert after.resend_approved
    mine = sending(after)
    assert mine.whatsapp_message_id == "3EB07BF3A48FF674FA9890", "WhatsApp shows an id once"
    assert mine.rendered_text == "Oi"


@pytest.mark.parametrize("recipient", [approved(), sending(approved())])
def test_a_resend_that_did_not_leave_keeps_the_operators_word(recipient: Recipient) -> None:
    after = released(recipient, now=NOW, not_before=NOW + 9)
    assert (after.status, after.retry_at, after.resend_approved) == (Status.PENDING, NOW + 9, True)
    assert after.attempts == 1


FAULT = InstanceFault(Code.INSTANCE_UNAUTHORIZED, AutoPauseReason.INSTANCE_UNAUTHORIZED)
CLOSED = Transient(Code.CONNECTION_CLOSED)
#: Outcome and further tries used up, to status and whether the operator's word still holds.
OUTCOMES: list[tuple[Outcome, int, Status, bool]] = [
    (Sent("3EB07BF3A48FF674FA9890", None), 0, Status.SENT, False),
    (Unknown(Code.READ_TIMEOUT), 0, Status.UNKNOWN, False),
    (PermanentFailure(Code.NUMBER_NOT_ON_WHATSAPP), 0, Status.UNKNOWN, False),
    (FAULT, 0, Status.PENDING, True),
    (FAULT, 3, Status.PENDING, True),
    (CLOSED, 0, Status.PENDING, True),
    (CLOSED, 2, Status.PENDING, True),
    (CLOSED, 3, Status.UNKNOWN, False),
    (Transient(Code.RATE_OVERLIMIT, hard_backoff=True), 3, Status.UNKNOWN, False),
]


@pytest.mark.parametrize(("outcome", "retry_count", "status", "holds"), OUTCOMES)
@pytest.mark.parametrize("is_claimed", [True, False])
@pytest.mark.parametrize("is_cancelled", [True, False])
def test_the_operators_word_holds_while_a_try_is_proven_unsent_and_may_be_repeated(
    outcome: Outcome,
    retry_count: int,
    status: Status,
    holds: bool,
    is_claimed: bool,
    is_cancelled: bool,
) -> None:
    before = replace(approved(), retry_count=retry_count)
    before = sending(before) if is_claimed else before
    settlement = decide_settlement(
        outcome,
        retry_count=retry_count,
        may_have_been_sent=before.may_have_been_sent,
        resend_approved=before.resend_approved,
        now=NOW,
        random_fraction=0.5,
    )
    if is_cancelled:
        settlement = under_cancelled_campaign(settlement)
        status, holds = (Status.SKIPPED, False) if holds else (status, holds)
    after = settled(before, settlement, now=NOW, left_at=NOW)
    assert (after.status, after.resend_approved) == (status, holds)
    assert after.may_have_been_sent
    assert (after.retry_at is not None) is (status is Status.PENDING)
    if status is Status.UNKNOWN:
        assert after.unknown_since is not None


def test_a_resend_whose_sender_died_is_in_doubt_again_and_needs_another_word() -> None:
    after = lease_expired(sending(approved()), now=NOW + 90_000)
    assert (after.status, after.resend_approved) == (Status.UNKNOWN, False)
    assert released(after, now=NOW, not_before=NOW).status is Status.UNKNOWN


@pytest.mark.parametrize("code", [Code.OPTED_OUT, Code.CONTACT_DELETED, Code.REMOVED])
def test_a_resend_that_may_not_be_made_is_skipped_and_the_word_is_gone(code: Code) -> None:
    after = ended(approved(), Status.SKIPPED, code, now=NOW)
    assert (after.error_code, after.resend_approved) == (code, False)
