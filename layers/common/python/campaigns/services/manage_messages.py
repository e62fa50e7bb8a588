"""A campaign's wordings: written while it is a draft, fixed from the start on, shown before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Protocol
from zoneinfo import ZoneInfo

from campaigns.domain.books import times_sent
from campaigns.domain.campaign import CampaignStatus, Counts, response_rate
from campaigns.domain.campaign_draft import MESSAGES_LIMIT, check_text
from campaigns.domain.errors import (
    ConcurrentUpdate,
    Conflict,
    ConflictCode,
    FieldError,
    InvalidState,
    NotFound,
    TextTooLong,
    UnknownReference,
    ValidationFailed,
)
from campaigns.domain.identity import new_id
from campaigns.domain.instants import to_datetime
from campaigns.domain.model import Contact, MessageText
from campaigns.domain.rendering import BuiltIn, contact_values, render, required_variables
from campaigns.services import ports
from campaigns.services.ports import CampaignView

#: A preview is rendered for this many people.
SAMPLE_SIZE = 3


class ContactSample(Protocol):
    """Some contacts of a tenant, for a text that belongs to no campaign yet."""

    def __call__(self, tenant_id: str, limit: int) -> Sequence[Contact]: ...


@dataclass(frozen=True, slots=True)
class MessageView:
    """A wording and how often it was sent; `campaign_version` is its campaign's `updated_at`."""

    message: MessageText
    times_sent: int
    responses: int
    campaign_version: int

    @property
    def response_rate(self) -> float | None:
        """In percent of the times that it was sent."""
        unanswered = max(0, self.times_sent - self.responses)
        return response_rate(Counts(sent=unanswered, responded=self.responses))


