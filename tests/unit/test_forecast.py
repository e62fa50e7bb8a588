"""The forecast against sending one message after the other."""

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.forecast import FARTHEST_MS, Forecast, ForecastDay, Pace, forecast
from campaigns.domain.hours import Hours
from campaigns.domain.instants import MINUTE_MS, SECOND_MS, to_datetime, to_ms
from campaigns.domain.sending_window import DayWindow, QuietHours, SendingWindow

#: Wednesday, 18 November 2026, 8:06:40 in São Paulo.
NOW = 1_795_000_000_000
ZONE = ZoneInfo("America/Sao_Paulo")


def hours_of(*windows: DayWindow, skip_weekends: bool = False, quiet: QuietHours | None = None):
    window = SendingWindow(windows or (DayWindow(0, 1440),), skip_weekends, False, ZONE, quiet)
    return Hours(window, lambda day: day.day == 20, ZONE)


def one_by_one(remaining: int, hours: Hours, pace: Pace, *, start: int = NOW) -> Forecast | None:
    """Each message at the first instant that takes it; None where none does."""
    at, sent = start, {hours.day(start): pace.sent_today}
    left: list[int] = []
    while remaining:
        opening = hours.next_opening(at)
        if opening is None:
            return None
        at, day = opening, hours.day(opening)
        if pace.daily_limit is not None and sent.get(day, 0) >= pace.daily_limit:
            at = hours.next_day_at(at)
            continue
        sent[day] = sent.get(day, 0) + 1
        left.append(at)
        at, remaining = at + pace.mean_gap_ms, remaining - 1
    days = Counter(map(hours.day, left))
    return Forecast(left[0], left[-1], tuple(ForecastDay(*each) for each in days.items()))


@st.composite
def day_windows(draw):
    first, second, third, fourth = sorted(
        draw(st.lists(st.integers(0, 1440), min_size=4, max_size=4, unique=True))
    )
    return DayWindow(first, second), DayWindow(third, fourth)


@settings(deadline=None)
@given(
    windows=st.one_of(st.just(()), day_windows()),
    skip_weekends=st.booleans(),
    remaining=st.integers(1, 300),
    gap=st.integers(SECOND_MS, 20 * MINUTE_MS),
    daily_limit=st.one_of(st.none(), st.integers(20, 400)),
    sent_today=st.integers(0, 30),
)
def test_it_is_what_comes_of_sending_each_message_as_soon_as_it_may(
    windows, skip_weekends, remaining, gap, daily_limit, sent_today
):
    hours = hours_of(*windows, skip_weekends=skip_weekends)
    pace = Pace(gap, daily_limit, sent_today)
    found = forecast(remaining, NOW, hours.day(NOW), hours, pace)
    expected = one_by_one(remaining, hours, pace)
    assert expected is not None
    assert found == expected or (found is None and expected.last_send_at - NOW > FARTHEST_MS)


#: Days in which a clock is put forward or back somewhere among these, by half an hour or more.
ZONES = ("America/New_York", "America/Santiago", "Australia/Lord_Howe", "Africa/Casablanca")
SHIFTS = ("2026-02-15", "2026-03-08", "2026-03-22", "2026-04-05", "2026-09-06", "2026-11-01")


@settings(deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    tenant_zone=st.sampled_from((*ZONES, "America/Sao_Paulo")),
    day=st.sampled_from(SHIFTS),
    after=st.integers(-24 * 60, 24 * 60),
    windows=st.one_of(
        st.just((DayWindow(0, 1440),)), st.just((DayWindow(60, 180),)), day_windows()
    ),
    quiet=st.sampled_from((None, QuietHours(1260, 480), QuietHours(60, 150))),
    skips=st.tuples(st.booleans(), st.booleans()),
    remaining=st.integers(1, 150),
    gap=st.sampled_from((SECOND_MS, 35_500, 10 * MINUTE_MS, 30 * MINUTE_MS)),
    daily_limit=st.one_of(st.none(), st.integers(5, 100)),
)
def test_it_is_so_too_where_clocks_shift_and_the_campaigns_is_not_the_tenants(
    zone, tenant_zone, day, after, windows, quiet, skips, remaining, gap, daily_limit
):
    window = SendingWindow(windows, *skips, ZoneInfo(zone), quiet)
    hours = Hours(window, lambda date: date.day in (1, 8, 9), ZoneInfo(tenant_zone))
    start = to_ms(datetime.fromisoformat(f"{day}T12:00:00+00:00")) + after * MINUTE_MS
    pace = Pace(gap, daily_limit, 3)
    found = forecast(remaining, start, hours.day(start), hours, pace)
    assert found == one_by_one(remaining, hours, pace, start=start)


