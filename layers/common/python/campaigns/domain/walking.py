"""Walking the low-water mark: what a look at one recipient finds to do. Epoch milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from campaigns.domain.model import Lane, Recipient
from campaigns.domain.planning import VANISHED_AFTER_MS, passed_by
from campaigns.domain.recipient import SETTLED, RecipientStatus
from campaigns.domain.settlement import UnknownDecision, decide_unknown


class Finding(StrEnum):
    """What the walk does with a recipient."""

    NOTHING = "nothing"
    REQUEUE = "requeue"
    EXPIRE_LEASE = "expire_lease"
    UNCONFIRM = "unconfirm"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class WalkRules:
    """What the walk judges by, fixed for one walk."""

    now: int
    grace_ms: int
    is_cancelled: bool
    #: Sequences below this had their first slot more than ten minutes ago.
    vanished_below: int
    #: Sequences from here on were never planned.
    cursor: int

    @classmethod
    def of(cls, lane: Lane, *, now: int, grace_ms: int, is_cancelled: bool) -> "WalkRules":
        below = passed_by(lane.history, now - VANISHED_AFTER_MS)
        return cls(now, grace_ms, is_cancelled, below, lane.cursor)


def judge(recipient: Recipient, rules: WalkRules) -> Finding:
    """An expired lease becomes unknown, an unknown past its grace unconfirmed, a pending one whose
    job vanished is planned again, and under a cancelled campaign it is skipped.
    """
    match recipient.status:
        case RecipientStatus.SENDING:
            expired = recipient.lease_until is not None and recipient.lease_until <= rules.now
            return Finding.EXPIRE_LEASE if expired else Finding.NOTHING
        case RecipientStatus.UNKNOWN:
            since = recipient.unknown_since or recipient.updated_at
            decision = decide_unknown(unknown_since=since, now=rules.now, grace_ms=rules.grace_ms)
            is_over = decision is UnknownDecision.UNCONFIRMED
            return Finding.UNCONFIRM if is_over else Finding.NOTHING
        case RecipientStatus.PENDING if rules.is_cancelled:
            return Finding.SKIP
        case RecipientStatus.PENDING if _has_vanished(recipient, rules):
            return Finding.REQUEUE
    return Finding.NOTHING


def waits_until(recipient: Recipient) -> int | None:
    """Until when nothing need be done about an unsettled recipient; None: look again each minute.

    Only one that waits in the retry index may be left alone; a job or a request is on its way for
    any other.
    """
    if recipient.status is RecipientStatus.PENDING and recipient.retry_at is not None:
        return recipient.retry_at
    return None


def is_settled(recipient: Recipient) -> bool:
    return recipient.status in SETTLED


def _has_vanished(recipient: Recipient, rules: WalkRules) -> bool:
    if recipient.retry_at is not None:
        return False
    if recipient.slot_at is not None:
        return recipient.slot_at <= rules.now - VANISHED_AFTER_MS
    return recipient.sequence < rules.vanished_below


def unbroken(page: Sequence[Recipient], start: int) -> list[Recipient]:
    """The recipients from `start` on without a hole: a stale read may not show one yet."""
    return [
        recipient
        for expected, recipient in enumerate(page, start=start)
        if recipient.sequence == expected
    ]
