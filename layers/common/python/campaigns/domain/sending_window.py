"""Sending windows: a request leaves only while the campaign's own wall clock allows it.

Every rule is judged by the local date and time that a clock in the campaign's zone shows at an
instant. Where daylight saving repeats an hour it counts twice, where it skips one nothing is open;
ends are exclusive. Holidays come in as a function of the local date.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Self
from zoneinfo import ZoneInfo

type IsHoliday = Callable[[date], bool]

DAY_MINUTES = 24 * 60
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
#: Without holidays the week repeats, so a search ends within eight days. Holidays are entries of
#: single days, kept for some years at most: if five years hold no change, none is coming.
_SEARCH = timedelta(days=5 * 366)


class ScheduleType(StrEnum):
    """The kinds of schedule that a campaign can have."""

    IMMEDIATE = "immediate"
    BUSINESS_DAYS = "business_days"
    BUSINESS_HOURS = "business_hours"
    CUSTOM_PERIOD = "custom_period"


class SendingWindowProblem(StrEnum):
    """Why hours were refused; stable codes."""

    INVALID_TIME = "invalid_time"
    END_NOT_AFTER_START = "end_not_after_start"
    WINDOWS_MISSING = "windows_missing"
    TOO_MANY_WINDOWS = "too_many_windows"
    WINDOWS_OVERLAP = "windows_overlap"
    QUIET_HOURS_EMPTY = "quiet_hours_empty"


class InvalidSendingWindow(ValueError):
    """The hours given make no sending window; `code` says why."""

    def __init__(self, code: SendingWindowProblem) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True, slots=True, order=True)
class DayWindow:
    """A stretch of the local day, in minutes since 00:00; the end is exclusive, 1440 is 24:00."""

    start_minute: int
    end_minute: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_minute <= DAY_MINUTES or not 0 <= self.end_minute <= DAY_MINUTES:
            raise InvalidSendingWindow(SendingWindowProblem.INVALID_TIME)
        if self.start_minute >= self.end_minute:
            raise InvalidSendingWindow(SendingWindowProblem.END_NOT_AFTER_START)

    @classmethod
    def parse(cls, start: str, end: str) -> Self:
        """Read ``HH:MM`` twice; ``24:00`` is allowed as the end only."""
        return cls(_parse_clock(start), _parse_clock(end, is_end=True))


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours in which nothing is sent; they may wrap midnight (21:00-08:00), the end is exclusive.

    Equal ends are refused, for they could mean all day or never; all day is 00:00-24:00.
    """

    start_minute: int
    end_minute: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_minute < DAY_MINUTES or not 0 <= self.end_minute <= DAY_MINUTES:
            raise InvalidSendingWindow(SendingWindowProblem.INVALID_TIME)
        if self.start_minute == self.end_minute:
            raise InvalidSendingWindow(SendingWindowProblem.QUIET_HOURS_EMPTY)

    @classmethod
    def parse(cls, start: str, end: str) -> Self:
        """Read ``HH:MM`` twice; ``24:00`` is allowed as the end only."""
        return cls(_parse_clock(start), _parse_clock(end, is_end=True))

    def complement(self) -> tuple[DayWindow, ...]:
        """The part of the day that is not quiet."""
        if self.start_minute > self.end_minute:
            return (DayWindow(self.end_minute, self.start_minute),)
        around = ((0, self.start_minute), (self.end_minute, DAY_MINUTES))
        return tuple(DayWindow(start, end) for start, end in around if start < end)


WHOLE_DAY = DayWindow(0, DAY_MINUTES)
OFFICE_HOURS = DayWindow(9 * 60, 18 * 60)


