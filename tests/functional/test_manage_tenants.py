"""Tenants, their keys and their holidays."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from random import SystemRandom

import pytest

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Table
from campaigns.adapters.dynamodb.tenant_items import BearerKeyItem
from campaigns.adapters.dynamodb.tenant_store import TenantStore
from campaigns.domain.errors import NotFound, Unauthenticated, ValidationFailed
from campaigns.domain.holiday_calendar import HolidaySource
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import Role
from campaigns.services.manage_tenants import ManageTenants, NewTenant
from campaigns.services.tenant_rules import CachedTenantRules
from tests.fakes.aws import model_table
from tests.fakes.clock import FakeClock

CHRISTMAS = date(2026, 12, 25)
INVENTORY = date(2026, 12, 28)


@pytest.fixture
def table() -> Iterator[Table]:
    with model_table() as table:
        yield table


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def tenants(table: Table, clock: FakeClock) -> ManageTenants:
    return process(table, clock)


@pytest.fixture
def tenant(tenants: ManageTenants) -> NewTenant:
    return tenants.create_tenant("Padaria")


def process(table: Table, clock: FakeClock) -> ManageTenants:
    """A process of its own, with its own cache."""
    store = TenantStore(table)
    return ManageTenants(
        tenants=store,
        cached_rules=CachedTenantRules(store, clock),
        clock=clock,
        random=SystemRandom(),
    )


def test_a_new_tenant_has_the_defaults_of_the_contract(
    tenants: ManageTenants, tenant: NewTenant, clock: FakeClock
) -> None:
    kept = tenants.rules(tenant.tenant_id).tenant
    assert (kept.name, kept.timezone, kept.locale) == ("Padaria", "America/Sao_Paulo", "pt-BR")
    assert (kept.quiet_hours_start, kept.quiet_hours_end) == ("21:00", "08:00")
    assert kept.created_at == clock.at


@pytest.mark.parametrize(
    ("given_values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "n" * 201}, "name"),
        ({"name": "Padaria", "timezone": "America/Sao Paulo"}, "timezone"),
        ({"name": "Padaria", "timezone": "../etc/passwd"}, "timezone"),
        ({"name": "Padaria", "locale": "fr"}, "locale"),
    ],
)
def test_a_tenant_with_a_wrong_field_is_not_created(
    tenants: ManageTenants, given_values: dict[str, str], field: str
) -> None:
    with pytest.raises(ValidationFailed) as failed:
        tenants.create_tenant(**given_values)
    assert [error.field for error in failed.value.errors] == [field]


def test_the_owner_key_opens_its_tenant(tenants: ManageTenants, tenant: NewTenant) -> None:
    principal = tenants.authenticate(tenant.owner_key)
    assert (principal.tenant_id, principal.role) == (tenant.tenant_id, Role.OWNER)
    assert principal.actor == f"key:{principal.key_id}"
    assert tenant.owner_key.startswith(f"ak_{principal.key_id}_")


def test_only_the_hash_of_a_key_is_kept_and_it_shows_nowhere(
    tenants: ManageTenants, tenant: NewTenant, table: Table
) -> None:
    principal = tenants.authenticate(tenant.owner_key)
    secret = tenant.owner_key.rpartition("_")[2]
    item = table.get(BearerKeyItem, keys.bearer_key(principal.key_id))
    assert item is not None
    assert secret not in str(item.serialize())
    key = TenantStore(table).key(principal.key_id)
    assert key is not None
    assert secret not in repr(tenant)
    assert key.secret_hash not in repr(key)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: key[:-1] + ("0" if key[-1] != "0" else "1"),
        lambda key: key.upper(),
        lambda key: f"Bearer {key}",
        lambda key: key + "\n",
        lambda key: key[:0],
        lambda key: key[:3],
        lambda key: key.replace(key[3:29], "0" * 26),
    ],
)
def test_any_other_key_is_refused_alike(
    tenants: ManageTenants, tenant: NewTenant, spoil: object
) -> None:
    with pytest.raises(Unauthenticated) as refused:
        tenants.authenticate(spoil(tenant.owner_key))  # type: ignore[operator]
    assert dict(refused.value.context) == {}


def test_the_last_use_of_a_key_is_noted_once_an_hour(
    tenants: ManageTenants, tenant: NewTenant, table: Table, clock: FakeClock
) -> None:
    writes: Counter[str] = Counter()
    table.connection.client.meta.events.register(
        "before-call.dynamodb.UpdateItem", lambda model, **_: writes.update([model.name])
    )
    first_use = clock.at
    key_id = tenants.authenticate(tenant.owner_key).key_id
    clock.at += 60 * MINUTE_MS - 1
    tenants.authenticate(tenant.owner_key)
    assert writes["UpdateItem"] == 1
    key = TenantStore(table).key(key_id)
    assert key is not None
    assert key.last_used_at == first_use
    clock.at += 1
    tenants.authenticate(tenant.owner_key)
    assert writes["UpdateItem"] == 2


def test_noting_the_use_of_a_key_does_not_bring_a_deleted_one_back(
    tenants: ManageTenants, tenant: NewTenant, table: Table
) -> None:
    store = TenantStore(table)
    key = store.key(tenants.authenticate(tenant.owner_key).key_id)
    assert key is not None
    table.delete(BearerKeyItem, keys.bearer_key(key.key_id))
    store.note_use(key, 9_999_999_999_999)
    assert store.key(key.key_id) is None
    with pytest.raises(Unauthenticated):
        tenants.authenticate(tenant.owner_key)


def test_a_years_holidays_are_national_and_own(tenants: ManageTenants, tenant: NewTenant) -> None:
    tenants.put_holiday(tenant.tenant_id, INVENTORY, " Balanço ")
    tenants.put_holiday(tenant.tenant_id, CHRISTMAS, "Plantão", is_active=False)
    by_day = {entry.day: entry for entry in tenants.holidays(tenant.tenant_id, 2026)}
    assert (by_day[INVENTORY].name, by_day[INVENTORY].source) == ("Balanço", HolidaySource.TENANT)
    assert not by_day[CHRISTMAS].is_active
    assert by_day[date(2026, 9, 7)].source is HolidaySource.NATIONAL
    assert INVENTORY.replace(year=2027) not in {
        entry.day for entry in tenants.holidays(tenant.tenant_id, 2027)
    }


def test_a_deleted_own_entry_shows_the_national_holiday_again(
    tenants: ManageTenants, tenant: NewTenant
) -> None:
    tenants.put_holiday(tenant.tenant_id, CHRISTMAS, "Plantão", is_active=False)
    tenants.delete_holiday(tenant.tenant_id, CHRISTMAS)
    by_day = {entry.day: entry for entry in tenants.holidays(tenant.tenant_id, 2026)}
    assert by_day[CHRISTMAS].source is HolidaySource.NATIONAL
    with pytest.raises(NotFound):
        tenants.delete_holiday(tenant.tenant_id, CHRISTMAS)


def test_a_holiday_has_a_name(tenants: ManageTenants, tenant: NewTenant) -> None:
    with pytest.raises(ValidationFailed):
        tenants.put_holiday(tenant.tenant_id, INVENTORY, " ")


def test_another_process_knows_a_new_holiday_within_a_minute(
    tenants: ManageTenants, tenant: NewTenant, table: Table, clock: FakeClock
) -> None:
    other = process(table, clock)
    assert other.rules(tenant.tenant_id).holidays == ()
    tenants.put_holiday(tenant.tenant_id, INVENTORY, "Balanço")
    assert [day.day for day in tenants.rules(tenant.tenant_id).holidays] == ["2026-12-28"]
    clock.at += MINUTE_MS - 1
    assert other.rules(tenant.tenant_id).holidays == ()
    clock.at += 1
    assert [day.name for day in other.rules(tenant.tenant_id).holidays] == ["Balanço"]


def test_one_tenants_holidays_are_not_anothers(tenants: ManageTenants, tenant: NewTenant) -> None:
    other = tenants.create_tenant("Ótica")
    tenants.put_holiday(tenant.tenant_id, INVENTORY, "Balanço")
    assert tenants.rules(other.tenant_id).holidays == ()
    with pytest.raises(NotFound):
        tenants.delete_holiday(other.tenant_id, INVENTORY)


def test_an_unknown_tenant_has_no_rules(tenants: ManageTenants) -> None:
    with pytest.raises(NotFound):
        tenants.rules("tn_none")