def test_a_window_that_opens_later_is_waited_for():
    # 9:00 to 18:00 is 3 h behind UTC: the second message leaves at 9:00:35.
    hours = hours_of(DayWindow(9 * 60, 18 * 60))
    found = forecast(2, NOW, hours.day(NOW), hours, Pace(35_000, None, 0))
    assert found is not None
    assert to_datetime(found.first_send_at).isoformat() == "2026-11-18T12:00:00+00:00"
    assert to_datetime(found.last_send_at).isoformat() == "2026-11-18T12:00:35+00:00"


def test_a_day_that_has_had_its_limit_sends_nothing_more():
    hours = hours_of(DayWindow(9 * 60, 18 * 60))
    found = forecast(300, NOW, hours.day(NOW), hours, Pace(35_000, 200, 200))
    assert found is not None
    # The 20th is a holiday that this window does not skip.
    assert found.days == (ForecastDay("2026-11-19", 200), ForecastDay("2026-11-20", 100))
    assert to_datetime(found.first_send_at).isoformat() == "2026-11-19T12:00:00+00:00"


def test_weekends_and_holidays_are_left_out():
    window = SendingWindow((DayWindow(9 * 60, 18 * 60),), True, True, ZONE, None)
    hours = Hours(window, lambda day: day.day == 20, ZONE)
    found = forecast(300, NOW, hours.day(NOW), hours, Pace(35_000, 100, 0))
    assert found is not None
    # Wednesday, Thursday; Friday the 20th is a holiday; Monday.
    assert [each.day for each in found.days] == ["2026-11-18", "2026-11-19", "2026-11-23"]


def test_where_no_hour_is_closed_the_days_are_told_apart():
    hours = hours_of()
    found = forecast(2_000, NOW, hours.day(NOW), hours, Pace(60_000, None, 0))
    assert found is not None
    assert [each.sends for each in found.days] == [954, 1_046]


def test_an_hour_that_the_clock_skips_sends_nothing_and_one_that_it_repeats_sends_twice_as_much():
    zone = ZoneInfo("America/New_York")
    hours = Hours(SendingWindow((DayWindow(60, 180),), False, False, zone), lambda _: False, zone)

    def sends(day: str) -> int:
        start = to_ms(datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=zone))
        found = forecast(10_000, start, day, hours, Pace(60_000, None, 0))
        assert found is not None
        return found.days[0].sends

    assert [sends(day) for day in ("2026-03-07", "2026-03-08", "2026-11-01")] == [120, 60, 180]


def test_there_is_no_forecast_where_nothing_will_leave():
    hours, pace = hours_of(), Pace(35_000, None, 0)
    today = hours.day(NOW)
    assert forecast(0, NOW, today, hours, pace) is None
    assert forecast(1, NOW, today, hours, Pace(35_000, 0, 0)) is None
    night = hours_of(DayWindow(0, 60), quiet=QuietHours(1260, 480))
    assert forecast(1, NOW, today, night, pace) is None


def test_beyond_two_years_no_forecast_is_made():
    hours = hours_of()
    assert forecast(1_000_000, NOW, hours.day(NOW), hours, Pace(35_000, 250, 0)) is None


def test_two_years_are_the_farthest_without_a_days_limit_too():
    hours, pace = hours_of(), Pace(35_000, None, 0)
    most = FARTHEST_MS // 35_000 + 1
    found = forecast(most, NOW, hours.day(NOW), hours, pace)
    assert found is not None
    assert found.last_send_at - NOW <= FARTHEST_MS
    assert forecast(most + 1, NOW, hours.day(NOW), hours, pace) is None
