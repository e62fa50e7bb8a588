"""Sources at work: are they this tenant's, and who is next in them."""

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.domain.errors import UnknownReference
from campaigns.domain.group import GroupOf, TagOf
from campaigns.domain.model import Campaign
from campaigns.domain.sources import PIECE_SIZE, GivenContacts, NamedSources, RecipientsOf
from campaigns.services.ports import Contacts, Layings, Recipients
from campaigns.services.ports_groups import Memberships


class References:
    """Tells which named ids are unknown; those of another tenant are no different."""

    def __init__(self, *, contacts: Contacts, memberships: Memberships) -> None:
        self._contacts = contacts
        self._memberships = memberships

    def unknown(self, tenant_id: str, named: NamedSources) -> dict[str, Sequence[str]]:
        """By field, without repeats. A tag is no id: one that nobody has is merely empty."""
        unknown: dict[str, Sequence[str]] = {}
        contact_ids = list(dict.fromkeys(named.contact_ids))
        # Consistently: contacts may have been created in the call before.
        contacts = self._contacts.read_many(tenant_id, contact_ids, consistent=True)
        if missing := [each for each in contact_ids if each not in contacts]:
            unknown["contact_ids"] = missing
        group_ids = list(dict.fromkeys(named.group_ids))
        groups = self._memberships.existing_groups(tenant_id, group_ids) if group_ids else set()
        if missing := [each for each in group_ids if each not in groups]:
            unknown["group_ids"] = missing
        return unknown

    def require(self, tenant_id: str, named: NamedSources) -> None:
        """Raises :class:`UnknownReference`."""
        if unknown := self.unknown(tenant_id, named):
            raise UnknownReference(unknown)


@dataclass(frozen=True, slots=True)
class Piece:
    """The next contacts of a campaign's sources.

    `newly_named`: how many of them nobody had counted as requested before. `position`: where their
    source goes on; None where it ends with them.
    """

    contact_ids: Sequence[str]
    newly_named: int = 0
    position: str | None = None


class WalkSources:
    """Walks a campaign's sources piece by piece. A piece asked for twice begins at the same place:
    the position moves only with what was counted."""

    def __init__(
        self, *, layings: Layings, recipients: Recipients, memberships: Memberships
    ) -> None:
        self._layings = layings
        self._recipients = recipients
        self._memberships = memberships

    def next_piece(self, campaign: Campaign) -> Piece:
        """What lies at the campaign's own position."""
        tenant_id = campaign.tenant_id
        source = self._layings.source(tenant_id, campaign.campaign_id, campaign.next_source)
        match source:
            case None:
                return Piece(())
            case GivenContacts(contact_ids):
                return Piece(contact_ids)
            case RecipientsOf():
                return self._recipients_of(tenant_id, source, campaign.source_position)
            case GroupOf() | TagOf():
                listing = self._memberships.members(
                    tenant_id, source, after=campaign.source_position, limit=PIECE_SIZE
                )
                return Piece(listing.items, len(listing.items), listing.next)

    def _recipients_of(self, tenant_id: str, source: RecipientsOf, position: str | None) -> Piece:
        """Of the next recipients of another campaign those that it selects, as they are now."""
        page = self._recipients.page(
            tenant_id,
            source.campaign_id,
            int(position or 0),
            source.until,
            limit=PIECE_SIZE,
            consistent=True,
        )
        contact_ids = [each.contact_id for each in page if source.selects(each)]
        following = page[-1].sequence + 1 if page else source.until
        is_last = following >= source.until
        return Piece(contact_ids, len(contact_ids), None if is_last else str(following))
