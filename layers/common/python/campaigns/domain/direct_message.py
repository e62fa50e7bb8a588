"""Direct messages: single sends that belong to no campaign, such as a test message or the
confirmation of an opt-out.

They pass the queue and both gates like any send, and are under no quiet hours and no window. There
is no lane and no planner behind them: one that a gate refuses goes back to the queue until its time
is over, and one whose try may have been sent is never sent again. Times are epoch milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from campaigns.domain.delivery import (
    InstanceFault,
    Outcome,
    PermanentFailure,
    Sent,
    Transient,
    Unknown,
)
from campaigns.domain.errors import InvalidState
from campaigns.domain.instants import MINUTE_MS, SECOND_MS
from campaigns.domain.job import DirectJob
from campaigns.domain.recipient import RecipientErrorCode
from campaigns.domain.settlement import backoff_ms

#: A direct message is not wanted any more this long after its first slot.
GIVE_UP_AFTER_MS = 10 * MINUTE_MS
#: The last look at the gates is this long before that: they are waited for a few seconds.
LAST_TRY_MS = 10 * SECOND_MS
#: A gate that is shut is not asked again before this: every put-back costs one of few receives.
LEAST_WAIT_MS = 15 * SECOND_MS
#: How long one is kept after it was queued.
KEPT_MS = 30 * 24 * 60 * MINUTE_MS


class DirectPurpose(StrEnum):
    """What a direct message is for."""

    TEST = "test"
    OPT_OUT_CONFIRMATION = "opt_out_confirmation"


class DirectStatus(StrEnum):
    """Where a direct message stands (closed list of the contract)."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"


class DirectErrorCode(StrEnum):
    """Why a direct message was not sent, beside a recipient's reasons (closed list)."""

    NOT_SENT_IN_TIME = "not_sent_in_time"
    DAILY_LIMIT_REACHED = "daily_limit_reached"
    INSTANCE_DISCONNECTED = "instance_disconnected"
    INSTANCE_DELETED = "instance_deleted"
    OPT_OUT_TAKEN_BACK = "opt_out_taken_back"


type ErrorCode = RecipientErrorCode | DirectErrorCode

_S = DirectStatus

#: Every move that there is. `sending -> queued` is a try of which nothing was sent; proof of a send
#: moves an unconfirmed one forward, and WhatsApp may refuse what was sent.
MOVES: Mapping[DirectStatus, frozenset[DirectStatus]] = MappingProxyType(
    {
        _S.QUEUED: frozenset({_S.SENDING, _S.FAILED}),
        _S.SENDING: frozenset({_S.SENT, _S.FAILED, _S.UNCONFIRMED, _S.QUEUED}),
        _S.SENT: frozenset({_S.FAILED}),
        _S.FAILED: frozenset(),
        _S.UNCONFIRMED: frozenset({_S.SENT}),
    }
)

_PROVEN_FROM: Mapping[DirectStatus, frozenset[DirectStatus]] = MappingProxyType(
    {
        _S.SENT: frozenset({_S.SENDING, _S.UNCONFIRMED}),
        _S.FAILED: frozenset({_S.SENDING, _S.SENT}),
    }
)


@dataclass(frozen=True, slots=True)
class DirectMessage:
    """One message to one phone. `slot_at`: not before; `give_up_at`: not from then on."""

    direct_message_id: str
    tenant_id: str
    purpose: DirectPurpose
    instance_id: str
    person: str
    phone: str = field(repr=False)
    text: str = field(repr=False)
    whatsapp_message_id: str
    slot_at: int
    give_up_at: int
    created_at: int
    updated_at: int
    expires_at: int
    status: DirectStatus = DirectStatus.QUEUED
    attempts: int = 0
    lease_token: str | None = None
    lease_until: int | None = None
    remote_jid: str | None = field(default=None, repr=False)
    error_code: ErrorCode | None = None
    sent_at: int | None = None

    @property
    def job(self) -> DirectJob:
        return DirectJob(
            self.tenant_id, self.direct_message_id, self.instance_id, self.person, self.slot_at
        )


@dataclass(frozen=True, slots=True)
class DirectSettlement:
    """What a finished try makes of its message.

    `counts`: something was sent, or may have been. `retry_at`: not to be tried again before then.
    """

    after: DirectMessage
    counts: bool
    retry_at: int | None = None


def barred(message: DirectMessage, *, is_opted_out: bool) -> ErrorCode | None:
    """The confirmation of an opt-out goes only to one who is out; everything else never does."""
    if message.purpose is DirectPurpose.OPT_OUT_CONFIRMATION:
        return None if is_opted_out else DirectErrorCode.OPT_OUT_TAKEN_BACK
    return RecipientErrorCode.OPTED_OUT if is_opted_out else None


def can_move(before: DirectStatus, after: DirectStatus) -> bool:
    """A direct message moves only along the table. Staying is no move."""
    return after in MOVES[before]


