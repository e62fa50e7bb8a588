"""Direct messages: their states, what a try makes of them, and how long they are tried."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.delivery import (
    AutoPauseReason,
    InstanceFault,
    PermanentFailure,
    Sent,
    Transient,
    Unknown,
)
from campaigns.domain.direct_message import (
    GIVE_UP_AFTER_MS,
    LAST_TRY_MS,
    LEAST_WAIT_MS,
    DirectErrorCode,
    DirectMessage,
    DirectPurpose,
    DirectStatus,
    as_seen,
    barred,
    can_move,
    claimed,
    failed,
    lease_expired,
    released,
    retry_at,
    settled,
)
from campaigns.domain.errors import InvalidState
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus

NOW = 1_795_525_200_000
SECOND = 1_000
#: The queue's own limit; the first receive finds a job early, and each crash takes one more.
MOST_RECEIVES = 10

MESSAGE = DirectMessage(
    direct_message_id="dm_1",
    tenant_id="tn_1",
    purpose=DirectPurpose.TEST,
    instance_id="in_1",
    person="person-1",
    phone="+5511990000001",
    text="Oi!",
    whatsapp_message_id="3EB0AAAA",
    slot_at=NOW,
    give_up_at=NOW + GIVE_UP_AFTER_MS,
    created_at=NOW - 5_000,
    updated_at=NOW - 5_000,
    expires_at=NOW + 10**10,
)
HELD = claimed(MESSAGE, now=NOW, lease_token="mine", lease_until=NOW + 90_000)

# In words of its own, so that the table in the code is held to them and not to itself.
ALLOWED = {
    ("queued", "sending"),
    ("queued", "failed"),
    ("sending", "sent"),
    ("sending", "failed"),
    ("sending", "unconfirmed"),
    ("sending", "queued"),
    ("unconfirmed", "sent"),
    # WhatsApp refused it afterwards.
    ("sent", "failed"),
}


@pytest.mark.parametrize(("before", "after"), list(product(DirectStatus, repeat=2)))
def test_a_direct_message_moves_along_its_table_only(before, after):
    assert can_move(before, after) is ((before.value, after.value) in ALLOWED)


def test_states_that_a_recipient_has_too_are_called_the_same():
    own = {status.value for status in DirectStatus} - {status.value for status in RecipientStatus}
    assert own == {"queued"}


@pytest.mark.parametrize(
    "status", [DirectStatus.SENT, DirectStatus.FAILED, DirectStatus.UNCONFIRMED]
)
def test_what_is_settled_is_neither_claimed_nor_failed_any_more(status):
    over = replace(MESSAGE, status=status)
    with pytest.raises(InvalidState):
        claimed(over, now=NOW, lease_token="t", lease_until=NOW + 1)
    with pytest.raises(InvalidState):
        failed(over, DirectErrorCode.NOT_SENT_IN_TIME, now=NOW)


def test_neither_phone_nor_text_is_in_its_representation():
    assert "99000" not in repr(HELD)
    assert "Oi" not in repr(HELD)


def test_a_claim_holds_it_under_a_lease_and_counts_an_attempt():
    held = HELD
    assert held == replace(
        MESSAGE,
        status=DirectStatus.SENDING,
        attempts=1,
        lease_token="mine",
        lease_until=NOW + 90_000,
        updated_at=NOW,
    )


def test_a_claim_whose_request_did_not_leave_was_no_attempt():
    assert released(HELD, now=NOW + 9) == replace(MESSAGE, updated_at=NOW + 9)


# What a finished try makes of it


def test_a_send_keeps_the_servers_id_and_when_it_left():
    settlement = settled(HELD, Sent("3EB0BBBB", "55119@s"), now=NOW + 900, left_at=NOW + 100)
    assert settlement.after == replace(
        MESSAGE,
        status=DirectStatus.SENT,
        attempts=1,
        whatsapp_message_id="3EB0BBBB",
        remote_jid="55119@s",
        sent_at=NOW + 100,
        updated_at=NOW + 900,
    )
    assert (settlement.counts, settlement.retry_at) == (True, None)


def test_an_unknown_outcome_is_held_for_good_and_counts():
    settlement = settled(
        HELD, Unknown(RecipientErrorCode.READ_TIMEOUT), now=NOW + 9, left_at=NOW + 1
    )
    assert settlement.after.status is DirectStatus.UNCONFIRMED
    assert settlement.after.error_code is RecipientErrorCode.READ_TIMEOUT
    assert (settlement.counts, settlement.retry_at) == (True, None)


@pytest.mark.parametrize(
    "outcome",
    [
        PermanentFailure(RecipientErrorCode.NUMBER_NOT_ON_WHATSAPP),
        InstanceFault(
            RecipientErrorCode.INSTANCE_UNAUTHORIZED, AutoPauseReason.INSTANCE_UNAUTHORIZED
        ),
    ],
)
def test_what_no_further_try_would_mend_fails_with_its_reason(outcome):
    settlement = settled(HELD, outcome, now=NOW + 9, left_at=NOW + 1)
    assert settlement.after.status is DirectStatus.FAILED
    assert settlement.after.error_code is outcome.error_code
    assert (settlement.counts, settlement.retry_at) == (False, None)


@pytest.mark.parametrize(("hard", "seconds"), [(False, 30), (True, 150)])
def test_a_passing_fault_is_tried_again_after_a_while(hard, seconds):
    fault = Transient(RecipientErrorCode.CHECK_TIMED_OUT, hard_backoff=hard)
    settlement = settled(HELD, fault, now=NOW + 9, left_at=NOW + 1)
    assert settlement.after.status is DirectStatus.QUEUED
    assert settlement.after.error_code is RecipientErrorCode.CHECK_TIMED_OUT
    assert settlement.retry_at == NOW + 9 + seconds * SECOND
    assert settlement.counts is False


def test_a_passing_fault_with_no_time_left_fails_with_its_reason():
    late = NOW + GIVE_UP_AFTER_MS - LAST_TRY_MS - 29 * SECOND
    fault = Transient(RecipientErrorCode.CHECK_TIMED_OUT)
    settlement = settled(HELD, fault, now=late, left_at=late)
    assert settlement.after.status is DirectStatus.FAILED
    assert settlement.after.error_code is RecipientErrorCode.CHECK_TIMED_OUT


# What a reader is told


def test_one_that_is_queued_past_its_time_was_not_sent():
    end = MESSAGE.give_up_at
    assert as_seen(MESSAGE, end - 1) is MESSAGE
    seen = as_seen(MESSAGE, end)
    assert (seen.status, seen.error_code) == (
        DirectStatus.FAILED,
        DirectErrorCode.NOT_SENT_IN_TIME,
    )
    assert as_seen(MESSAGE, end + 10**9) == seen


def test_one_whose_sender_died_may_have_been_sent():
    assert as_seen(HELD, NOW + 89_999) is HELD
    seen = as_seen(HELD, NOW + 90_000)
    assert (seen.status, seen.error_code) == (
        DirectStatus.UNCONFIRMED,
        RecipientErrorCode.LEASE_EXPIRED,
    )


def test_what_is_settled_is_told_as_it_is_for_ever():
    for over in (
        settled(HELD, Sent("3EB0", None), now=NOW, left_at=NOW).after,
        failed(MESSAGE, DirectErrorCode.DAILY_LIMIT_REACHED, now=NOW),
        lease_expired(HELD, now=NOW),
    ):
        assert as_seen(over, NOW + 10**9) is over


# How often it is tried


def test_a_gate_that_is_shut_is_asked_again_after_fifteen_seconds_and_ever_more_rarely():
    waits, now = [], NOW
    while (again_at := retry_at(MESSAGE, now=now)) is not None:
        waits.append((again_at - now) // SECOND)
        now = again_at
    assert waits == [15, 15, 30, 60, 120, 240, 110]


def test_a_gate_that_says_when_it_opens_is_not_asked_before():
    assert retry_at(MESSAGE, now=NOW, opens_at=NOW + 80 * SECOND) == NOW + 80 * SECOND
    assert retry_at(MESSAGE, now=NOW, opens_at=NOW + 3 * SECOND) == NOW + LEAST_WAIT_MS


def test_a_gate_that_opens_too_late_is_not_waited_for():
    last = MESSAGE.give_up_at - LAST_TRY_MS
    assert retry_at(MESSAGE, now=NOW, opens_at=last) == last
    assert retry_at(MESSAGE, now=NOW, opens_at=last + 1) is None


@given(st.data())
def test_whatever_the_gates_and_the_server_say_it_is_given_up_within_the_queues_receives(data):
    receives, now = 1, NOW
    while True:
        # It was waited for at the gates, or the server took its time.
        now += data.draw(st.integers(0, 25_000))
        receives += 1
        if data.draw(st.booleans()):
            fault = Transient(RecipientErrorCode.CHECK_EMPTY, data.draw(st.booleans()))
            again_at = settled(HELD, fault, now=now, left_at=now).retry_at
        else:
            opens_in = data.draw(st.none() | st.integers(-5_000, 100_000))
            opens_at = None if opens_in is None else now + opens_in
            again_at = retry_at(MESSAGE, now=now, opens_at=opens_at)
        if again_at is None:
            break
        assert now + LEAST_WAIT_MS <= again_at <= MESSAGE.give_up_at - LAST_TRY_MS
        # Whole seconds of the queue, and its poll.
        now = again_at + data.draw(st.integers(0, 1_500))
    assert receives <= MOST_RECEIVES - 1


@pytest.mark.parametrize(
    ("purpose", "is_opted_out", "bar"),
    [
        (DirectPurpose.TEST, False, None),
        (DirectPurpose.TEST, True, RecipientErrorCode.OPTED_OUT),
        (DirectPurpose.OPT_OUT_CONFIRMATION, True, None),
        (DirectPurpose.OPT_OUT_CONFIRMATION, False, DirectErrorCode.OPT_OUT_TAKEN_BACK),
    ],
)
def test_only_the_confirmation_goes_to_one_who_is_out_and_to_nobody_else(
    purpose: DirectPurpose, is_opted_out: bool, bar: object
) -> None:
    message = replace(MESSAGE, purpose=purpose)
    assert barred(message, is_opted_out=is_opted_out) is bar
