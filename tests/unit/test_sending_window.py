from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from campaigns.domain.sending_window import (
    DayWindow,
    InvalidSendingWindow,
    QuietHours,
    ScheduleType,
    SendingWindow,
    closes_at,
    is_open,
    next_opening,
)

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NIGHT = QuietHours.parse("21:00", "08:00")
LUNCH_BREAK = (DayWindow.parse("09:00", "12:00"), DayWindow.parse("14:00", "18:00"))

BUSINESS_DAYS = SendingWindow.for_schedule(ScheduleType.BUSINESS_DAYS, SAO_PAULO)
BUSINESS_HOURS = SendingWindow.for_schedule(ScheduleType.BUSINESS_HOURS, SAO_PAULO)
IMMEDIATE = SendingWindow.for_schedule(ScheduleType.IMMEDIATE, SAO_PAULO)
IMMEDIATE_BY_DAY = SendingWindow.for_schedule(ScheduleType.IMMEDIATE, SAO_PAULO, quiet_hours=NIGHT)
AROUND_LUNCH = SendingWindow.for_schedule(ScheduleType.CUSTOM_PERIOD, SAO_PAULO, custom=LUNCH_BREAK)


def no_holidays(day):
    return False


def only_holidays(day):
    return True


def at(text, zone=SAO_PAULO):
    """``2026-11-20 18:00`` as the zone's clock shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def custom(*windows, zone=SAO_PAULO, quiet_hours=None, skip_weekends=False, skip_holidays=False):
    return SendingWindow.for_schedule(
        ScheduleType.CUSTOM_PERIOD,
        zone,
        custom=[DayWindow.parse(start, end) for start, end in windows],
        skip_weekends=skip_weekends,
        skip_holidays=skip_holidays,
        quiet_hours=quiet_hours,
    )


# 2026-11-20 is a Friday.


def test_stopped_on_friday_at_18_it_goes_on_on_monday_at_9():
    assert next_opening(BUSINESS_DAYS, at("2026-11-20 18:00"), no_holidays) == at(
        "2026-11-23 09:00"
    )


def test_woken_at_lunch_it_goes_on_the_same_afternoon():
    assert next_opening(AROUND_LUNCH, at("2026-11-20 12:30"), no_holidays) == at("2026-11-20 14:00")


def test_woken_at_half_past_seven_it_goes_on_the_same_morning():
    assert next_opening(BUSINESS_DAYS, at("2026-11-20 07:30"), no_holidays) == at(
        "2026-11-20 09:00"
    )


def test_a_friday_before_a_monday_holiday_goes_on_on_tuesday():
    holidays = {date(2026, 11, 23)}.__contains__
    assert next_opening(BUSINESS_DAYS, at("2026-11-20 18:00"), holidays) == at("2026-11-24 09:00")


def test_an_open_window_opens_at_the_instant_itself():
    instant = at("2026-11-20 10:11:12.131415")
    assert next_opening(BUSINESS_DAYS, instant, no_holidays) == instant


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("08:59:59.999999", False),
        ("09:00:00", True),
        ("17:59:59.999999", True),
        ("18:00:00", False),
    ],
)
def test_the_start_belongs_to_the_window_and_the_end_does_not(clock, expected):
    assert is_open(BUSINESS_HOURS, at(f"2026-11-20 {clock}"), no_holidays) is expected


def test_business_hours_know_no_weekend_and_no_holiday():
    assert is_open(BUSINESS_HOURS, at("2026-11-22 10:00"), only_holidays)


def test_business_days_skip_saturday_sunday_and_holidays():
    holidays = {date(2026, 11, 20)}.__contains__
    week = [at(f"2026-11-{day} 10:00") for day in range(16, 23)]
    assert [is_open(BUSINESS_DAYS, instant, holidays) for instant in week] == [
        *[True] * 4,
        *[False] * 3,
    ]


def test_immediate_is_open_at_any_time_and_never_closes():
    sunday_night = at("2026-11-22 03:00")
    assert is_open(IMMEDIATE, sunday_night, only_holidays)
    assert closes_at(IMMEDIATE, sunday_night, only_holidays) is None


def test_quiet_hours_bind_an_immediate_campaign():
    assert not is_open(IMMEDIATE_BY_DAY, at("2026-11-20 21:00"), no_holidays)
    assert is_open(IMMEDIATE_BY_DAY, at("2026-11-20 20:59:59"), no_holidays)
    assert next_opening(IMMEDIATE_BY_DAY, at("2026-11-20 23:00"), no_holidays) == at(
        "2026-11-21 08:00"
    )
    assert closes_at(IMMEDIATE_BY_DAY, at("2026-11-20 10:00"), no_holidays) == at(
        "2026-11-20 21:00"
    )


def test_quiet_hours_cut_a_window_that_reaches_into_them():
    window = custom(("06:00", "22:00"), quiet_hours=NIGHT)
    assert next_opening(window, at("2026-11-20 06:30"), no_holidays) == at("2026-11-20 08:00")
    assert closes_at(window, at("2026-11-20 08:00"), no_holidays) == at("2026-11-20 21:00")


def test_quiet_hours_within_the_day_split_it():
    window = SendingWindow.for_schedule(
        ScheduleType.BUSINESS_HOURS, SAO_PAULO, quiet_hours=QuietHours.parse("12:00", "13:00")
    )
    assert closes_at(window, at("2026-11-20 09:00"), no_holidays) == at("2026-11-20 12:00")
    assert next_opening(window, at("2026-11-20 12:00"), no_holidays) == at("2026-11-20 13:00")


def test_quiet_hours_are_judged_by_the_clock_of_the_campaign():
    window = SendingWindow.for_schedule(
        ScheduleType.IMMEDIATE, ZoneInfo("America/Manaus"), quiet_hours=NIGHT
    )
    assert is_open(window, at("2026-11-20 21:30"), no_holidays)  # 20:30 in Manaus


def test_windows_wholly_inside_quiet_hours_never_open():
    window = custom(("22:00", "24:00"), ("05:00", "08:00"), quiet_hours=NIGHT)
    assert next_opening(window, at("2026-11-20 10:00"), no_holidays) is None


def test_quiet_hours_all_day_never_open():
    window = SendingWindow.for_schedule(
        ScheduleType.IMMEDIATE, SAO_PAULO, quiet_hours=QuietHours.parse("00:00", "24:00")
    )
    assert next_opening(window, at("2026-11-20 10:00"), no_holidays) is None


def test_one_minute_outside_quiet_hours_is_an_opening():
    window = custom(("22:00", "24:00"), ("05:00", "08:01"), quiet_hours=NIGHT)
    assert next_opening(window, at("2026-11-20 10:00"), no_holidays) == at("2026-11-21 08:00")


def test_an_opening_is_found_however_many_holidays_lie_before_it():
    first_working_day = date(2030, 11, 20)
    found = next_opening(BUSINESS_DAYS, at("2026-11-20 18:00"), lambda day: day < first_working_day)
    assert found == at("2030-11-20 09:00")


def test_a_calendar_of_nothing_but_holidays_never_opens():
    assert next_opening(BUSINESS_DAYS, at("2026-11-20 10:00"), only_holidays) is None


def test_holidays_are_not_asked_for_where_they_do_not_count():
    def unexpected(day):
        raise AssertionError(day)

    assert next_opening(BUSINESS_HOURS, at("2026-11-20 18:00"), unexpected) == at(
        "2026-11-21 09:00"
    )
    assert not is_open(BUSINESS_DAYS, at("2026-11-20 18:00"), unexpected)


def test_a_closed_window_closes_at_the_instant_itself():
    instant = at("2026-11-20 18:00")
    assert closes_at(BUSINESS_DAYS, instant, no_holidays) == instant


def test_whole_days_stay_open_up_to_the_weekend():
    window = custom(("00:00", "24:00"), skip_weekends=True)
    assert closes_at(window, at("2026-11-18 10:00"), no_holidays) == at("2026-11-21 00:00")


def test_whole_days_without_any_holiday_never_close():
    window = custom(("00:00", "24:00"), skip_holidays=True)
    assert closes_at(window, at("2026-11-18 10:00"), no_holidays) is None


def test_touching_windows_are_one_stretch():
    window = custom(("12:00", "18:00"), ("09:00", "12:00"))
    assert closes_at(window, at("2026-11-20 09:00"), no_holidays) == at("2026-11-20 18:00")


def test_a_window_across_midnight_is_two_that_touch_there():
    window = custom(("20:00", "24:00"), ("00:00", "02:00"))
    assert closes_at(window, at("2026-11-20 21:00"), no_holidays) == at("2026-11-21 02:00")


# Daylight saving


def test_a_skipped_midnight_opens_the_day_at_one():
    # On 4 November 2018 Brazil's clocks went from 00:00 to 01:00.
    window = custom(("00:00", "06:00"))
    assert next_opening(window, at("2018-11-03 23:30"), no_holidays) == datetime(
        2018, 11, 4, 3, tzinfo=UTC
    )


def test_a_window_inside_the_skipped_hour_opens_on_the_next_day():
    window = custom(("00:00", "01:00"))
    assert next_opening(window, at("2018-11-03 23:30"), no_holidays) == at("2018-11-05 00:00")


def test_a_repeated_hour_is_open_twice():
    # On 18 February 2018 Brazil's clocks went from 00:00 back to 23:00 of Saturday.
    window = custom(("23:00", "23:30"))
    between = datetime(2018, 2, 18, 1, 30, tzinfo=UTC)
    assert not is_open(window, between, no_holidays)
    assert next_opening(window, between, no_holidays) == datetime(2018, 2, 18, 2, tzinfo=UTC)


def test_an_end_inside_a_repeated_hour_closes_before_its_first_pass_is_over():
    new_york = ZoneInfo("America/New_York")
    window = custom(("00:30", "01:30"), zone=new_york)
    opens = datetime(2025, 11, 2, 4, 30, tzinfo=UTC)
    first_end = datetime(2025, 11, 2, 5, 30, tzinfo=UTC)
    assert closes_at(window, opens, no_holidays) == first_end
    assert next_opening(window, first_end, no_holidays) == datetime(2025, 11, 2, 6, tzinfo=UTC)


def test_a_clock_put_back_before_the_opening_closes_the_window_again():
    new_york = ZoneInfo("America/New_York")
    window = custom(("01:30", "06:00"), zone=new_york)
    opens = datetime(2025, 11, 2, 5, 30, tzinfo=UTC)
    assert closes_at(window, opens, no_holidays) == opens + timedelta(minutes=30)


def test_a_whole_day_that_a_zone_skips_is_not_waited_for():
    # Samoa had no 30 December 2011, a Friday.
    apia = ZoneInfo("Pacific/Apia")
    window = SendingWindow.for_schedule(ScheduleType.BUSINESS_DAYS, apia)
    assert next_opening(window, at("2011-12-29 18:00", apia), no_holidays) == at(
        "2012-01-02 09:00", apia
    )


# What a schedule may be


def test_the_effective_flags_are_those_of_the_schedule_type():
    flags = {
        schedule_type: (window.skip_weekends, window.skip_holidays)
        for schedule_type in ScheduleType
        for window in [
            SendingWindow.for_schedule(
                schedule_type,
                SAO_PAULO,
                custom=LUNCH_BREAK,
                skip_weekends=False,
                skip_holidays=True,
            )
        ]
    }
    assert flags == {
        ScheduleType.IMMEDIATE: (False, False),
        ScheduleType.BUSINESS_DAYS: (True, True),
        ScheduleType.BUSINESS_HOURS: (False, False),
        ScheduleType.CUSTOM_PERIOD: (False, True),
    }


def test_a_custom_period_skips_weekends_and_holidays_unless_told_otherwise():
    assert (AROUND_LUNCH.skip_weekends, AROUND_LUNCH.skip_holidays) == (True, True)


@pytest.mark.parametrize(
    ("windows", "code"),
    [
        ([], "windows_missing"),
        ([(540, 720), (719, 800)], "windows_overlap"),
        ([(540, 720), (540, 720)], "windows_overlap"),
        ([(0, 60), (120, 180), (240, 300)], "too_many_windows"),
    ],
)
def test_a_custom_period_has_one_or_two_windows_that_do_not_overlap(windows, code):
    with pytest.raises(InvalidSendingWindow) as refused:
        SendingWindow.for_schedule(
            ScheduleType.CUSTOM_PERIOD, SAO_PAULO, custom=[DayWindow(*w) for w in windows]
        )
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("9:00", "18:00", "invalid_time"),
        ("09:00", "18:00:00", "invalid_time"),
        ("24:00", "24:00", "invalid_time"),
        ("09:60", "18:00", "invalid_time"),
        ("09:00", "24:01", "invalid_time"),
        ("٠٩:٠٠", "18:00", "invalid_time"),
        ("09:00\n", "18:00", "invalid_time"),
        ("18:00", "18:00", "end_not_after_start"),
        ("18:00", "09:00", "end_not_after_start"),
        ("18:00", "00:00", "end_not_after_start"),
    ],
)
def test_a_window_is_two_clock_times_with_the_end_after_the_start(start, end, code):
    with pytest.raises(InvalidSendingWindow) as refused:
        DayWindow.parse(start, end)
    assert refused.value.code == code


def test_a_window_may_end_at_24():
    assert DayWindow.parse("18:00", "24:00") == DayWindow(1080, 1440)


@pytest.mark.parametrize(("start", "end"), [(-1, 60), (0, 1441), (1441, 1500)])
def test_minutes_lie_within_the_day(start, end):
    with pytest.raises(InvalidSendingWindow) as refused:
        DayWindow(start, end)
    assert refused.value.code == "invalid_time"


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("21:00", "21:00", "quiet_hours_empty"),
        ("24:00", "08:00", "invalid_time"),
        ("21h", "08:00", "invalid_time"),
    ],
)
def test_quiet_hours_that_say_nothing_are_refused(start, end, code):
    with pytest.raises(InvalidSendingWindow) as refused:
        QuietHours.parse(start, end)
    assert refused.value.code == code


def test_a_naive_time_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        is_open(IMMEDIATE, datetime(2026, 11, 20), no_holidays)  # noqa: DTZ001