def claimed(
    message: DirectMessage, *, now: int, lease_token: str, lease_until: int
) -> DirectMessage:
    """To `sending` under a lease."""
    return replace(
        _moved(message, DirectStatus.SENDING, now),
        attempts=message.attempts + 1,
        lease_token=lease_token,
        lease_until=lease_until,
    )


def released(message: DirectMessage, *, now: int) -> DirectMessage:
    """Back to `queued`: the request of this claim did not leave, so it was no attempt."""
    after = _moved(message, DirectStatus.QUEUED, now)
    return replace(after, attempts=message.attempts - 1)


def failed(message: DirectMessage, code: ErrorCode, *, now: int) -> DirectMessage:
    """To `failed`: nothing of it was sent."""
    if message.status is DirectStatus.SENT:
        raise InvalidState(message.status, wanted_status=DirectStatus.FAILED.value)
    return replace(_moved(message, DirectStatus.FAILED, now), error_code=code)


def lease_expired(message: DirectMessage, *, now: int) -> DirectMessage:
    """Its sender died between claim and settling: it may have been sent, so it never is again."""
    after = _moved(message, DirectStatus.UNCONFIRMED, now)
    return replace(after, error_code=RecipientErrorCode.LEASE_EXPIRED)


def proven(message: DirectMessage, *, is_refused: bool, now: int) -> DirectMessage:
    """After an ack: sent for certain, or refused by WhatsApp; as it was where that is no news."""
    status = DirectStatus.FAILED if is_refused else DirectStatus.SENT
    if message.status not in _PROVEN_FROM[status]:
        return message
    sent_at = message.sent_at or min(message.updated_at, now)
    after = replace(_moved(message, status, now), sent_at=sent_at)
    code = RecipientErrorCode.REFUSED_BY_WHATSAPP if is_refused else None
    return replace(after, error_code=code)


def settled(
    message: DirectMessage, outcome: Outcome, *, now: int, left_at: int
) -> DirectSettlement:
    """After a try: sent, unconfirmed where that cannot be told, queued again after a passing fault
    while there is time, else failed.

    `left_at` is when its request left.
    """
    match outcome:
        case Sent(whatsapp_message_id, remote_jid):
            after = replace(
                _moved(message, DirectStatus.SENT, now),
                whatsapp_message_id=whatsapp_message_id,
                remote_jid=remote_jid,
                sent_at=left_at,
            )
            return DirectSettlement(after, counts=True)
        case Unknown(error_code):
            after = replace(_moved(message, DirectStatus.UNCONFIRMED, now), error_code=error_code)
            return DirectSettlement(after, counts=True)
    again_at = retry_after_fault_at(message, outcome, now=now)
    if again_at is None:
        return DirectSettlement(failed(message, outcome.error_code, now=now), counts=False)
    after = replace(_moved(message, DirectStatus.QUEUED, now), error_code=outcome.error_code)
    return DirectSettlement(after, counts=False, retry_at=again_at)


def retry_after_fault_at(
    message: DirectMessage, fault: PermanentFailure | InstanceFault | Transient, *, now: int
) -> int | None:
    """When to try again after a fault of which nothing was sent; None where that is no use, or
    where no time is left for it."""
    if not isinstance(fault, Transient):
        return None
    return retry_at(message, now=now, opens_at=now + backoff_ms(0, 0.5, hard=fault.hard_backoff))


def retry_at(message: DirectMessage, *, now: int, opens_at: int | None = None) -> int | None:
    """When to ask again, not before `opens_at`; None where no time is left for that.

    Each wait is as long as all before it together, so that ten minutes take few receives, and
    nothing has to be counted. The last try is a little before the end.
    """
    last_try_at = message.give_up_at - LAST_TRY_MS
    soonest = max(now + LEAST_WAIT_MS, opens_at or now)
    if soonest > last_try_at:
        return None
    return min(last_try_at, max(soonest, now + (now - message.slot_at)))


def is_over(message: DirectMessage, now: int) -> bool:
    """Whether it is too late to send it."""
    return now >= message.give_up_at


def as_seen(message: DirectMessage, now: int) -> DirectMessage:
    """What a reader is told. Nobody comes back to one whose job was lost: one that is queued past
    its time was not sent, and one whose lease ran out may have been."""
    if message.status is DirectStatus.QUEUED and is_over(message, now):
        return failed(message, DirectErrorCode.NOT_SENT_IN_TIME, now=message.give_up_at)
    until = message.lease_until
    if message.status is DirectStatus.SENDING and until is not None and now >= until:
        return lease_expired(message, now=until)
    return message


def _moved(message: DirectMessage, status: DirectStatus, now: int) -> DirectMessage:
    """Into another status, with nothing left of what belonged to the one before."""
    if not can_move(message.status, status):
        raise InvalidState(message.status, wanted_status=status.value)
    return replace(
        message,
        status=status,
        updated_at=now,
        lease_token=None,
        lease_until=None,
        error_code=None,
    )
