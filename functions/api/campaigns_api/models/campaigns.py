"""Campaigns as the API reads and shows them."""

from typing import Annotated, Self

from pydantic import FailFast, Field

from campaigns.domain.campaign import (
    CampaignStatus,
    delivery_rate,
    progress_percentage,
    read_rate,
    response_rate,
)
from campaigns.domain.campaign_draft import (
    DESCRIPTION_LIMIT,
    MESSAGES_LIMIT,
    NAME_LIMIT,
    CampaignDraft,
)
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.instants import to_iso
from campaigns.domain.model import (
    ConnectionState,
    Instance,
    InstanceGate,
    Schedule,
)
from campaigns.domain.sending_window import ScheduleType
from campaigns.services.campaign_details import CampaignDetails
from campaigns.services.manage_messages import message_views
from campaigns_api.models.base import (
    Answer,
    Body,
    ListQuery,
    Moment,
    MomentIn,
    NextCursor,
    iso_or_none,
)
from campaigns_api.models.messages import MessageOut, MessageTextIn
from campaigns_api.models.sources import ContactIds, GroupIds, RecipientsOut, Tags

_REASON_LIMIT = 500
Clock = Annotated[str | None, Field(max_length=5)]
Id = Annotated[str, Field(min_length=1, max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT, examples=["Natal 2026"])]
Description = Annotated[str, Field(max_length=DESCRIPTION_LIMIT)]


class CampaignFields(Body):
    """What a draft's owner decides of it, beside its recipients and its wordings."""

    name: Name
    description: Description = ""
    instance_id: Id
    schedule_type: Annotated[ScheduleType, Field(strict=False)] = ScheduleType.IMMEDIATE
    morning_start: Clock = None
    morning_end: Clock = None
    afternoon_start: Clock = None
    afternoon_end: Clock = None
    skip_weekends: Annotated[bool, Field(description="For a custom period only.")] = True
    skip_holidays: Annotated[bool, Field(description="For a custom period only.")] = True
    timezone: Annotated[
        str | None,
        Field(
            max_length=64,
            description="IANA name; the tenant's where left out.",
            examples=["America/Sao_Paulo"],
        ),
    ] = None
    scheduled_at: Annotated[
        MomentIn | None, Field(description="A start before this moment waits for it.")
    ] = None
    ignore_quiet_hours: bool = False
    allow_missing: Annotated[
        bool, Field(description="Start although some contacts lack a variable's value.")
    ] = False
    resume_on_reconnect: bool = False

    def schedule(self, tenant_timezone: str) -> Schedule:
        return Schedule(
            schedule_type=self.schedule_type,
            timezone=tenant_timezone if self.timezone is None else self.timezone,
            morning_start=self.morning_start,
            morning_end=self.morning_end,
            afternoon_start=self.afternoon_start,
            afternoon_end=self.afternoon_end,
            skip_weekends=self.skip_weekends,
            skip_holidays=self.skip_holidays,
            ignore_quiet_hours=self.ignore_quiet_hours,
            scheduled_at=self.scheduled_at,
        )


class CampaignIn(CampaignFields):
    """A campaign to create, as a draft."""

    contact_ids: ContactIds = Field(default_factory=list)
    group_ids: GroupIds = Field(default_factory=list)
    tags: Tags = Field(default_factory=list)
    message_texts: Annotated[
        list[MessageTextIn], FailFast(), Field(min_length=1, max_length=MESSAGES_LIMIT)
    ]

    def draft(self, tenant_timezone: str) -> CampaignDraft:
        return CampaignDraft(
            name=self.name,
            description=self.description,
            instance_id=self.instance_id,
            schedule=self.schedule(tenant_timezone),
            allow_missing=self.allow_missing,
            resume_on_reconnect=self.resume_on_reconnect,
            contact_ids=self.contact_ids,
            group_ids=self.group_ids,
            tags=self.tags,
            message_texts=self.message_texts,
        )


class ReasonIn(Body):
    """Why; it goes into the campaign's log."""

    reason: Annotated[str | None, Field(max_length=_REASON_LIMIT)] = None


class CampaignQuery(ListQuery):
    """Campaigns, newest first."""

    exclusive = ("status", "instance_id", "search", "archived")

    status: CampaignStatus | None = None
    instance_id: Id | None = None
    search: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=NAME_LIMIT,
            description="Part of the name. Finds what is archived, too.",
        ),
    ] = None
    archived: Annotated[
        bool | None, Field(description="What was archived, which other lists leave out.")
    ] = None


class InstanceBrief(Answer):
    """The instance that a campaign sends through."""

    id: str
    name: str
    connection_state: ConnectionState


