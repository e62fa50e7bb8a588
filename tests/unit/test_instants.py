"""Instants and days, against looking at every minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.instants import MINUTE_MS, day_of, next_midnight, to_datetime, to_ms

#: Zones whose clocks are or were put forward or back around midnight, and some that never are.
ZONES = [
    "America/Sao_Paulo",
    "America/Santiago",
    "America/Havana",
    "America/Nuuk",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kolkata",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "UTC",
]
#: 2010 to 2037.
EPOCH_MS = st.integers(1_262_304_000_000, 2_114_380_800_000)


@given(EPOCH_MS)
def test_an_instant_keeps_its_milliseconds_there_and_back(ms):
    assert to_ms(to_datetime(ms)) == ms
    assert to_datetime(ms).utcoffset() == timedelta(0)


@given(EPOCH_MS, st.integers(0, 999), st.sampled_from(ZONES))
def test_an_instant_in_any_zone_is_rounded_down_to_the_millisecond(ms, microseconds, zone):
    instant = to_datetime(ms) + timedelta(microseconds=microseconds)
    assert to_ms(instant.astimezone(ZoneInfo(zone))) == ms


def test_an_hour_that_comes_twice_is_two_instants():
    zone = ZoneInfo("America/New_York")
    first = datetime(2026, 11, 1, 1, 30, tzinfo=zone)
    assert to_ms(first.replace(fold=1)) - to_ms(first) == 60 * MINUTE_MS


@given(EPOCH_MS, st.sampled_from(ZONES))
def test_the_next_midnight_is_where_the_day_changes(ms, zone):
    tz = ZoneInfo(zone)
    midnight = next_midnight(ms, tz)
    assert ms < midnight <= ms + 26 * 60 * MINUTE_MS
    assert day_of(midnight - 1, tz) == day_of(ms, tz)
    assert day_of(midnight, tz) > day_of(ms, tz)


@pytest.mark.parametrize(
    ("zone", "instant", "expected"),
    [
        # The day has no 00:00: its first instant is 01:00.
        ("America/Sao_Paulo", "2018-11-03T15:00-03:00", "2018-11-04T01:00-02:00"),
        ("America/Santiago", "2026-09-05T12:00-04:00", "2026-09-06T01:00-03:00"),
        # At midnight the clock goes back to 23:00: the day has 25 hours.
        ("America/Sao_Paulo", "2019-02-16T12:00-02:00", "2019-02-17T00:00-03:00"),
        # Midnight comes twice: the first one counts.
        ("America/Havana", "2026-10-31T12:00-04:00", "2026-11-01T00:00-04:00"),
        # 30 December 2011 was left out.
        ("Pacific/Apia", "2011-12-29T12:00-10:00", "2011-12-31T00:00+14:00"),
    ],
)
def test_a_day_begins_at_its_first_instant(zone, instant, expected):
    at = to_ms(datetime.fromisoformat(instant).astimezone(UTC))
    assert next_midnight(at, ZoneInfo(zone)) == to_ms(datetime.fromisoformat(expected))
