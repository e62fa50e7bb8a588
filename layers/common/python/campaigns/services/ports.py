"""What the services need from outside, as protocols. Adapters keep these promises; so do fakes.

Every guarded write is conditional and carries a token of its own. It answers None (or False) when
its condition does not hold, and counts as done when the stored token is its own: the SDK repeats a
write whose answer was lost.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.connection_check import ConnectionCheckKey
from campaigns.domain.delivery import GatewayAnswer
from campaigns.domain.gates import Shut
from campaigns.domain.job import Job
from campaigns.domain.latest_send import LatestSend
from campaigns.domain.model import (
    Campaign,
    Contact,
    DueRetry,
    Instance,
    InstanceGate,
    Lane,
    LaneKey,
    LayingKey,
    LogEntry,
    MessageText,
    Recipient,
    SendJob,
    Suppression,
    Tenant,
    TenantHoliday,
)
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.removal import RemovalKey
from campaigns.domain.sources import RecipientTally, Source
from campaigns.domain.try_report import TryReport


class Clock(Protocol):
    def now(self) -> int:
        """Epoch milliseconds."""

    def sleep(self, milliseconds: int) -> None: ...


class Concurrently(Protocol):
    """Runs tasks side by side and gives their results in order.

    Every task is tried and has come to its end before the first fault of one is passed on: nothing
    of it is still being written when its caller goes on, or tries again.
    """

    def __call__[T](self, tasks: Sequence[Callable[[], T]]) -> list[T]: ...


class JobQueue(Protocol):
    def send(self, jobs: Sequence[Job]) -> list[bool]:
        """One answer a job, in order: acknowledged by the queue or not. Never raises for a part."""

    def put_back(self, delays: Mapping[str, int]) -> None:
        """Hide received messages (by receipt handle) for so many seconds. Best effort."""


type DueWork = LaneKey | LayingKey | RemovalKey | ConnectionCheckKey


class Lanes(Protocol):
    @property
    def shards(self) -> int: ...

    def due(self, shard: int, now: int) -> list[DueWork]:
        """What is due. From an index that may be stale: read each by its key."""

    def read(self, key: LaneKey) -> Lane | None:
        """Consistently."""

    def save(self, old: Lane, new: Lane) -> Lane | None:
        """Write what differs if the stored version is still `old`'s; the stored lane, or None."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What must be true of the stored recipient for a write to happen."""

    statuses: frozenset[RecipientStatus]
    plan_number: int | None = None
    lease_token: str | None = None
    whatsapp_message_id: str | None = None


class Recipients(Protocol):
    def read(
        self, tenant_id: str, campaign_id: str, sequence: int, *, consistent: bool = False
    ) -> Recipient | None: ...

    def find(
        self, tenant_id: str, campaign_id: str, recipient_id: str, *, consistent: bool = False
    ) -> Recipient | None: ...

    def page(
        self,
        tenant_id: str,
        campaign_id: str,
        start: int,
        stop: int,
        *,
        limit: int,
        consistent: bool = False,
    ) -> list[Recipient]:
        """The recipients with ``start <= sequence < stop``, by sequence, `limit` at most."""

    def due_retries(self, lane: LaneKey, until: int, limit: int) -> list[DueRetry]: ...

    def mark_planned(self, job: SendJob) -> bool:
        """Take a retry off the index and note its slot, if its plan number is still the job's."""

    def save(self, old: Recipient, new: Recipient, guard: Guard) -> Recipient | None:
        """Write what differs if the guard holds; the recipient as it was stored before, or None."""


class Gates(Protocol):
    def read(self, instance_id: str, *, consistent: bool = False) -> InstanceGate | None: ...

    def take(
        self,
        gate: InstanceGate,
        *,
        campaign_id: str | None,
        token: str,
        holder: str,
        now: int,
        busy_until: int,
        day: str,
        next_day_at: int,
    ) -> InstanceGate | Shut:
        """Mark the instance busy, count the day and set last-left to a second from `now`.

        `gate` is the newest known state; the write asserts every fact of
        :func:`campaigns.domain.gates.judge_instance_gate` at once. The gate as it was *before*, or
        why it is shut.
        """

    def settle(
        self,
        before: InstanceGate,
        *,
        token: str,
        left_at: int | None,
        day: str,
        counts: bool,
        report: TryReport | None = None,
    ) -> int:
        """Clear the mark with that token; last-left becomes `left_at`, or what it was before.

        Gives the day's count back unless the send `counts`; notes what the try reports of the
        instance. How many tries in a row have failed from then on. Nothing happens, and 0 is
        answered, where the mark is another's by now.
        """


