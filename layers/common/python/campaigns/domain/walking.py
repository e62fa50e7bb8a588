"""Walking the low-water mark: what a look at one recipient finds to do. Epoch milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from campaigns.domain.model import Lane, Recipient
from campaigns.domain.planning import VANISHED_AFTER_MS, passed_by
from campaigns.domain.recipient import SETTLED, RecipientStatus
from campaigns.domain.reconciling import is_resend_under_way


class Finding(StrEnum):
    """What the walk does with a recipient."""

    NOTHING = "nothing"
    REQUEUE = "requeue"
    EXPIRE_LEASE = "expire_lease"
    LOOK_FOR = "look_for"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class WalkRules:
    """What the walk judges by, fixed for one walk."""

    now: int
    is_cancelled: bool
    #: Sequences below this had their first slot more than ten minutes ago.
    vanished_below: int
    #: Sequences from here on were never planned.
    cursor: int

    @classmethod
    def of(cls, lane: Lane, *, now: int, is_cancelled: bool) -> "WalkRules":
        below = passed_by(lane.history, now - VANISHED_AFTER_MS)
        return cls(now, is_cancelled, below, lane.cursor)


def judge(recipient: Recipient, rules: WalkRules) -> Finding:
    """An expired lease becomes unknown, an unknown one is looked for, a pending one whose job
    vanished is planned again, and under a cancelled campaign it is skipped.

    Who waits for a resend is left to it, but under a cancelled campaign none is ever made.
    """
    match recipient.status:
        case RecipientStatus.SENDING:
            expired = recipient.lease_until is not None and recipient.lease_until <= rules.now
            return Finding.EXPIRE_LEASE if expired else Finding.NOTHING
        case RecipientStatus.UNKNOWN:
            is_waiting = is_resend_under_way(recipient, rules.now) and not rules.is_cancelled
            return Finding.NOTHING if is_waiting else Finding.LOOK_FOR
        case RecipientStatus.PENDING if rules.is_cancelled:
            return Finding.SKIP
        case RecipientStatus.PENDING if _has_vanished(recipient, rules):
            return Finding.REQUEUE
    return Finding.NOTHING


def waits_until(recipient: Recipient, rules: WalkRules) -> int | None:
    """Until when nothing need be done about an unsettled recipient; None: look again each minute.

    Only one that waits in the retry index may be left alone; a job or a request is on its way for
    any other, and a cancelled campaign plans nobody from there.
    """
    return None if rules.is_cancelled else recipient.retry_at


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
