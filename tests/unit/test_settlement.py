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
from campaigns.domain.recipient import RecipientErrorCode as Code
from campaigns.domain.recipient import RecipientStatus, can_move
from campaigns.domain.settlement import (
    decide_settlement,
    under_cancelled_campaign,
)

NOW = 1_795_349_529_000
SENT = Sent("3EB07BF3A48FF674FA9890", "5511990000001@s.whatsapp.net")
NOT_ON_WHATSAPP = PermanentFailure(Code.NUMBER_NOT_ON_WHATSAPP)
UNAUTHORIZED = InstanceFault(Code.INSTANCE_UNAUTHORIZED, AutoPauseReason.INSTANCE_UNAUTHORIZED)
CLOSED = Transient(Code.CONNECTION_CLOSED)
RATE_LIMITED = Transient(Code.RATE_OVERLIMIT, hard_backoff=True)
TIMED_OUT = Unknown(Code.READ_TIMEOUT)
OUTCOMES = st.sampled_from([SENT, NOT_ON_WHATSAPP, UNAUTHORIZED, CLOSED, RATE_LIMITED, TIMED_OUT])
FRACTIONS = st.floats(0, 1)


def settle(outcome, *, retry_count=0, may_have_been_sent=False, random_fraction=0.5):
    return decide_settlement(
        outcome,
        retry_count=retry_count,
        may_have_been_sent=may_have_been_sent,
        now=NOW,
        random_fraction=random_fraction,
    )


def test_a_sent_message_is_settled_with_its_id_and_jid():
    settlement = settle(SENT)
    assert settlement.status is RecipientStatus.SENT
    assert settlement.whatsapp_message_id == "3EB07BF3A48FF674FA9890"
    assert settlement.remote_jid == "5511990000001@s.whatsapp.net"
    assert settlement.error_code is None
    assert not settlement.proven_unsent


def test_a_permanent_failure_fails_the_recipient_with_its_reason():
    settlement = settle(NOT_ON_WHATSAPP)
    assert settlement.status is RecipientStatus.FAILED
    assert settlement.error_code is Code.NUMBER_NOT_ON_WHATSAPP
    assert settlement.proven_unsent


@pytest.mark.parametrize("retry_count", range(4))
def test_an_instance_fault_releases_the_recipient_costs_no_try_and_pauses(retry_count):
    settlement = settle(UNAUTHORIZED, retry_count=retry_count)
    assert settlement.status is RecipientStatus.PENDING
    assert settlement.retry_at == NOW
    assert settlement.retry_count == retry_count
    assert settlement.auto_pause_reason is AutoPauseReason.INSTANCE_UNAUTHORIZED


@pytest.mark.parametrize(("retry_count", "seconds"), [(0, 30), (1, 120), (2, 480)])
def test_a_passing_fault_is_tried_again_after_30_s_then_2_min_then_8_min(retry_count, seconds):
    settlement = settle(CLOSED, retry_count=retry_count)
    assert settlement.status is RecipientStatus.PENDING
    assert settlement.retry_count == retry_count + 1
    assert settlement.retry_at == NOW + seconds * 1000
    assert settlement.auto_pause_reason is None


def test_after_three_further_tries_a_passing_fault_fails_the_recipient_with_the_last_reason():
    settlement = settle(CLOSED, retry_count=3)
    assert settlement.status is RecipientStatus.FAILED
    assert settlement.error_code is Code.CONNECTION_CLOSED
    assert settlement.retry_at is None


@given(st.integers(0, 2), FRACTIONS)
def test_the_jitter_stays_within_a_fifth_of_the_wait(retry_count, fraction):
    base = (30_000, 120_000, 480_000)[retry_count]
    wait = settle(CLOSED, retry_count=retry_count, random_fraction=fraction).retry_at - NOW
    assert base * 0.8 <= wait <= base * 1.2


def test_the_jitter_uses_its_whole_range():
    waits = [settle(CLOSED, random_fraction=fraction).retry_at - NOW for fraction in (0.0, 1.0)]
    assert waits == [24_000, 36_000]


@given(st.integers(0, 2), FRACTIONS)
def test_a_rate_limit_is_waited_out_five_times_as_long(retry_count, fraction):
    base = (30_000, 120_000, 480_000)[retry_count]
    wait = settle(RATE_LIMITED, retry_count=retry_count, random_fraction=fraction).retry_at - NOW
    assert base * 5 * 0.8 <= wait <= base * 5 * 1.2


def test_an_unknown_outcome_is_held_and_marks_the_recipient_for_good():
    settlement = settle(TIMED_OUT)
    assert settlement.status is RecipientStatus.UNKNOWN
    assert settlement.may_have_been_sent
    assert settlement.error_code is Code.READ_TIMEOUT
    assert settlement.retry_at is None
    assert not settlement.proven_unsent


@given(OUTCOMES, st.integers(0, 5), FRACTIONS)
def test_after_a_try_that_may_have_been_sent_only_proof_leads_out_of_unknown(
    outcome, retry_count, fraction
):
    settlement = settle(
        outcome, retry_count=retry_count, may_have_been_sent=True, random_fraction=fraction
    )
    expected = RecipientStatus.SENT if outcome is SENT else RecipientStatus.UNKNOWN
    assert settlement.status is expected
    assert settlement.may_have_been_sent
    assert settlement.retry_at is None
    assert settlement.proven_unsent is (outcome not in (SENT, TIMED_OUT))


def test_an_instance_fault_pauses_also_where_an_earlier_try_may_have_been_sent():
    settlement = settle(UNAUTHORIZED, may_have_been_sent=True)
    assert settlement.auto_pause_reason is AutoPauseReason.INSTANCE_UNAUTHORIZED


@given(OUTCOMES, st.integers(0, 5), st.booleans(), FRACTIONS)
def test_every_settlement_is_a_move_that_a_sending_recipient_can_make(
    outcome, retry_count, may_have_been_sent, fraction
):
    settlement = settle(
        outcome,
        retry_count=retry_count,
        may_have_been_sent=may_have_been_sent,
        random_fraction=fraction,
    )
    assert can_move(RecipientStatus.SENDING, settlement.status)
    assert (settlement.retry_at is not None) is (settlement.status is RecipientStatus.PENDING)
    skipped = under_cancelled_campaign(settlement)
    assert can_move(RecipientStatus.SENDING, skipped.status)
    assert skipped.status is not RecipientStatus.PENDING


def test_under_a_cancelled_campaign_a_release_settles_as_skipped():
    settlement = under_cancelled_campaign(settle(CLOSED))
    assert settlement.status is RecipientStatus.SKIPPED
    assert settlement.error_code is Code.CAMPAIGN_CANCELLED
    assert settlement.retry_at is None


@pytest.mark.parametrize("outcome", [SENT, NOT_ON_WHATSAPP, TIMED_OUT])
def test_under_a_cancelled_campaign_everything_else_settles_as_ever(outcome):
    assert under_cancelled_campaign(settle(outcome)) == settle(outcome)