@dataclass(frozen=True, slots=True)
class Stamp:
    """A person's gate taken for a try of this tenant; `before_*` is what an undo restores.

    `is_repeat`: our own stamp stood there already, so what was before it is not known from here.
    """

    person: str
    tenant_id: str
    token: str
    before_at: int | None = None
    before_by: str | None = None
    before_messaged_at: int | None = None
    is_repeat: bool = False
    latest: LatestSend | None = None
    before_latest: str | None = None


class Persons(Protocol):
    def stamp(
        self,
        person: str,
        *,
        tenant_id: str,
        stamped_by: str,
        token: str,
        now: int,
        gap_ms: int,
        own_is_free: bool,
        latest: LatestSend | None = None,
    ) -> Stamp | Shut:
        """No other send to this person in the last `gap_ms`, of any tenant; then she is stamped.

        The same write notes that this tenant messages her, and with `latest` for which campaign.
        `own_is_free`: the stamp of the same
        `stamped_by` does not count, since nothing of it was sent.
        """

    def undo(self, stamp: Stamp) -> None: ...


class Suppressions(Protocol):
    def read(self, tenant_id: str, person: str) -> Suppression | None:
        """Consistently."""

    def read_many(self, tenant_id: str, persons: Sequence[str]) -> set[str]: ...


class Contacts(Protocol):
    def read(self, tenant_id: str, contact_id: str) -> Contact | None: ...

    def read_many(
        self, tenant_id: str, contact_ids: Sequence[str], *, consistent: bool = False
    ) -> dict[str, Contact]: ...


@dataclass(frozen=True, slots=True)
class TenantRules:
    """What a tenant adds to every campaign's hours."""

    tenant: Tenant
    holidays: tuple[TenantHoliday, ...]


class Tenants(Protocol):
    def rules(self, tenant_id: str) -> TenantRules: ...


class Instances(Protocol):
    def read(self, instance_id: str) -> Instance | None: ...


class Vault(Protocol):
    def decrypt(self, instance: Instance) -> str:
        """The instance's key in clear, decrypted once per process and version."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came of a request, and when it left (epoch ms; when it was made, if it never did).

    No answer: its time to leave was over, and it was given up unsent.
    """

    answer: GatewayAnswer | None
    left_at: int


class Gateway(Protocol):
    def prepare(self, instance: Instance) -> GatewayAnswer | None:
        """Connect ahead, so that the request itself leaves at once; the fault where it cannot."""

    def send_text(
        self,
        instance: Instance,
        api_key: str,
        *,
        number: str,
        text: str,
        message_id: str,
        leave_within_ms: int,
    ) -> Exchange:
        """One request, never repeated; it leaves within that time or not at all."""


@dataclass(frozen=True, slots=True)
class CampaignView:
    """Everything that a campaign's own partition says of it, without its gate."""

    campaign: Campaign
    description: str
    messages: tuple[MessageText, ...]
    counters: Mapping[str, int]
    lane: Lane | None
    values: Mapping[str, int]
    """How many recipients have a value for each variable (lower-case key)."""

    @property
    def first_contacts(self) -> int:
        """How many recipients the tenant had never messaged when they were laid."""
        return self.campaign.recipients.first_contacts


class TransitionRefusal(StrEnum):
    """Why a campaign did not change its state: its own state, or its instance's."""

    STATE = "state"
    TAKEN = "taken"
    DISCONNECTED = "disconnected"


