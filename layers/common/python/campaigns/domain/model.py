"""The things the rules speak of, as plain values. Times are epoch milliseconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from zoneinfo import ZoneInfo

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.recipient import RecipientStatus


class Role(StrEnum):
    """What a key may do: read; write and run campaigns too; manage instances and tenant too."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    OWNER = "owner"


class ConnectionState(StrEnum):
    """How Evolution describes an instance's socket, plus `unknown` before it was first asked."""

    OPEN = "open"
    CONNECTING = "connecting"
    CLOSE = "close"
    UNKNOWN = "unknown"


class WebhookState(StrEnum):
    """Whether Evolution tells us of an instance's receipts, answers and connection."""

    SET = "set"
    FAILED = "failed"
    UNSET = "unset"


class RecipientsState(StrEnum):
    """How far laying a campaign's recipients has come; it never changes the campaign's status."""

    READY = "ready"
    PREPARING = "preparing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A business. Its zone and quiet hours bind every campaign that does not say otherwise."""

    tenant_id: str
    name: str
    timezone: str
    locale: str
    quiet_hours_start: str
    quiet_hours_end: str
    opt_out_keywords: tuple[str, ...]
    created_at: int
    updated_at: int

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class Key:
    """A bearer key as it is kept: its secret only as a hash."""

    key_id: str
    tenant_id: str
    role: Role
    name: str
    secret_hash: str = field(repr=False)
    created_at: int
    last_used_at: int | None = None


@dataclass(frozen=True, slots=True)
class TenantHoliday:
    """A tenant's own entry for a day (``YYYY-MM-DD``); it replaces that day's national one."""

    day: str
    name: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """A person as one tenant knows her. Only here does a phone stand in clear.

    `opted_out` is how it is listed; whether she may be written to is the suppression's to say.
    """

    contact_id: str
    tenant_id: str
    person: str
    name: str = field(repr=False)
    phone: str = field(repr=False)
    created_at: int
    updated_at: int
    source: str = "api"
    import_id: str | None = None
    email: str | None = field(default=None, repr=False)
    quem_indicou: str | None = field(default=None, repr=False)
    tags: tuple[str, ...] = ()
    custom_vars: Mapping[str, str] = field(default_factory=dict, repr=False)
    notes: str | None = field(default=None, repr=False)
    is_active: bool = True
    consent: Mapping[str, str] | None = field(default=None, repr=False)
    groups: tuple[str, ...] = ()
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Suppression:
    """A person who wants no message from this tenant. It outlives the contact.

    `said_in` is the message, or the operator's entry, by which it came.
    """

    tenant_id: str
    person: str
    opted_out_at: int
    source: str
    reason: str | None = None
    said_in: str | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """A WhatsApp number connected through Evolution.

    `config_version` rises when its server, name or key changes, and when a phone other than
    `last_phone` is connected. `created_on_server`: we made it there.
    """

    instance_id: str
    tenant_id: str
    name: str
    evolution_url: str
    evolution_instance: str
    encrypted_api_key: bytes = field(repr=False)
    config_version: int
    created_at: int
    updated_at: int
    connected_phone: str | None = field(default=None, repr=False)
    server_version: str | None = None
    created_by: str | None = None
    created_on_server: bool = False
    #: A keyed hash of the phone for which a code to type was last asked.
    pairing_for: str | None = None
    #: A keyed hash of the phone that was connected last, also once it was let go of.
    last_phone: str | None = None
    #: Where Evolution sends its events; None: nowhere that we know of.
    webhook_url: str | None = None
    webhook_state: WebhookState = WebhookState.UNSET
    #: Since when receipts come there: what was sent before may have none.
    webhook_set_at: int | None = None
    #: Of the secret that the events come with; the one before is valid for 24 h after a rotation.
    webhook_version: int = 1
    #: When the server was known to have that version; None: it has the first, or is not told yet.
    webhook_rotated_at: int | None = None


