"""A campaign's hours: its own schedule, its tenant's quiet hours and holidays, in one value."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from campaigns.domain.gates import LEAVE_WITHIN_MS
from campaigns.domain.holiday_calendar import HolidayCalendar, national_holidays
from campaigns.domain.instants import day_of, next_midnight, to_datetime, to_ms
from campaigns.domain.model import Schedule, Tenant, TenantHoliday
from campaigns.domain.sending_window import (
    DayWindow,
    QuietHours,
    ScheduleType,
    SendingWindow,
    is_open,
    next_opening,
)


def custom_windows(schedule: Schedule) -> tuple[DayWindow, ...]:
    """The one or two windows that a custom period writes as hours of day."""
    pairs = (
        (schedule.morning_start, schedule.morning_end),
        (schedule.afternoon_start, schedule.afternoon_end),
    )
    return tuple(DayWindow.parse(start, end) for start, end in pairs if start and end)


def window_of(schedule: Schedule, tenant: Tenant) -> SendingWindow:
    """The sending window of a schedule, with the tenant's quiet hours unless it ignores them."""
    schedule_type = ScheduleType(schedule.schedule_type)
    is_custom = schedule_type is ScheduleType.CUSTOM_PERIOD
    quiet = None
    if not schedule.ignore_quiet_hours and tenant.quiet_hours_start != tenant.quiet_hours_end:
        quiet = QuietHours.parse(tenant.quiet_hours_start, tenant.quiet_hours_end)
    return SendingWindow.for_schedule(
        schedule_type,
        ZoneInfo(schedule.timezone),
        custom=custom_windows(schedule) if is_custom else (),
        skip_weekends=schedule.skip_weekends,
        skip_holidays=schedule.skip_holidays,
        quiet_hours=quiet,
    )


@dataclass(frozen=True, slots=True)
class TenantDays:
    """A tenant's calendar days, for what belongs to no campaign."""

    zone: ZoneInfo

    def day(self, instant: int) -> str:
        return day_of(instant, self.zone)

    def next_day_at(self, instant: int) -> int:
        return next_midnight(instant, self.zone)


@dataclass(frozen=True, slots=True)
class Hours:
    """Answers in epoch milliseconds when a campaign may send; days are the tenant's."""

    window: SendingWindow
    is_holiday: Callable[[date], bool]
    tenant_zone: ZoneInfo

    @classmethod
    def of(cls, schedule: Schedule, tenant: Tenant, own: tuple[TenantHoliday, ...]) -> "Hours":
        return cls(window_of(schedule, tenant), HolidayCalendar(own), tenant.zone)

    def open_at(self, instant: int) -> bool:
        return is_open(self.window, to_datetime(instant), self.is_holiday)

    def next_opening(self, instant: int) -> int | None:
        """The first instant at or after the given one at which a request may leave, or None."""
        if self.open_at(instant):
            return instant
        opening = next_opening(self.window, to_datetime(instant), self.is_holiday)
        return to_ms(opening) if opening else None

    def next_slot(self, instant: int) -> int | None:
        """The first instant at or after the given one that leaves a request its second."""
        if self.open_at(instant) and not self.open_at(instant + LEAVE_WITHIN_MS):
            instant += LEAVE_WITHIN_MS
        return self.next_opening(instant)

    def day(self, instant: int) -> str:
        """The tenant's calendar day, by which the day's limit counts."""
        return day_of(instant, self.tenant_zone)

    def next_day_at(self, instant: int) -> int:
        return next_midnight(instant, self.tenant_zone)

    def prepare(self, now: int) -> None:
        """Load this year's and the next week's holidays, so that no gate waits for them."""
        if self.window.skip_holidays:
            for instant in (to_datetime(now), to_datetime(now) + timedelta(days=7)):
                national_holidays(instant.year)