@dataclass(frozen=True, slots=True)
class Rendered:
    """What one person would read."""

    contact: Contact
    text: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A text, what people would read, and its variables that nobody has."""

    original: str
    rendered: tuple[Rendered, ...]
    unknown_variables: tuple[str, ...]


class ManageMessages:
    """Every change asserts that the campaign is still a draft."""

    def __init__(
        self,
        *,
        campaigns: ports.Campaigns,
        catalog: ports.CampaignCatalog,
        recipients: ports.Recipients,
        contacts: ports.Contacts,
        sample: ContactSample,
        tenants: ports.Tenants,
        clock: ports.Clock,
        random: Random,
    ) -> None:
        self._campaigns = campaigns
        self._catalog = catalog
        self._recipients = recipients
        self._contacts = contacts
        self._sample = sample
        self._tenants = tenants
        self._clock = clock
        self._random = random

    def list(self, tenant_id: str, campaign_id: str) -> tuple[MessageView, ...]:
        """By their order. Raises :class:`NotFound`."""
        return message_views(self._view(tenant_id, campaign_id))

    def read(self, tenant_id: str, campaign_id: str, message_id: str) -> MessageView:
        """Raises :class:`NotFound`."""
        return _one(self._view(tenant_id, campaign_id), message_id)

    def create(
        self, tenant_id: str, campaign_id: str, text: str, *, order: int | None, is_active: bool
    ) -> MessageView:
        """At the first free place, unless one is given. A sixth is refused."""
        view = self._view(tenant_id, campaign_id)
        taken = {message.order for message in view.messages}
        free = [place for place in range(1, MESSAGES_LIMIT + 1) if place not in taken]
        self._require_draft(view)
        if not free:
            raise Conflict(ConflictCode.TOO_MANY_MESSAGES)
        message_id = new_id("ms", self._clock.now(), self._random)
        return self._save(view, MessageText(message_id, order or free[0], text, is_active))

    def change(
        self,
        tenant_id: str,
        campaign_id: str,
        seen: MessageView,
        *,
        text: str | None = None,
        order: int | None = None,
        is_active: bool | None = None,
    ) -> MessageView:
        """None leaves a value as it is.

        Raises :class:`ConcurrentUpdate` where the campaign was changed since it was `seen`.
        """
        view = self._as_seen(tenant_id, campaign_id, seen)
        old = seen.message
        self._require_draft(view)
        return self._save(
            view,
            replace(
                old,
                text=old.text if text is None else text,
                order=old.order if order is None else order,
                is_active=old.is_active if is_active is None else is_active,
            ),
        )

    def delete(self, tenant_id: str, campaign_id: str, seen: MessageView) -> None:
        """Raises :class:`ConcurrentUpdate` where the campaign was changed since it was `seen`."""
        view = self._as_seen(tenant_id, campaign_id, seen)
        self._require_draft(view)
        message_id = seen.message.message_id
        if not self._catalog.delete_text(view.campaign, message_id, self._clock.now()):
            self._refuse(view)

    def preview(
        self, tenant_id: str, campaign_id: str, message_id: str, *, at: int | None
    ) -> Preview:
        """A stored wording for the campaign's first recipients, in its zone at `at` (now)."""
        view = self._view(tenant_id, campaign_id)
        text = _one(view, message_id).message.text
        return self._preview(
            text, self._first_recipients(view), view.campaign.zone, at, view.values
        )

    def preview_text(
        self, tenant_id: str, text: str, *, campaign_id: str | None, at: int | None
    ) -> Preview:
        """A text that is not stored, for a campaign's first recipients or the tenant's contacts."""
        if errors := tuple(check_text("message_text", text)):
            raise ValidationFailed(errors)
        if campaign_id is not None:
            view = self._campaigns.view(tenant_id, campaign_id)
            if view is None:
                raise UnknownReference({"campaign_id": [campaign_id]})
            contacts, zone, values = self._first_recipients(view), view.campaign.zone, view.values
        else:
            contacts = self._sample(tenant_id, SAMPLE_SIZE)
            zone, values = self._tenants.rules(tenant_id).tenant.zone, {}
        return self._preview(text, contacts, zone, at, values)

    def _preview(
        self,
        text: str,
        contacts: Sequence[Contact],
        zone: ZoneInfo,
        at: int | None,
        known: Mapping[str, int],
    ) -> Preview:
        local = to_datetime(self._clock.now() if at is None else at).astimezone(zone)
        values = [_values(contact) for contact in contacts]
        try:
            rendered = tuple(
                Rendered(contact, render(text, its, local))
                for contact, its in zip(contacts, values, strict=True)
            )
        except TextTooLong as problem:
            raise ValidationFailed(
                [
                    FieldError(
                        "message_text", "text_too_long", "text_too_long", {"limit": problem.limit}
                    )
                ]
            ) from None
        return Preview(text, rendered, _unknown(text, values, known))

    def _first_recipients(self, view: CampaignView) -> Sequence[Contact]:
        tenant_id, campaign_id = view.campaign.tenant_id, view.campaign.campaign_id
        total = view.campaign.total
        first = self._recipients.page(tenant_id, campaign_id, 0, total, limit=SAMPLE_SIZE)
        contact_ids = [recipient.contact_id for recipient in first]
        contacts = self._contacts.read_many(tenant_id, contact_ids)
        return [contacts[contact_id] for contact_id in contact_ids if contact_id in contacts]

    def _save(self, view: CampaignView, message: MessageText) -> MessageView:
        if errors := tuple(check_text("message_text", message.text)):
            raise ValidationFailed(errors)
        others = (each for each in view.messages if each.message_id != message.message_id)
        if any(other.order == message.order for other in others):
            raise Conflict(ConflictCode.MESSAGE_ORDER_TAKEN)
        if not self._catalog.save_text(view.campaign, message, self._clock.now()):
            self._refuse(view)
        return MessageView(message, 0, 0, view.campaign.updated_at)

    def _view(self, tenant_id: str, campaign_id: str) -> CampaignView:
        view = self._campaigns.view(tenant_id, campaign_id)
        if view is None:
            raise NotFound
        return view

    def _as_seen(self, tenant_id: str, campaign_id: str, seen: MessageView) -> CampaignView:
        view = self._view(tenant_id, campaign_id)
        if view.campaign.updated_at != seen.campaign_version:
            raise ConcurrentUpdate
        return view

    def _require_draft(self, view: CampaignView) -> None:
        if view.campaign.status is not CampaignStatus.DRAFT:
            raise InvalidState(view.campaign.status)

    def _refuse(self, view: CampaignView) -> None:
        """A guarded write was refused: by what the campaign is now, or by a race."""
        campaign = view.campaign
        self._require_draft(self._view(campaign.tenant_id, campaign.campaign_id))
        raise ConcurrentUpdate


def message_views(view: CampaignView) -> tuple[MessageView, ...]:
    """A campaign's wordings with their figures, by their order."""
    return tuple(
        MessageView(
            message,
            view.counters.get(times_sent(message.message_id), 0),
            view.counters.get(f"responses.{message.message_id}", 0),
            view.campaign.updated_at,
        )
        for message in view.messages
    )


def _one(view: CampaignView, message_id: str) -> MessageView:
    for each in message_views(view):
        if each.message.message_id == message_id:
            return each
    raise NotFound


def _values(contact: Contact) -> dict[str, str]:
    return contact_values(contact.name, contact.quem_indicou, contact.custom_vars)


def _unknown(
    text: str, values: Iterable[Mapping[str, str]], known: Mapping[str, int]
) -> tuple[str, ...]:
    """Variables without a default that no recipient, or nobody of the sample, has a value for."""
    had = {name for name, count in known.items() if count} | {
        name for each in values for name, value in each.items() if value.strip()
    }
    built_in = {variable.value for variable in BuiltIn}
    return tuple(name for name in required_variables([text]) if name not in had | built_in)
