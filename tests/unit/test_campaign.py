from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.campaign import (
    LIVE,
    CampaignStatus,
    CampaignTrigger,
    Counts,
    can_move,
    delivery_rate,
    progress_percentage,
    read_rate,
    require_move,
    response_rate,
)
from campaigns.domain.errors import InvalidState
from campaigns.domain.recipient import RecipientStatus

# The design's lines and the contract's unscheduling, with what makes each move.
ALLOWED = {
    ("draft", "active"): {"start"},
    ("draft", "scheduled"): {"start"},
    ("scheduled", "active"): {"due"},
    ("scheduled", "draft"): {"unschedule"},
    ("active", "paused"): {"pause", "auto_pause"},
    ("paused", "active"): {"resume", "reconnect"},
    ("active", "cancelled"): {"cancel"},
    ("paused", "cancelled"): {"cancel"},
    ("scheduled", "cancelled"): {"cancel"},
    ("active", "completed"): {"all_settled"},
    ("completed", "paused"): {"retry_failed", "resend"},
}
PAIRS = list(product(CampaignStatus, repeat=2))
COUNTS = st.builds(Counts, **{status.value: st.integers(0, 10**6) for status in RecipientStatus})


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_campaign_moves_exactly_as_the_design_says(before, after):
    assert can_move(before, after) is ((before.value, after.value) in ALLOWED)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_campaign_is_moved_by_the_triggers_of_that_move_only(before, after):
    moved_by = {trigger for trigger in CampaignTrigger if can_move(before, after, by=trigger)}
    assert moved_by == ALLOWED.get((before.value, after.value), set())


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_move_outside_the_table_is_refused_with_the_present_status(before, after):
    if (before.value, after.value) in ALLOWED:
        require_move(before, after)
        return
    with pytest.raises(InvalidState) as refused:
        require_move(before, after)
    assert refused.value.current_status == before.value


def test_a_move_by_the_wrong_trigger_is_refused():
    with pytest.raises(InvalidState):
        require_move(CampaignStatus.SCHEDULED, CampaignStatus.ACTIVE, by=CampaignTrigger.RESUME)


def test_active_and_paused_campaigns_hold_their_instance():
    assert {status.value for status in LIVE} == {"active", "paused"}


def test_every_recipient_status_has_its_count():
    assert Counts(**{status.value: 1 for status in RecipientStatus}).total == len(RecipientStatus)


def test_sums_include_what_is_further_on():
    counts = Counts(
        pending=1, sending=2, unknown=4, sent=8, delivered=16, read=32, responded=64,
        failed=128, skipped=256, unconfirmed=512,
    )  # fmt: skip
    assert counts.in_flight == 2 + 4
    assert counts.read_or_further == 32 + 64
    assert counts.delivered_or_further == 16 + 32 + 64
    assert counts.sent_or_further == 8 + 16 + 32 + 64
    assert counts.settled == 8 + 16 + 32 + 64 + 128 + 256 + 512
    assert counts.total == 1023


def test_rates_are_percent_with_one_decimal_over_what_they_are_a_part_of():
    counts = Counts(pending=10, sent=1, delivered=1, read=2, responded=2, failed=3)
    assert delivery_rate(counts) == 83.3
    assert read_rate(counts) == 80.0
    assert response_rate(counts) == 33.3
    assert progress_percentage(counts) == 47.3


def test_halves_of_a_tenth_are_rounded_up():
    assert delivery_rate(Counts(sent=1999, delivered=1)) == 0.1
    assert delivery_rate(Counts(sent=2001, delivered=1)) == 0.0


def test_there_is_no_rate_over_nothing():
    assert progress_percentage(Counts()) is None
    unsent = Counts(pending=5, failed=1)
    assert (delivery_rate(unsent), read_rate(unsent), response_rate(unsent)) == (None, None, None)
    assert read_rate(Counts(sent=3)) is None


def test_one_of_a_million_that_is_left_keeps_progress_below_100():
    assert progress_percentage(Counts(pending=1, sent=999_999)) == 99.9
    assert progress_percentage(Counts(sent=999_999, unconfirmed=1)) == 100.0


@given(COUNTS)
def test_progress_is_100_exactly_when_everything_is_settled(counts):
    progress = progress_percentage(counts)
    if counts.total == 0:
        assert progress is None
    else:
        assert (progress == 100.0) is (counts.settled == counts.total)


@given(COUNTS)
def test_every_rate_lies_within_a_twentieth_of_the_exact_one(counts):
    for rate, part, whole in (
        (delivery_rate(counts), counts.delivered_or_further, counts.sent_or_further),
        (read_rate(counts), counts.read_or_further, counts.delivered_or_further),
        (response_rate(counts), counts.responded, counts.sent_or_further),
    ):
        assert (rate is None) is (whole == 0)
        if rate is not None:
            assert abs(rate - 100 * part / whole) <= 0.05 + 1e-9


def test_books_that_are_off_for_a_moment_still_give_a_percentage():
    assert progress_percentage(Counts(pending=-1, sent=10)) == 100.0
    assert delivery_rate(Counts(sent=-2, delivered=5)) == 100.0
    assert read_rate(Counts(delivered=5, read=-1)) == 0.0
