"""The window's arithmetic against an oracle that walks the clock minute by minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaigns.domain.sending_window import (
    DayWindow,
    QuietHours,
    ScheduleType,
    SendingWindow,
    closes_at,
    is_open,
    next_opening,
)

MINUTE = timedelta(minutes=1)
ORACLE_MINUTES = 4 * 24 * 60

#: Zone and an instant near which its offset changes.
SHIFTS = [
    ("America/Sao_Paulo", "2018-11-04T03:00"),  # gap at midnight
    ("America/Sao_Paulo", "2018-02-18T02:00"),  # fold at midnight
    ("America/New_York", "2025-03-09T07:00"),
    ("America/New_York", "2025-11-02T06:00"),
    ("Europe/Lisbon", "2026-03-29T01:00"),
    ("Europe/Lisbon", "2026-10-25T01:00"),
    ("Australia/Lord_Howe", "2026-04-04T15:00"),  # 30 minutes
    ("Australia/Lord_Howe", "2026-10-03T15:30"),
    ("America/St_Johns", "2010-11-07T02:31"),  # 00:01 goes back to the day before
    ("America/St_Johns", "2011-03-13T03:31"),
    ("Pacific/Apia", "2011-12-30T10:00"),  # a whole day is skipped
    ("America/Sao_Paulo", "2026-11-22T12:00"),  # no shift
]


def no_holidays(day):
    return False


def oracle_is_open(window, instant, holidays):
    """The rule in words: a day that counts, inside a window, outside quiet hours."""
    local = instant.astimezone(window.zone)
    minute = local.hour * 60 + local.minute
    if window.skip_weekends and local.strftime("%a") in {"Sat", "Sun"}:
        return False
    if window.skip_holidays and holidays(local.date()):
        return False
    if not any(w.start_minute <= minute < w.end_minute for w in window.windows):
        return False
    quiet = window.quiet
    if quiet is None:
        return True
    if quiet.start_minute < quiet.end_minute:
        return not quiet.start_minute <= minute < quiet.end_minute
    return quiet.end_minute <= minute < quiet.start_minute


def oracle_first(window, instant, holidays, *, is_opening):
    """The first minute that is open (or closed), or None within the oracle's reach."""
    for _ in range(ORACLE_MINUTES):
        if oracle_is_open(window, instant, holidays) is is_opening:
            return instant
        instant = instant.replace(second=0, microsecond=0) + MINUTE
    return None


#: Minutes of the day, near the hours at which clocks change half of the time.
minutes = st.one_of(st.integers(0, 1440), st.integers(0, 240), st.sampled_from([0, 1380, 1440]))


@st.composite
def day_windows(draw):
    ends = sorted(draw(st.lists(minutes, min_size=2, max_size=4, unique=True)))
    pairs = zip(ends[::2], ends[1::2], strict=False)
    return tuple(DayWindow(start, end) for start, end in pairs)


@st.composite
def quiet_hours(draw):
    start = draw(st.integers(0, 1439))
    return QuietHours(start, draw(minutes.filter(lambda end: end != start)))


@st.composite
def sending_windows(draw, zone):
    return SendingWindow.for_schedule(
        draw(st.sampled_from([*ScheduleType, *[ScheduleType.CUSTOM_PERIOD] * 4])),
        zone,
        custom=draw(day_windows()),
        skip_weekends=draw(st.booleans()),
        skip_holidays=draw(st.booleans()),
        quiet_hours=draw(st.none() | quiet_hours()),
    )


@st.composite
def moments(draw):
    """A window, an instant within two days of a shift of its zone, and holidays around it."""
    name, shift = draw(st.sampled_from(SHIFTS))
    window = draw(sending_windows(ZoneInfo(name)))
    start = datetime.fromisoformat(shift).replace(tzinfo=UTC)
    away = draw(st.integers(-2 * 24 * 60, 24 * 60) | st.integers(-120, 120))
    seconds = draw(st.sampled_from([0, 0, 1, 59.999999]))
    instant = start + timedelta(minutes=away, seconds=seconds)
    days = [(start + timedelta(days=d)).date() for d in range(-2, 6)]
    holidays = draw(st.frozensets(st.sampled_from(days), max_size=5))
    return window, instant, holidays.__contains__


@given(moments())
def test_is_open_says_what_the_rule_in_words_says(moment):
    window, instant, holidays = moment
    assert is_open(window, instant, holidays) is oracle_is_open(window, instant, holidays)


@settings(max_examples=300, deadline=None)
@given(moments())
def test_the_next_opening_is_the_first_open_minute_of_the_clock(moment):
    window, instant, holidays = moment
    expected = oracle_first(window, instant, holidays, is_opening=True)
    found = next_opening(window, instant, holidays)
    if expected is None and found is not None:
        assert found >= instant + (ORACLE_MINUTES - 1) * MINUTE
        assert oracle_is_open(window, found, holidays)
        assert not oracle_is_open(window, found - MINUTE, holidays)
    else:
        assert found == expected


@settings(max_examples=300, deadline=None)
@given(moments())
def test_a_window_closes_at_the_first_closed_minute_of_the_clock(moment):
    window, instant, holidays = moment
    expected = oracle_first(window, instant, holidays, is_opening=False)
    found = closes_at(window, instant, holidays)
    if expected is None and found is not None:
        assert found >= instant + (ORACLE_MINUTES - 1) * MINUTE
        assert not oracle_is_open(window, found, holidays)
        assert oracle_is_open(window, found - MINUTE, holidays)
    else:
        assert found == expected


@given(moments())
def test_a_window_never_opens_only_if_no_minute_of_the_day_is_left(moment):
    window, instant, holidays = moment
    day = datetime(2026, 6, 17, tzinfo=window.zone)  # a Wednesday without a shift
    is_ever_open = any(oracle_is_open(window, day + n * MINUTE, no_holidays) for n in range(1440))
    assert (next_opening(window, instant, holidays) is not None) is is_ever_open


@given(moments(), st.timedeltas(timedelta(0), timedelta(days=400)))
@example(
    (
        SendingWindow.for_schedule(ScheduleType.BUSINESS_DAYS, ZoneInfo("America/Sao_Paulo")),
        datetime(2026, 11, 20, 21, tzinfo=UTC),
        no_holidays,
    ),
    timedelta(days=3),
)
def test_openings_and_closings_alternate_and_never_go_back(moment, later):
    window, instant, holidays = moment
    instant += later
    opening = next_opening(window, instant, holidays)
    if opening is None:
        return
    assert opening >= instant
    assert opening.tzinfo is UTC
    assert is_open(window, opening, holidays)
    closing = closes_at(window, opening, holidays)
    if closing is not None:
        assert closing > opening
        assert not is_open(window, closing, holidays)
        assert is_open(window, closing - timedelta(microseconds=1), holidays)


@pytest.mark.parametrize(("name", "shift"), SHIFTS[:-1])
def test_the_zones_of_these_tests_really_shift_where_they_say(name, shift):
    instant = datetime.fromisoformat(shift).replace(tzinfo=UTC)
    before = (instant - timedelta(seconds=1)).astimezone(ZoneInfo(name)).utcoffset()
    assert instant.astimezone(ZoneInfo(name)).utcoffset() != before
