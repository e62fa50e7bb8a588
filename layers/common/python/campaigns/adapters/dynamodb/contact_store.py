"""Contacts and suppressions in the table."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pynamodb.expressions.condition import Condition

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.contact_items import (
    ContactItem,
    MemberItem,
    SuppressionItem,
    listing,
    member_key,
    to_contact,
    to_contact_item,
    to_suppression,
    to_versioned,
)
from campaigns.adapters.dynamodb.table import Done, Raw, Table
from campaigns.domain.contact import contact_id_of
from campaigns.domain.errors import ConcurrentUpdate
from campaigns.domain.membership import Step, steps
from campaigns.domain.model import Contact, Suppression
from campaigns.services.ports import Listing
from campaigns.services.ports_registry import ContactOrder, ContactScan, Stale, Versioned

#: Index and names of its key attributes.
_INDEXES = {
    ContactOrder.NAME: ("by_list", "list_key", "list_sort"),
    ContactOrder.PHONE: ("by_phone", "phone_list", "phone_sort"),
}


class ContactStore:
    """See :class:`campaigns.services.ports_registry.ContactBook`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, tenant_id: str, contact_id: str) -> Contact | None:
        # At half the price of a consistent read, since every send asks for it.
        item = self._table.get(ContactItem, keys.contact(tenant_id, contact_id))
        return to_contact(item) if item else None

    def read_many(
        self, tenant_id: str, contact_ids: Sequence[str], *, consistent: bool = False
    ) -> dict[str, Contact]:
        wanted = [keys.contact(tenant_id, contact_id) for contact_id in contact_ids]
        items = self._table.batch_get(ContactItem, wanted, consistent=consistent)
        return {item.contact_id: to_contact(item) for item in items.values()}

    def read_versions(
        self, tenant_id: str, contact_ids: Sequence[str]
    ) -> dict[str, Versioned[Contact]]:
        wanted = [keys.contact(tenant_id, contact_id) for contact_id in contact_ids]
        items = self._table.batch_get(ContactItem, wanted, consistent=True)
        return {item.contact_id: to_versioned(item) for item in items.values()}

    def save(
        self, contact: Contact, *, seen: Versioned[Contact] | None, token: str
    ) -> Stale[Contact] | None:
        plan = steps(seen.value if seen else None, seen.behind if seen else {}, contact)
        version = seen.version if seen else None
        return self._take(plan, version, token, partial(self._put, token=token))

    def delete(self, seen: Versioned[Contact]) -> Stale[Contact] | None:
        plan = steps(seen.value, seen.behind, replace(seen.value, tags=(), groups=()))
        return self._take(plan, seen.version, seen.version, self._delete)

    def page(
        self, tenant_id: str, scan: ContactScan, *, after: str | None, limit: int
    ) -> Listing[Contact]:
        if after is not None and not after.startswith(scan.prefix):
            raise ValueError("a position outside the scan")
        found: list[Contact] = []
        # The index lags behind the table: what is gone meanwhile must not make an empty page.
        while True:
            sort_keys, is_last = self._sort_keys(tenant_id, scan, after, limit - len(found))
            contact_ids = list(dict.fromkeys(map(contact_id_of, sort_keys)))
            by_id = self.read_many(tenant_id, contact_ids)
            found += [
                by_id[contact_id]
                for contact_id in contact_ids
                if contact_id in by_id and _is_wanted(by_id[contact_id], scan)
            ]
            after = sort_keys[-1] if sort_keys else None
            if is_last or len(found) == limit:
                return Listing(found, None if is_last else after)

    def _sort_keys(
        self, tenant_id: str, scan: ContactScan, after: str | None, limit: int
    ) -> tuple[list[str], bool]:
        """The next entries of the index, and whether they are the last."""
        found: set[str] = set()
        has_more = False
        for partition in _partitions(tenant_id, scan):
            # One more than wanted: only so is it known that something follows.
            sort_keys, last_key = self._entries_of(scan, partition, tenant_id, after, limit + 1)
            found.update(sort_keys)
            has_more |= last_key is not None
        return sorted(found)[:limit], not has_more and len(found) <= limit

    def _entries_of(
        self, scan: ContactScan, partition: str, tenant_id: str, after: str | None, limit: int
    ) -> tuple[list[str], Raw | None]:
        index, partition_name, sort_name = _INDEXES[scan.order]
        start = None
        if after:
            # The full key of an entry is known, whether it lies in this part of the list or not.
            key = keys.contact(tenant_id, contact_id_of(after))
            start = key.raw | {partition_name: {"S": partition}, sort_name: {"S": after}}
        page = self._table.query(
            ContactItem,
            partition,
            index=index,
            sort=(lambda path: path.startswith(scan.prefix)) if scan.prefix else None,
            limit=limit,
            after=start,
        )
        return [getattr(item, sort_name) for item in page.items], page.last_key

    def _take(
        self,
        plan: Sequence[Step],
        version: str | None,
        token: str,
        last: Callable[..., Stale[Contact] | None],
    ) -> Stale[Contact] | None:
        """Each step upon the one before, under a token of its own; `last` writes the last."""
        for number, step in enumerate(plan, start=1):
            step_token = f"{token}.{number}"
            write = last if number == len(plan) else partial(self._put, token=step_token)
            stale = write(step, seen=version)
            if stale and number > 1:
                raise ConcurrentUpdate
            if stale:
                return stale
            version = step_token
        return None

    def _put(self, step: Step, *, seen: str | None, token: str) -> Stale[Contact] | None:
        """One transaction, or one plain write where no list is touched."""
        item = to_contact_item(step.contact, token, step.behind)
        condition: Condition = ContactItem.write_token == seen
        if seen is None:
            condition = ContactItem.pk.does_not_exist()
        if not (step.taken_away or step.put):
            result = self._table.put(item, condition, token=token)
            return None if isinstance(result, Done) else _stale(result.item)
        contact = ("Put", self._table.put_request(item, condition))
        return _refusal(self._table.transact([contact, *self._entries(step)]), token)

    def _delete(self, step: Step, *, seen: str) -> Stale[Contact] | None:
        key = keys.contact(step.contact.tenant_id, step.contact.contact_id)
        condition = ContactItem.write_token == seen
        if not step.taken_away:
            result = self._table.delete(ContactItem, key, condition)
            return None if isinstance(result, Done) else _stale(result.item)
        contact = ("Delete", self._table.check_request(key, condition))
        return _refusal(self._table.transact([contact, *self._entries(step)]), None)

    def _entries(self, step: Step) -> list[tuple[str, dict[str, Any]]]:
        contact = step.contact
        gone = [
            member_key(contact.tenant_id, each, place) for each, place in step.taken_away.items()
        ]
        put = [member_key(contact.tenant_id, each, place) for each, place in step.put.items()]
        items = [
            MemberItem(key.pk, key.sk, contact_id=contact.contact_id, updated_at=contact.updated_at)
            for key in put
        ]
        return [
            *(("Delete", self._table.check_request(key)) for key in gone),
            *(("Put", self._table.put_request(item)) for item in items),
        ]


