"""Days and times as people type them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns_cli.errors import UnusableInput
from campaigns_cli.typed_time import (
    typed_day,
    typed_moment,
    typed_past_day,
    typed_window,
)

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def at(*parts):
    return datetime(*parts, tzinfo=SAO_PAULO)


FRIDAY = at(2026, 11, 20, 10, 30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("25/12/2026 9h", at(2026, 12, 25, 9)),
        ("25/12/26 9h30", at(2026, 12, 25, 9, 30)),
        ("25.12.2026, 09:00", at(2026, 12, 25, 9)),
        ("5/1 8h", at(2027, 1, 5, 8)),
        ("2026-12-25 09:00", at(2026, 12, 25, 9)),
        ("2026-12-25T09:00", at(2026, 12, 25, 9)),
        ("Amanhã 14:00", at(2026, 11, 21, 14)),
        ("amanhã, às 9h", at(2026, 11, 21, 9)),
        ("tomorrow at 2pm", at(2026, 11, 21, 14)),
        ("hoje 18h", at(2026, 11, 20, 18)),
        ("18h", at(2026, 11, 20, 18)),
        ("9:00", at(2026, 11, 21, 9)),
        ("segunda às 9h", at(2026, 11, 23, 9)),
        ("sexta-feira 9h", at(2026, 11, 27, 9)),
        ("friday 12am", at(2026, 11, 27)),
        ("sexta 19h", at(2026, 11, 20, 19)),
    ],
)
def test_a_moment_is_read_by_the_clock_of_its_zone(text, expected):
    assert typed_moment(text, SAO_PAULO, FRIDAY.astimezone(UTC)) == expected


def test_an_offset_that_is_written_counts():
    moment = typed_moment("2026-12-25T09:00+01:00", SAO_PAULO, FRIDAY)
    assert moment == datetime(2026, 12, 25, 8, tzinfo=UTC)


@pytest.mark.parametrize("text", ["agora", "NOW", " Agora "])
def test_now_is_no_moment(text):
    assert typed_moment(text, SAO_PAULO, FRIDAY) is None


@pytest.mark.parametrize(
    "text",
    ["", "25/12/2026", "31/02/2026 9h", "amanhã", "amanhã 25h", "9h71", "2026-12-25", "natal 9h"],
)
def test_what_is_no_moment_is_refused_with_an_example(text):
    with pytest.raises(UnusableInput, match="25/12/2026 09:00"):
        typed_moment(text, SAO_PAULO, FRIDAY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24/12/2026", date(2026, 12, 24)),
        ("24/12", date(2026, 12, 24)),
        ("1/1", date(2027, 1, 1)),
        ("20/11", date(2026, 11, 20)),
        ("2026-12-24", date(2026, 12, 24)),
        ("hoje", date(2026, 11, 20)),
        ("Sábado", date(2026, 11, 21)),
    ],
)
def test_a_day_without_a_year_is_the_next_one(text, expected):
    assert typed_day(text, date(2026, 11, 20)) == expected


@pytest.mark.parametrize("text", ["", "24", "32/1", "29/02", "24/13/2026", "natal"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(UnusableInput, match="24/12/2026"):
        typed_day(text, date(2026, 11, 20))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9h-12h", ("09:00", "12:00")),
        ("09:00 - 12:30", ("09:00", "12:30")),
        ("14h–24h", ("14:00", "24:00")),
        ("21:00-08:00", ("21:00", "08:00")),
    ],
)
def test_a_pair_of_hours_is_read(text, expected):
    assert typed_window(text) == expected


@pytest.mark.parametrize("text", ["9h", "9h-", "24:00-9h", "9h-25h", "-"])
def test_what_is_no_pair_of_hours_is_refused(text):
    with pytest.raises(UnusableInput, match="09:00-12:00"):
        typed_window(text)


@given(st.dates(date(2026, 11, 21), date(2099, 1, 1)), st.integers(0, 23), st.integers(0, 59))
def test_every_moment_that_is_written_in_full_is_itself(day, hour, minute):
    moment = at(day.year, day.month, day.day, hour, minute)
    for pattern in ("%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M", "%d/%m/%Y às %Hh%M"):
        assert typed_moment(moment.strftime(pattern), SAO_PAULO, FRIDAY) == moment


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_moment_or_refused(text):
    try:
        moment = typed_moment(text, SAO_PAULO, FRIDAY)
    except UnusableInput:
        return
    assert moment is None or moment.utcoffset() is not None


@given(st.times(), st.sampled_from(["", "hoje ", "amanhã "]))
def test_a_clock_alone_is_never_past(clock, day):
    moment = typed_moment(f"{day}{clock:%H:%M}", SAO_PAULO, FRIDAY)
    assert moment is not None
    if not day:
        assert timedelta(0) < moment - FRIDAY <= timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/3/2026", date(2026, 3, 1)),
        ("2026-03-01", date(2026, 3, 1)),
        ("hoje", date(2026, 11, 20)),
        ("ontem", date(2026, 11, 19)),
        ("yesterday", date(2026, 11, 19)),
        ("24/12", date(2025, 12, 24)),
        ("20/11", date(2026, 11, 20)),
        ("1/3", date(2026, 3, 1)),
        ("quinta", date(2026, 11, 19)),
        ("sexta", date(2026, 11, 20)),
        ("sábado", date(2026, 11, 14)),
    ],
)
def test_a_day_on_which_something_happened_is_the_last_such_day(text, expected):
    assert typed_past_day(text, FRIDAY.date()) == expected


@pytest.mark.parametrize("text", ["21/11/2026", "amanhã", "31/02", "29/2", "natal", ""])
def test_what_has_not_happened_yet_is_no_past_day(text):
    with pytest.raises(UnusableInput, match="24/10/2026"):
        typed_past_day(text, FRIDAY.date())
