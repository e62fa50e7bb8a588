"""A campaign's hours: its schedule, its tenant's quiet hours and holidays, in one value."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.holiday_calendar import national_holidays
from campaigns.domain.hours import Hours, custom_windows, window_of
from campaigns.domain.instants import MINUTE_MS, SECOND_MS, to_datetime, to_ms
from campaigns.domain.model import Schedule, Tenant, TenantHoliday
from campaigns.domain.sending_window import DayWindow, InvalidSendingWindow

ZONE = "America/Sao_Paulo"
TENANT = Tenant("tn_1", "Loja", ZONE, "pt-BR", "21:00", "08:00", (), created_at=0, updated_at=0)
DAY_MS = 24 * 60 * MINUTE_MS


def schedule(kind: str = "immediate", **fields: object) -> Schedule:
    return replace(Schedule(kind, ZONE), **fields)  # type: ignore[arg-type]


def hours_of(given_schedule: Schedule, tenant: Tenant = TENANT, *own: TenantHoliday) -> Hours:
    return Hours.of(given_schedule, tenant, own)


def at(local: str, zone: str = ZONE) -> int:
    return to_ms(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)))


def opening(hours: Hours, local: str) -> str | None:
    found = hours.next_opening(at(local))
    return found and to_datetime(found).astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%d %H:%M:%S")


CUSTOM = schedule(
    "custom_period",
    morning_start="08:00",
    morning_end="12:00",
    afternoon_start="14:00",
    afternoon_end="18:00",
)


# The window


@pytest.mark.parametrize("kind", ["immediate", "business_days", "business_hours"])
def test_hours_of_ones_own_count_for_a_custom_period_only(kind):
    own = {"morning_start": "03:00", "morning_end": "04:00", "skip_weekends": False}
    assert window_of(schedule(kind, **own), TENANT) == window_of(schedule(kind), TENANT)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ()),
        ({"morning_start": "08:00", "morning_end": "12:00"}, (DayWindow(480, 720),)),
        ({"afternoon_start": "14:00", "afternoon_end": "24:00"}, (DayWindow(840, 1440),)),
    ],
)
def test_a_custom_period_has_the_windows_that_are_written(fields, expected):
    assert custom_windows(schedule("custom_period", **fields)) == expected


def test_a_custom_period_without_hours_is_no_window():
    with pytest.raises(InvalidSendingWindow):
        window_of(schedule("custom_period"), TENANT)


def test_quiet_hours_bind_unless_the_schedule_ignores_them_or_the_tenant_has_none():
    evening = at("2026-11-24 21:30")
    assert not hours_of(schedule()).open_at(evening)
    assert hours_of(schedule(ignore_quiet_hours=True)).open_at(evening)
    assert hours_of(schedule(), replace(TENANT, quiet_hours_end="21:00")).open_at(evening)


def test_quiet_hours_are_judged_by_the_campaigns_own_clock():
    """The person who gets the message lives by it, not the shop."""
    lisbon = hours_of(replace(schedule(), timezone="Europe/Lisbon"))
    assert not lisbon.open_at(at("2026-11-24 21:00", "Europe/Lisbon"))
    assert lisbon.open_at(at("2026-11-24 20:59", "Europe/Lisbon"))
    assert lisbon.open_at(at("2026-11-24 21:30")) is False
    assert lisbon.open_at(at("2026-11-24 05:00"))


# Openings


@pytest.mark.parametrize(
    ("kind", "asked", "expected"),
    [
        ("business_days", "2026-11-27 18:00", "2026-11-30 09:00:00"),  # Friday to Monday
        ("business_days", "2026-11-24 07:30", "2026-11-24 09:00:00"),
        ("business_days", "2026-11-24 17:59", "2026-11-24 17:59:00"),
        ("business_days", "2026-12-24 18:00", "2026-12-28 09:00:00"),  # Christmas is a Friday
        ("business_hours", "2026-11-27 18:00", "2026-11-28 09:00:00"),
        ("immediate", "2026-11-24 23:00", "2026-11-25 08:00:00"),
    ],
)
def test_the_next_opening_is_found_however_far_it_is(kind, asked, expected):
    assert opening(hours_of(schedule(kind)), asked) == expected


def test_a_pause_at_noon_goes_on_the_same_afternoon():
    assert opening(hours_of(CUSTOM), "2026-11-24 12:00") == "2026-11-24 14:00:00"
    assert opening(hours_of(CUSTOM), "2026-11-24 11:59") == "2026-11-24 11:59:00"


def test_a_tenants_own_holiday_counts_and_its_own_ordinary_day_replaces_a_national_one():
    own = TenantHoliday("2026-11-24", "Aniversário da loja", is_active=True)
    ordinary = TenantHoliday("2026-12-25", "Natal", is_active=False)
    hours = hours_of(schedule("business_days"), TENANT, own, ordinary)
    assert opening(hours, "2026-11-24 10:00") == "2026-11-25 09:00:00"
    assert opening(hours, "2026-12-24 18:00") == "2026-12-25 09:00:00"


def test_hours_that_never_open_say_so():
    night = replace(CUSTOM, morning_start="22:00", morning_end="23:00")
    night = replace(night, afternoon_start=None, afternoon_end=None)
    assert hours_of(night).next_opening(at("2026-11-24 10:00")) is None


SCHEDULES = st.sampled_from(
    [
        schedule(),
        schedule("business_days"),
        schedule("business_hours", timezone="America/New_York"),
        replace(CUSTOM, timezone="Australia/Lord_Howe", skip_holidays=False),
        replace(CUSTOM, timezone="America/Santiago", skip_weekends=False),
    ]
)
#: The years from 2025 to 2027.
INSTANTS = st.integers(1_735_689_600_000, 1_830_297_600_000)


@settings(deadline=None)
@given(SCHEDULES, INSTANTS)
def test_an_opening_is_open_and_nothing_before_it_is(given_schedule, instant):
    hours = hours_of(given_schedule)
    found = hours.next_opening(instant)
    assert found is not None
    assert found >= instant
    assert hours.open_at(found)
    assert hours.next_opening(found) == found
    if found > instant:
        assert not hours.open_at(found - 1)
        step = max(MINUTE_MS, (found - instant) // 50)
        assert not any(hours.open_at(between) for between in range(instant, found, step))


@given(INSTANTS, st.integers(0, 999))
def test_a_window_ends_with_its_last_millisecond(instant, rest):
    hours = hours_of(schedule("business_hours"))
    end = at(to_datetime(instant).strftime("%Y-%m-%d") + " 18:00")
    assert hours.open_at(end - 1 - rest)
    assert not hours.open_at(end + rest)
    assert hours.next_opening(end - 1) == end - 1
    assert hours.next_opening(end) == end + 15 * 60 * MINUTE_MS


# Days


def test_days_are_the_tenants_whatever_the_campaigns_zone():
    tokyo = hours_of(replace(schedule(), timezone="Asia/Tokyo"))
    late = at("2026-11-24 23:59:59")
    assert tokyo.day(late) == "2026-11-24"
    assert tokyo.next_day_at(late) == late + SECOND_MS
    assert tokyo.day(tokyo.next_day_at(late)) == "2026-11-25"


@given(INSTANTS)
def test_the_next_day_begins_within_a_day(instant):
    hours = hours_of(schedule())
    assert 0 < hours.next_day_at(instant) - instant <= DAY_MS
    assert hours.day(hours.next_day_at(instant)) > hours.day(instant)


# Ready before the gates


def test_the_holidays_of_this_and_the_coming_week_are_loaded_before_any_gate():
    new_year = to_ms(datetime(2026, 12, 29, 12, tzinfo=UTC))
    national_holidays.cache_clear()
    hours_of(schedule("business_days")).prepare(new_year)
    loaded = national_holidays.cache_info()
    assert loaded.currsize == 2
    assert date(2027, 1, 1) in national_holidays(2027)
    assert date(2026, 12, 25) in national_holidays(2026)
    assert national_holidays.cache_info().misses == loaded.misses


def test_hours_that_know_no_holidays_load_none():
    national_holidays.cache_clear()
    hours_of(schedule()).prepare(at("2026-11-24 10:00"))
    assert national_holidays.cache_info().currsize == 0
