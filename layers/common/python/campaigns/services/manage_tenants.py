"""Tenants, the keys to their data, and the days on which they do not work."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from random import SystemRandom
from typing import Final

from campaigns.domain.errors import (
    ConcurrentUpdate,
    FieldError,
    NotFound,
    Unauthenticated,
    ValidationFailed,
)
from campaigns.domain.holiday_calendar import Holiday, HolidayCalendar
from campaigns.domain.identity import new_id
from campaigns.domain.instants import MINUTE_MS, known_zone
from campaigns.domain.model import Key, Role, Tenant, TenantHoliday
from campaigns.domain.plain_text import has_controls, is_blank
from campaigns.services.ports import Clock, TenantRules
from campaigns.services.ports_registry import TenantBook
from campaigns.services.tenant_rules import CachedTenantRules

NAME_LIMIT: Final = 200
LOCALES: Final = ("pt-BR", "en")
QUIET_HOURS: Final = ("21:00", "08:00")
OPT_OUT_KEYWORDS: Final = ("SAIR", "PARAR", "STOP")
SECRET_BYTES: Final = 32
#: `last_used_at` of a key is no more exact than this, so that a request is not a write.
USE_NOTED_EVERY_MS: Final = 60 * MINUTE_MS

_BEARER: Final = re.compile(r"ak_([0-9a-z]{26})_([0-9a-f]{64})")


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
        self, name: str, *, timezone: str = "America/Sao_Paulo", locale: str = "pt-BR"
    ) -> NewTenant:
        """A tenant is created with an owner key, in one step."""
        errors = _check_tenant(name.strip(), timezone, locale)
        if errors:
            raise ValidationFailed(errors)
        now = self.clock.now()
        tenant = Tenant(
            tenant_id=new_id("tn", now, self.random),
            name=name.strip(),
            timezone=timezone,
            locale=locale,
            quiet_hours_start=QUIET_HOURS[0],
            quiet_hours_end=QUIET_HOURS[1],
            opt_out_keywords=OPT_OUT_KEYWORDS,
            created_at=now,
        )
        key_id = new_id("ak", now, self.random).removeprefix("ak_")
        secret = self.random.randbytes(SECRET_BYTES).hex()
        key = Key(
            key_id=key_id,
            tenant_id=tenant.tenant_id,
            role=Role.OWNER,
            name=Role.OWNER.value,
            secret_hash=_hash(secret),
            created_at=now,
        )
        self.tenants.create(tenant, key)
        return NewTenant(tenant.tenant_id, f"ak_{key_id}_{secret}")

    def authenticate(self, bearer: str) -> Principal:
        """Whose key it is: what stands behind the word Bearer, ``ak_<key id>_<secret>``.

        Raises Unauthenticated alike for a malformed, an unknown and a wrong one.
        """
        match = _BEARER.fullmatch(bearer)
        key = self.tenants.key(match[1]) if match else None
        if match is None or key is None:
            raise Unauthenticated
        if not hmac.compare_digest(_hash(match[2]), key.secret_hash):
            raise Unauthenticated
        now = self.clock.now()
        if key.last_used_at is None or key.last_used_at <= now - USE_NOTED_EVERY_MS:
            self.tenants.note_use(key, now)
        return Principal(key.tenant_id, key.key_id, key.role)

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
        errors = _check_name(name.strip())
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


def _hash(secret: str) -> str:
    # The secret has 256 random bits: nothing is won by a slow hash.
    return hashlib.sha256(secret.encode()).hexdigest()


def _check_tenant(name: str, timezone: str, locale: str) -> list[FieldError]:
    errors = _check_name(name)
    if known_zone(timezone) is None:
        errors.append(FieldError("timezone", "unknown_timezone", "unknown_timezone"))
    if locale not in LOCALES:
        errors.append(FieldError("locale", "unknown_locale", "unknown_locale"))
    return errors


def _check_name(name: str) -> list[FieldError]:
    if is_blank(name):
        return [FieldError("name", "required", "required")]
    if has_controls(name, lines=False):
        return [FieldError("name", "invalid_text", "invalid_text")]
    if len(name) > NAME_LIMIT:
        return [FieldError("name", "too_long", "too_long", {"limit": NAME_LIMIT})]
    return []