@dataclass(frozen=True, slots=True)
class SendingWindow:
    """When a campaign may send: windows of the local day, days left out, quiet hours on top."""

    windows: tuple[DayWindow, ...]
    skip_weekends: bool
    skip_holidays: bool
    zone: ZoneInfo
    quiet: QuietHours | None = None
    #: What quiet hours leave of the windows, in order, with touching stretches joined.
    open_stretches: tuple[DayWindow, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        allowed = self.quiet.complement() if self.quiet else (WHOLE_DAY,)
        object.__setattr__(self, "open_stretches", _intersect(self.windows, allowed))

    @classmethod
    def for_schedule(
        cls,
        schedule_type: ScheduleType,
        zone: ZoneInfo,
        *,
        custom: Sequence[DayWindow] = (),
        skip_weekends: bool = True,
        skip_holidays: bool = True,
        quiet_hours: QuietHours | None = None,
    ) -> Self:
        """A schedule's kind fixes its hours and days; custom windows and flags count only for
        `custom_period`, which has one or two windows that do not overlap.
        """
        match schedule_type:
            case ScheduleType.IMMEDIATE:
                return cls((WHOLE_DAY,), False, False, zone, quiet_hours)
            case ScheduleType.BUSINESS_DAYS:
                return cls((OFFICE_HOURS,), True, True, zone, quiet_hours)
            case ScheduleType.BUSINESS_HOURS:
                return cls((OFFICE_HOURS,), False, False, zone, quiet_hours)
            case ScheduleType.CUSTOM_PERIOD:
                windows = _custom_windows(custom)
                return cls(windows, skip_weekends, skip_holidays, zone, quiet_hours)

    @property
    def is_always_open(self) -> bool:
        """No hour and no day is left out."""
        every_day = not self.skip_weekends and not self.skip_holidays
        return every_day and self.open_stretches == (WHOLE_DAY,)


def is_open(window: SendingWindow, instant: datetime, holidays: IsHoliday) -> bool:
    """A request may leave at the instant: the local time lies in a window, on a day that counts."""
    local = _utc(instant).astimezone(window.zone).replace(tzinfo=None)
    stretch = _stretch_at(window, local)
    return stretch is not None and _is_sending_day(window, local.date(), holidays)


def next_opening(window: SendingWindow, instant: datetime, holidays: IsHoliday) -> datetime | None:
    """The first instant, at or after the given one, at which the window is open, in UTC.

    None where it never opens: quiet hours cover its windows, or every day counts as a holiday.
    """
    if not window.open_stretches:
        return None
    return _first_change(window, instant, lambda local: _next_open(window, local, holidays))


def closes_at(window: SendingWindow, instant: datetime, holidays: IsHoliday) -> datetime | None:
    """The first instant, at or after the given one, at which the window is closed, in UTC.

    That is the end of the open stretch which contains the instant. None where it never closes.
    """
    if window.is_always_open:
        return None
    return _first_change(window, instant, lambda local: _next_closed(window, local, holidays))


def _first_change(
    window: SendingWindow, instant: datetime, next_local: Callable[[datetime], datetime | None]
) -> datetime | None:
    """The earliest instant whose wall clock `next_local` accepts.

    `next_local` answers for a clock that is never put forward or back. Its answer holds up to the
    zone's next change of offset; there the question is asked again.
    """
    at = _utc(instant)
    while True:
        local = at.astimezone(window.zone).replace(tzinfo=None)
        found = next_local(local)
        if found is None:
            return None
        target = at + (found - local)
        shift = _next_offset_change(window.zone, at, target)
        if shift is None:
            return target
        at = shift


def _next_open(window: SendingWindow, local: datetime, holidays: IsHoliday) -> datetime | None:
    """The first open wall-clock time at or after the given one, on a clock without shifts."""
    last = local + _SEARCH
    while local <= last:
        minute = _minute_of_day(local)
        stretch = next((s for s in window.open_stretches if minute < s.end_minute), None)
        if stretch and _is_sending_day(window, local.date(), holidays):
            return max(local, _on_day(local, stretch.start_minute))
        local = _on_day(local, DAY_MINUTES)
    return None


def _next_closed(window: SendingWindow, local: datetime, holidays: IsHoliday) -> datetime | None:
    """The first closed wall-clock time at or after the given one, on a clock without shifts."""
    last = local + _SEARCH
    while local <= last:
        stretch = _stretch_at(window, local)
        if stretch is None or not _is_sending_day(window, local.date(), holidays):
            return local
        local = _on_day(local, stretch.end_minute)
    return None


def _stretch_at(window: SendingWindow, local: datetime) -> DayWindow | None:
    minute = _minute_of_day(local)
    return next((s for s in window.open_stretches if s.start_minute <= minute < s.end_minute), None)


def _is_sending_day(window: SendingWindow, day: date, holidays: IsHoliday) -> bool:
    if window.skip_weekends and day.isoweekday() > 5:
        return False
    return not (window.skip_holidays and holidays(day))


def _next_offset_change(zone: ZoneInfo, start: datetime, end: datetime) -> datetime | None:
    """The first instant in ``(start, end]`` at which the zone's offset is another than at `start`.

    `zoneinfo` lists no transitions, so days are compared and a differing one is halved down to
    its second. No zone of the tz database changes its offset twice within three days.
    """
    offset = start.astimezone(zone).utcoffset()
    low = start
    while low < end:
        high = min(low + _DAY, end)
        if high.astimezone(zone).utcoffset() != offset:
            return _halve(zone, low.replace(microsecond=0), high.replace(microsecond=0), offset)
        low = high
    return None


def _halve(zone: ZoneInfo, low: datetime, high: datetime, offset: timedelta | None) -> datetime:
    """The first whole second in ``(low, high]`` whose offset is not the one given."""
    while (seconds := (high - low) // _SECOND) > 1:
        middle = low + seconds // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high


def _custom_windows(custom: Iterable[DayWindow]) -> tuple[DayWindow, ...]:
    windows = tuple(sorted(custom))
    if not windows:
        raise InvalidSendingWindow(SendingWindowProblem.WINDOWS_MISSING)
    if len(windows) > 2:
        raise InvalidSendingWindow(SendingWindowProblem.TOO_MANY_WINDOWS)
    if any(b.start_minute < a.end_minute for a, b in pairwise(windows)):
        raise InvalidSendingWindow(SendingWindowProblem.WINDOWS_OVERLAP)
    return windows


def _intersect(windows: Iterable[DayWindow], allowed: Iterable[DayWindow]) -> tuple[DayWindow, ...]:
    allowed = tuple(allowed)
    joined: list[tuple[int, int]] = []
    for window in sorted(windows):
        for part in allowed:
            start = max(window.start_minute, part.start_minute)
            end = min(window.end_minute, part.end_minute)
            if start >= end:
                continue
            if joined and joined[-1][1] == start:
                start, _ = joined.pop()
            joined.append((start, end))
    return tuple(DayWindow(start, end) for start, end in joined)


def _parse_clock(text: str, *, is_end: bool = False) -> int:
    if is_end and text == "24:00":
        return DAY_MINUTES
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise InvalidSendingWindow(SendingWindowProblem.INVALID_TIME)
    return int(match[1]) * 60 + int(match[2])


def _utc(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC)


def _minute_of_day(local: datetime) -> int:
    return local.hour * 60 + local.minute


def _on_day(local: datetime, minute: int) -> datetime:
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(minutes=minute)
