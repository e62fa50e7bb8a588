"""Drafts of campaigns: whole and consistent, or refused with all their faults."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.campaign_draft import (
    DESCRIPTION_LIMIT,
    MESSAGES_LIMIT,
    NAME_LIMIT,
    CampaignDraft,
    check_draft,
    check_text,
    effective,
)
from campaigns.domain.hours import window_of
from campaigns.domain.model import Schedule, Tenant
from campaigns.domain.rendering import TEXT_LIMIT
from campaigns.domain.sending_window import InvalidSendingWindow, ScheduleType
from campaigns.domain.sources import CONTACT_IDS_LIMIT

ZONE = "America/Sao_Paulo"
TENANT = Tenant("tn_1", "Loja", ZONE, "pt-BR", "21:00", "08:00", (), created_at=0, updated_at=0)
DRAFT = CampaignDraft("Natal", "in_1", Schedule("immediate", ZONE), ["Oi {{nome}}"], ["ct_1"])
CUSTOM = Schedule("custom_period", ZONE, morning_start="08:00", morning_end="12:00")


def faults(draft: CampaignDraft) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in check_draft(draft)]


def schedule_faults(schedule: Schedule) -> list[tuple[str, str]]:
    return faults(replace(DRAFT, schedule=schedule))


def test_a_plain_draft_has_no_faults():
    assert faults(DRAFT) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": ""}, ("name", "required")),
        ({"name": " \t"}, ("name", "required")),
        ({"name": "x" * (NAME_LIMIT + 1)}, ("name", "too_long")),
        ({"description": "x" * (DESCRIPTION_LIMIT + 1)}, ("description", "too_long")),
        ({"message_texts": ()}, ("message_texts", "required")),
        ({"message_texts": ["Oi"] * (MESSAGES_LIMIT + 1)}, ("message_texts", "too_many")),
        ({"message_texts": ["Oi", " "]}, ("message_texts.1", "required")),
        ({"message_texts": ["x" * (TEXT_LIMIT + 1)]}, ("message_texts.0", "too_long")),
        ({"contact_ids": ["ct"] * (CONTACT_IDS_LIMIT + 1)}, ("contact_ids", "too_many")),
    ],
)
def test_each_limit_is_named_with_its_field(change, expected):
    assert faults(replace(DRAFT, **change)) == [expected]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "x" * NAME_LIMIT},
        {"description": "x" * DESCRIPTION_LIMIT},
        {"message_texts": ["x" * TEXT_LIMIT] * MESSAGES_LIMIT},
        {"contact_ids": ["ct"] * CONTACT_IDS_LIMIT},
        {"contact_ids": ()},
    ],
)
def test_at_its_limit_a_draft_is_still_whole(change):
    assert faults(replace(DRAFT, **change)) == []


def test_a_text_is_counted_in_characters():
    assert list(check_text("text", "😀" * TEXT_LIMIT)) == []


def test_all_faults_are_told_at_once():
    draft = CampaignDraft("", "in_1", Schedule("immediate", "Mars/Olympus"), [""])
    assert faults(draft) == [
        ("name", "required"),
        ("message_texts.0", "required"),
        ("timezone", "unknown_timezone"),
    ]


@pytest.mark.parametrize(
    "zone",
    ["", "Brasilia", "../etc/passwd", "America", "/etc/localtime", "\0", "x" * 5_000, "zone.tab"],
)
def test_what_names_no_zone_is_refused_and_breaks_nothing(zone):
    assert schedule_faults(Schedule("immediate", zone)) == [("timezone", "unknown_timezone")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"morning_start": None, "morning_end": None}, ("morning_start", "windows_missing")),
        ({"morning_end": None}, ("morning_end", "required")),
        ({"afternoon_end": "18:00"}, ("afternoon_start", "required")),
        ({"morning_end": "08:00"}, ("morning_end", "end_not_after_start")),
        (
            {"morning_start": "22:00", "morning_end": "02:00"},
            ("morning_end", "end_not_after_start"),
        ),
        ({"morning_end": "12h"}, ("morning_end", "invalid_time")),
        ({"afternoon_start": "14:00", "afternoon_end": "25:00"}, ("afternoon_end", "invalid_time")),
        (
            {"afternoon_start": "11:59", "afternoon_end": "18:00"},
            ("afternoon_start", "windows_overlap"),
        ),
    ],
)
def test_hours_that_make_no_window_are_refused_at_the_field_to_look_at(change, expected):
    assert schedule_faults(replace(CUSTOM, **change)) == [expected]


@pytest.mark.parametrize(
    "change",
    [
        {"morning_end": "24:00"},
        {"afternoon_start": "12:00", "afternoon_end": "18:00"},
        {
            "morning_start": None,
            "morning_end": None,
            "afternoon_start": "14:00",
            "afternoon_end": "18:00",
        },
    ],
)
def test_one_window_or_two_that_touch_are_whole(change):
    assert schedule_faults(replace(CUSTOM, **change)) == []


TIMES = st.none() | st.sampled_from(["", "00:00", "08:00", "12:00", "18:00", "24:00", "8h"])
SCHEDULES = st.builds(
    Schedule,
    st.sampled_from([*ScheduleType]),
    st.just(ZONE),
    TIMES,
    TIMES,
    TIMES,
    TIMES,
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


@given(SCHEDULES)
def test_a_schedule_that_makes_no_window_is_refused(schedule):
    codes = {code for _, code in schedule_faults(schedule)}
    # Half a window is named before what the other half makes of it.
    if codes != {"required"}:
        assert codes == _window_problems(schedule)


def _window_problems(schedule: Schedule) -> set[str]:
    try:
        window_of(schedule, TENANT)
    except InvalidSendingWindow as problem:
        return {problem.code.value}
    return set()


@given(SCHEDULES)
def test_what_a_schedules_kind_fixes_is_shown_as_it_is(schedule):
    shown = effective(schedule)
    assert effective(shown) == shown
    if schedule_faults(schedule):
        return
    assert window_of(shown, TENANT) == window_of(schedule, TENANT)
    window = window_of(schedule, TENANT)
    if schedule.schedule_type is not ScheduleType.CUSTOM_PERIOD:
        assert (shown.skip_weekends, shown.skip_holidays) == (
            window.skip_weekends,
            window.skip_holidays,
        )
