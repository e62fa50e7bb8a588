"""Sources at work: are they this tenant's, and who is next in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from campaigns.domain.errors import UnknownReference
from campaigns.domain.group import GroupOf, TagOf
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import Campaign
from campaigns.domain.sources import PIECE_SIZE, GivenContacts, NamedSources, RecipientsOf
from campaigns.services.ports import Clock, Contacts, Layings, Listing, Recipients
from campaigns.services.ports_groups import Memberships

#: A position in a group or a tag: which way through it, since when, and behind which place.
_FIRST: Final = ">"
_AGAIN: Final = "="
#: A contact's change may land so long after the time that it tells.
_WRITTEN_WITHIN_MS: Final = 30 * SECOND_MS


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
    source goes on; None where it ends with them. `is_again`: most of them were met before.
    """

    contact_ids: Sequence[str]
    newly_named: int = 0
    position: str | None = None
    is_again: bool = False


class WalkSources:
    """Walks a campaign's sources piece by piece. A piece asked for twice begins at the same place:
    the position moves only with what was counted."""

    def __init__(
        self,
        *,
        layings: Layings,
        recipients: Recipients,
        memberships: Memberships,
        clock: Clock,
    ) -> None:
        self._layings = layings
        self._recipients = recipients
        self._memberships = memberships
        self._clock = clock

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
                return self._members_of(campaign, source)

    def _members_of(self, campaign: Campaign, source: GroupOf | TagOf) -> Piece:
        """The next by name; at the end once more whoever was given another name meanwhile.

        She may have moved from before the position to behind it, where nobody looks any more.
        """
        members = partial(self._memberships.members, campaign.tenant_id, source, limit=PIECE_SIZE)
        if campaign.source_position is not None:
            return _further_members(members, campaign.source_position)
        since = self._clock.now() - _WRITTEN_WITHIN_MS
        listing = members(after=None)
        # Read at once, nobody has moved meanwhile.
        following = listing.next and f"{_FIRST}{since}:{listing.next}"
        return Piece(listing.items, len(listing.items), following)

    def _recipients_of(self, tenant_id: str, source: RecipientsOf, position: str | None) -> Piece:
        """Of the next recipients of another campaign those that it selects, as they are now."""
        if source.from_end:
            stop = int(position or source.until)
            following = start = (stop - 1) // PIECE_SIZE * PIECE_SIZE
        else:
            start = int(position or 0)
            following = stop = min(start + PIECE_SIZE, source.until)
        page = self._recipients.page(
            tenant_id, source.campaign_id, start, stop, limit=PIECE_SIZE, consistent=True
        )
        contact_ids = [each.contact_id for each in page if source.selects(each)]
        is_last = following == (0 if source.from_end else source.until)
        return Piece(contact_ids, len(contact_ids), None if is_last else str(following))


def _further_members(members: Callable[..., Listing[str]], position: str) -> Piece:
    way, (since, _, after) = position[0], position[1:].partition(":")
    if way == _AGAIN:
        renamed = members(after=after or None, since=int(since))
        following = renamed.next and f"{_AGAIN}{since}:{renamed.next}"
        return Piece(renamed.items, position=following, is_again=True)
    listing = members(after=after)
    if listing.next is not None:
        following = f"{_FIRST}{since}:{listing.next}"
    else:
        is_needed = members(after=None, since=int(since)).items
        following = f"{_AGAIN}{since}:" if is_needed else None
    return Piece(listing.items, len(listing.items), following)
