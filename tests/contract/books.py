"""Campaigns, gates and lanes over one table: what moves a campaign, and what is stored of it."""

from dataclasses import replace
from random import SystemRandom

from campaigns.adapters.clock import Threads
from campaigns.adapters.dynamodb.campaign_store import CampaignStore
from campaigns.adapters.dynamodb.catalog_store import CatalogStore
from campaigns.adapters.dynamodb.gate_store import GateStore
from campaigns.adapters.dynamodb.lane_store import LaneStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.model import Campaign, EventType, InstanceGate, Lane, LaneKey, LogEntry
from campaigns.services.ports import TransitionRefusal
from tests.contract.things import (
    NOW,
    a_campaign,
    a_gate,
    a_lane,
    an_entry,
    keep_campaign,
    keep_gate,
)

LATER = NOW + 60_000


class Books:
    """The stores over one table, and what they hold."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.lanes = LaneStore(table, SystemRandom(), shards=2)
        self.campaigns = CampaignStore(table, self.lanes)
        self.gates = GateStore(table)

    def draft(self, instance_id: str | None = None, **gate_fields: object) -> Campaign:
        """A draft on an instance of its own, or on one that is there."""
        campaign = a_campaign(**({"instance_id": instance_id} if instance_id else {}))
        keep_campaign(self.table, campaign)
        if instance_id is None:
            keep_gate(self.table, a_gate(instance_id=campaign.instance_id, **gate_fields))
        return campaign

    def active(self) -> Campaign:
        """A started campaign."""
        campaign = self.draft()
        assert self.start(campaign) is None
        return active(campaign)

    def start(self, campaign: Campaign) -> TransitionRefusal | None:
        lane, entry = a_lane(campaign), an_entry()
        return self.campaigns.start(campaign, active(campaign), lane, entry)

    def pause(self, campaign: Campaign) -> TransitionRefusal | None:
        entry = an_entry(EventType.CAMPAIGN_PAUSED)
        return self.campaigns.pause(campaign, paused(campaign), entry)

    def resume(self, campaign: Campaign, *, begins_anew: bool = True) -> TransitionRefusal | None:
        entry, lane = an_entry(EventType.CAMPAIGN_RESUMED), a_lane(campaign, due_at=LATER)
        return self.campaigns.resume(
            campaign, active(campaign), lane, entry, begins_anew=begins_anew
        )

    def end(self, old: Campaign, status: CampaignStatus, due_at: int | None = None):
        entry, lane = an_entry(EventType.CAMPAIGN_COMPLETED), a_lane(old, due_at=due_at)
        new = replace(old, status=status, mark=old.total, updated_at=LATER)
        return self.campaigns.end(old, new, lane, entry)

    def head(self, campaign: Campaign) -> Campaign:
        head = self.campaigns.head(campaign.tenant_id, campaign.campaign_id, consistent=True)
        assert head is not None
        return head

    def gate(self, campaign: Campaign) -> InstanceGate:
        gate = self.gates.read(campaign.instance_id, consistent=True)
        assert gate is not None
        return gate

    def live(self, campaign: Campaign) -> tuple[str | None, CampaignStatus | None]:
        """What the gate says of who is live there."""
        gate = self.gate(campaign)
        return gate.live_campaign_id, gate.live_status

    def lane(self, campaign: Campaign) -> Lane | None:
        return self.lanes.read(
            LaneKey(campaign.tenant_id, campaign.campaign_id, campaign.instance_id)
        )

    def log(self, campaign: Campaign) -> list[LogEntry]:
        catalog = CatalogStore(self.table, self.campaigns, self.lanes, Threads(1))
        listing = catalog.logs(campaign.tenant_id, campaign.campaign_id, after=None, limit=50)
        return listing.items


def active(campaign: Campaign) -> Campaign:
    return replace(
        campaign,
        status=CampaignStatus.ACTIVE,
        started_at=LATER,
        updated_at=LATER,
        paused_at=None,
        active_message_ids=("ms_1", "ms_2"),
    )


def paused(campaign: Campaign) -> Campaign:
    return replace(campaign, status=CampaignStatus.PAUSED, paused_at=LATER, updated_at=LATER)
