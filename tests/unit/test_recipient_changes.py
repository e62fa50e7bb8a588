"""What each step makes of a recipient, over whole histories of them."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given

from campaigns.domain.recipient import RecipientErrorCode as Code
from campaigns.domain.recipient import RecipientStatus as Status
from campaigns.domain.recipient import require_move
from campaigns.domain.recipient_changes import claimed, lease_expired, released
from tests.fakes.recipient_steps import START, a_recipient, histories

#: Proof and the grace's end leave nothing on its way that a new number would have to stop.
RAISES_PLAN = {"release", "expire", "plan resend"}
TEXT_FIELDS = ("message_id", "rendered_text", "whatsapp_message_id")


@given(histories())
def test_a_recipient_moves_only_along_the_table(steps):
    for step in steps:
        before, after = step.before, step.after
        if before.status is not after.status:
            require_move(
                before.status,
                after.status,
                by=step.by,
                may_have_been_sent=before.may_have_been_sent,
            )


@given(histories())
def test_every_release_requeue_and_unknown_outcome_raises_the_plan_number_by_one(steps):
    for step in steps:
        waits = step.after.status in {Status.PENDING, Status.UNKNOWN}
        is_raised = step.name in RAISES_PLAN or (step.name in {"settle", "resolve"} and waits)
        assert step.after.plan_number == step.before.plan_number + is_raised


@given(histories())
def test_only_one_to_be_tried_again_waits_in_the_retry_index_and_a_released_one_does(steps):
    for step in steps:
        after = step.after
        if after.status not in {Status.PENDING, Status.UNKNOWN}:
            assert after.retry_at is None
        elif after.status is Status.PENDING and step.name != "plan":
            assert after.retry_at is not None
        if after.retry_at is not None:
            # Nobody in doubt waits there but for a resend.
            assert after.status is Status.PENDING or step.name == "plan resend"
            assert after.retry_at >= after.updated_at
            assert after.slot_at is None


@given(histories())
def test_only_a_try_under_way_holds_a_lease(steps):
    for step in steps:
        is_sending = step.after.status is Status.SENDING
        assert (step.after.lease_token is not None) is is_sending
        assert (step.after.lease_until is not None) is is_sending


@given(histories())
def test_that_it_may_have_been_sent_is_never_forgotten(steps):
    for step in steps:
        assert step.after.may_have_been_sent >= step.before.may_have_been_sent
        if step.after.status in {Status.UNKNOWN, Status.UNCONFIRMED}:
            assert step.after.may_have_been_sent
            assert step.after.unknown_since is not None
    # One is tried again that may have been sent only as a resend, or at the operator's word.
    doubtful = [step.after for step in steps if step.before.may_have_been_sent]
    assert all(r.status is not Status.PENDING or r.resend_approved for r in doubtful)


@given(histories())
def test_the_operators_word_for_a_resend_is_given_by_her_alone_and_used_up_by_one_request(steps):
    for step in steps:
        before, after = step.before, step.after
        if after.resend_approved and not before.resend_approved:
            assert step.name == "resolve"
        if after.resend_approved:
            assert after.status in {Status.PENDING, Status.SENDING}


@given(histories())
def test_wording_and_text_are_fixed_at_the_first_claim(steps):
    first = next((step.after for step in steps if step.name == "claim"), None)
    for step in steps:
        for name in TEXT_FIELDS:
            before = getattr(step.before, name)
            assert before is None or getattr(step.after, name) == before
        if step.after.status is Status.SENT:
            assert first is not None
            assert step.after.message_id == first.message_id


@given(histories())
def test_the_log_of_tries_only_grows_and_each_end_says_why(steps):
    claims = Counter(step.name for step in steps)["claim"]
    unsent = sum(s.before.status is Status.SENDING and s.name == "release" for s in steps)
    assert steps[-1].after.attempts == claims - unsent
    for step in steps:
        tries = step.before.failed_tries
        assert step.after.failed_tries[: len(tries)] == tries
        # A resend has all its tries before it.
        assert step.after.retry_count >= step.before.retry_count or step.name == "resolve"
        if step.after.status in {Status.FAILED, Status.SKIPPED, Status.UNCONFIRMED}:
            assert step.after.error_code in set(Code)
        if step.after.status is Status.SENT:
            assert step.after.error_code is None
        assert (step.after.sent_at is not None) is (step.after.status is Status.SENT)


@given(histories())
def test_a_step_changes_nothing_of_who_and_where_a_recipient_is(steps):
    for step in steps:
        for name in ("recipient_id", "campaign_id", "instance_id", "sequence", "person"):
            assert getattr(step.after, name) == getattr(step.before, name)


def _claimed(recipient, now=START):
    return claimed(
        recipient,
        now=now,
        lease_token="lease-1",
        lease_until=now + 90_000,
        message_id="ms_1",
        text="Oi",
        whatsapp_message_id="3EB07BF3A48FF674FA9890",
    )


def test_a_claim_takes_a_retry_off_its_index_even_where_the_planner_had_no_time_to():
    waiting = released(a_recipient(), now=START, not_before=START)
    mine = _claimed(waiting)
    assert waiting.retry_at == START
    assert mine.retry_at is None
    # Left there, a sender that dies would have it sent once more.
    left_there = replace(mine, retry_at=START)
    assert lease_expired(left_there, now=START + 90_000).retry_at is None


@pytest.mark.parametrize("may_have_been_sent", [False, True])
def test_a_claim_that_was_released_waits_as_pending_unless_an_earlier_try_may_have_been_sent(
    may_have_been_sent,
):
    mine = _claimed(replace(a_recipient(), may_have_been_sent=may_have_been_sent))
    after = released(mine, now=START, not_before=START + 5_000)
    expected = (Status.UNKNOWN, None) if may_have_been_sent else (Status.PENDING, START + 5_000)
    assert (after.status, after.retry_at) == expected
