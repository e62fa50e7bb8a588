"""Tenants, their holidays and their keys in the table."""

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Done, Table
from campaigns.adapters.dynamodb.tenant_items import (
    BearerKeyItem,
    HolidayItem,
    TenantItem,
    to_holiday,
    to_holiday_item,
    to_key,
    to_key_item,
    to_tenant,
    to_tenant_item,
)
from campaigns.domain.errors import NotFound
from campaigns.domain.model import Key, Tenant, TenantHoliday
from campaigns.domain.tenant_settings import SETTINGS
from campaigns.services.ports import Listing, TenantRules


class TenantStore:
    """See :class:`campaigns.services.ports_registry.TenantBook`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, tenant_id: str) -> Tenant:
        item = self._table.get(TenantItem, keys.tenant(tenant_id), consistent=True)
        if item is None:
            raise NotFound
        return to_tenant(item)

    def page(self, *, after: str | None, limit: int) -> Listing[Tenant]:
        listed = self._table.query(
            TenantItem,
            keys.tenants(),
            index="by_list",
            sort=(lambda path: path > after) if after else None,
            limit=limit + 1,
        )
        wanted = [item.key for item in listed.items[:limit]]
        found = self._table.batch_get(TenantItem, wanted)
        tenants = [to_tenant(found[key]) for key in wanted if key in found]
        following = listed.items[limit - 1].list_sort if len(listed.items) > limit else None
        return Listing(tenants, following)

    def change(self, old: Tenant, new: Tenant, *, token: str) -> bool:
        result = self._table.update(
            TenantItem,
            keys.tenant(old.tenant_id),
            [*_changes(old, new), TenantItem.write_token.set(token)],
            TenantItem.updated_at == old.updated_at,
            token=token,
        )
        return isinstance(result, Done)

    def rules(self, tenant_id: str) -> TenantRules:
        tenant = self.read(tenant_id)
        every_day = keys.tenant_holiday(tenant_id, "")
        holidays = self._table.query_all(
            HolidayItem,
            every_day.pk,
            sort=lambda path: path.startswith(every_day.sk),
            consistent=True,
        )
        return TenantRules(tenant, tuple(to_holiday(each) for each in holidays))

    def create(self, tenant: Tenant, key: Key) -> None:
        self._table.transact(
            [
                (
                    "Put",
                    self._table.put_request(
                        to_tenant_item(tenant, owner_keys=1), TenantItem.pk.does_not_exist()
                    ),
                ),
                (
                    "Put",
                    self._table.put_request(to_key_item(key), BearerKeyItem.pk.does_not_exist()),
                ),
            ]
        )

    def key(self, key_id: str) -> Key | None:
        item = self._table.get(BearerKeyItem, keys.bearer_key(key_id), consistent=True)
        return to_key(item) if item else None

    def note_use(self, key: Key, at: int) -> None:
        last = BearerKeyItem.last_used_at
        self._table.update(
            BearerKeyItem,
            keys.bearer_key(key.key_id),
            [last.set(at)],
            # A key that was deleted meanwhile must not come back as an item of one attribute.
            BearerKeyItem.pk.exists() & (last.does_not_exist() | (last < at)),
        )

    def put_holiday(
        self, tenant_id: str, holiday: TenantHoliday, *, seen: TenantHoliday | None = None
    ) -> bool:
        condition = _stands(seen) if seen else None
        return isinstance(self._table.put(to_holiday_item(tenant_id, holiday), condition), Done)

    def delete_holiday(
        self, tenant_id: str, day: str, *, seen: TenantHoliday | None = None
    ) -> bool:
        key = keys.tenant_holiday(tenant_id, day)
        condition = _stands(seen) if seen else HolidayItem.pk.exists()
        return isinstance(self._table.delete(HolidayItem, key, condition), Done)


def _changes(old: Tenant, new: Tenant) -> list[Action]:
    actions: list[Action] = [TenantItem.updated_at.set(new.updated_at)]
    for name in SETTINGS:
        value = getattr(new, name)
        if value != getattr(old, name):
            stored = list(value) if isinstance(value, tuple) else value
            actions.append(getattr(TenantItem, name).set(stored))
    return actions


def _stands(holiday: TenantHoliday) -> Condition:
    is_same: Condition = (HolidayItem.name == holiday.name) & (
        HolidayItem.is_active == holiday.is_active
    )
    return is_same