class SuppressionStore:
    """See :class:`campaigns.services.ports_registry.SuppressionBook`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, tenant_id: str, person: str) -> Suppression | None:
        key = keys.suppression(tenant_id, person)
        item = self._table.get(SuppressionItem, key, consistent=True)
        return to_suppression(item) if item else None

    def read_many(self, tenant_id: str, persons: Sequence[str]) -> set[str]:
        return set(self.of_persons(tenant_id, persons))

    def of_persons(self, tenant_id: str, persons: Sequence[str]) -> dict[str, Suppression]:
        wanted = [keys.suppression(tenant_id, person) for person in persons]
        items = self._table.batch_get(SuppressionItem, wanted, consistent=True)
        return {item.person: to_suppression(item) for item in items.values()}


def _refusal(refusals: Sequence[Raw | None] | None, token: str | None) -> Stale[Contact] | None:
    """What a transaction, whose first write is the contact's, came too late for."""
    if refusals is None:
        return None
    item = ContactItem.from_raw_data(refusals[0]) if refusals[0] else None
    is_mine = item is not None and item.write_token == token
    return None if is_mine else _stale(item)


def _stale(item: ContactItem | None) -> Stale[Contact]:
    return Stale(to_versioned(item) if item else None)


def _is_wanted(contact: Contact, scan: ContactScan) -> bool:
    return scan.is_active in {None, contact.is_active} and scan.opted_out in {
        None,
        contact.opted_out,
    }


def _partitions(tenant_id: str, scan: ContactScan) -> list[str]:
    """The parts of an index that hold what is wanted; each is in the same order."""
    if scan.order is ContactOrder.PHONE:
        return [keys.phones_of(tenant_id)]
    return [
        listing(tenant_id, is_active=is_active, opted_out=opted_out)
        for is_active in (True, False)
        for opted_out in (False, True)
        if scan.is_active in {None, is_active} and scan.opted_out in {None, opted_out}
    ]
