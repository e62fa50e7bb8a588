"""Shapes of contacts and suppressions."""

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Item
from campaigns.domain.contact import name_sort_key, phone_sort_key
from campaigns.domain.model import Contact, Suppression


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
    email = UnicodeAttribute(null=True)
    quem_indicou = UnicodeAttribute(null=True)
    tags = ListAttribute(of=UnicodeAttribute, default=list)
    custom_vars = JSONAttribute(default=dict)
    notes = UnicodeAttribute(null=True)
    is_active = BooleanAttribute()
    consent = JSONAttribute(null=True)
    list_key = UnicodeAttribute()
    list_sort = UnicodeAttribute()
    phone_list = UnicodeAttribute()
    phone_sort = UnicodeAttribute()
    write_token = UnicodeAttribute()


class SuppressionItem(Item):
    """An opt-out, under tenant and person: no contact is needed for it to stand."""

    tenant_id = UnicodeAttribute()
    person = UnicodeAttribute()
    opted_out_at = NumberAttribute()
    source = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)


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
        email=item.email,
        quem_indicou=item.quem_indicou,
        tags=tuple(str(tag) for tag in item.tags),
        custom_vars=item.custom_vars,
        notes=item.notes,
        is_active=item.is_active,
        consent=item.consent,
    )


def to_contact_item(contact: Contact, write_token: str) -> ContactItem:
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
        email=contact.email,
        quem_indicou=contact.quem_indicou,
        tags=list(contact.tags),
        custom_vars=dict(contact.custom_vars),
        notes=contact.notes,
        is_active=contact.is_active,
        consent=dict(contact.consent) if contact.consent else None,
        list_key=keys.list_of(contact.tenant_id, "CONTACTS"),
        list_sort=name_sort_key(contact.name, contact.contact_id),
        phone_list=keys.phones_of(contact.tenant_id),
        phone_sort=phone_sort_key(contact.phone, contact.contact_id),
        write_token=write_token,
    )


def to_suppression(item: SuppressionItem) -> Suppression:
    return Suppression(
        tenant_id=item.tenant_id,
        person=item.person,
        opted_out_at=int(item.opted_out_at),
        source=item.source,
        reason=item.reason,
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
    )
