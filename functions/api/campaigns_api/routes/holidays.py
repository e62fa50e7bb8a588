"""Holidays: ``/api/campaigns/holidays/``. National ones are computed, a tenant adds her own."""

from datetime import date

from campaigns.domain.errors import NotFound
from campaigns.domain.holiday_calendar import Holiday, HolidaySource
from campaigns.domain.instants import to_datetime
from campaigns_api.call import Call, Edit
from campaigns_api.models.holidays import (
    FIRST_YEAR,
    LAST_YEAR,
    HolidayIn,
    HolidayList,
    HolidayOut,
    HolidayPatch,
    HolidayPut,
    HolidayQuery,
)
from campaigns_api.operations import Routes

routes = Routes("holidays", "/api/campaigns/holidays/")


@routes.get()
def list_holidays(call: Call, query: HolidayQuery) -> HolidayList:
    """List a year's holidays by date, the national ones and the tenant's own."""
    zone = call.app.tenants.rules(call.tenant_id).tenant.zone
    year = query.year or to_datetime(call.app.clock.now()).astimezone(zone).year
    entries = call.app.tenants.holidays(call.tenant_id, year)
    return HolidayList(results=[HolidayOut.of(entry) for entry in entries], next=None)


@routes.post(status=201)
def create_holiday(call: Call, body: HolidayIn) -> HolidayOut:
    """Add an own entry; it replaces the one that its date has, also a national one."""
    return _put(call, body.date, body.name, is_active=body.is_active)


@routes.get("{day}/")
def get_holiday(call: Call, day: str) -> HolidayOut:
    """Get an own entry by its date (`YYYY-MM-DD`)."""
    return HolidayOut.of(_own(call, day))


@routes.put("{day}/")
def replace_holiday(call: Call, day: str, body: Edit[HolidayPut]) -> HolidayOut:
    """Replace an own entry."""
    entry = _own(call, day)
    put = body.over(HolidayOut.of(entry))
    return _put(call, entry.day, put.name, is_active=put.is_active, seen=entry)


@routes.patch("{day}/")
def change_holiday(call: Call, day: str, body: Edit[HolidayPatch]) -> HolidayOut:
    """Change an own entry."""
    entry = _own(call, day)
    patch = body.over(HolidayOut.of(entry))
    name = entry.name if patch.name is None else patch.name
    is_active = entry.is_active if patch.is_active is None else patch.is_active
    return _put(call, entry.day, name, is_active=is_active, seen=entry)


@routes.delete("{day}/")
def delete_holiday(call: Call, day: str) -> None:
    """Remove an own entry; a national holiday of that date shows again."""
    entry = _own(call, day)
    call.require_match(HolidayOut.of(entry))
    call.app.tenants.delete_holiday(call.tenant_id, entry.day, seen=entry)


def _put(
    call: Call, day: date, name: str, *, is_active: bool, seen: Holiday | None = None
) -> HolidayOut:
    tenants = call.app.tenants
    stored = tenants.put_holiday(call.tenant_id, day, name, is_active=is_active, seen=seen)
    return HolidayOut.of(Holiday(day, stored.name, stored.is_active, HolidaySource.TENANT))


def _own(call: Call, day: str) -> Holiday:
    """Raises :class:`NotFound` also for a national date without an entry of the tenant's own."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise NotFound from None
    if day != wanted.isoformat() or not FIRST_YEAR <= wanted.year <= LAST_YEAR:
        raise NotFound
    for entry in call.app.tenants.holidays(call.tenant_id, wanted.year):
        if entry.day == wanted and entry.source is HolidaySource.TENANT:
            return entry
    raise NotFound
