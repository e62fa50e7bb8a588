"""Tenants, their holidays and their keys in the table."""

from pynamodb.expressions.condition import Condition

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
from campaigns.services.ports import TenantRules


class TenantStore:
    """See :class:`campaigns.services.ports_registry.TenantBook`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def rules(self, tenant_id: str) -> TenantRules:
        item = self._table.get(TenantItem, keys.tenant(tenant_id), consistent=True)
        if item is None:
            raise NotFound
        every_day = keys.tenant_holiday(tenant_id, "")
        holidays = self._table.query_all(
            HolidayItem,
            every_day.pk,
            sort=lambda path: path.startswith(every_day.sk),
            consistent=True,
        )
        return TenantRules(to_tenant(item), tuple(to_holiday(each) for each in holidays))

    def create(self, tenant: Tenant, key: Key) -> None:
        self._table.transact(
            [
                (
                    "Put",
                    self._table.put_request(to_tenant_item(tenant), TenantItem.pk.does_not_exist()),
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


def _stands(holiday: TenantHoliday) -> Condition:
    is_same: Condition = (HolidayItem.name == holiday.name) & (
        HolidayItem.is_active == holiday.is_active
    )
    return is_same
