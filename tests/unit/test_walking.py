"""What the walk finds to do, over every status and every time that it looks at."""

from dataclasses import replace
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.model import Lane, LaneKey, PlannedRun, Recipient
from campaigns.domain.planning import VANISHED_AFTER_MS
from campaigns.domain.recipient import SETTLED, RecipientErrorCode, RecipientTrigger, require_move
from campaigns.domain.recipient import RecipientStatus as Status
from campaigns.domain.recipient_changes import ended, lease_expired, released
from campaigns.domain.walking import Finding, WalkRules, is_settled, judge, waits_until
from tests.fakes.recipient_steps import START, a_recipient, histories

NOW = 1_795_525_200_000
GRACE_MS = 600_000
#: Sequence 5 lies below both, between them, or above both.
MARKS = [(0, 0), (0, 5), (0, 6), (5, 9), (6, 9)]
TIMES = [None, 1, NOW - GRACE_MS - 1, NOW - GRACE_MS, NOW - GRACE_MS + 1, NOW - 1, NOW, NOW + 1]


def expected(
    status: Status, *, at: int | None, slot_at: int | None, below: int, is_cancelled: bool
) -> Finding:
    """The rule in other words. `at`: the lease's end, or when a further try is due."""
    if status is Status.SENDING:
        return Finding.EXPIRE_LEASE if at is not None and at <= NOW else Finding.NOTHING
    if status is Status.UNKNOWN:
        is_resent = at is not None or (slot_at is not None and NOW - slot_at < VANISHED_AFTER_MS)
        return Finding.NOTHING if is_resent and not is_cancelled else Finding.LOOK_FOR
    if status is not Status.PENDING:
        return Finding.NOTHING
    if is_cancelled:
        return Finding.SKIP
    if at is not None:
        return Finding.NOTHING
    late = NOW - slot_at >= VANISHED_AFTER_MS if slot_at is not None else below > 5
    return Finding.REQUEUE if late else Finding.NOTHING


def test_the_table_of_findings():
    found = set()
    for status, at, slot_at, (below, cursor), is_cancelled in product(
        Status, TIMES, TIMES, MARKS, [False, True]
    ):
        recipient = replace(
            a_recipient(5),
            status=status,
            updated_at=NOW,
            slot_at=slot_at,
            lease_until=at if status is Status.SENDING else None,
            retry_at=at if status in {Status.PENDING, Status.UNKNOWN} else None,
        )
        rules = WalkRules(NOW, is_cancelled, below, cursor)
        finding = judge(recipient, rules)
        found.add(finding)
        assert finding is expected(
            status, at=at, slot_at=slot_at, below=below, is_cancelled=is_cancelled
        ), (status, at, slot_at, below, is_cancelled)
    assert found == set(Finding)


def _done(recipient: Recipient, finding: Finding, now: int) -> Recipient:
    """As the walk does it."""
    match finding:
        case Finding.REQUEUE:
            return released(recipient, now=now, not_before=now)
        case Finding.EXPIRE_LEASE:
            return lease_expired(recipient, now=now)
        case Finding.LOOK_FOR if now >= (recipient.unknown_since or 0) + GRACE_MS:
            # It was never found, and its server never answered.
            return ended(recipient, Status.UNCONFIRMED, None, now=now)
        case Finding.SKIP:
            code = RecipientErrorCode.CAMPAIGN_CANCELLED
            return ended(recipient, Status.SKIPPED, code, now=now)
    return recipient


@given(histories(), st.booleans())
def test_whatever_happened_time_alone_settles_a_recipient_or_has_it_planned_again(
    steps, is_cancelled
):
    """Nobody is lost, whoever crashed: each minute the walk looks, nothing else happens."""
    current = steps[-1].after
    now = current.updated_at
    for _ in range(60):
        now += 60_000
        rules = WalkRules(now, is_cancelled, vanished_below=1, cursor=1)
        after = _done(current, judge(current, rules), now)
        if after.status is not current.status:
            by = RecipientTrigger.GRACE_ENDED if current.status is Status.UNKNOWN else None
            require_move(current.status, after.status, by=by)
        # The walk itself never has one sent again that may have been sent.
        is_in_doubt = after.may_have_been_sent and not after.resend_approved
        assert after.status is not Status.PENDING or not is_in_doubt
        current = after
    assert is_settled(current) or waits_until(current, rules) is not None


@given(histories())
def test_only_one_that_waits_in_the_retry_index_may_be_left_alone(steps):
    running = WalkRules(START, is_cancelled=False, vanished_below=1, cursor=1)
    for step in steps:
        assert waits_until(step.after, running) == step.after.retry_at
        # Nobody is planned from there any more.
        assert waits_until(step.after, replace(running, is_cancelled=True)) is None


def test_what_is_settled_has_no_more_to_do():
    assert {status for status in Status if is_settled(replace(a_recipient(), status=status))} == (
        SETTLED
    )


def test_a_first_slot_has_vanished_ten_minutes_after_its_run_ended():
    last_slot = START + 100_000
    lane = Lane(
        LaneKey("tn_1", "cp_1", "in_1"),
        cursor=8,
        laid_through=9,
        next_slot_at=last_slot,
        history=(PlannedRun(3, START), PlannedRun(8, last_slot)),
    )

    def findings(now: int) -> list[Finding]:
        rules = WalkRules.of(lane, now=now, is_cancelled=False)
        assert rules.cursor == 8
        return [judge(a_recipient(sequence), rules) for sequence in (2, 3, 7, 8)]

    wait, requeue = Finding.NOTHING, Finding.REQUEUE
    assert findings(START + VANISHED_AFTER_MS - 1) == [wait] * 4
    assert findings(START + VANISHED_AFTER_MS) == [requeue, wait, wait, wait]
    assert findings(last_slot + VANISHED_AFTER_MS) == [requeue, requeue, requeue, wait]