@dataclass(frozen=True, slots=True)
class InstanceGate:
    """The one small item that every request of an instance, and every stop, has to pass."""

    instance_id: str
    tenant_id: str
    connection_state: ConnectionState
    config_version: int
    delay_min_ms: int
    delay_max_ms: int
    daily_limit: int | None
    #: Rises whenever it is noted how it is connected: who asked before that comes too late.
    connection_version: int = 0
    live_campaign_id: str | None = None
    live_status: CampaignStatus | None = None
    #: Campaigns that wait here for their time.
    scheduled: int = 0
    busy_token: str | None = None
    busy_until: int | None = None
    busy_holder: str | None = None
    #: The campaign whose send it is busy with, if it is a campaign's.
    busy_campaign_id: str | None = None
    last_left_at: int = 0
    day: str | None = None
    day_count: int = 0
    #: Tries since the last one that was sent.
    failures_in_row: int = 0
    #: Whether the last answered send came back under the id that it was given.
    honours_message_id: bool | None = None

    def sent_on(self, day: str) -> int:
        """How many requests are counted for that day, or for a later one that has begun."""
        return self.day_count if self.day is not None and self.day >= day else 0

    def is_busy(self, now: int) -> bool:
        return self.busy_until is not None and self.busy_until > now

    def is_sending_for(self, campaign_id: str, now: int) -> bool:
        return self.is_busy(now) and self.busy_campaign_id == campaign_id

    @property
    def gap_ends_at(self) -> int:
        """From when on another request may leave."""
        return self.last_left_at + self.delay_min_ms


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a campaign may send, as its owner wrote it. Hours are ``HH:MM``."""

    schedule_type: str
    timezone: str
    morning_start: str | None = None
    morning_end: str | None = None
    afternoon_start: str | None = None
    afternoon_end: str | None = None
    skip_weekends: bool = True
    skip_holidays: bool = True
    ignore_quiet_hours: bool = False
    scheduled_at: int | None = None


@dataclass(frozen=True, slots=True)
class MessageText:
    """One wording of a campaign's message."""

    message_id: str
    order: int
    text: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Recipients:
    """What laying has made of the sources so far.

    `first_contacts` of those added were never messaged by the tenant.
    """

    state: RecipientsState
    requested: int = 0
    added: int = 0
    repeats: int = 0
    opted_out: int = 0
    inactive: int = 0
    missing_values: int = 0
    first_contacts: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class LaneKey:
    """Names a lane: a live campaign on one instance."""

    tenant_id: str
    campaign_id: str
    instance_id: str

    def __str__(self) -> str:
        return f"{self.tenant_id}#{self.campaign_id}#{self.instance_id}"


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign's head. `mark`: every recipient below it is settled; `total` is laid in full."""

    campaign_id: str
    tenant_id: str
    name: str
    instance_id: str
    status: CampaignStatus
    schedule: Schedule
    created_at: int
    updated_at: int
    created_by: str
    recipients: Recipients
    total: int = 0
    total_version: int = 0
    mark: int = 0
    allow_missing: bool = False
    resume_on_reconnect: bool = False
    active_message_ids: tuple[str, ...] = ()
    started_at: int | None = None
    started_by: str | None = None
    #: Since when it runs without a stop: by its start or its last resume.
    resumed_at: int | None = None
    #: Since when a person has vouched for its instance: the breaker counts from then on.
    vouched_at: int | None = None
    paused_at: int | None = None
    completed_at: int | None = None
    cancelled_at: int | None = None
    archived_at: int | None = None
    auto_pause_reason: AutoPauseReason | None = None
    last_error: str | None = None
    laying_epoch: int = 0
    laying_token: str | None = None
    laying_until: int | None = None
    laid_epoch: int = 0
    next_source: int = 0
    source_position: str | None = None
    sources: int = 0
    #: Until then the mark stays where it is. Set: people behind it were put back at least once.
    mark_held_until: int | None = None
    restored_to: int | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.schedule.timezone)

    @property
    def waits_for_its_instance(self) -> bool:
        """The system paused it since its instance was disconnected, and nobody did since."""
        is_disconnected = self.auto_pause_reason is AutoPauseReason.INSTANCE_DISCONNECTED
        return self.status is CampaignStatus.PAUSED and is_disconnected

    @property
    def goes_on_when_connected(self) -> bool:
        return self.waits_for_its_instance and self.resume_on_reconnect

    @property
    def lane_key(self) -> LaneKey:
        return LaneKey(self.tenant_id, self.campaign_id, self.instance_id)


