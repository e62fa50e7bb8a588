"""Shapes of a campaign's own partition: head, description, texts, log."""

from collections.abc import Mapping
from dataclasses import asdict

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Item, Raw, numbers_in
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.model import (
    Campaign,
    EventType,
    LogEntry,
    LogLevel,
    MessageText,
    Recipients,
    RecipientsState,
    Schedule,
)


class HeadItem(Item):
    """A campaign's head, under 1 KB; description and texts are items of their own."""

    campaign_id = UnicodeAttribute()
    tenant_id = UnicodeAttribute()
    name = UnicodeAttribute()
    instance_id = UnicodeAttribute()
    status = UnicodeAttribute()
    schedule = JSONAttribute()
    recipients = JSONAttribute()
    created_at = NumberAttribute()
    updated_at = NumberAttribute()
    created_by = UnicodeAttribute()
    total = NumberAttribute(default=0)
    total_version = NumberAttribute(default=0)
    mark = NumberAttribute(default=0)
    allow_missing = BooleanAttribute(default=False)
    resume_on_reconnect = BooleanAttribute(default=False)
    active_message_ids = ListAttribute(of=UnicodeAttribute, default=list)
    started_at = NumberAttribute(null=True)
    started_by = UnicodeAttribute(null=True)
    resumed_at = NumberAttribute(null=True)
    vouched_at = NumberAttribute(null=True)
    paused_at = NumberAttribute(null=True)
    completed_at = NumberAttribute(null=True)
    cancelled_at = NumberAttribute(null=True)
    archived_at = NumberAttribute(null=True)
    auto_pause_reason = UnicodeAttribute(null=True)
    last_error = UnicodeAttribute(null=True)
    laying_epoch = NumberAttribute(default=0)
    laying_token = UnicodeAttribute(null=True)
    laying_until = NumberAttribute(null=True)
    laid_epoch = NumberAttribute(default=0)
    next_source = NumberAttribute(default=0)
    source_position = UnicodeAttribute(null=True)
    sources = NumberAttribute(default=0)
    mark_held_until = NumberAttribute(null=True)
    restored_to = NumberAttribute(null=True)
    list_key = UnicodeAttribute(null=True)
    list_sort = UnicodeAttribute(null=True)


class AboutItem(Item):
    description = UnicodeAttribute()


class TextItem(Item):
    order = NumberAttribute()
    text = UnicodeAttribute()
    is_active = BooleanAttribute()


class LayingItem(Item):
    """Makes a campaign whose laying is under way due, so that each minute finds it."""

    due_shard = UnicodeAttribute()
    due_at = NumberAttribute()


class LogItem(Item):
    level = UnicodeAttribute()
    event_type = UnicodeAttribute()
    created_at = NumberAttribute()
    actor = UnicodeAttribute()
    event = JSONAttribute()


#: Before a variable's name, which may be that of one of the keys.
_VALUE_OF = "value_of."

_NUMBERS = (
    "started_at",
    "resumed_at",
    "vouched_at",
    "paused_at",
    "completed_at",
    "cancelled_at",
    "archived_at",
    "laying_until",
    "mark_held_until",
    "restored_to",
)


def to_campaign(item: HeadItem) -> Campaign:
    numbers = {
        name: None if (value := getattr(item, name)) is None else int(value) for name in _NUMBERS
    }
    recipients = dict(item.recipients)
    recipients["state"] = RecipientsState(recipients["state"])
    reason = item.auto_pause_reason
    return Campaign(
        campaign_id=item.campaign_id,
        tenant_id=item.tenant_id,
        name=item.name,
        instance_id=item.instance_id,
        status=CampaignStatus(item.status),
        schedule=Schedule(**item.schedule),
        created_at=int(item.created_at),
        updated_at=int(item.updated_at),
        created_by=item.created_by,
        recipients=Recipients(**recipients),
        total=int(item.total),
        total_version=int(item.total_version),
        mark=int(item.mark),
        allow_missing=item.allow_missing,
        resume_on_reconnect=item.resume_on_reconnect,
        active_message_ids=tuple(map(str, item.active_message_ids)),
        started_by=item.started_by,
        auto_pause_reason=AutoPauseReason(reason) if reason else None,
        last_error=item.last_error,
        laying_epoch=int(item.laying_epoch),
        laying_token=item.laying_token,
        laid_epoch=int(item.laid_epoch),
        next_source=int(item.next_source),
        source_position=item.source_position,
        sources=int(item.sources),
        **numbers,
    )


#: Fields of a campaign that its item keeps under the same name.
PLAIN_FIELDS = (
    "name",
    "instance_id",
    "status",
    "updated_at",
    "total",
    "total_version",
    "mark",
    "allow_missing",
    "resume_on_reconnect",
    "started_at",
    "started_by",
    "resumed_at",
    "vouched_at",
    "paused_at",
    "completed_at",
    "cancelled_at",
    "archived_at",
    "auto_pause_reason",
    "last_error",
    "laying_epoch",
    "laying_token",
    "laying_until",
    "laid_epoch",
    "next_source",
    "source_position",
    "sources",
    "mark_held_until",
    "restored_to",
)


def to_head(campaign: Campaign) -> HeadItem:
    key = keys.campaign_head(campaign.tenant_id, campaign.campaign_id)
    return HeadItem(
        key.pk,
        key.sk,
        campaign_id=campaign.campaign_id,
        tenant_id=campaign.tenant_id,
        created_at=campaign.created_at,
        created_by=campaign.created_by,
        schedule=stored_schedule(campaign.schedule),
        recipients=asdict(campaign.recipients),
        active_message_ids=list(campaign.active_message_ids),
        list_key=keys.list_of(campaign.tenant_id, "CAMPAIGNS"),
        list_sort=campaign.campaign_id,
        **{name: getattr(campaign, name) for name in PLAIN_FIELDS},
    )


def stored_schedule(schedule: Schedule) -> dict[str, object]:
    """Only what was set: the head stays small."""
    return {name: value for name, value in asdict(schedule).items() if value is not None}


def to_value_counts(raw: Raw) -> dict[str, int]:
    """How many recipients have a value, by variable."""
    return {
        name.removeprefix(_VALUE_OF): count
        for name, count in numbers_in(raw).items()
        if name.startswith(_VALUE_OF)
    }


def stored_value_counts(values: Mapping[str, int]) -> dict[str, int]:
    return {f"{_VALUE_OF}{name}": count for name, count in values.items()}


def to_text(item: TextItem) -> MessageText:
    return MessageText(
        message_id=item.sk.removeprefix(keys.TEXT_PREFIX),
        order=int(item.order),
        text=item.text,
        is_active=item.is_active,
    )


def to_text_item(tenant_id: str, campaign_id: str, text: MessageText) -> TextItem:
    key = keys.campaign_text(tenant_id, campaign_id, text.message_id)
    return TextItem(key.pk, key.sk, order=text.order, text=text.text, is_active=text.is_active)


def to_log_entry(item: LogItem) -> LogEntry:
    return LogEntry(
        log_id=item.sk.removeprefix(keys.LOG_PREFIX),
        level=LogLevel(item.level),
        event_type=EventType(item.event_type),
        created_at=int(item.created_at),
        actor=item.actor,
        metadata=item.event,
    )


def to_log_item(tenant_id: str, campaign_id: str, entry: LogEntry) -> LogItem:
    key = keys.campaign_log(tenant_id, campaign_id, entry.log_id)
    return LogItem(
        key.pk,
        key.sk,
        level=entry.level,
        event_type=entry.event_type,
        created_at=entry.created_at,
        actor=entry.actor,
        event=dict(entry.metadata),
    )
