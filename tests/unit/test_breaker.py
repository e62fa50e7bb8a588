"""What trips the breaker: failures, refusals and silence, counted from the last resume."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.breaker import (
    RECEIPT_WITHIN_MS,
    RECEIPTS_SINCE_MS,
    BreakerLimits,
    around,
    began_at,
    due_for_receipts,
    lacks_receipts,
    looks_at_receipts,
    refused_in_row,
)
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import PlannedRun, Recipient
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus
from tests.contract.things import NOW, a_campaign, a_lane, a_recipient

LIMITS = BreakerLimits()
STATUSES = {
    "x": (RecipientStatus.FAILED, RecipientErrorCode.REFUSED_BY_WHATSAPP),
    "n": (RecipientStatus.FAILED, RecipientErrorCode.NUMBER_NOT_ON_WHATSAPP),
    "s": (RecipientStatus.SENT, None),
    "d": (RecipientStatus.DELIVERED, None),
    "r": (RecipientStatus.READ, None),
    "a": (RecipientStatus.RESPONDED, None),
    "u": (RecipientStatus.UNKNOWN, RecipientErrorCode.READ_TIMEOUT),
    "p": (RecipientStatus.PENDING, None),
    "k": (RecipientStatus.SKIPPED, RecipientErrorCode.OPTED_OUT),
}
NEVER_LEFT = "pkn"


def recipients(letters: str, *, first_at: int = NOW) -> list[Recipient]:
    """One a minute, by the letter of its status."""
    return [
        replace(
            a_recipient(sequence=number, updated_at=first_at + number * MINUTE_MS),
            status=STATUSES[letter][0],
            error_code=STATUSES[letter][1],
            sent_at=None if letter in NEVER_LEFT else first_at + number * MINUTE_MS,
        )
        for number, letter in enumerate(letters)
    ]


def run_of(letters: str, place: int, since: int = NOW) -> int:
    page = recipients(letters)
    return refused_in_row(page, page[place], since=since)


@pytest.mark.parametrize(
    ("limit", "in_row", "trips"), [(5, 4, False), (5, 5, True), (5, 6, True), (0, 99, False)]
)
def test_so_many_failures_in_a_row_trip_it_and_zero_is_off(
    limit: int, in_row: int, trips: bool
) -> None:
    assert BreakerLimits(failures=limit).trips_at(in_row) is trips


@pytest.mark.parametrize(
    ("letters", "place", "run"),
    [
        ("xxxxx", 4, 5),
        ("xxxxx", 0, 5),
        ("xxdxxx", 5, 3),
        ("xxdxxx", 0, 2),
        ("xxrxx", 4, 2),
        ("xxaxx", 4, 2),
        ("xsxsxsxsx", 8, 5),
        ("xuxpxkxnx", 0, 5),
        ("dxd", 1, 1),
        ("sssss", 0, 0),
    ],
)
def test_only_a_receipt_ends_a_run_of_refusals(letters: str, place: int, run: int) -> None:
    assert run_of(letters, place) == run


def test_what_left_before_the_last_resume_is_of_no_run() -> None:
    assert run_of("xxxxx", 4, since=NOW + 2 * MINUTE_MS) == 3
    assert run_of("xxxxx", 0, since=NOW + 2 * MINUTE_MS) == 0


def test_a_run_goes_by_when_the_messages_left_and_not_by_sequence() -> None:
    early, retried, later = recipients("xdx")
    retried = replace(retried, sent_at=NOW + 9 * MINUTE_MS)
    assert refused_in_row([early, retried, later], later, since=NOW) == 2


@given(st.text("xnsdraupk", min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_the_page_and_of_the_acks_is_all_one(
    letters: str, chance: random.Random
) -> None:
    page = recipients(letters)
    shuffled = chance.sample(page, len(page))
    refused = [each for each in page if each.status is RecipientStatus.FAILED]
    for each in refused:
        run = refused_in_row(page, each, since=NOW)
        assert run == refused_in_row(shuffled, each, since=NOW)
        assert run <= letters.count("x")
    longest = max((refused_in_row(page, each, since=NOW) for each in refused), default=0)
    only = "".join(letter for letter in letters if letter in "xdra")
    runs = "".join(letter if letter == "x" else " " for letter in only).split()
    assert longest == max(map(len, runs), default=0)


def test_the_neighbours_of_the_first_recipient_begin_with_it() -> None:
    span = around(a_recipient(sequence=3), LIMITS)
    assert (span.start, span.stop) == (0, 24)
    span = around(a_recipient(sequence=1_000), LIMITS)
    assert (span.start, span.stop) == (980, 1_021)


# Receipts

#: When the sends of a sample are ten minutes old, and none is an hour old.
LATER = NOW + 20 * MINUTE_MS + RECEIPT_WITHIN_MS


def lacks(letters: str, *, limits: BreakerLimits = LIMITS, since: int = 0, now: int = LATER):
    return lacks_receipts(recipients(letters), limits, since=since, now=now)


@pytest.mark.parametrize(
    ("letters", "is_silent"),
    [
        ("s" * 20, True),
        ("s" * 18 + "dr", True),
        ("s" * 17 + "dra", False),
        ("s" * 19, False),
        ("s" * 19 + "x", False),
        ("s" * 19 + "p", False),
        ("d" * 20, False),
        ("s" * 19 + "u", False),
    ],
)
def test_a_share_of_enough_sends_without_any_receipt_is_silence(
    letters: str, is_silent: bool
) -> None:
    assert lacks(letters) is is_silent


def test_young_and_old_sends_and_those_before_a_resume_do_not_count() -> None:
    assert not lacks("s" * 20, now=LATER - 2 * MINUTE_MS)
    assert not lacks("s" * 20, now=NOW + RECEIPTS_SINCE_MS + MINUTE_MS)
    assert not lacks("s" * 20, since=NOW + MINUTE_MS)
    assert lacks("s" * 21, since=NOW + MINUTE_MS)


def test_a_share_of_zero_is_off_and_the_sample_is_a_setting() -> None:
    assert not lacks("s" * 20, limits=BreakerLimits(no_receipt_share=0))
    assert lacks("sss", limits=BreakerLimits(sample=3))
    assert not lacks("ssd", limits=BreakerLimits(sample=3))
    assert lacks("ssd", limits=BreakerLimits(sample=3, no_receipt_share=0.5))


def test_each_lane_looks_once_in_ten_minutes_and_they_take_turns() -> None:
    campaigns = [f"cp_{number}" for number in range(200)]
    for campaign_id in campaigns[:20]:
        turns = [looks_at_receipts(campaign_id, NOW + n * MINUTE_MS) for n in range(30)]
        assert sum(turns) == 3
        assert sum(turns[:10]) == 1
    now = [looks_at_receipts(each, NOW) for each in campaigns]
    assert 5 <= sum(now) <= 40


def test_those_looked_at_are_the_last_whose_slots_are_ten_minutes_past() -> None:
    runs: Sequence[PlannedRun] = [
        PlannedRun(cursor=50, last_slot=NOW - 14 * MINUTE_MS),
        PlannedRun(cursor=90, last_slot=NOW - 10 * MINUTE_MS),
        PlannedRun(cursor=95, last_slot=NOW - 9 * MINUTE_MS),
    ]
    lane = a_lane(a_campaign(), cursor=95, history=tuple(runs))
    span = due_for_receipts(lane, LIMITS, NOW)
    assert (span.start, span.stop) == (30, 90)
    few = due_for_receipts(replace(lane, history=runs[:1]), LIMITS, NOW)
    assert (few.start, few.stop) == (0, 50)


def test_a_campaign_counts_from_its_start_where_it_was_never_resumed() -> None:
    assert began_at(a_campaign()) == 0
    assert began_at(a_campaign(started_at=NOW)) == NOW
    assert began_at(a_campaign(started_at=NOW, resumed_at=NOW + 1)) == NOW + 1


def test_a_campaign_that_went_on_by_itself_counts_from_what_a_person_did_last() -> None:
    assert began_at(a_campaign(started_at=NOW, resumed_at=NOW + 9, vouched_at=NOW + 1)) == NOW + 1
