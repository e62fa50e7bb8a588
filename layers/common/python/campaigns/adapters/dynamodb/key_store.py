"""A tenant's keys in the table. How many of them are an owner's stands on the tenant itself."""

from functools import partial
from typing import cast

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.condition import Condition

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Table
from campaigns.adapters.dynamodb.tenant_items import (
    BearerKeyItem,
    TenantItem,
    to_key,
    to_key_item,
)
from campaigns.domain.model import Key, Role
from campaigns.services.ports import Listing
from campaigns.services.ports_keys import KeyRefusal


class KeyStore:
    """See :class:`campaigns.services.ports_keys.KeyBook`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, key_id: str) -> Key | None:
        item = self._table.get(BearerKeyItem, keys.bearer_key(key_id), consistent=True)
        return to_key(item) if item else None

    def page(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[Key]:
        found: list[Key] = []
        # The index lags behind the table: what is gone meanwhile must not make an empty page.
        while True:
            wanted = limit - len(found)
            listed = self._table.query(
                BearerKeyItem,
                keys.list_of(tenant_id, "KEYS"),
                index="by_list",
                sort=partial(_behind, after) if after else None,
                limit=wanted + 1,
            ).items
            page = [item.key for item in listed[:wanted]]
            # Consistently: a key that was just deleted must not seem to work still.
            items = self._table.batch_get(BearerKeyItem, page, consistent=True)
            found += [to_key(items[key]) for key in page if key in items]
            if len(listed) <= wanted:
                return Listing(found, None)
            after = listed[wanted - 1].list_sort
            if len(found) == limit:
                return Listing(found, after)

    def create(self, key: Key) -> bool:
        tenant = keys.tenant(key.tenant_id)
        is_there = TenantItem.pk.exists()
        if key.role is Role.OWNER:
            one_more = [TenantItem.owner_keys.set(TenantItem.owner_keys + 1)]
            of_tenant = "Update", self._table.update_request(tenant, one_more, is_there)
        else:
            of_tenant = "ConditionCheck", self._table.check_request(tenant, is_there)
        put = self._table.put_request(to_key_item(key), BearerKeyItem.pk.does_not_exist())
        return self._table.transact([("Put", put), of_tenant]) is None

    def delete(self, key: Key) -> KeyRefusal | None:
        place = keys.bearer_key(key.key_id)
        writes = [("Delete", self._table.check_request(place, BearerKeyItem.pk.exists()))]
        if key.role is Role.OWNER:
            one_less = [TenantItem.owner_keys.set(TenantItem.owner_keys - 1)]
            is_not_last = TenantItem.owner_keys > 1
            tenant = keys.tenant(key.tenant_id)
            writes.append(("Update", self._table.update_request(tenant, one_less, is_not_last)))
        refusals = self._table.transact(writes)
        if refusals is None:
            return None
        return KeyRefusal.GONE if refusals[0] is not None else KeyRefusal.LAST_OWNER


def _behind(after: str, path: UnicodeAttribute) -> Condition:
    return cast(Condition, path > after)