@dataclass(frozen=True, slots=True)
class LayingKey:
    """Names a campaign whose recipients are being laid."""

    tenant_id: str
    campaign_id: str


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """What a lane had planned after a run: sequences below `cursor`, its slots, its retries."""

    cursor: int
    last_slot: int
    retries: int = 0
    first_slot: int = 0


@dataclass(frozen=True, slots=True)
class Lane:
    """How far a live campaign is planned on one instance. `version` rises with each write."""

    key: LaneKey
    cursor: int
    laid_through: int
    next_slot_at: int
    history: tuple[PlannedRun, ...] = ()
    version: int = 0
    due_at: int | None = None
    recounted_at: int = 0


@dataclass(frozen=True, slots=True)
class FailedTry:
    """A try that was not a plain success: when, and the code."""

    at: int
    code: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person in one campaign; also the log of its sends."""

    recipient_id: str
    tenant_id: str
    campaign_id: str
    instance_id: str
    sequence: int
    person: str
    contact_id: str
    status: RecipientStatus
    plan_number: int
    updated_at: int
    attempts: int = 0
    retry_count: int = 0
    may_have_been_sent: bool = False
    slot_at: int | None = None
    retry_at: int | None = None
    lease_token: str | None = None
    lease_until: int | None = None
    message_id: str | None = None
    rendered_text: str | None = None
    whatsapp_message_id: str | None = None
    remote_jid: str | None = None
    error_code: str | None = None
    unknown_since: int | None = None
    sent_at: int | None = None
    delivered_at: int | None = None
    read_at: int | None = None
    responded_at: int | None = None
    failed_tries: tuple[FailedTry, ...] = ()
    #: The operator wants it sent once more although a try may have been; used up by the next try.
    resend_approved: bool = False
    #: The instance's `config_version` at the last claim, if ids were honoured there by then.
    sent_under: int | None = None


@dataclass(frozen=True, slots=True)
class DueRetry:
    """A recipient due for another try, as the index names it; the index may be stale."""

    recipient_id: str
    sequence: int
    person: str
    plan_number: int
    retry_at: int


@dataclass(frozen=True, slots=True)
class SendJob:
    """One planned send as it travels through the queue: no text, no phone."""

    tenant_id: str
    campaign_id: str
    instance_id: str
    recipient_id: str
    person: str
    sequence: int
    plan_number: int
    slot_at: int

    @property
    def deduplication_id(self) -> str:
        """With the plan number: the queue drops a repeated id for five minutes, deleted or not."""
        return f"{self.campaign_id}:{self.recipient_id}:{self.plan_number}"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


class EventType(StrEnum):
    """What a campaign's log may speak of (closed list of the contract)."""

    CAMPAIGN_CREATED = "campaign_created"
    CAMPAIGN_SCHEDULED = "campaign_scheduled"
    CAMPAIGN_UNSCHEDULED = "campaign_unscheduled"
    CAMPAIGN_STARTED = "campaign_started"
    CAMPAIGN_PAUSED = "campaign_paused"
    CAMPAIGN_RESUMED = "campaign_resumed"
    CAMPAIGN_CANCELLED = "campaign_cancelled"
    CAMPAIGN_COMPLETED = "campaign_completed"
    CAMPAIGN_AUTO_PAUSED = "campaign_auto_paused"
    RECIPIENTS_ADDED = "recipients_added"
    RECIPIENTS_READY = "recipients_ready"
    RECIPIENTS_FAILED = "recipients_failed"
    RECIPIENT_RESOLVED = "recipient_resolved"
    RECIPIENTS_REQUEUED = "recipients_requeued"
    CAMPAIGN_REOPENED = "campaign_reopened"
    BOOKS_CORRECTED = "books_corrected"
    MESSAGE_SENT = "message_sent"
    MESSAGE_DELIVERED = "message_delivered"
    MESSAGE_READ = "message_read"
    MESSAGE_RESPONDED = "message_responded"
    MESSAGE_FAILED = "message_failed"
    MESSAGE_SKIPPED = "message_skipped"
    MESSAGE_UNKNOWN = "message_unknown"
    MESSAGE_UNCONFIRMED = "message_unconfirmed"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something that happened to a campaign; its sentence is made when it is read."""

    log_id: str
    level: LogLevel
    event_type: EventType
    created_at: int
    actor: str
    metadata: Mapping[str, str | int] = field(default_factory=dict)
