"""Reading a tenant's contacts: one by one, or those that a filter wants, by name."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from campaigns.domain.contact import name_prefix, name_sort_key, phone_prefixes
from campaigns.domain.errors import FieldError, ValidationFailed
from campaigns.domain.group import ContactList, GroupOf, tag_list
from campaigns.domain.identity import new_token
from campaigns.domain.model import Contact, Suppression
from campaigns.services.ports import Listing
from campaigns.services.ports_activity import Activities, Activity
from campaigns.services.ports_groups import Memberships
from campaigns.services.ports_registry import (
    ContactBook,
    ContactOrder,
    ContactScan,
    SuppressionBook,
)

#: How often a contact is listed anew because somebody else wrote it meanwhile.
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class ContactView:
    """A contact with what is kept of its person elsewhere."""

    contact: Contact
    suppression: Suppression | None
    activity: Activity = field(default_factory=Activity)
    groups_count: int = 0


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Which contacts a list wants: one of these at most; without any, all."""

    search: str | None = field(default=None, repr=False)
    tag: str | None = None
    group_id: str | None = None
    opted_out: bool | None = None
    is_active: bool | None = None

    def parts(self) -> Sequence[ContactScan | ContactList]:
        """What is to be read for it, one after the other."""
        if self.group_id is not None:
            return [GroupOf(self.group_id)]
        if self.tag is not None:
            return [tag_list(self.tag)]
        search = self.search or ""
        by_name = ContactScan(
            ContactOrder.NAME,
            name_prefix(search),
            is_active=self.is_active,
            opted_out=self.opted_out,
        )
        by_phone = [ContactScan(ContactOrder.PHONE, prefix) for prefix in phone_prefixes(search)]
        return [by_name, *by_phone]

    def fits(self, view: ContactView) -> bool:
        """The index may lag behind what the contact and its suppression say."""
        is_out = view.suppression is not None
        return self.opted_out in {None, is_out} and self.is_active in {None, view.contact.is_active}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadContacts:
    """Contacts as their tenant sees them."""

    contacts: ContactBook
    suppressions: SuppressionBook
    memberships: Memberships
    activities: Activities
    random: Random

    def list(
        self, tenant_id: str, wanted: ContactFilter, *, after: str | None, limit: int
    ) -> Listing[ContactView]:
        """By name; of a search those whose name begins with it, then those whose phone does.

        `after` is the `next` of the page before, with the same filter.
        """
        parts = wanted.parts()
        number, position = _read_position(after, len(parts))
        found: list[ContactView] = []
        while number < len(parts) and len(found) < limit:
            page = self._page(tenant_id, parts[number], position, limit - len(found))
            found += [
                view
                for view in self.views(tenant_id, page.items)
                if wanted.fits(view) and not _was_listed(view.contact, parts[:number])
            ]
            position = page.next
            if position is None:
                number += 1
        following = f"{number}:{position or ''}" if number < len(parts) else None
        return Listing(found, following)

    def views(self, tenant_id: str, contacts: Sequence[Contact]) -> Sequence[ContactView]:
        """Each with what is known beside it. One that is listed wrongly is listed rightly then."""
        persons = [contact.person for contact in contacts]
        opted_out = self.suppressions.of_persons(tenant_id, persons)
        activities = self.activities.of_persons(tenant_id, persons)
        groups = self.existing_groups(tenant_id, contacts)
        views = []
        for contact in contacts:
            suppression = opted_out.get(contact.person)
            if contact.opted_out is not (suppression is not None):
                self.list_as_it_is(tenant_id, contact.contact_id)
            views.append(
                ContactView(
                    replace(contact, opted_out=suppression is not None),
                    suppression,
                    activities.get(contact.person, Activity()),
                    sum(group_id in groups for group_id in contact.groups),
                )
            )
        return views

    def existing_groups(self, tenant_id: str, contacts: Sequence[Contact]) -> set[str]:
        """Of the groups of these contacts those that were not deleted."""
        group_ids = list(dict.fromkeys(each for contact in contacts for each in contact.groups))
        return self.memberships.existing_groups(tenant_id, group_ids) if group_ids else set()

    def list_as_it_is(self, tenant_id: str, contact_id: str) -> None:
        """List a contact among those who are opted out if it is, or no more if it is not.

        Whoever changes a suppression does this after it, and whoever writes a contact looks at the
        suppression after it, this write too: of two at once one sees the other.
        """
        for _ in range(_ATTEMPTS):
            stored = self.contacts.read_versions(tenant_id, [contact_id]).get(contact_id)
            if stored is None:
                return
            is_out = self.suppressions.read(tenant_id, stored.value.person) is not None
            if stored.value.opted_out is is_out:
                return
            listed = replace(stored.value, opted_out=is_out)
            self.contacts.save(listed, seen=stored, token=new_token(self.random))

    def _page(
        self,
        tenant_id: str,
        part: ContactScan | ContactList,
        position: str | None,
        limit: int,
    ) -> Listing[Contact]:
        if not isinstance(part, ContactScan):
            listing = self.memberships.members(tenant_id, part, after=position, limit=limit)
            there = self.contacts.read_many(tenant_id, listing.items, consistent=True)
            return Listing([there[each] for each in listing.items if each in there], listing.next)
        try:
            return self.contacts.page(tenant_id, part, after=position, limit=limit)
        except ValueError:
            raise _bad_cursor() from None


def _was_listed(contact: Contact, parts: Sequence[ContactScan | ContactList]) -> bool:
    """Whether an earlier scan by name has listed it; two prefixes of a phone never share one."""
    sort_key = name_sort_key(contact.name, contact.contact_id)
    return any(
        isinstance(part, ContactScan)
        and part.order is ContactOrder.NAME
        and sort_key.startswith(part.prefix)
        for part in parts
    )


def _read_position(after: str | None, parts: int) -> tuple[int, str | None]:
    number, _, position = (after or "0:").partition(":")
    if not number.isdecimal() or int(number) >= parts:
        raise _bad_cursor()
    return int(number), position or None


def _bad_cursor() -> ValidationFailed:
    return ValidationFailed([FieldError("cursor", "invalid_cursor", "invalid_cursor")])
