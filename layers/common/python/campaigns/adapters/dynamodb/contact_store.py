"""Contacts and suppressions in the table."""

from collections.abc import Sequence

from pynamodb.expressions.condition import Condition

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.contact_items import (
    ContactItem,
    SuppressionItem,
    to_contact,
    to_contact_item,
    to_suppression,
    to_suppression_item,
)
from campaigns.adapters.dynamodb.table import Done, Raw, Table
from campaigns.domain.contact import contact_id_of
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
        return {item.contact_id: _versioned(item) for item in items.values()}

    def save(self, contact: Contact, *, seen: str | None, token: str) -> Stale[Contact] | None:
        condition: Condition = ContactItem.write_token == seen
        if seen is None:
            condition = ContactItem.pk.does_not_exist()
        result = self._table.put(to_contact_item(contact, token), condition, token=token)
        if isinstance(result, Done):
            return None
        return Stale(_versioned(result.item) if result.item else None)

    def delete(self, tenant_id: str, contact_id: str, *, seen: str) -> Stale[Contact] | None:
        key = keys.contact(tenant_id, contact_id)
        result = self._table.delete(ContactItem, key, ContactItem.write_token == seen)
        if isinstance(result, Done):
            return None
        return Stale(_versioned(result.item) if result.item else None)

    def page(
        self, tenant_id: str, scan: ContactScan, *, after: str | None, limit: int
    ) -> Listing[Contact]:
        if after is not None and not after.startswith(scan.prefix):
            raise ValueError("a position outside the scan")
        found: list[Contact] = []
        # The index lags behind the table: what is gone meanwhile must not make an empty page.
        while True:
            sort_keys, is_last = self._sort_keys(tenant_id, scan, after, limit - len(found))
            by_id = self.read_many(tenant_id, [contact_id_of(sort) for sort in sort_keys])
            found += [
                by_id[contact_id_of(sort)] for sort in sort_keys if contact_id_of(sort) in by_id
            ]
            after = sort_keys[-1] if sort_keys else None
            if is_last or len(found) == limit:
                return Listing(found, None if is_last else after)

    def _sort_keys(
        self, tenant_id: str, scan: ContactScan, after: str | None, limit: int
    ) -> tuple[list[str], bool]:
        """The next entries of the index, and whether they are the last."""
        index, _, sort_name = _INDEXES[scan.order]
        # One more than wanted: only so is it known that something follows.
        page = self._table.query(
            ContactItem,
            _partition(tenant_id, scan.order),
            index=index,
            sort=(lambda path: path.startswith(scan.prefix)) if scan.prefix else None,
            limit=limit + 1,
            after=_start(tenant_id, scan.order, after) if after else None,
        )
        sort_keys = [getattr(item, sort_name) for item in page.items]
        is_last = len(sort_keys) <= limit and page.last_key is None
        return sort_keys[:limit], is_last


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

    def put(self, suppression: Suppression) -> None:
        """The first opt-out stands: a repeat changes neither its time nor its reason."""
        item = to_suppression_item(suppression)
        self._table.put(item, SuppressionItem.pk.does_not_exist())

    def remove(self, tenant_id: str, person: str) -> None:
        self._table.delete(SuppressionItem, keys.suppression(tenant_id, person))


def _versioned(item: ContactItem) -> Versioned[Contact]:
    return Versioned(to_contact(item), item.write_token)


def _partition(tenant_id: str, order: ContactOrder) -> str:
    if order is ContactOrder.PHONE:
        return keys.phones_of(tenant_id)
    return keys.list_of(tenant_id, "CONTACTS")


def _start(tenant_id: str, order: ContactOrder, sort_key: str) -> Raw:
    """The full key of an index entry, which its sort key tells."""
    _, partition_name, sort_name = _INDEXES[order]
    key = keys.contact(tenant_id, contact_id_of(sort_key))
    return key.raw | {
        partition_name: {"S": _partition(tenant_id, order)},
        sort_name: {"S": sort_key},
    }
