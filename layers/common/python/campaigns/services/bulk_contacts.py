"""Creating and updating many contacts in one call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final

from campaigns.domain.contact import Birth, ContactDraft, ContactSource, read_phone, tag_key
from campaigns.domain.contact_bulk import (
    Folded,
    OnDuplicate,
    Row,
    RowError,
    RowResult,
    fold_rows,
    refused,
)
from campaigns.domain.errors import ConcurrentUpdate, FieldError
from campaigns.domain.group import ContactList, lists_of, tag_list
from campaigns.domain.identity import Identity, new_id, new_token
from campaigns.domain.model import Contact
from campaigns.domain.phone import Phone
from campaigns.services.count_lists import CountLists
from campaigns.services.ports import Clock, Concurrently
from campaigns.services.ports_registry import ContactBook, Versioned
from campaigns.services.read_contacts import ReadContacts

#: How often a person's rows are folded again because somebody else wrote her contact meanwhile.
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class _Settled:
    """What became of a person's rows, and her contact before and after them."""

    folded: Folded
    before: Contact | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkContacts:
    """Upserts of rows. Times are epoch milliseconds."""

    contacts: ContactBook
    reading: ReadContacts
    counting: CountLists
    identity: Identity
    clock: Clock
    random: Random
    concurrently: Concurrently

    def __call__(
        self,
        tenant_id: str,
        drafts: Sequence[ContactDraft | RowError],
        on_duplicate: OnDuplicate = OnDuplicate.UPDATE,
    ) -> Sequence[RowResult]:
        """Upserts rows, persons side by side and the rows of one person in order; results in order.

        Contacts that are created bear an id of this call. A second run with the same rows ends with
        the same contacts.
        """
        results: list[RowResult] = []
        persons: dict[str, list[Row]] = {}
        import_id = new_id("im", self.clock.now(), self.random)
        for index, draft in enumerate(drafts):
            row = self._row(tenant_id, index, draft, import_id)
            if isinstance(row, RowResult):
                results.append(row)
            else:
                persons.setdefault(row.birth.contact_id, []).append(row)
        stored = self.contacts.read_versions(tenant_id, [*persons])
        for settled in self._settle_all(tenant_id, persons, stored, on_duplicate):
            results += settled.folded.results
        return sorted(results, key=lambda result: result.index)

    def _row(
        self, tenant_id: str, index: int, draft: ContactDraft | RowError, import_id: str
    ) -> Row | RowResult:
        if isinstance(draft, RowError):
            return refused(index, draft.errors)
        phone = read_phone(draft.phone)
        if isinstance(phone, FieldError):
            return refused(index, [phone])
        birth = birth_of(self.identity, tenant_id, phone, ContactSource.IMPORT, import_id)
        return Row(index, draft, phone, birth)

    def _settle_all(
        self,
        tenant_id: str,
        persons: Mapping[str, Sequence[Row]],
        stored: Mapping[str, Versioned[Contact]],
        on_duplicate: OnDuplicate,
    ) -> Sequence[_Settled]:
        """Every person is tried before a fault of the store is passed on."""
        tags = self._tags_of_changed(persons, stored, on_duplicate)
        with self.counting.changing(tenant_id, tags) as change:
            everybody = self.concurrently(
                [
                    partial(self._settle, rows, stored.get(contact_id), on_duplicate)
                    for contact_id, rows in persons.items()
                ]
            )
            for each in everybody:
                change.note(each.before, each.folded.contact)
        contacts = [each.folded.contact for each in everybody if each.folded.contact]
        self._list_opted_out(tenant_id, contacts)
        return everybody

    def _tags_of_changed(
        self,
        persons: Mapping[str, Sequence[Row]],
        stored: Mapping[str, Versioned[Contact]],
        on_duplicate: OnDuplicate,
    ) -> Mapping[ContactList, str]:
        """All that rows can add to, also where somebody else changes the contact meanwhile.

        A tag that is refused may be among them: it moves nothing, and names none that is kept.
        """
        kept: dict[ContactList, str] = {}
        others: dict[ContactList, str] = {}
        for contact_id, rows in persons.items():
            there = stored[contact_id].value if contact_id in stored else None
            after = fold_rows(rows, there, on_duplicate, self.clock.now()).contact
            if after is None or after is there:
                continue
            entered = lists_of(after)
            for tag in (tag for row in rows for tag in row.draft.tags or () if tag_key(tag)):
                of = tag_list(tag)
                if of in entered:
                    kept.setdefault(of, entered[of])
                else:
                    others.setdefault(of, tag.strip())
        return others | kept

    def _settle(
        self,
        rows: Sequence[Row],
        there: Versioned[Contact] | None,
        on_duplicate: OnDuplicate,
    ) -> _Settled:
        """Write what the rows of one person make of her contact, upon whatever stands there."""
        for _ in range(_ATTEMPTS):
            stored = there.value if there else None
            folded = fold_rows(rows, stored, on_duplicate, self.clock.now())
            if folded.contact is None or folded.contact is stored:
                return _Settled(folded, stored)
            token = new_token(self.random)
            stale = self.contacts.save(folded.contact, seen=there, token=token)
            if stale is None:
                return _Settled(folded, stored)
            there = stale.current
        raise ConcurrentUpdate

    def _list_opted_out(self, tenant_id: str, contacts: Sequence[Contact]) -> None:
        """Who is opted out stays so, and is listed so also as a new contact."""
        persons = [contact.person for contact in contacts]
        opted_out = self.reading.suppressions.of_persons(tenant_id, persons)
        for contact in contacts:
            if contact.opted_out is not (contact.person in opted_out):
                self.reading.list_as_it_is(tenant_id, contact.contact_id)


def birth_of(
    identity: Identity,
    tenant_id: str,
    phone: Phone,
    source: ContactSource,
    import_id: str | None = None,
) -> Birth:
    """A contact's id follows from tenant and person."""
    person = identity.person(phone.person_key)
    return Birth(identity.contact_id(tenant_id, person), tenant_id, person, source, import_id)
