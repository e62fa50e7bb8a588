"""Laying: one layer at a time, whatever a slow one still writes, on each emulator."""

from collections.abc import Sequence
from dataclasses import replace
from random import SystemRandom

import pytest

from campaigns.adapters.clock import Threads
from campaigns.adapters.dynamodb.campaign_store import CampaignStore
from campaigns.adapters.dynamodb.catalog_store import CatalogStore
from campaigns.adapters.dynamodb.lane_store import LaneStore
from campaigns.adapters.dynamodb.laying_store import LayingStore
from campaigns.adapters.dynamodb.recipient_store import RecipientStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.model import (
    Campaign,
    EventType,
    LayingKey,
    Recipient,
    Recipients,
    RecipientsState,
)
from campaigns.domain.sources import GivenContacts, Source
from tests.contract.lost_answers import losing_the_answer
from tests.contract.things import NOW, a_campaign, a_recipient, an_entry, fresh

LEASE_MS = 60_000
PIECES = (GivenContacts(("ct_1", "ct_2")), GivenContacts(("ct_3",)))
SHARDS = 2


class Laying:
    """The stores that laying uses, over one table."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.lanes = LaneStore(table, SystemRandom(), SHARDS)
        self.campaigns = CampaignStore(table, self.lanes)
        self.layings = LayingStore(table)
        self.recipients = RecipientStore(table, SystemRandom())

    def created(self, sources: Sequence[Source] = PIECES) -> Campaign:
        """A draft as it is created, with nothing laid yet."""
        campaign = a_campaign(
            recipients=Recipients(RecipientsState.PREPARING, requested=3),
            total=0,
            total_version=0,
            sources=len(sources),
        )
        catalog = CatalogStore(self.table, self.campaigns, self.lanes, Threads(1))
        entry = an_entry(EventType.CAMPAIGN_CREATED)
        catalog.create(campaign, "", (), sources, entry)
        return campaign

    def lease(self, campaign: Campaign, now: int = NOW, token: str | None = None):
        return self.layings.lease(
            campaign.tenant_id,
            campaign.campaign_id,
            token=token or fresh("layer"),
            now=now,
            until=now + LEASE_MS,
        )

    def leased(self, campaign: Campaign, now: int = NOW) -> Campaign:
        mine: Campaign | None = self.lease(campaign, now)
        assert mine is not None
        return mine

    def advance(self, mine: Campaign, count: int = 2) -> bool:
        return self.layings.advance(mine, advanced(mine, count), {"nome": count})

    def head(self, campaign: Campaign) -> Campaign:
        head = self.campaigns.head(campaign.tenant_id, campaign.campaign_id, consistent=True)
        assert head is not None
        return head

    def values(self, campaign: Campaign) -> dict[str, int]:
        """How many recipients have a value, by variable."""
        view = self.campaigns.view(campaign.tenant_id, campaign.campaign_id)
        assert view is not None
        return dict(view.values)

    def is_due(self, campaign: Campaign, now: int = NOW) -> bool:
        key = LayingKey(campaign.tenant_id, campaign.campaign_id)
        return any(key in self.lanes.due(shard, now) for shard in range(SHARDS))


def advanced(mine: Campaign, count: int) -> Campaign:
    return replace(
        mine,
        total=mine.total + count,
        total_version=mine.total_version + 1,
        next_source=mine.next_source + 1,
        updated_at=NOW + 1,
    )


def a_place(campaign: Campaign, sequence: int = 0, recipient_id: str | None = None) -> Recipient:
    return a_recipient(
        campaign_id=campaign.campaign_id,
        sequence=sequence,
        recipient_id=recipient_id or fresh("rc"),
    )


@pytest.fixture
def laying(table: Table) -> Laying:
    return Laying(table)


def test_a_created_campaign_is_due_to_be_laid_from_its_sources(laying: Laying) -> None:
    campaign = laying.created()
    assert laying.is_due(campaign)
    place = (campaign.tenant_id, campaign.campaign_id)
    assert [laying.layings.source(*place, n) for n in range(3)] == [*PIECES, None]


def test_one_layer_holds_the_lease_until_it_ends(laying: Laying) -> None:
    campaign = laying.created()
    first = laying.leased(campaign)
    assert laying.lease(campaign, NOW + LEASE_MS - 1) is None
    second = laying.leased(campaign, NOW + LEASE_MS)
    assert (first.laying_epoch, second.laying_epoch) == (1, 2)


def test_a_lease_given_back_is_free_at_once(laying: Laying) -> None:
    campaign = laying.created()
    laying.layings.release(laying.leased(campaign), NOW + 1)
    assert laying.leased(campaign, NOW + 1).laying_epoch == 2


def test_a_lease_that_was_lost_cannot_be_given_back(laying: Laying) -> None:
    campaign = laying.created()
    lost = laying.leased(campaign)
    laying.leased(campaign, NOW + LEASE_MS)
    laying.layings.release(lost, NOW + LEASE_MS)
    assert laying.lease(campaign, NOW + LEASE_MS) is None


def test_there_is_no_lease_on_a_campaign_that_is_not_there(laying: Laying) -> None:
    assert laying.lease(a_campaign()) is None


def test_a_lease_whose_answer_was_lost_is_ours(laying: Laying) -> None:
    campaign = laying.created()
    with losing_the_answer(laying.table, "UpdateItem"):
        mine = laying.lease(campaign, token="mine")
    assert mine is not None
    assert (mine.laying_token, mine.laying_until) == ("mine", NOW + LEASE_MS)
    assert mine == laying.head(campaign)


def test_an_advance_counts_a_source_its_values_and_drops_it(laying: Laying) -> None:
    campaign = laying.created()
    mine = laying.leased(campaign)
    assert laying.advance(mine)
    assert laying.head(campaign) == advanced(mine, 2)
    assert laying.values(campaign) == {"nome": 2}
    assert laying.layings.source(campaign.tenant_id, campaign.campaign_id, 0) is None


def test_the_same_source_is_counted_once(laying: Laying) -> None:
    campaign = laying.created()
    mine = laying.leased(campaign)
    assert laying.advance(mine)
    assert not laying.advance(mine)
    assert laying.values(campaign) == {"nome": 2}


def test_who_lost_the_lease_counts_nothing_and_finishes_nothing(laying: Laying) -> None:
    campaign = laying.created()
    lost = laying.leased(campaign)
    holder = laying.leased(campaign, NOW + LEASE_MS)
    assert not laying.advance(lost)
    ready = replace(lost, recipients=Recipients(RecipientsState.READY))
    assert not laying.layings.finish(lost, ready, an_entry(EventType.RECIPIENTS_READY))
    assert laying.head(campaign) == holder
    assert laying.is_due(campaign)


def test_a_finished_laying_is_due_no_more_and_holds_no_lease(laying: Laying) -> None:
    campaign = laying.created()
    mine = laying.leased(campaign)
    ready = replace(
        mine,
        recipients=Recipients(RecipientsState.READY, requested=3, added=3),
        laying_token=None,
        laying_until=None,
    )
    assert laying.layings.finish(mine, ready, an_entry(EventType.RECIPIENTS_READY))
    assert laying.head(campaign) == ready
    assert not laying.is_due(campaign)


@pytest.mark.ministack
def test_an_advance_whose_answer_was_lost_is_counted_once_and_told_as_done(
    real_table: Table,
) -> None:
    laying = Laying(real_table)
    campaign = laying.created()
    mine = laying.leased(campaign)
    with losing_the_answer(real_table, "TransactWriteItems"):
        assert laying.advance(mine)
    assert laying.head(campaign).total == 2
    assert laying.values(campaign) == {"nome": 2}


# Recipients and their markers


def test_a_layer_with_a_lower_number_is_refused_the_place_of_a_newer_one(laying: Laying) -> None:
    campaign = laying.created()
    newer, older = a_place(campaign), a_place(campaign)
    assert laying.recipients.lay(newer, 2)
    assert not laying.recipients.lay(older, 1)
    page = laying.recipients.page("tn_1", campaign.campaign_id, 0, 9, limit=9, consistent=True)
    assert page == [newer]
    assert laying.recipients.find("tn_1", campaign.campaign_id, older.recipient_id) is None


def test_a_layer_with_a_lower_number_does_not_move_a_persons_marker(laying: Laying) -> None:
    campaign = laying.created()
    there = a_place(campaign, sequence=0)
    assert laying.recipients.lay(there, 2)
    assert not laying.recipients.lay(a_place(campaign, 5, there.recipient_id), 1)
    assert laying.recipients.find("tn_1", campaign.campaign_id, there.recipient_id) == there


def test_leftovers_of_a_crashed_layer_are_written_over(laying: Laying) -> None:
    campaign = laying.created()
    assert laying.recipients.lay(a_place(campaign), 1)
    anew = a_place(campaign)
    assert laying.recipients.lay(anew, 2)
    assert laying.recipients.lay(anew, 2), "a repeat is the same"
    page = laying.recipients.page("tn_1", campaign.campaign_id, 0, 9, limit=9)
    assert page == [anew]


def test_a_place_whose_answer_was_lost_is_laid(laying: Laying) -> None:
    campaign = laying.created()
    mine = a_place(campaign)
    with losing_the_answer(laying.table, "PutItem"):
        assert laying.recipients.lay(mine, 1)
    assert laying.recipients.find("tn_1", campaign.campaign_id, mine.recipient_id) == mine


def test_who_lies_below_what_is_laid_is_laid_already(laying: Laying) -> None:
    campaign = laying.created()
    laid, beyond = a_place(campaign, 0), a_place(campaign, 1)
    for each in (laid, beyond):
        laying.recipients.lay(each, 1)
    ids = [laid.recipient_id, beyond.recipient_id, fresh("rc")]
    already = laying.recipients.already_laid("tn_1", campaign.campaign_id, ids, 1)
    assert already == {laid.recipient_id}


def test_a_marker_whose_place_another_has_taken_proves_nothing(laying: Laying) -> None:
    campaign = laying.created()
    crashed, newer = a_place(campaign, 0), a_place(campaign, 0)
    laying.recipients.lay(crashed, 1)
    laying.recipients.lay(newer, 2)
    ids = [crashed.recipient_id, newer.recipient_id]
    already = laying.recipients.already_laid("tn_1", campaign.campaign_id, ids, 1)
    assert already == {newer.recipient_id}
