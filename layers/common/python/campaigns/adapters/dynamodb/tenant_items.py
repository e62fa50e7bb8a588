"""Shapes of tenants, their holidays and their keys."""

from pynamodb.attributes import (
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Item
from campaigns.domain.model import Key, Role, Tenant, TenantHoliday


class TenantItem(Item):
    tenant_id = UnicodeAttribute()
    name = UnicodeAttribute()
    timezone = UnicodeAttribute()
    locale = UnicodeAttribute()
    quiet_hours_start = UnicodeAttribute()
    quiet_hours_end = UnicodeAttribute()
    opt_out_keywords = ListAttribute(of=UnicodeAttribute)
    owner_keys = NumberAttribute()
    created_at = NumberAttribute()
    updated_at = NumberAttribute()
    write_token = UnicodeAttribute(null=True)
    list_key = UnicodeAttribute()
    list_sort = UnicodeAttribute()


class HolidayItem(Item):
    """A tenant's own entry for a day."""

    day = UnicodeAttribute()
    name = UnicodeAttribute()
    is_active = BooleanAttribute()


class BearerKeyItem(Item):
    """A key to the API; of its secret only the hash."""

    key_id = UnicodeAttribute()
    tenant_id = UnicodeAttribute()
    role = UnicodeAttribute()
    name = UnicodeAttribute()
    secret_hash = UnicodeAttribute()
    created_at = NumberAttribute()
    last_used_at = NumberAttribute(null=True)
    list_key = UnicodeAttribute()
    list_sort = UnicodeAttribute()


def to_tenant(item: TenantItem) -> Tenant:
    return Tenant(
        tenant_id=item.tenant_id,
        name=item.name,
        timezone=item.timezone,
        locale=item.locale,
        quiet_hours_start=item.quiet_hours_start,
        quiet_hours_end=item.quiet_hours_end,
        opt_out_keywords=tuple(str(word) for word in item.opt_out_keywords),
        created_at=int(item.created_at),
        updated_at=int(item.updated_at),
    )


def to_tenant_item(tenant: Tenant, *, owner_keys: int) -> TenantItem:
    key = keys.tenant(tenant.tenant_id)
    return TenantItem(
        key.pk,
        key.sk,
        tenant_id=tenant.tenant_id,
        name=tenant.name,
        timezone=tenant.timezone,
        locale=tenant.locale,
        quiet_hours_start=tenant.quiet_hours_start,
        quiet_hours_end=tenant.quiet_hours_end,
        opt_out_keywords=list(tenant.opt_out_keywords),
        owner_keys=owner_keys,
        created_at=tenant.created_at,
        updated_at=tenant.updated_at,
        list_key=keys.tenants(),
        list_sort=tenant.tenant_id,
    )


def to_holiday(item: HolidayItem) -> TenantHoliday:
    return TenantHoliday(item.day, item.name, item.is_active)


def to_holiday_item(tenant_id: str, holiday: TenantHoliday) -> HolidayItem:
    key = keys.tenant_holiday(tenant_id, holiday.day)
    return HolidayItem(
        key.pk, key.sk, day=holiday.day, name=holiday.name, is_active=holiday.is_active
    )


def to_key(item: BearerKeyItem) -> Key:
    return Key(
        key_id=item.key_id,
        tenant_id=item.tenant_id,
        role=Role(item.role),
        name=item.name,
        secret_hash=item.secret_hash,
        created_at=int(item.created_at),
        last_used_at=None if item.last_used_at is None else int(item.last_used_at),
    )


def to_key_item(key: Key) -> BearerKeyItem:
    place = keys.bearer_key(key.key_id)
    return BearerKeyItem(
        place.pk,
        place.sk,
        key_id=key.key_id,
        tenant_id=key.tenant_id,
        role=key.role,
        name=key.name,
        secret_hash=key.secret_hash,
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        list_key=keys.list_of(key.tenant_id, "KEYS"),
        list_sort=key.key_id,
    )
