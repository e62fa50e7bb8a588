"""Shapes of what a campaign's recipients are laid from."""

from collections.abc import Iterable
from enum import StrEnum

from pynamodb.attributes import (
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Item, Key
from campaigns.domain.group import GroupOf, TagOf
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.sources import GivenContacts, RecipientsOf, Source


class SourceKind(StrEnum):
    CONTACTS = "contacts"
    GROUP = "group"
    TAG = "tag"
    RECIPIENTS = "recipients"


class SourceItem(Item):
    """A source that is still to be laid; gone once it is."""

    kind = UnicodeAttribute()
    contact_ids = ListAttribute(of=UnicodeAttribute, null=True)
    #: The group's id, the tag, or the other campaign's id.
    named = UnicodeAttribute(null=True)
    until = NumberAttribute(null=True)
    statuses = ListAttribute(of=UnicodeAttribute, null=True)
    from_end = BooleanAttribute(null=True)


def to_source(item: SourceItem) -> Source:
    match SourceKind(item.kind):
        case SourceKind.CONTACTS:
            return GivenContacts(tuple(map(str, item.contact_ids)))
        case SourceKind.GROUP:
            return GroupOf(item.named)
        case SourceKind.TAG:
            return TagOf(item.named)
        case SourceKind.RECIPIENTS:
            statuses = frozenset(RecipientStatus(str(status)) for status in item.statuses)
            return RecipientsOf(item.named, int(item.until), statuses, from_end=bool(item.from_end))


def to_source_items(
    tenant_id: str, campaign_id: str, sources: Iterable[Source], *, first: int
) -> list[SourceItem]:
    """The items of sources that are laid one after the other, from the number `first` on."""
    return [
        _to_item(keys.campaign_source(tenant_id, campaign_id, number), source)
        for number, source in enumerate(sources, start=first)
    ]


def _to_item(key: Key, source: Source) -> SourceItem:
    match source:
        case GivenContacts(contact_ids):
            return SourceItem(
                key.pk, key.sk, kind=SourceKind.CONTACTS, contact_ids=list(contact_ids)
            )
        case GroupOf(group_id):
            return SourceItem(key.pk, key.sk, kind=SourceKind.GROUP, named=group_id)
        case TagOf(tag):
            return SourceItem(key.pk, key.sk, kind=SourceKind.TAG, named=tag)
        case RecipientsOf(campaign_id, until, statuses, from_end):
            return SourceItem(
                key.pk,
                key.sk,
                kind=SourceKind.RECIPIENTS,
                named=campaign_id,
                until=until,
                statuses=sorted(statuses),
                from_end=from_end,
            )
