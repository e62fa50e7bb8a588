"""The forecast against sending one message after the other."""

from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.forecast import FARTHEST_MS, Pace, last_send_at
from campaigns.domain.hours import Hours
from campaigns.domain.instants import MINUTE_MS, SECOND_MS, to_datetime
from campaigns.domain.sending_window import DayWindow, QuietHours, SendingWindow

#: Wednesday, 18 November 2026, 8:06:40 in São Paulo.
NOW = 1_795_000_000_000
ZONE = ZoneInfo("America/Sao_Paulo")


def hours_of(*windows: DayWindow, skip_weekends: bool = False, quiet: QuietHours | None = None):
    window = SendingWindow(windows or (DayWindow(0, 1440),), skip_weekends, False, ZONE, quiet)
    return Hours(window, lambda day: day.day == 20, ZONE)


def one_by_one(remaining: int, hours: Hours, pace: Pace) -> int:
    """Each message at the first instant that takes it."""
    at, last, sent = NOW, NOW, {hours.day(NOW): pace.sent_today}
    while remaining:
        opening = hours.next_opening(at)
        assert opening is not None
        at, day = opening, hours.day(opening)
        if pace.daily_limit is not None and sent.get(day, 0) >= pace.daily_limit:
            at = hours.next_day_at(at)
            continue
        sent[day] = sent.get(day, 0) + 1
        last, at, remaining = at, at + pace.mean_gap_ms, remaining - 1
    return last


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
def test_the_last_message_leaves_when_it_would_if_each_was_sent_as_soon_as_it_may(
    windows, skip_weekends, remaining, gap, daily_limit, sent_today
):
    hours = hours_of(*windows, skip_weekends=skip_weekends)
    pace = Pace(gap, daily_limit, sent_today)
    forecast = last_send_at(remaining, NOW, hours.day(NOW), hours, pace)
    expected = one_by_one(remaining, hours, pace)
    assert forecast == expected or (forecast is None and expected - NOW > FARTHEST_MS)


def test_a_window_that_opens_later_is_waited_for():
    # 9:00 to 18:00 is 3 h behind UTC: the second message leaves at 9:00:35.
    hours = hours_of(DayWindow(9 * 60, 18 * 60))
    at = last_send_at(2, NOW, hours.day(NOW), hours, Pace(35_000, None, 0))
    assert at is not None
    assert to_datetime(at).isoformat() == "2026-11-18T12:00:35+00:00"


def test_there_is_no_forecast_where_nothing_will_leave():
    hours, pace = hours_of(), Pace(35_000, None, 0)
    today = hours.day(NOW)
    assert last_send_at(0, NOW, today, hours, pace) is None
    assert last_send_at(1, NOW, today, hours, Pace(35_000, 0, 0)) is None
    night = hours_of(DayWindow(0, 60), quiet=QuietHours(1260, 480))
    assert last_send_at(1, NOW, today, night, pace) is None


def test_beyond_two_years_no_forecast_is_made():
    hours = hours_of()
    assert last_send_at(1_000_000, NOW, hours.day(NOW), hours, Pace(35_000, 250, 0)) is None


def test_two_years_are_the_farthest_without_a_days_limit_too():
    hours, pace = hours_of(), Pace(35_000, None, 0)
    most = FARTHEST_MS // 35_000 + 1
    last = last_send_at(most, NOW, hours.day(NOW), hours, pace)
    assert last is not None
    assert last - NOW <= FARTHEST_MS
    assert last_send_at(most + 1, NOW, hours.day(NOW), hours, pace) is None
