"""Keeping a tenant's contacts: one per person, and an opt-out that outlives it."""

from dataclasses import dataclass, replace
from random import Random

from campaigns.domain.contact import (
    ContactDraft,
    ContactSource,
    ContactValues,
    check_contact,
    edited,
    new_contact,
    read_phone,
)
from campaigns.domain.errors import (
    ConcurrentUpdate,
    Conflict,
    ConflictCode,
    FieldError,
    NotFound,
    ValidationFailed,
)
from campaigns.domain.group import list_changes, lists_of
from campaigns.domain.identity import Identity, new_token
from campaigns.domain.model import Contact
from campaigns.domain.phone import Phone
from campaigns.services.bulk_contacts import BulkContacts, birth_of
from campaigns.services.choose_for_contact import ChooseForContact
from campaigns.services.count_lists import CountLists
from campaigns.services.ports import Clock, Listing
from campaigns.services.ports_registry import ContactBook, Stale, Versioned
from campaigns.services.read_contacts import ContactFilter, ContactView, ReadContacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageContacts:
    """Contacts of a tenant. Times are epoch milliseconds."""

    contacts: ContactBook
    choose: ChooseForContact
    reading: ReadContacts
    counting: CountLists
    bulk: BulkContacts
    identity: Identity
    clock: Clock
    random: Random

    def create(
        self, tenant_id: str, draft: ContactDraft, *, source: ContactSource = ContactSource.API
    ) -> ContactView:
        """A person is one contact: a repeat is a Conflict that names the one that is there."""
        phone = _phone(draft.phone)
        birth = birth_of(self.identity, tenant_id, phone, source)
        contact = new_contact(draft, phone, birth, self.clock.now())
        _require_valid(contact)
        if self._save(None, contact):
            raise Conflict(ConflictCode.CONTACT_EXISTS, existing_id=contact.contact_id)
        return self._view(contact)

    def read(self, tenant_id: str, contact_id: str) -> ContactView:
        """Raises NotFound."""
        return self._view(self._stored(tenant_id, contact_id).value)

    def list(
        self, tenant_id: str, wanted: ContactFilter, *, after: str | None, limit: int
    ) -> Listing[ContactView]:
        """By name; see :meth:`ReadContacts.list`."""
        return self.reading.list(tenant_id, wanted, after=after, limit=limit)

    def edit(self, tenant_id: str, seen: ContactView, values: ContactValues) -> ContactView:
        """Replaces all that may be edited; a phone only by another spelling of the same person.

        Raises ConcurrentUpdate where the contact is no longer as it was `seen`.
        """
        stored = self._as_seen(tenant_id, seen)
        phone = _phone(values.phone)
        if self.identity.person(phone.person_key) != stored.value.person:
            raise Conflict(ConflictCode.PHONE_IDENTIFIES_CONTACT)
        contact = edited(stored.value, values, phone, self.clock.now())
        _require_valid(contact)
        if contact is stored.value:
            return seen
        existing = self.reading.existing_groups(tenant_id, [contact])
        # She leaves groups that are gone: her entries there would be moved for nobody.
        groups = tuple(each for each in contact.groups if each in existing)
        contact = replace(contact, groups=groups)
        _require_written(self._save(stored, contact))
        return self._view(contact)

    def delete(self, tenant_id: str, contact_id: str, *, seen: ContactView | None = None) -> None:
        """Removes the personal data, and her from groups and tags; the suppression stays.

        Pending recipients are skipped where their contact is looked for, at the moment of sending.
        Raises ConcurrentUpdate where the contact is no longer as it was `seen`.
        """
        stored = self._as_seen(tenant_id, seen) if seen else self._stored(tenant_id, contact_id)
        with self.counting.changing(tenant_id, lists_of(stored.value)) as change:
            stale = self.contacts.delete(stored)
            if stale is None:
                change.note(stored.value, None)
        # Gone already is as good: by ourselves, where the answer was lost, or by somebody else.
        if stale and stale.current:
            raise ConcurrentUpdate

    def opt_out(
        self, tenant_id: str, contact_id: str, *, reason: str | None, source: str
    ) -> ContactView:
        """Out for every campaign, at the moment of sending. The first opt-out stands."""
        person = self._stored(tenant_id, contact_id).value.person
        self.choose.out(tenant_id, person, source=source, reason=reason)
        # As she is listed by now: she may have been opted in, and listed so, since she was read.
        return self.read(tenant_id, contact_id)

    def opt_in(self, tenant_id: str, contact_id: str) -> ContactView:
        """Takes the opt-out back; nothing happens where there is none."""
        person = self._stored(tenant_id, contact_id).value.person
        self.choose.back(tenant_id, person)
        return self.read(tenant_id, contact_id)

    def _save(self, seen: Versioned[Contact] | None, contact: Contact) -> Stale[Contact] | None:
        before = seen.value if seen else None
        named = lists_of(contact) | (lists_of(before) if before else {})
        changes = list_changes(before, contact)
        moved = {each: name for each, name in named.items() if each in changes}
        with self.counting.changing(contact.tenant_id, moved) as change:
            stale = self.contacts.save(contact, seen=seen, token=new_token(self.random))
            if stale is None:
                change.note(before, contact)
        return stale

    def _stored(self, tenant_id: str, contact_id: str) -> Versioned[Contact]:
        # Consistently: what was just created, changed or deleted reads as such.
        found = self.contacts.read_versions(tenant_id, [contact_id]).get(contact_id)
        if found is None:
            raise NotFound
        return found

    def _as_seen(self, tenant_id: str, seen: ContactView) -> Versioned[Contact]:
        stored = self._stored(tenant_id, seen.contact.contact_id)
        if stored.value != seen.contact:
            raise ConcurrentUpdate
        return stored

    def _view(self, contact: Contact) -> ContactView:
        [view] = self.reading.views(contact.tenant_id, [contact])
        return view


def _phone(text: str) -> Phone:
    phone = read_phone(text)
    if isinstance(phone, FieldError):
        raise ValidationFailed([phone])
    return phone


def _require_valid(contact: Contact) -> None:
    if errors := check_contact(contact):
        raise ValidationFailed(errors)


def _require_written(stale: Stale[Contact] | None) -> None:
    if stale:
        raise ConcurrentUpdate if stale.current else NotFound