class Campaigns(Protocol):
    def head(
        self, tenant_id: str, campaign_id: str, *, consistent: bool = False
    ) -> Campaign | None: ...

    def view(self, tenant_id: str, campaign_id: str) -> CampaignView | None: ...

    def texts(self, tenant_id: str, campaign_id: str) -> tuple[MessageText, ...]: ...

    def advance_mark(self, campaign: Campaign, mark: int) -> None:
        """Move the mark from the campaign's own to `mark`; nothing if it has moved meanwhile."""

    def book(
        self,
        tenant_id: str,
        campaign_id: str,
        changes: Mapping[str, int],
        now: int,
        *,
        last_send_at: int | None = None,
    ) -> None:
        """Add to the counters, and note when the newest request left."""

    def counters(self, tenant_id: str, campaign_id: str) -> Mapping[str, int]: ...

    def correct(
        self,
        tenant_id: str,
        campaign_id: str,
        seen: Mapping[str, int],
        counted: Mapping[str, int],
    ) -> bool:
        """Replace the counters by a recount, unless they moved since they were `seen`."""

    def log(self, tenant_id: str, campaign_id: str, entry: LogEntry) -> None: ...

    def note_error(self, campaign: Campaign, error: str) -> None:
        """Keep the codes of why a scheduled campaign could not start."""

    def start(
        self, old: Campaign, new: Campaign, lane: Lane, entry: LogEntry
    ) -> TransitionRefusal | None:
        """Draft or scheduled to active: takes the instance, which must be free and connected."""

    def schedule(
        self, old: Campaign, new: Campaign, lane: Lane, entry: LogEntry
    ) -> TransitionRefusal | None: ...

    def unschedule(
        self, old: Campaign, new: Campaign, lane: Lane, entry: LogEntry
    ) -> TransitionRefusal | None: ...

    def pause(self, old: Campaign, new: Campaign, entry: LogEntry) -> TransitionRefusal | None: ...

    def resume(
        self, old: Campaign, new: Campaign, lane: Lane, entry: LogEntry, *, begins_anew: bool
    ) -> TransitionRefusal | None:
        """Paused to active, unless it was paused for another reason since it was read; makes the
        lane due at its `due_at`. Where it `begins_anew`, failures before it are forgotten."""

    def end(
        self, old: Campaign, new: Campaign, lane: Lane | None, entry: LogEntry
    ) -> TransitionRefusal | None:
        """Cancel or complete: frees the instance; the lane is due at its `due_at`, or no more.

        Completing asserts the total's version: added recipients keep a campaign from it.
        """


@dataclass(frozen=True, slots=True)
class Listing[T]:
    """A page, and the position behind it (None: that was all)."""

    items: list[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class CampaignFilter:
    """Which campaigns a list wants; None is any. `search` is part of the name, case disregarded.

    What is archived is wanted only by `archived`, and by a search.
    """

    status: CampaignStatus | None = None
    instance_id: str | None = None
    search: str | None = None
    archived: bool | None = None

    def matches(self, campaign: Campaign) -> bool:
        finds_archived = self.archived or (self.archived is None and self.search is not None)
        is_archived = campaign.archived_at is not None
        return (
            (finds_archived or not is_archived)
            and (is_archived or not self.archived)
            and (self.status is None or campaign.status is self.status)
            and (self.instance_id is None or campaign.instance_id == self.instance_id)
            and (self.search is None or self.search.casefold() in campaign.name.casefold())
        )


class CampaignCatalog(Protocol):
    def create(
        self,
        campaign: Campaign,
        description: str,
        texts: Sequence[MessageText],
        sources: Sequence[Source],
        entry: LogEntry,
    ) -> None: ...

    def list(
        self, tenant_id: str, wanted: CampaignFilter, *, after: str | None, limit: int
    ) -> Listing[CampaignView]: ...

    def edit(self, old: Campaign, new: Campaign, description: str | None) -> bool:
        """Write what differs; None leaves the description. False where it was changed meanwhile."""

    def save_text(self, campaign: Campaign, text: MessageText, now: int) -> bool:
        """False where the campaign is no draft any more, or was changed since it was read."""

    def delete_text(self, campaign: Campaign, message_id: str, now: int) -> bool: ...

    def logs(
        self, tenant_id: str, campaign_id: str, *, after: str | None, limit: int
    ) -> Listing[LogEntry]: ...


class Layings(Protocol):
    def lease(
        self, tenant_id: str, campaign_id: str, *, token: str, now: int, until: int
    ) -> Campaign | None:
        """Become the one layer, with a fencing number higher than any before; the head, or None."""

    def source(self, tenant_id: str, campaign_id: str, number: int) -> Source | None: ...

    def advance(self, old: Campaign, new: Campaign, values: Mapping[str, int]) -> bool:
        """Count what was laid; False where the lease is lost or the campaign has changed."""

    def finish(self, old: Campaign, new: Campaign, entry: LogEntry) -> bool:
        """Give the lease back, laying being over; False as `advance`."""

    def held(self, campaign: Campaign) -> Campaign | None:
        """The head as it is now, while the lease is still the one of `campaign`."""

    def release(self, campaign: Campaign, now: int) -> None:
        """Give the lease back before its time."""

    def forget(self, campaign: Campaign, now: int) -> bool:
        """Give the lease back where nothing is to be laid: no longer due. False as `advance`."""


class RecipientsToLay(Protocol):
    def lay(self, recipient: Recipient, laid_epoch: int, tally: RecipientTally) -> bool:
        """Write a recipient and its marker; False where a newer layer has the place."""

    def already_laid(
        self, tenant_id: str, campaign_id: str, recipient_ids: Sequence[str], laid_through: int
    ) -> set[str]: ...


class Kick(Protocol):
    def lay(self, tenant_id: str, campaign_id: str) -> None:
        """Have the scheduler lay this campaign's recipients soon; else the next minute finds it."""
