"""Sources: what a campaign's recipients are laid from, merged without repeats.

A source is a snapshot of the moment in which it is laid, which is seconds after it was named: who
is in a group then is a recipient, whoever joins later is not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import batched
from typing import Final

from campaigns.domain.contact import TAG_LIMIT, tag_key
from campaigns.domain.errors import FieldError
from campaigns.domain.group import GroupOf, TagOf
from campaigns.domain.model import Campaign, Contact, Recipient, RecipientsState
from campaigns.domain.plain_text import has_controls, is_blank
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus
from campaigns.domain.rendering import contact_values

CONTACT_IDS_LIMIT: Final = 10_000
#: With these every source of one call fits into the transaction that stores them.
GROUP_IDS_LIMIT: Final = 30
TAGS_LIMIT: Final = 30
#: Contacts are laid in pieces of this many, and given ids stored so.
PIECE_SIZE: Final = 500


@dataclass(frozen=True, slots=True)
class NamedSources:
    """Contacts as a caller names them: one by one, by their groups, by any of some tags."""

    contact_ids: Sequence[str] = ()
    group_ids: Sequence[str] = ()
    tags: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.contact_ids or self.group_ids or self.tags)


@dataclass(frozen=True, slots=True)
class GivenContacts:
    """Contacts named one by one, a piece of them."""

    contact_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecipientsOf:
    """Another campaign's recipients below `until`: those in one of the statuses when it is laid."""

    campaign_id: str
    until: int
    statuses: frozenset[RecipientStatus]
    #: In a draft the last one takes a removed one's place: walked to its end, it would be missed.
    from_end: bool = False

    def selects(self, recipient: Recipient) -> bool:
        """Whoever was removed from that campaign stays out of this one."""
        was_removed = recipient.error_code == RecipientErrorCode.REMOVED
        return recipient.status in self.statuses and not was_removed


@dataclass(frozen=True, slots=True)
class RecipientTally:
    """What a recipient added to its campaign's counts when it was laid: taken off if it goes."""

    values: tuple[str, ...] = ()
    is_first_contact: bool = False


type Source = GivenContacts | GroupOf | TagOf | RecipientsOf


class Copied(StrEnum):
    """Which recipients a duplicate takes over (closed list of the contract)."""

    NONE = "none"
    SAME = "same"
    FAILED = "failed"
    NOT_RESPONDED = "not_responded"


#: Whoever has not responded has been sent the message: the others could not respond.
_COPIED: Final = {
    Copied.NONE: frozenset[RecipientStatus](),
    Copied.SAME: frozenset(RecipientStatus),
    Copied.FAILED: frozenset({RecipientStatus.FAILED}),
    Copied.NOT_RESPONDED: frozenset(
        {RecipientStatus.SENT, RecipientStatus.DELIVERED, RecipientStatus.READ}
    ),
}


def check_sources(named: NamedSources) -> Iterator[FieldError]:
    """Not too many of each kind; a tag has 1 to 60 characters, not all of them blank."""
    counted = (
        ("contact_ids", named.contact_ids, CONTACT_IDS_LIMIT),
        ("group_ids", named.group_ids, GROUP_IDS_LIMIT),
        ("tags", named.tags, TAGS_LIMIT),
    )
    for field, values, limit in counted:
        if len(values) > limit:
            yield FieldError(field, "too_many", "too_many", {"limit": limit})
    for number, tag in enumerate(named.tags):
        field = f"tags.{number}"
        if is_blank(tag):
            yield FieldError(field, "blank", "blank")
        elif has_controls(tag, lines=True):
            yield FieldError(field, "invalid_text", "invalid_text")
        if len(tag) > TAG_LIMIT:
            yield FieldError(field, "too_long", "too_long", {"limit": TAG_LIMIT})


def sources_of(named: NamedSources) -> tuple[Source, ...]:
    """What was named, in its order: ids in pieces, then each group and each tag once."""
    tags = {tag_key(tag): tag for tag in reversed(named.tags)}
    return (
        *(GivenContacts(piece) for piece in batched(named.contact_ids, PIECE_SIZE, strict=False)),
        *(GroupOf(group_id) for group_id in dict.fromkeys(named.group_ids)),
        *(TagOf(tags[key]) for key in dict.fromkeys(map(tag_key, named.tags))),
    )


def copied_source(original: Campaign, copied: Copied) -> tuple[Source, ...]:
    """The source of a duplicate: none, or the original's recipients up to now."""
    if copied is Copied.NONE or not original.total:
        return ()
    can_shrink = original.started_at is None
    return (
        RecipientsOf(original.campaign_id, original.total, _COPIED[copied], from_end=can_shrink),
    )


def with_sources(
    campaign: Campaign, named: NamedSources, sources: Sequence[Source], now: int
) -> Campaign:
    """The campaign with further sources to lay; also what could not be laid before is tried again.

    The total's version rises, so that whoever saw less neither starts nor completes it.
    """
    made = campaign.recipients
    return replace(
        campaign,
        sources=campaign.sources + len(sources),
        total_version=campaign.total_version + 1,
        laid_epoch=campaign.laying_epoch,
        recipients=replace(
            made,
            state=RecipientsState.PREPARING,
            requested=made.requested + len(named.contact_ids),
            error=None,
        ),
        updated_at=max(now, campaign.updated_at + 1),
    )


def without_recipient(campaign: Campaign, tally: RecipientTally, now: int) -> Campaign:
    """The draft with one recipient fewer; `recipients` goes on telling what was made once."""
    made = campaign.recipients
    return replace(
        campaign,
        total=campaign.total - 1,
        total_version=campaign.total_version + 1,
        recipients=replace(made, first_contacts=made.first_contacts - tally.is_first_contact),
        updated_at=max(now, campaign.updated_at + 1),
    )


def valued_variables(contact: Contact) -> list[str]:
    """The variables for which the contact has a value that is not blank."""
    values = contact_values(contact.name, contact.quem_indicou, contact.custom_vars)
    return [name for name, value in values.items() if value.strip()]
