"""What an owner should know before a start; nothing here keeps her from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import ceil
from typing import Final

from campaigns.domain.forecast import Forecast, Pace, forecast
from campaigns.domain.hours import Hours
from campaigns.domain.model import Campaign, Tenant, TenantHoliday

#: From this many new people on, and this share of all, a campaign looks like unasked advertising.
MANY_FIRST_CONTACTS: Final = 20
_OF_ALL: Final = 2


class StartWarning(StrEnum):
    """The warnings before a start (closed list of the contract)."""

    QUIET_HOURS = "quiet_hours"
    QUIET_HOURS_IGNORED = "quiet_hours_ignored"
    NO_DAILY_LIMIT = "no_daily_limit"
    DAILY_LIMIT_SPANS_DAYS = "daily_limit_spans_days"
    FIRST_CONTACT_WITH_MANY = "first_contact_with_many"
    NO_RECEIPTS_EXPECTED = "no_receipts_expected"


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning, and the figures that explain it."""

    code: StartWarning
    context: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prospect:
    """A campaign as it would go: `remaining` messages from `due` (epoch ms) on, at that pace.

    `pace` and `today`, the day to which its count belongs, are None where nothing is known of the
    instance. `first_contacts` of the recipients were never messaged by this tenant.
    `expects_receipts`: Evolution reports what becomes of a message.
    """

    campaign: Campaign
    tenant: Tenant
    holidays: tuple[TenantHoliday, ...]
    remaining: int
    due: int
    today: str
    pace: Pace | None
    first_contacts: int
    expects_receipts: bool = True

    def hours(self, *, ignore_quiet_hours: bool) -> Hours:
        schedule = replace(self.campaign.schedule, ignore_quiet_hours=ignore_quiet_hours)
        return Hours.of(schedule, self.tenant, self.holidays)

    def forecast(self, hours: Hours, pace: Pace) -> Forecast | None:
        return forecast(self.remaining, self.due, self.today, hours, pace)


def start_warnings(prospect: Prospect) -> tuple[Warned, ...]:
    """Everything that she may not expect: waits, days, and what gets a number banned."""
    found = (
        _of_quiet_hours(prospect),
        _of_the_daily_limit(prospect),
        _of_first_contacts(prospect),
        None if prospect.expects_receipts else Warned(StartWarning.NO_RECEIPTS_EXPECTED),
    )
    return tuple(warned for warned in found if warned)


def _of_quiet_hours(prospect: Prospect) -> Warned | None:
    """Ignored, they are told where the window reaches into them; kept, where messages wait."""
    kept, free = (prospect.hours(ignore_quiet_hours=ignored) for ignored in (False, True))
    if kept.window.open_stretches == free.window.open_stretches:
        return None
    context: dict[str, str | int] = {
        "quiet_hours_start": prospect.tenant.quiet_hours_start,
        "quiet_hours_end": prospect.tenant.quiet_hours_end,
    }
    if prospect.campaign.schedule.ignore_quiet_hours:
        return Warned(StartWarning.QUIET_HOURS_IGNORED, context)
    if prospect.pace is None:
        return None
    expected = prospect.forecast(kept, prospect.pace)
    sooner = prospect.forecast(free, prospect.pace)
    if expected is None or sooner is None or expected == sooner:
        return None
    return Warned(StartWarning.QUIET_HOURS, context)


def _of_the_daily_limit(prospect: Prospect) -> Warned | None:
    """Without one a number may send too much in a day; with one a campaign may take several.

    Where no forecast reaches so far, the days are counted by the limit alone.
    """
    if prospect.pace is None:
        return None
    limit = prospect.pace.daily_limit
    if limit is None:
        return Warned(StartWarning.NO_DAILY_LIMIT)
    hours = prospect.hours(ignore_quiet_hours=prospect.campaign.schedule.ignore_quiet_hours)
    expected = prospect.forecast(hours, prospect.pace)
    sooner = prospect.forecast(hours, replace(prospect.pace, daily_limit=None))
    if sooner is None:
        return None
    days = len(expected.days) if expected else ceil(prospect.remaining / limit)
    if days <= len(sooner.days):
        return None
    context: dict[str, str | int] = {"daily_limit": limit, "days": days}
    return Warned(StartWarning.DAILY_LIMIT_SPANS_DAYS, context)


def _of_first_contacts(prospect: Prospect) -> Warned | None:
    count, total = prospect.first_contacts, prospect.campaign.total
    if count < MANY_FIRST_CONTACTS or count * _OF_ALL < total:
        return None
    context: dict[str, str | int] = {"first_contacts": count, "recipients": total}
    return Warned(StartWarning.FIRST_CONTACT_WITH_MANY, context)
