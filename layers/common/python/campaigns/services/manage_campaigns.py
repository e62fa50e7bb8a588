"""Campaigns as their owner keeps them: created as drafts, listed, looked at, renamed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from random import Random
from typing import Final

from campaigns.domain.books import BOOKED, LAST_SEND_AT
from campaigns.domain.campaign import CampaignStatus, Counts
from campaigns.domain.campaign_draft import (
    CampaignDraft,
    check_description,
    check_draft,
    check_name,
    effective,
)
from campaigns.domain.campaign_log import new_entry
from campaigns.domain.errors import (
    ConcurrentUpdate,
    FieldError,
    NotFound,
    UnknownReference,
    ValidationFailed,
)
from campaigns.domain.forecast import Pace, last_send_at
from campaigns.domain.hours import Hours
from campaigns.domain.identity import new_id
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import (
    Campaign,
    Contact,
    EventType,
    Instance,
    InstanceGate,
    MessageText,
    Recipient,
    Recipients,
    RecipientsState,
)
from campaigns.domain.recipient import RecipientStatus
from campaigns.services import ports
from campaigns.services.ports import CampaignFilter, CampaignView, Listing
from campaigns.services.start_conditions import keep_from_starting, start_failures

#: Contact ids are stored, and laid, in pieces of this many.
SOURCE_SIZE: Final = 500
#: Recipients read at once by a filtered list.
_SCAN: Final = 500
_OVER: Final = frozenset({CampaignStatus.COMPLETED, CampaignStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class CampaignDetails:
    """A campaign with what its instance says, its books and its forecast (epoch ms)."""

    view: CampaignView
    instance: Instance | None
    gate: InstanceGate | None
    counts: Counts
    next_send_at: int | None
    estimated_completion_at: int | None
    can_be_started: bool
    now: int

    @property
    def last_send_at(self) -> int | None:
        """When the last request that proved to be a send left."""
        return self.view.counters.get(LAST_SEND_AT)

    @property
    def estimated_seconds(self) -> int | None:
        """From now to the estimated completion."""
        if self.estimated_completion_at is None:
            return None
        return -((self.now - self.estimated_completion_at) // SECOND_MS)


@dataclass(frozen=True, slots=True)
class RecipientView:
    """A recipient and the contact that it was; the contact may be gone."""

    recipient: Recipient
    contact: Contact | None


class ManageCampaigns:
    """Everything about campaigns that neither runs them nor changes their wordings."""

    def __init__(
        self,
        *,
        campaigns: ports.Campaigns,
        catalog: ports.CampaignCatalog,
        recipients: ports.Recipients,
        contacts: ports.Contacts,
        instances: ports.Instances,
        gates: ports.Gates,
        tenants: ports.Tenants,
        kick: ports.Kick,
        next_send_at: Callable[[CampaignView, int], int | None],
        clock: ports.Clock,
        random: Random,
    ) -> None:
        self._campaigns = campaigns
        self._catalog = catalog
        self._recipients = recipients
        self._contacts = contacts
        self._instances = instances
        self._gates = gates
        self._tenants = tenants
        self._kick = kick
        self._next_send_at = next_send_at
        self._clock = clock
        self._random = random

    def create(self, tenant_id: str, draft: CampaignDraft, actor: str) -> CampaignDetails:
        """Store a draft and have its recipients laid behind the answer.

        Raises :class:`ValidationFailed`, and :class:`UnknownReference` for an instance or contacts
        that are not this tenant's; then nothing is stored.
        """
        if errors := check_draft(draft):
            raise ValidationFailed(errors)
        self._require_references(tenant_id, draft)
        now = self._clock.now()
        sources = list(batched(draft.contact_ids, SOURCE_SIZE, strict=False))
        campaign = Campaign(
            campaign_id=new_id("cp", now, self._random),
            tenant_id=tenant_id,
            name=draft.name.strip(),
            instance_id=draft.instance_id,
            status=CampaignStatus.DRAFT,
            schedule=effective(draft.schedule),
            created_at=now,
            updated_at=now,
            created_by=actor,
            recipients=Recipients(
                RecipientsState.PREPARING if sources else RecipientsState.READY,
                requested=len(draft.contact_ids),
            ),
            allow_missing=draft.allow_missing,
            resume_on_reconnect=draft.resume_on_reconnect,
            sources=len(sources),
        )
        texts = [
            MessageText(new_id("ms", now, self._random), order, text, is_active=True)
            for order, text in enumerate(draft.message_texts, start=1)
        ]
        entry = new_entry(EventType.CAMPAIGN_CREATED, now, self._random, actor=actor)
        self._catalog.create(campaign, draft.description, texts, sources, entry)
        if sources:
            self._kick.lay(tenant_id, campaign.campaign_id)
        view = CampaignView(campaign, draft.description, tuple(texts), {}, None, {})
        return self._details(view, now, {})

    def read(self, tenant_id: str, campaign_id: str) -> CampaignDetails:
        """Raises :class:`NotFound`."""
        view = self._campaigns.view(tenant_id, campaign_id)
        if view is None:
            raise NotFound
        return self._details(view, self._clock.now(), {})

    def list(
        self, tenant_id: str, wanted: CampaignFilter, *, after: str | None, limit: int
    ) -> Listing[CampaignDetails]:
        """Newest first."""
        listing = self._catalog.list(tenant_id, wanted, after=after, limit=limit)
        now = self._clock.now()
        known: dict[str, tuple[Instance | None, InstanceGate | None]] = {}
        details = [self._details(view, now, known) for view in listing.items]
        return Listing(details, listing.next)

    def rename(
        self, seen: CampaignDetails, *, name: str | None, description: str | None
    ) -> CampaignDetails:
        """Name and description may change in any state; None leaves one as it is.

        Raises :class:`ConcurrentUpdate` where the campaign is no longer as it was `seen`.
        """
        errors: list[FieldError] = []
        errors += check_name(name) if name is not None else ()
        errors += check_description(description) if description is not None else ()
        if errors:
            raise ValidationFailed(errors)
        old = seen.view.campaign
        new_name = old.name if name is None else name.strip()
        unseen = max(self._clock.now(), old.updated_at + 1)
        new = replace(old, name=new_name, updated_at=unseen)
        if not self._catalog.rename(old, new, description):
            raise ConcurrentUpdate
        return self.read(old.tenant_id, old.campaign_id)

    def recipients(
        self,
        tenant_id: str,
        campaign_id: str,
        *,
        status: RecipientStatus | None,
        after: str | None,
        limit: int,
    ) -> Listing[RecipientView]:
        """By sequence; a filtered page reads on until it is full or nobody is left."""
        campaign = self._head(tenant_id, campaign_id)
        walk = self._walk(
            campaign, int(after) + 1 if after else 0, limit + 1 if not status else _SCAN
        )
        found: list[Recipient] = []
        for recipient in walk:
            if status is None or recipient.status is status:
                found.append(recipient)
            if len(found) > limit:
                break
        page = found[:limit]
        contacts = self._contacts.read_many(tenant_id, [each.contact_id for each in page])
        views = [RecipientView(each, contacts.get(each.contact_id)) for each in page]
        return Listing(views, str(page[-1].sequence) if len(found) > limit else None)

    def recipient(self, tenant_id: str, campaign_id: str, recipient_id: str) -> RecipientView:
        """Raises :class:`NotFound`."""
        found = self._recipients.find(tenant_id, campaign_id, recipient_id)
        if found is None:
            raise NotFound
        return RecipientView(found, self._contacts.read(tenant_id, found.contact_id))

    def _walk(self, campaign: Campaign, start: int, at_once: int) -> Iterator[Recipient]:
        while start < campaign.total:
            chunk = self._recipients.page(
                campaign.tenant_id, campaign.campaign_id, start, campaign.total, limit=at_once
            )
            if not chunk:
                return
            yield from chunk
            start = chunk[-1].sequence + 1

    def _head(self, tenant_id: str, campaign_id: str) -> Campaign:
        campaign = self._campaigns.head(tenant_id, campaign_id, consistent=True)
        if campaign is None:
            raise NotFound
        return campaign

    def _require_references(self, tenant_id: str, draft: CampaignDraft) -> None:
        unknown: dict[str, Sequence[str]] = {}
        instance = self._instances.read(draft.instance_id)
        if instance is None or instance.tenant_id != tenant_id:
            unknown["instance_id"] = [draft.instance_id]
        contact_ids = list(dict.fromkeys(draft.contact_ids))
        # Consistently: contacts may have been created in the call before.
        known = self._contacts.read_many(tenant_id, contact_ids, consistent=True)
        if missing := [contact_id for contact_id in contact_ids if contact_id not in known]:
            unknown["contact_ids"] = missing
        if unknown:
            raise UnknownReference(unknown)

    def _details(
        self,
        view: CampaignView,
        now: int,
        known: dict[str, tuple[Instance | None, InstanceGate | None]],
    ) -> CampaignDetails:
        """`known` keeps what one list has read of instances."""
        campaign = view.campaign
        instance_id = campaign.instance_id
        if instance_id not in known:
            known[instance_id] = (self._instances.read(instance_id), self._gates.read(instance_id))
        instance, gate = known[instance_id]
        is_sending = (
            gate is not None and gate.is_busy(now) and gate.live_campaign_id == campaign.campaign_id
        )
        counts = counts_of(campaign.total, view.counters, sending=int(is_sending))
        rules = self._tenants.rules(campaign.tenant_id)
        hours = Hours.of(campaign.schedule, rules.tenant, rules.holidays)
        gap_ends_at = gate.gap_ends_at if gate else 0
        due = max(now, gap_ends_at, campaign.schedule.scheduled_at or 0)
        return CampaignDetails(
            view=view,
            instance=instance,
            gate=gate,
            counts=counts,
            next_send_at=self._next_send_at(view, now),
            estimated_completion_at=_completion(campaign, gate, hours, counts.pending, due, now),
            can_be_started=_can_be_started(view, gate, hours, due, now),
            now=now,
        )


def _completion(
    campaign: Campaign, gate: InstanceGate | None, hours: Hours, pending: int, due: int, now: int
) -> int | None:
    """Of a draft or a paused campaign as if it went on now."""
    if gate is None or campaign.status in _OVER:
        return None
    today = hours.day(now)
    return last_send_at(pending, due, today, hours, Pace.of(gate, today))


def _can_be_started(
    view: CampaignView, gate: InstanceGate | None, hours: Hours, due: int, now: int
) -> bool:
    """By the conditions that a start looks at."""
    if view.campaign.status is not CampaignStatus.DRAFT:
        return False
    failures = start_failures(view, gate, hours.next_opening(due))
    return not keep_from_starting(failures, view.campaign, now)


def counts_of(total: int, counters: Mapping[str, int], *, sending: int) -> Counts:
    """Pending is what the other counts leave of the total; `sending` is known from the gate."""
    booked = {status.value: max(0, counters.get(status, 0)) for status in BOOKED}
    pending = max(0, total - sum(booked.values()) - sending)
    return Counts(pending=pending, sending=sending, **booked)