class CampaignOut(Answer):
    """A campaign with its books and its forecast."""

    versioned_by = frozenset(CampaignFields.model_fields)
    made_on_reading = frozenset(
        {
            "instance.name",
            "instance.connection_state",
            "instance_name",
            "recipients",
            "total_contacts",
            "pending_messages",
            "in_flight_messages",
            "sent_messages",
            "delivered_messages",
            "read_messages",
            "responded_count",
            "failed_messages",
            "skipped_messages",
            "unconfirmed_messages",
            "progress_percentage",
            "response_rate",
            "delivery_rate",
            "read_rate",
            "can_be_started",
            "messages.times_sent",
            "messages.response_count",
            "messages.response_rate",
            "next_scheduled_send",
            "last_send_at",
            "estimated_seconds",
            "estimated_completion_at",
            "updated_at",
            "last_error",
        }
    )

    id: Annotated[str, Field(examples=["cp_01hz7q3v9k2m4n6p8r0s2t4v6x"])]
    name: str
    description: str
    status: CampaignStatus
    is_paused: bool
    instance_id: str
    instance: Annotated[
        InstanceBrief | None, Field(description="Null once the instance was deleted.")
    ]
    instance_name: str | None
    schedule_type: ScheduleType
    morning_start: str | None
    morning_end: str | None
    afternoon_start: str | None
    afternoon_end: str | None
    skip_weekends: Annotated[bool, Field(description="As it takes effect.")]
    skip_holidays: Annotated[bool, Field(description="As it takes effect.")]
    timezone: str
    ignore_quiet_hours: bool
    allow_missing: bool
    resume_on_reconnect: bool
    scheduled_at: Moment | None
    recipients: RecipientsOut
    total_contacts: int
    pending_messages: int
    in_flight_messages: Annotated[int, Field(description="Being sent, or of unknown outcome.")]
    sent_messages: Annotated[int, Field(description="Sent or further.")]
    delivered_messages: Annotated[int, Field(description="Delivered or further.")]
    read_messages: int
    responded_count: int
    failed_messages: int
    skipped_messages: int
    unconfirmed_messages: Annotated[int, Field(description="May have been sent; to be resolved.")]
    progress_percentage: Annotated[float | None, Field(description="Settled over total.")]
    response_rate: Annotated[float | None, Field(description="Percent of sent.")]
    delivery_rate: Annotated[float | None, Field(description="Percent of sent.")]
    read_rate: Annotated[float | None, Field(description="Percent of delivered.")]
    can_be_started: bool
    messages: list[MessageOut]
    next_scheduled_send: Moment | None
    last_send_at: Moment | None
    estimated_seconds: Annotated[
        int | None, Field(description="Until the last message; of a draft, were it started now.")
    ]
    estimated_completion_at: Moment | None
    archived_at: Moment | None
    created_at: Moment
    updated_at: Moment
    started_at: Moment | None
    paused_at: Moment | None
    completed_at: Moment | None
    cancelled_at: Moment | None
    created_by: str
    started_by: str | None
    last_error: str | None
    auto_pause_reason: AutoPauseReason | None

    @classmethod
    def of(cls, details: CampaignDetails) -> Self:
        campaign, counts = details.view.campaign, details.counts
        instance, gate, schedule = details.instance, details.gate, campaign.schedule
        return cls(
            id=campaign.campaign_id,
            name=campaign.name,
            description=details.view.description,
            status=campaign.status,
            is_paused=campaign.status is CampaignStatus.PAUSED,
            instance_id=campaign.instance_id,
            instance=_brief(instance, gate) if instance else None,
            instance_name=instance.name if instance else None,
            schedule_type=ScheduleType(schedule.schedule_type),
            morning_start=schedule.morning_start,
            morning_end=schedule.morning_end,
            afternoon_start=schedule.afternoon_start,
            afternoon_end=schedule.afternoon_end,
            skip_weekends=schedule.skip_weekends,
            skip_holidays=schedule.skip_holidays,
            timezone=schedule.timezone,
            ignore_quiet_hours=schedule.ignore_quiet_hours,
            scheduled_at=iso_or_none(schedule.scheduled_at),
            allow_missing=campaign.allow_missing,
            resume_on_reconnect=campaign.resume_on_reconnect,
            recipients=RecipientsOut.of(campaign.recipients),
            total_contacts=campaign.total,
            pending_messages=counts.pending,
            in_flight_messages=counts.in_flight,
            sent_messages=counts.sent_or_further,
            delivered_messages=counts.delivered_or_further,
            read_messages=counts.read_or_further,
            responded_count=counts.responded,
            failed_messages=counts.failed,
            skipped_messages=counts.skipped,
            unconfirmed_messages=counts.unconfirmed,
            progress_percentage=progress_percentage(counts),
            response_rate=response_rate(counts),
            delivery_rate=delivery_rate(counts),
            read_rate=read_rate(counts),
            can_be_started=details.can_be_started,
            messages=[MessageOut.of(message) for message in message_views(details.view)],
            next_scheduled_send=iso_or_none(details.next_send_at),
            last_send_at=iso_or_none(details.last_send_at),
            estimated_seconds=details.estimated_seconds,
            estimated_completion_at=iso_or_none(details.estimated_completion_at),
            archived_at=iso_or_none(campaign.archived_at),
            created_at=to_iso(campaign.created_at),
            updated_at=to_iso(campaign.updated_at),
            started_at=iso_or_none(campaign.started_at),
            paused_at=iso_or_none(campaign.paused_at),
            completed_at=iso_or_none(campaign.completed_at),
            cancelled_at=iso_or_none(campaign.cancelled_at),
            created_by=campaign.created_by,
            started_by=campaign.started_by,
            last_error=campaign.last_error,
            auto_pause_reason=campaign.auto_pause_reason,
        )


def _brief(instance: Instance, gate: InstanceGate | None) -> InstanceBrief:
    return InstanceBrief(
        id=instance.instance_id,
        name=instance.name,
        connection_state=gate.connection_state if gate else ConnectionState.UNKNOWN,
    )


class CampaignPage(Answer):
    """Campaigns, newest first."""

    results: list[CampaignOut]
    next: NextCursor
