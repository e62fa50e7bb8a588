"""A campaign's recipients as they are shown: a page, one, or all of them in turn."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched
from typing import Final

from campaigns.domain.errors import NotFound
from campaigns.domain.model import Campaign, Contact, Recipient
from campaigns.domain.recipient import RecipientStatus
from campaigns.services.ports import Campaigns, Contacts, Listing, Recipients

#: Recipients read at once by a filtered list, and by whoever wants all.
_SCAN: Final = 500


@dataclass(frozen=True, slots=True)
class RecipientView:
    """A recipient and the contact that it was; the contact may be gone."""

    recipient: Recipient
    contact: Contact | None


class ReadRecipients:
    """Reads by sequence, up to what is laid."""

    def __init__(self, *, campaigns: Campaigns, recipients: Recipients, contacts: Contacts) -> None:
        self._campaigns = campaigns
        self._recipients = recipients
        self._contacts = contacts

    def page(
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
        walk = self._walk(campaign, _behind(after), limit + 1 if not status else _SCAN)
        found: list[Recipient] = []
        for recipient in walk:
            if status is None or recipient.status is status:
                found.append(recipient)
            if len(found) > limit:
                break
        views = self._with_contacts(tenant_id, found[:limit])
        return Listing(views, str(found[limit - 1].sequence) if len(found) > limit else None)

    def one(
        self, tenant_id: str, campaign_id: str, recipient_id: str, *, consistent: bool = False
    ) -> RecipientView:
        """Raises :class:`NotFound`."""
        # Of a draft that was deleted the head alone is gone at once.
        campaign = self._head(tenant_id, campaign_id)
        found = self._recipients.find(tenant_id, campaign_id, recipient_id, consistent=consistent)
        # What lies beyond the total is not laid yet.
        if found is None or found.sequence >= campaign.total:
            raise NotFound
        return RecipientView(found, self._contacts.read(tenant_id, found.contact_id))

    def all_after(
        self, tenant_id: str, campaign_id: str, after: str | None
    ) -> tuple[Campaign, Iterator[RecipientView]]:
        """The campaign, and everybody behind that position, read as they are asked for.

        A position is the sequence of the last one seen. Raises :class:`NotFound`.
        """
        campaign = self._head(tenant_id, campaign_id)
        return campaign, self._views(campaign, _behind(after))

    def _views(self, campaign: Campaign, start: int) -> Iterator[RecipientView]:
        for chunk in batched(self._walk(campaign, start, _SCAN), _SCAN, strict=False):
            yield from self._with_contacts(campaign.tenant_id, list(chunk))

    def _with_contacts(self, tenant_id: str, recipients: list[Recipient]) -> list[RecipientView]:
        contacts = self._contacts.read_many(tenant_id, [each.contact_id for each in recipients])
        return [RecipientView(each, contacts.get(each.contact_id)) for each in recipients]

    def _walk(self, campaign: Campaign, start: int, at_once: int) -> Iterator[Recipient]:
        while start < campaign.total:
            chunk = self._chunk(campaign, start, at_once, consistent=False)
            if len(chunk) < min(at_once, campaign.total - start):
                # They were laid a moment ago: an older read does not know all of them.
                chunk = self._chunk(campaign, start, at_once, consistent=True)
            if not chunk:
                return
            yield from chunk
            start = chunk[-1].sequence + 1

    def _chunk(
        self, campaign: Campaign, start: int, at_once: int, *, consistent: bool
    ) -> list[Recipient]:
        return self._recipients.page(
            campaign.tenant_id,
            campaign.campaign_id,
            start,
            campaign.total,
            limit=at_once,
            consistent=consistent,
        )

    def _head(self, tenant_id: str, campaign_id: str) -> Campaign:
        campaign = self._campaigns.head(tenant_id, campaign_id, consistent=True)
        if campaign is None:
            raise NotFound
        return campaign


def _behind(after: str | None) -> int:
    return int(after) + 1 if after else 0
