"""What the stores keep, ready-made, under ids that no other test has."""

from dataclasses import replace
from itertools import count
from typing import Any

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.campaign_items import to_head
from campaigns.adapters.dynamodb.gate_items import GateItem
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.model import (
    Campaign,
    ConnectionState,
    EventType,
    InstanceGate,
    Lane,
    LaneKey,
    LogEntry,
    LogLevel,
    Recipient,
    Recipients,
    RecipientsState,
    Schedule,
    SendJob,
)
from campaigns.domain.recipient import RecipientStatus

#: Tuesday, 24 November 2026, 10:00 in São Paulo; epoch milliseconds, as every time here.
NOW = 1_795_525_200_000
YESTERDAY, TODAY, TOMORROW = "2026-11-23", "2026-11-24", "2026-11-25"
NEXT_DAY_AT = NOW + 14 * 3_600_000
TENANT = "tn_1"
_NUMBERS = count(1)


def fresh(prefix: str) -> str:
    """An id of its own."""
    return f"{prefix}_{next(_NUMBERS)}"


def a_gate(**fields: Any) -> InstanceGate:
    """An instance's gate, open and free."""
    gate = InstanceGate(
        instance_id=fresh("in"),
        tenant_id=TENANT,
        connection_state=ConnectionState.OPEN,
        config_version=1,
        delay_min_ms=20_000,
        delay_max_ms=50_000,
        daily_limit=3,
    )
    return replace(gate, **fields)


def a_live_gate(**fields: Any) -> InstanceGate:
    """A gate that lets the requests of an active campaign through."""
    return a_gate(live_campaign_id="cp_live", live_status=CampaignStatus.ACTIVE, **fields)


def keep_gate(table: Table, gate: InstanceGate) -> None:
    """Store a gate whole, whatever its state."""
    key = keys.instance_gate(gate.instance_id)
    names = set(InstanceGate.__dataclass_fields__) - {"instance_id"}
    table.put(GateItem(key.pk, key.sk, **{name: getattr(gate, name) for name in names}))


def a_campaign(**fields: Any) -> Campaign:
    """A draft whose three recipients are laid."""
    campaign = Campaign(
        campaign_id=fresh("cp"),
        tenant_id=TENANT,
        name="Natal",
        instance_id=fresh("in"),
        status=CampaignStatus.DRAFT,
        schedule=Schedule(schedule_type="immediate", timezone="America/Sao_Paulo"),
        created_at=NOW,
        updated_at=NOW,
        created_by="key:test",
        recipients=Recipients(RecipientsState.READY, requested=3, added=3),
        total=3,
        total_version=1,
    )
    return replace(campaign, **fields)


def keep_campaign(table: Table, campaign: Campaign) -> None:
    table.put(to_head(campaign))


def a_lane(campaign: Campaign, **fields: Any) -> Lane:
    """The lane of a campaign that was just started."""
    key = LaneKey(campaign.tenant_id, campaign.campaign_id, campaign.instance_id)
    lane = Lane(key, cursor=0, laid_through=campaign.total, next_slot_at=NOW, due_at=NOW)
    return replace(lane, **fields)


def an_entry(event_type: EventType = EventType.CAMPAIGN_STARTED) -> LogEntry:
    return LogEntry(fresh("lg"), LogLevel.INFO, event_type, NOW, "key:test", {"recipients": 3})


def a_recipient(**fields: Any) -> Recipient:
    """A pending recipient, the first of a campaign of its own."""
    recipient = Recipient(
        recipient_id=fresh("rc"),
        tenant_id=TENANT,
        campaign_id=fresh("cp"),
        instance_id="in_1",
        sequence=0,
        person=fresh("person"),
        contact_id=fresh("ct"),
        status=RecipientStatus.PENDING,
        plan_number=1,
        updated_at=NOW,
    )
    return replace(recipient, **fields)


def job_of(recipient: Recipient, slot_at: int = NOW) -> SendJob:
    """The job that sends to a recipient under its present plan number."""
    return SendJob(
        tenant_id=recipient.tenant_id,
        campaign_id=recipient.campaign_id,
        instance_id=recipient.instance_id,
        recipient_id=recipient.recipient_id,
        person=recipient.person,
        sequence=recipient.sequence,
        plan_number=recipient.plan_number,
        slot_at=slot_at,
    )
