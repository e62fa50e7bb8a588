"""Shapes of contacts and suppressions."""

import json
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Item, Key
from campaigns.domain.contact import name_sort_key, phone_sort_key
from campaigns.domain.group import ContactList, GroupOf, TagOf
from campaigns.domain.membership import Places
from campaigns.domain.model import Contact, Suppression
from campaigns.services.ports_registry import Versioned


class TextsAttribute(JSONAttribute):
    """JSON with its letters as they are: escaped, one takes up to 12 bytes, and an item has 400 KB.

    So a contact fits that is as long as it may be.
    """

    def serialize(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False)


class ContactItem(Item):
    """A contact; listed by name and by phone."""

    tenant_id = UnicodeAttribute()
    contact_id = UnicodeAttribute()
    person = UnicodeAttribute()
    name = UnicodeAttribute()
    phone = UnicodeAttribute()
    created_at = NumberAttribute()
    updated_at = NumberAttribute()
    source = UnicodeAttribute()
    import_id = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    quem_indicou = UnicodeAttribute(null=True)
    tags = ListAttribute(of=UnicodeAttribute, default=list)
    custom_vars = TextsAttribute(default=dict)
    notes = UnicodeAttribute(null=True)
    is_active = BooleanAttribute()
    consent = TextsAttribute(null=True)
    groups = ListAttribute(of=UnicodeAttribute, default=list)
    opted_out = BooleanAttribute()
    behind = TextsAttribute(null=True)
    list_key = UnicodeAttribute()
    list_sort = UnicodeAttribute()
    phone_list = UnicodeAttribute()
    phone_sort = UnicodeAttribute()
    write_token = UnicodeAttribute()


class MemberItem(Item):
    """That a contact is in a group or has a tag, by her name."""

    contact_id = UnicodeAttribute()
    updated_at = NumberAttribute(default=0)


class SuppressionItem(Item):
    """An opt-out, under tenant and person: no contact is needed for it to stand."""

    tenant_id = UnicodeAttribute()
    person = UnicodeAttribute()
    opted_out_at = NumberAttribute()
    source = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    said_in = UnicodeAttribute(null=True)


def to_contact(item: ContactItem) -> Contact:
    return Contact(
        contact_id=item.contact_id,
        tenant_id=item.tenant_id,
        person=item.person,
        name=item.name,
        phone=item.phone,
        created_at=int(item.created_at),
        updated_at=int(item.updated_at),
        source=item.source,
        import_id=item.import_id,
        email=item.email,
        quem_indicou=item.quem_indicou,
        tags=tuple(str(tag) for tag in item.tags),
        custom_vars=item.custom_vars,
        notes=item.notes,
        is_active=item.is_active,
        consent=item.consent,
        groups=tuple(str(group_id) for group_id in item.groups),
        opted_out=item.opted_out,
    )


def to_versioned(item: ContactItem) -> Versioned[Contact]:
    behind = {_list_of(name): place for name, place in (item.behind or {}).items()}
    return Versioned(to_contact(item), item.write_token, behind)


def to_contact_item(contact: Contact, write_token: str, behind: Places) -> ContactItem:
    key = keys.contact(contact.tenant_id, contact.contact_id)
    return ContactItem(
        key.pk,
        key.sk,
        tenant_id=contact.tenant_id,
        contact_id=contact.contact_id,
        person=contact.person,
        name=contact.name,
        phone=contact.phone,
        created_at=contact.created_at,
        updated_at=contact.updated_at,
        source=contact.source,
        import_id=contact.import_id,
        email=contact.email,
        quem_indicou=contact.quem_indicou,
        tags=list(contact.tags),
        custom_vars=dict(contact.custom_vars),
        notes=contact.notes,
        is_active=contact.is_active,
        consent=dict(contact.consent) if contact.consent else None,
        groups=list(contact.groups),
        opted_out=contact.opted_out,
        behind={_name_of(each): place for each, place in behind.items()} or None,
        list_key=listing(
            contact.tenant_id, is_active=contact.is_active, opted_out=contact.opted_out
        ),
        list_sort=name_sort_key(contact.name, contact.contact_id),
        phone_list=keys.phones_of(contact.tenant_id),
        phone_sort=phone_sort_key(contact.phone, contact.contact_id),
        write_token=write_token,
    )


def listing(tenant_id: str, *, is_active: bool, opted_out: bool) -> str:
    """The part of the list of contacts by name in which those lie that are so."""
    states = ("ACTIVE" if is_active else "INACTIVE", "OUT" if opted_out else "IN")
    return keys.list_of(tenant_id, "#".join(("CONTACTS", *states)))


def member_key(tenant_id: str, of: ContactList, place: str) -> Key:
    """Of the entry that puts a contact into a list, at a place among its contacts."""
    match of:
        case GroupOf(group_id):
            return keys.group_member(tenant_id, group_id, place)
        case TagOf(tag):
            return keys.tag_member(tenant_id, tag, place)


def _name_of(of: ContactList) -> str:
    match of:
        case GroupOf(group_id):
            return f"GROUP#{group_id}"
        case TagOf(tag):
            return f"TAG#{tag}"


def _list_of(name: str) -> ContactList:
    kind, _, of = name.partition("#")
    return GroupOf(of) if kind == "GROUP" else TagOf(of)


def to_suppression(item: SuppressionItem) -> Suppression:
    return Suppression(
        tenant_id=item.tenant_id,
        person=item.person,
        opted_out_at=int(item.opted_out_at),
        source=item.source,
        reason=item.reason,
        said_in=item.said_in,
    )


def to_suppression_item(suppression: Suppression) -> SuppressionItem:
    key = keys.suppression(suppression.tenant_id, suppression.person)
    return SuppressionItem(
        key.pk,
        key.sk,
        tenant_id=suppression.tenant_id,
        person=suppression.person,
        opted_out_at=suppression.opted_out_at,
        source=suppression.source,
        reason=suppression.reason,
        said_in=suppression.said_in,
    )
