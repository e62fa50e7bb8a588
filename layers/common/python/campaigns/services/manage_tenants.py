"""Tenants, who calls on their behalf, and the days on which they do not work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from random import SystemRandom
from typing import Any, Final

from campaigns.domain.bearer_key import new_key, read_bearer
from campaigns.domain.errors import (
    ConcurrentUpdate,
    NotFound,
    Unauthenticated,
    ValidationFailed,
)
from campaigns.domain.holiday_calendar import Holiday, HolidayCalendar
from campaigns.domain.identity import new_id, new_token
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import Role, Tenant, TenantHoliday
from campaigns.domain.tenant_settings import (
    DEFAULT_KEYWORDS,
    DEFAULT_LOCALE,
    DEFAULT_QUIET_HOURS,
    DEFAULT_ZONE,
    check_name,
    check_tenant,
)
from campaigns.services.ports import Clock, Listing, TenantRules
from campaigns.services.ports_registry import TenantBook
from campaigns.services.tenant_rules import CachedTenantRules

#: `last_used_at` of a key is no more exact than this, so that a request is not a write.
USE_NOTED_EVERY_MS: Final = 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class NewTenant:
    """A tenant with its first key, which is shown this once."""

    tenant_id: str
    owner_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Principal:
    """On whose behalf a request comes, and what it may do."""

    tenant_id: str
    key_id: str
    role: Role

    @property
    def actor(self) -> str:
        return f"key:{self.key_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageTenants:
    """Tenants of the deployment. Times are epoch milliseconds; `random` makes secrets."""

    tenants: TenantBook
    cached_rules: CachedTenantRules
    clock: Clock
    random: SystemRandom

    def create_tenant(
        self, name: str, *, timezone: str = DEFAULT_ZONE, locale: str = DEFAULT_LOCALE
    ) -> NewTenant:
        """A tenant is created with an owner key, in one step."""
        now = self.clock.now()
        tenant = Tenant(
            tenant_id=new_id("tn", now, self.random),
            name=name.strip(),
            timezone=timezone,
            locale=locale,
            quiet_hours_start=DEFAULT_QUIET_HOURS[0],
            quiet_hours_end=DEFAULT_QUIET_HOURS[1],
            opt_out_keywords=DEFAULT_KEYWORDS,
            created_at=now,
            updated_at=now,
        )
        if errors := check_tenant(tenant):
            raise ValidationFailed(errors)
        made = new_key(tenant.tenant_id, Role.OWNER, Role.OWNER.value, now, self.random)
        self.tenants.create(tenant, made.key)
        return NewTenant(tenant.tenant_id, made.text)

    def authenticate(self, bearer: str) -> Principal:
        """Whose key it is: what stands behind the word Bearer, ``ak_<key id>_<secret>``.

        Raises Unauthenticated alike for a malformed, an unknown and a wrong one.
        """
        shown = read_bearer(bearer)
        key = self.tenants.key(shown.key_id) if shown else None
        if shown is None or key is None or not shown.opens(key):
            raise Unauthenticated
        now = self.clock.now()
        if key.last_used_at is None or key.last_used_at <= now - USE_NOTED_EVERY_MS:
            self.tenants.note_use(key, now)
        return Principal(key.tenant_id, key.key_id, key.role)

    def read(self, tenant_id: str) -> Tenant:
        """The tenant as it is now. Raises NotFound."""
        return self.tenants.read(tenant_id)

    def list(self, *, after: str | None, limit: int) -> Listing[Tenant]:
        """All of the deployment, in the order in which they were created."""
        return self.tenants.page(after=after, limit=limit)

    def change(self, seen: Tenant, changes: Mapping[str, Any]) -> Tenant:
        """Changes the settings named in `changes`; the names are the tenant's own.

        What sends knows of it within a minute (see :class:`CachedTenantRules`), a campaign that
        sleeps until its hours open within an hour. Raises ConcurrentUpdate where the tenant is no
        longer as it was `seen`.
        """
        changed = replace(seen, **{name: _tidied(value) for name, value in changes.items()})
        if errors := check_tenant(changed):
            raise ValidationFailed(errors)
        if changed == seen:
            return seen
        # The time is also the version: two changes of one moment must differ.
        changed = replace(changed, updated_at=max(self.clock.now(), seen.updated_at + 1))
        if not self.tenants.change(seen, changed, token=new_token(self.random)):
            raise ConcurrentUpdate
        self.cached_rules.forget(seen.tenant_id)
        return changed

    def rules(self, tenant_id: str) -> TenantRules:
        """The tenant and its own holidays, up to a minute old."""
        return self.cached_rules.rules(tenant_id)

    def holidays(self, tenant_id: str, year: int) -> Sequence[Holiday]:
        """The year's entries by date, national and own; an own one replaces the national one."""
        return HolidayCalendar(self.tenants.rules(tenant_id).holidays).entries(year)

    def put_holiday(
        self,
        tenant_id: str,
        day: date,
        name: str,
        *,
        is_active: bool = True,
        seen: Holiday | None = None,
    ) -> TenantHoliday:
        """Writes the tenant's own entry for a day, in the place of an earlier one.

        Raises ConcurrentUpdate where that is no longer as it was `seen`.
        """
        errors = check_name(name.strip())
        if errors:
            raise ValidationFailed(errors)
        holiday = TenantHoliday(day.isoformat(), name.strip(), is_active)
        if not self.tenants.put_holiday(tenant_id, holiday, seen=_stored(seen) if seen else None):
            raise ConcurrentUpdate
        self.cached_rules.forget(tenant_id)
        return holiday

    def delete_holiday(self, tenant_id: str, day: date, *, seen: Holiday | None = None) -> None:
        """Removes the tenant's own entry; a national holiday shows again.

        Raises ConcurrentUpdate where it is no longer as it was `seen`.
        """
        entry = _stored(seen) if seen else None
        if not self.tenants.delete_holiday(tenant_id, day.isoformat(), seen=entry):
            raise ConcurrentUpdate if seen else NotFound
        self.cached_rules.forget(tenant_id)


def _stored(holiday: Holiday) -> TenantHoliday:
    return TenantHoliday(holiday.day.isoformat(), holiday.name, holiday.is_active)


def _tidied(value: Any) -> Any:
    """Texts without the gaps around them."""
    if isinstance(value, str):
        return value.strip()
    return tuple(each.strip() for each in value)
