"""What moves a campaign, and with it its instance's gate: all or nothing, on each emulator."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.model import Campaign, ConnectionState, EventType
from campaigns.services.ports import TransitionRefusal
from tests.contract.books import LATER, Books, active, paused
from tests.contract.things import a_lane, keep_campaign, keep_gate


@pytest.fixture
def books(table: Table) -> Books:
    return Books(table)


def test_a_start_makes_the_campaign_live_on_its_instance_with_a_lane_and_an_entry(
    books: Books,
) -> None:
    draft = books.draft()

    assert books.start(draft) is None

    assert books.head(draft) == active(draft)
    assert books.live(draft) == (draft.campaign_id, CampaignStatus.ACTIVE)
    assert books.lane(draft) == a_lane(draft)
    (entry,) = books.log(draft)
    assert (entry.event_type, entry.metadata) == (EventType.CAMPAIGN_STARTED, {"recipients": 3})


def _move(books: Books, campaign: Campaign) -> None:
    keep_campaign(books.table, replace(campaign, status=CampaignStatus.CANCELLED))


def _add(books: Books, campaign: Campaign) -> None:
    keep_campaign(books.table, replace(campaign, total=4, total_version=2))


def _edit(books: Books, campaign: Campaign) -> None:
    keep_campaign(books.table, replace(campaign, updated_at=LATER))


def _disconnect(books: Books, campaign: Campaign) -> None:
    gate = replace(books.gate(campaign), connection_state=ConnectionState.CLOSE)
    keep_gate(books.table, gate)


def _take(books: Books, campaign: Campaign) -> None:
    assert books.start(books.draft(campaign.instance_id)) is None


@pytest.mark.parametrize(
    ("before", "refusal"),
    [
        (_move, TransitionRefusal.STATE),
        (_add, TransitionRefusal.STATE),
        (_edit, TransitionRefusal.STATE),
        (_disconnect, TransitionRefusal.DISCONNECTED),
        (_take, TransitionRefusal.TAKEN),
    ],
)
def test_a_refused_start_says_why_and_leaves_nothing_behind(
    books: Books, before: Callable[[Books, Campaign], None], refusal: TransitionRefusal
) -> None:
    draft = books.draft()
    before(books, draft)
    head, gate = books.head(draft), books.gate(draft)

    assert books.start(draft) is refusal

    assert (books.head(draft), books.gate(draft)) == (head, gate)
    assert books.lane(draft) is None
    assert books.log(draft) == []


def test_pause_and_resume_change_head_and_gate_together(books: Books) -> None:
    campaign = books.active()
    assert books.pause(campaign) is None
    assert books.head(campaign) == paused(campaign)
    assert books.live(campaign) == (campaign.campaign_id, CampaignStatus.PAUSED)

    assert books.resume(paused(campaign)) is None
    assert books.head(campaign) == active(campaign)
    assert books.live(campaign) == (campaign.campaign_id, CampaignStatus.ACTIVE)


def test_failures_before_a_start_or_a_resume_do_not_count_after_it(books: Books) -> None:
    draft = books.draft()
    keep_gate(books.table, replace(books.gate(draft), failures_in_row=4))
    assert books.start(draft) is None
    assert books.gate(draft).failures_in_row == 0

    campaign = active(draft)
    assert books.pause(campaign) is None
    keep_gate(books.table, replace(books.gate(draft), failures_in_row=5))
    assert books.resume(paused(campaign)) is None
    assert books.gate(draft).failures_in_row == 0

    assert books.pause(campaign) is None
    keep_gate(books.table, replace(books.gate(draft), failures_in_row=3))
    assert books.resume(paused(campaign), begins_anew=False) is None
    assert books.gate(draft).failures_in_row == 3


def test_a_resume_wakes_the_lane_and_outdates_who_read_it_before(books: Books) -> None:
    campaign = books.active()
    books.pause(campaign)
    before = books.lane(campaign)
    assert before is not None

    books.resume(paused(campaign))

    after = books.lane(campaign)
    assert after is not None
    assert after.due_at == LATER
    assert books.lanes.save(before, replace(before, cursor=1)) is None


def test_a_campaign_that_moved_meanwhile_is_neither_paused_nor_resumed(books: Books) -> None:
    campaign = books.active()
    books.pause(campaign)
    assert books.pause(campaign) is TransitionRefusal.STATE
    books.resume(paused(campaign))
    assert books.resume(paused(campaign)) is TransitionRefusal.STATE
    assert books.live(campaign) == (campaign.campaign_id, CampaignStatus.ACTIVE)


def test_of_a_pause_for_another_reason_than_was_read_nothing_is_resumed(books: Books) -> None:
    campaign = books.active()
    books.pause(campaign)
    by_the_system = replace(
        paused(campaign), auto_pause_reason=AutoPauseReason.INSTANCE_DISCONNECTED
    )
    assert books.resume(by_the_system) is TransitionRefusal.STATE
    assert books.head(campaign).status is CampaignStatus.PAUSED
    assert books.resume(paused(campaign)) is None


def test_a_campaign_resumes_only_on_a_connected_instance_and_pauses_on_any(books: Books) -> None:
    campaign = books.active()
    _disconnect(books, campaign)
    assert books.pause(campaign) is None
    assert books.resume(paused(campaign)) is TransitionRefusal.DISCONNECTED
    assert books.head(campaign).status is CampaignStatus.PAUSED
    assert books.live(campaign) == (campaign.campaign_id, CampaignStatus.PAUSED)


@pytest.mark.parametrize("status", [CampaignStatus.COMPLETED, CampaignStatus.CANCELLED])
@pytest.mark.parametrize("due_at", [None, LATER])
def test_an_end_frees_the_instance_and_sets_when_the_lane_is_looked_at(
    books: Books, status: CampaignStatus, due_at: int | None
) -> None:
    campaign = books.active()
    assert books.end(campaign, status, due_at) is None

    assert books.head(campaign).status is status
    assert books.live(campaign) == (None, None)
    lane = books.lane(campaign)
    assert lane is not None
    assert lane.due_at == due_at
    assert books.start(books.draft(campaign.instance_id)) is None, "it is free for another"


def test_a_campaign_to_which_recipients_were_added_does_not_complete(books: Books) -> None:
    campaign = books.active()
    keep_campaign(books.table, replace(campaign, total=4, total_version=2))
    assert books.end(campaign, CampaignStatus.COMPLETED) is TransitionRefusal.STATE
    assert books.live(campaign) == (campaign.campaign_id, CampaignStatus.ACTIVE)


def test_a_campaign_to_which_recipients_were_added_is_cancelled_all_the_same(
    books: Books,
) -> None:
    campaign = books.active()
    keep_campaign(books.table, replace(campaign, total=4, total_version=2))
    assert books.end(campaign, CampaignStatus.CANCELLED) is None
    head = books.head(campaign)
    assert (head.status, head.total) == (CampaignStatus.CANCELLED, 4)


def test_an_end_does_not_free_an_instance_that_is_anothers_by_now(books: Books) -> None:
    campaign = books.active()
    gate = books.gate(campaign)
    keep_gate(books.table, replace(gate, live_campaign_id="cp_other"))
    assert books.end(campaign, CampaignStatus.COMPLETED) is TransitionRefusal.TAKEN
    assert books.live(campaign) == ("cp_other", CampaignStatus.ACTIVE)
    assert books.head(campaign).status is CampaignStatus.ACTIVE


def test_a_mark_moves_only_from_where_it_was_known(books: Books) -> None:
    campaign = books.active()
    books.campaigns.advance_mark(campaign, 2)
    books.campaigns.advance_mark(campaign, 1)
    assert books.head(campaign).mark == 2
    books.campaigns.advance_mark(replace(campaign, mark=2, total_version=7), 3)
    assert books.head(campaign).mark == 2
