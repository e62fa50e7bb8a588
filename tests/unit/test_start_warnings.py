"""What is told before a start, and what is not worth telling."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.forecast import Pace
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import Campaign, Recipients, RecipientsState, Schedule, Tenant
from campaigns.domain.start_warnings import (
    MANY_FIRST_CONTACTS,
    Prospect,
    StartWarning,
    start_warnings,
)

#: Wednesday, 18 November 2026, 8:06:40 in São Paulo.
NOW = 1_795_000_000_000
HOUR_MS = 60 * MINUTE_MS
ZONE = "America/Sao_Paulo"
TENANT = Tenant("tn_1", "Loja", ZONE, "pt-BR", "21:00", "08:00", (), NOW, NOW)
PACE = Pace(35_000, 250, 0)


def prospect(
    remaining: int = 100, *, pace: Pace | None = PACE, due: int = NOW, first_contacts: int = 0, **of
) -> Prospect:
    schedule = Schedule(**({"schedule_type": "immediate", "timezone": ZONE} | of))
    campaign = Campaign(
        campaign_id="cp_1",
        tenant_id="tn_1",
        name="Natal",
        instance_id="in_1",
        status=CampaignStatus.DRAFT,
        schedule=schedule,
        created_at=NOW,
        updated_at=NOW,
        created_by="key:1",
        recipients=Recipients(RecipientsState.READY),
        total=remaining,
    )
    return Prospect(campaign, TENANT, (), remaining, due, "2026-11-18", pace, first_contacts)


def codes(of: Prospect) -> list[StartWarning]:
    return [warned.code for warned in start_warnings(of)]


def test_a_campaign_that_ends_today_inside_the_hours_warns_of_nothing():
    assert codes(prospect()) == []


def test_messages_that_wait_for_the_end_of_the_quiet_hours_are_told_with_those_hours():
    # From 20:30 on, 100 messages take almost an hour: the rest leaves at 8:00.
    (warned,) = start_warnings(prospect(due=NOW + 12 * HOUR_MS + 24 * MINUTE_MS))
    assert warned.code is StartWarning.QUIET_HOURS
    assert warned.context == {"quiet_hours_start": "21:00", "quiet_hours_end": "08:00"}


def test_a_start_inside_the_quiet_hours_waits_for_their_end():
    assert codes(prospect(1, due=NOW + 14 * HOUR_MS)) == [StartWarning.QUIET_HOURS]


def test_a_window_that_ends_before_the_quiet_hours_makes_nobody_wait_for_them():
    late = NOW + 9 * HOUR_MS + 50 * MINUTE_MS
    assert codes(prospect(due=late, schedule_type="business_hours")) == []


def test_hours_that_are_ignored_are_told_where_messages_could_leave_in_them():
    ignored = StartWarning.QUIET_HOURS_IGNORED
    assert codes(prospect(ignore_quiet_hours=True)) == [ignored]
    assert codes(prospect(ignore_quiet_hours=True, pace=None)) == [ignored]
    assert codes(prospect(ignore_quiet_hours=True, schedule_type="business_days")) == []


def test_a_number_without_a_days_limit_is_told():
    assert codes(prospect(pace=replace(PACE, daily_limit=None))) == [StartWarning.NO_DAILY_LIMIT]


def test_a_days_limit_that_makes_days_of_it_is_told_with_their_number():
    (warned,) = start_warnings(prospect(600, schedule_type="business_hours"))
    assert warned.code is StartWarning.DAILY_LIMIT_SPANS_DAYS
    assert warned.context == {"daily_limit": 250, "days": 3}


def test_a_limit_that_makes_years_of_it_is_told_where_no_forecast_reaches():
    (warned,) = start_warnings(prospect(250_001, schedule_type="business_hours"))
    assert warned.code is StartWarning.DAILY_LIMIT_SPANS_DAYS
    assert warned.context == {"daily_limit": 250, "days": 1_001}


def test_what_was_sent_today_counts_towards_the_limit():
    used = replace(PACE, sent_today=240)
    (warned,) = start_warnings(prospect(20, pace=used, schedule_type="business_hours"))
    assert warned.context["days"] == 2


@pytest.mark.parametrize(
    ("first_contacts", "recipients", "is_told"),
    [(19, 19, False), (20, 20, True), (20, 40, True), (20, 41, False), (500, 1_001, False)],
)
def test_first_contact_with_many_is_from_twenty_people_and_half_of_all_on(
    first_contacts: int, recipients: int, is_told: bool
):
    found = codes(prospect(recipients, first_contacts=first_contacts))
    assert (StartWarning.FIRST_CONTACT_WITH_MANY in found) is is_told


@given(
    remaining=st.integers(0, 700),
    due=st.integers(0, 7 * 24 * HOUR_MS),
    limit=st.one_of(st.none(), st.integers(1, 300)),
    ignored=st.booleans(),
    first_contacts=st.integers(0, 700),
)
def test_each_warning_comes_once_at_most_and_never_both_of_the_quiet_hours(
    remaining, due, limit, ignored, first_contacts
):
    found = codes(
        prospect(
            remaining,
            pace=replace(PACE, daily_limit=limit),
            due=NOW + due,
            first_contacts=min(first_contacts, remaining),
            ignore_quiet_hours=ignored,
        )
    )
    assert len(found) == len(set(found))
    assert not {StartWarning.QUIET_HOURS, StartWarning.QUIET_HOURS_IGNORED} <= set(found)
    assert not {StartWarning.NO_DAILY_LIMIT, StartWarning.DAILY_LIMIT_SPANS_DAYS} <= set(found)
    if first_contacts < MANY_FIRST_CONTACTS:
        assert StartWarning.FIRST_CONTACT_WITH_MANY not in found
