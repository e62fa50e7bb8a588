"""Keeping a tenant's contacts: one per person, and an opt-out that outlives it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from campaigns.domain.contact import (
    Birth,
    ContactDraft,
    check_contact,
    name_prefix,
    name_sort_key,
    new_contact,
    phone_prefixes,
    read_phone,
)
from campaigns.domain.contact_bulk import (
    OnDuplicate,
    Row,
    RowError,
    RowResult,
    fold_rows,
    refused,
)
from campaigns.domain.errors import (
    ConcurrentUpdate,
    Conflict,
    ConflictCode,
    FieldError,
    NotFound,
    ValidationFailed,
)
from campaigns.domain.identity import Identity, new_token
from campaigns.domain.model import Contact, Suppression
from campaigns.domain.phone import Phone
from campaigns.services.ports import Clock, Concurrently, Listing
from campaigns.services.ports_registry import (
    ContactBook,
    ContactOrder,
    ContactScan,
    SuppressionBook,
    Versioned,
)

#: How often a person's rows are folded again because somebody else wrote her contact meanwhile.
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class ContactView:
    """A contact with its opt-out, if there is one."""

    contact: Contact
    suppression: Suppression | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageContacts:
    """Contacts of a tenant. Times are epoch milliseconds."""

    contacts: ContactBook
    suppressions: SuppressionBook
    identity: Identity
    clock: Clock
    random: Random
    concurrently: Concurrently

    def create(self, tenant_id: str, draft: ContactDraft, *, source: str = "api") -> ContactView:
        """A person is one contact: a repeat is a Conflict that names the one that is there."""
        phone = read_phone(draft.phone)
        if isinstance(phone, FieldError):
            raise ValidationFailed([phone])
        birth = self._birth(tenant_id, phone, source)
        contact = new_contact(draft, phone, birth, self.clock.now())
        errors = check_contact(contact)
        if errors:
            raise ValidationFailed(errors)
        stale = self.contacts.save(contact, seen=None, token=new_token(self.random))
        if stale:
            raise Conflict(ConflictCode.CONTACT_EXISTS, existing_id=contact.contact_id)
        return self._view(contact)

    def read(self, tenant_id: str, contact_id: str) -> ContactView:
        return self._view(self._contact(tenant_id, contact_id))

    def list(
        self, tenant_id: str, *, search: str | None, after: str | None, limit: int
    ) -> Listing[ContactView]:
        """By name; with `search` those whose name begins with it, then those whose phone does.

        `after` is the `next` of the page before, with the same search.
        """
        scans = _scans(search or "")
        number, position = _read_position(after, len(scans))
        found: list[Contact] = []
        while number < len(scans) and len(found) < limit:
            page = self._page(tenant_id, scans[number], position, limit - len(found))
            found += [each for each in page.items if not _was_listed(each, scans[:number])]
            position = page.next
            if position is None:
                number += 1
        following = f"{number}:{position or ''}" if number < len(scans) else None
        return Listing([*self._views(tenant_id, found)], following)

    def delete(self, tenant_id: str, contact_id: str, *, seen: ContactView | None = None) -> None:
        """Removes the personal data; the suppression stays.

        Pending recipients are skipped where their contact is looked for, at the moment of sending.
        Raises ConcurrentUpdate where the contact is no longer as it was `seen`.
        """
        found = self._versioned(tenant_id, contact_id)
        if seen and seen.contact != found.value:
            raise ConcurrentUpdate
        stale = self.contacts.delete(tenant_id, contact_id, seen=found.version)
        if stale:
            raise ConcurrentUpdate if stale.current else NotFound

    def bulk(
        self,
        tenant_id: str,
        drafts: Sequence[ContactDraft | RowError],
        on_duplicate: OnDuplicate = OnDuplicate.UPDATE,
        *,
        source: str = "api",
    ) -> Sequence[RowResult]:
        """Upserts rows, persons side by side and the rows of one person in order; results in order.

        A second run with the same rows ends with the same contacts.
        """
        results: list[RowResult] = []
        persons: dict[str, list[Row]] = {}
        for index, draft in enumerate(drafts):
            row = self._row(tenant_id, index, draft, source)
            if isinstance(row, RowResult):
                results.append(row)
            else:
                persons.setdefault(row.birth.contact_id, []).append(row)
        stored = self.contacts.read_versions(tenant_id, [*persons])
        results += self._settle_all(persons, stored, on_duplicate)
        return sorted(results, key=lambda result: result.index)

    def opt_out(
        self, tenant_id: str, contact_id: str, *, reason: str | None, source: str
    ) -> ContactView:
        """Out for every campaign, at the moment of sending. The first opt-out stands."""
        contact = self._contact(tenant_id, contact_id)
        opted_out_at = self.clock.now()
        self.suppressions.put(Suppression(tenant_id, contact.person, opted_out_at, source, reason))
        return self._view(contact)

    def opt_in(self, tenant_id: str, contact_id: str) -> ContactView:
        """Takes the opt-out back; nothing happens where there is none."""
        contact = self._contact(tenant_id, contact_id)
        self.suppressions.remove(tenant_id, contact.person)
        return self._view(contact)

    def _contact(self, tenant_id: str, contact_id: str) -> Contact:
        return self._versioned(tenant_id, contact_id).value

    def _versioned(self, tenant_id: str, contact_id: str) -> Versioned[Contact]:
        # Consistently: what was just created, changed or deleted reads as such.
        found = self.contacts.read_versions(tenant_id, [contact_id]).get(contact_id)
        if found is None:
            raise NotFound
        return found

    def _view(self, contact: Contact) -> ContactView:
        return ContactView(contact, self.suppressions.read(contact.tenant_id, contact.person))

    def _views(self, tenant_id: str, contacts: Sequence[Contact]) -> Sequence[ContactView]:
        persons = [contact.person for contact in contacts]
        opted_out = self.suppressions.of_persons(tenant_id, persons)
        return [ContactView(contact, opted_out.get(contact.person)) for contact in contacts]

    def _page(
        self, tenant_id: str, scan: ContactScan, position: str | None, limit: int
    ) -> Listing[Contact]:
        try:
            return self.contacts.page(tenant_id, scan, after=position, limit=limit)
        except ValueError:
            raise _bad_cursor() from None

    def _birth(self, tenant_id: str, phone: Phone, source: str) -> Birth:
        person = self.identity.person(phone.person_key)
        return Birth(self.identity.contact_id(tenant_id, person), tenant_id, person, source)

    def _row(
        self, tenant_id: str, index: int, draft: ContactDraft | RowError, source: str
    ) -> Row | RowResult:
        if isinstance(draft, RowError):
            return refused(index, draft.errors)
        phone = read_phone(draft.phone)
        if isinstance(phone, FieldError):
            return refused(index, [phone])
        return Row(index, draft, phone, self._birth(tenant_id, phone, source))

    def _settle_all(
        self,
        persons: Mapping[str, Sequence[Row]],
        stored: Mapping[str, Versioned[Contact]],
        on_duplicate: OnDuplicate,
    ) -> Sequence[RowResult]:
        """Every person is tried before a fault of the store is passed on."""
        tasks = [
            partial(self._try_settle, rows, stored.get(contact_id), on_duplicate)
            for contact_id, rows in persons.items()
        ]
        results: list[RowResult] = []
        faults: list[Exception] = []
        for outcome in self.concurrently(tasks):
            if isinstance(outcome, Exception):
                faults.append(outcome)
            else:
                results += outcome
        if faults:
            raise faults[0]
        return results

    def _try_settle(
        self,
        rows: Sequence[Row],
        there: Versioned[Contact] | None,
        on_duplicate: OnDuplicate,
    ) -> Sequence[RowResult] | Exception:
        try:
            return self._settle(rows, there, on_duplicate)
        except Exception as fault:
            return fault

    def _settle(
        self,
        rows: Sequence[Row],
        there: Versioned[Contact] | None,
        on_duplicate: OnDuplicate,
    ) -> Sequence[RowResult]:
        """Write what the rows of one person make of her contact, upon whatever stands there."""
        for _ in range(_ATTEMPTS):
            stored = there.value if there else None
            folded = fold_rows(rows, stored, on_duplicate, self.clock.now())
            if folded.contact is None or folded.contact is stored:
                return folded.results
            stale = self.contacts.save(
                folded.contact,
                seen=there.version if there else None,
                token=new_token(self.random),
            )
            if stale is None:
                return folded.results
            there = stale.current
        raise ConcurrentUpdate


def _scans(search: str) -> list[ContactScan]:
    by_name = ContactScan(ContactOrder.NAME, name_prefix(search))
    by_phone = [ContactScan(ContactOrder.PHONE, prefix) for prefix in phone_prefixes(search)]
    return [by_name, *by_phone]


def _was_listed(contact: Contact, scans: Sequence[ContactScan]) -> bool:
    """Whether an earlier scan by name has listed it; two prefixes of a phone never share one."""
    sort_key = name_sort_key(contact.name, contact.contact_id)
    return any(
        scan.order is ContactOrder.NAME and sort_key.startswith(scan.prefix) for scan in scans
    )


def _read_position(after: str | None, scans: int) -> tuple[int, str | None]:
    number, _, position = (after or "0:").partition(":")
    if not number.isdecimal() or int(number) >= scans:
        raise _bad_cursor()
    return int(number), position or None


def _bad_cursor() -> ValidationFailed:
    return ValidationFailed([FieldError("cursor", "invalid_cursor", "invalid_cursor")])
