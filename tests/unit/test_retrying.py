"""Which failed recipients are put back, and what becomes of campaign and recipient by it."""

from dataclasses import replace

import pytest

from campaigns.domain.campaign import CampaignStatus, CampaignTrigger
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.errors import InvalidState
from campaigns.domain.model import FailedTry, Recipient
from campaigns.domain.recipient import RecipientErrorCode as Code
from campaigns.domain.recipient import RecipientStatus as Status
from campaigns.domain.reopening import is_held, put_back
from campaigns.domain.retrying import kept_because, requeued
from tests.contract.things import NOW, a_campaign
from tests.fakes.recipient_steps import START, a_recipient

RETRIED = {
    "connect_failed",
    "connection_closed",
    "check_timed_out",
    "check_empty",
    "rate_overlimit",
    "schema_error",
}


def failed(code: Code, **fields: object) -> Recipient:
    recipient = replace(
        a_recipient(),
        status=Status.FAILED,
        error_code=code,
        plan_number=5,
        attempts=4,
        retry_count=3,
        failed_tries=(FailedTry(START, code),),
    )
    return replace(recipient, **fields)


@pytest.mark.parametrize("code", Code)
def test_faults_of_a_moment_and_of_the_system_are_put_back_and_nothing_else(code: Code) -> None:
    assert kept_because(failed(code)) == (None if code.value in RETRIED else code.value)


@pytest.mark.parametrize("code", Code)
def test_nobody_is_put_back_who_may_have_been_sent_to(code: Code) -> None:
    doubtful = failed(code, may_have_been_sent=True)
    assert kept_because(doubtful) == "may_have_been_sent"
    with pytest.raises(InvalidState):
        requeued(doubtful, "in_1", now=START)


def test_whoever_is_put_back_has_all_her_tries_before_her_and_keeps_her_history() -> None:
    before = failed(Code.CONNECTION_CLOSED, whatsapp_message_id="3EB0", rendered_text="Oi")
    after = requeued(before, "in_2", now=START + 5)
    assert (after.status, after.plan_number, after.retry_at) == (Status.PENDING, 6, START + 5)
    assert (after.retry_count, after.error_code) == (0, None)
    assert (after.attempts, after.failed_tries) == (4, before.failed_tries)
    assert (after.rendered_text, after.instance_id) == ("Oi", "in_1")


def test_whoever_was_never_claimed_waits_on_the_instance_that_the_campaign_has_now() -> None:
    after = requeued(failed(Code.CONNECT_FAILED), "in_2", now=START)
    assert after.instance_id == "in_2"


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.FAILED, Status.SENDING}))
def test_only_a_failed_recipient_is_put_back(status: Status) -> None:
    with pytest.raises(InvalidState):
        requeued(replace(failed(Code.CONNECT_FAILED), status=status), "in_1", now=START)


@pytest.mark.parametrize("status", [CampaignStatus.ACTIVE, CampaignStatus.PAUSED])
@pytest.mark.parametrize(("mark", "lowest", "expected"), [(5, 2, 2), (2, 5, 2), (2, 2, 2)])
def test_a_mark_goes_back_and_never_forward(
    status: CampaignStatus, mark: int, lowest: int, expected: int
) -> None:
    campaign = a_campaign(status=status, mark=mark, total=9)
    by = CampaignTrigger.RETRY_FAILED
    back = put_back(campaign, lowest, by=by, held_until=NOW + 60_000, now=NOW)
    assert (back.mark, back.status) == (expected, status)
    assert back.total_version == campaign.total_version + 1
    assert back.updated_at > campaign.updated_at
    assert [is_held(back, at) for at in (NOW, NOW + 59_999, NOW + 60_000)] == [True, True, False]
    assert not is_held(campaign, NOW)


def test_a_completed_campaign_is_paused_and_back_in_the_lists() -> None:
    over = a_campaign(
        status=CampaignStatus.COMPLETED,
        mark=3,
        completed_at=NOW - 9,
        archived_at=NOW - 5,
        paused_at=NOW - 99,
        auto_pause_reason=AutoPauseReason.MANY_FAILURES,
    )
    back = put_back(over, 1, by=CampaignTrigger.RESEND, held_until=NOW, now=NOW)
    assert (back.status, back.paused_at) == (CampaignStatus.PAUSED, NOW)
    assert (back.completed_at, back.archived_at, back.auto_pause_reason) == (None, None, None)


@pytest.mark.parametrize(
    "status", [CampaignStatus.DRAFT, CampaignStatus.SCHEDULED, CampaignStatus.CANCELLED]
)
def test_nobody_is_put_back_in_a_campaign_that_sends_nothing(status: CampaignStatus) -> None:
    with pytest.raises(InvalidState) as refused:
        put_back(a_campaign(status=status), 0, by=CampaignTrigger.RESEND, held_until=NOW, now=NOW)
    assert refused.value.current_status == status
