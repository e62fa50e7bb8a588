"""The books, kept step by step, say what a recount says."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.books import BOOKED, booking, times_sent
from campaigns.domain.delivery import Sent
from campaigns.domain.recipient import RecipientStatus as Status
from campaigns.domain.recipient_changes import settled
from campaigns.domain.settlement import decide_settlement
from tests.fakes.recipient_steps import START, a_recipient, histories


@given(st.lists(histories(), max_size=5))
def test_the_sum_of_all_bookings_is_what_a_recount_finds(people):
    books: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    for steps in people:
        for step in steps:
            changes = booking(step.before, step.after)
            assert 0 not in changes.values()
            books.update(changes)
        last = steps[-1].after
        if last.status in BOOKED:
            counted[last.status] += 1
        if last.sent_at is not None and last.message_id is not None:
            counted[times_sent(last.message_id)] += 1
    assert +books == counted
    assert not -books


@given(histories())
def test_staying_and_what_has_no_counter_is_not_booked(steps):
    for step in steps:
        assert booking(step.after, step.after) == {}
        if {step.before.status, step.after.status} <= {Status.PENDING, Status.SENDING}:
            assert booking(step.before, step.after) == {}


@given(histories(), st.sampled_from([Status.UNKNOWN, Status.UNCONFIRMED]))
def test_proof_that_comes_late_is_booked_from_what_was_stored_and_not_what_was_known(steps, doubt):
    """The sender knows its claim; meanwhile the lease ran out, or the grace."""
    claims = [step.after for step in steps if step.name == "claim"]
    if not claims:
        return
    mine = claims[-1]
    proof = decide_settlement(
        Sent("3EB07BF3A48FF674FA9890", None),
        retry_count=mine.retry_count,
        may_have_been_sent=mine.may_have_been_sent,
        now=START,
        random_fraction=0.5,
    )
    after = settled(mine, proof, now=START, left_at=START)
    stored = replace(mine, status=doubt)
    assert mine.message_id is not None
    assert booking(stored, after) == {doubt: -1, Status.SENT: 1, times_sent(mine.message_id): 1}


def test_what_is_pending_or_being_sent_has_no_counter_of_its_own():
    assert frozenset(Status) - BOOKED == {Status.PENDING, Status.SENDING}
    failed = replace(a_recipient(), status=Status.FAILED)
    assert booking(a_recipient(), failed) == {Status.FAILED: 1}
    assert booking(failed, a_recipient()) == {Status.FAILED: -1}
