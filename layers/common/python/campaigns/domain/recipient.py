"""A recipient's states: which there are, how one follows another, and why one failed."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from campaigns.domain.errors import InvalidState


class RecipientStatus(StrEnum):
    """Where one person's message stands (closed list of the contract)."""

    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    RESPONDED = "responded"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNCONFIRMED = "unconfirmed"


class RecipientTrigger(StrEnum):
    """What moves a recipient, where only some triggers may."""

    RESEND = "resend"
    PROOF = "proof"
    ERROR_ACK = "error_ack"
    GRACE_ENDED = "grace_ended"
    RETRY = "retry"
    OPERATOR = "operator"
    #: The table was restored from a backup, which knows nothing of what was sent since.
    RESTORE = "restore"


class RecipientErrorCode(StrEnum):
    """Why a recipient was not plainly sent (closed list of the contract)."""

    # The number or the text: final.
    NUMBER_NOT_ON_WHATSAPP = "number_not_on_whatsapp"
    TEXT_TOO_LONG = "text_too_long"
    SCHEMA_ERROR = "schema_error"
    # The instance: its campaign is paused, the recipient waits.
    INSTANCE_UNAUTHORIZED = "instance_unauthorized"
    INSTANCE_NOT_FOUND = "instance_not_found"
    INSTANCE_NEVER_CONNECTED = "instance_never_connected"
    LICENCE_REQUIRED = "licence_required"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    # Passing faults, known not to have been sent.
    CONNECT_FAILED = "connect_failed"
    CONNECTION_CLOSED = "connection_closed"
    CHECK_TIMED_OUT = "check_timed_out"
    CHECK_EMPTY = "check_empty"
    RATE_OVERLIMIT = "rate_overlimit"
    # May have been sent.
    SEND_THREW = "send_threw"
    READ_TIMEOUT = "read_timeout"
    CONNECTION_LOST = "connection_lost"
    PROXY_ERROR = "proxy_error"
    UNRECOGNISED_ANSWER = "unrecognised_answer"
    LEASE_EXPIRED = "lease_expired"
    RESTORED_FROM_BACKUP = "restored_from_backup"
    # Sent, and refused by WhatsApp afterwards (an ERROR ack, which carries no reason).
    REFUSED_BY_WHATSAPP = "refused_by_whatsapp"
    # Decided by people.
    OPTED_OUT = "opted_out"
    CONTACT_INACTIVE = "contact_inactive"
    CONTACT_DELETED = "contact_deleted"
    REMOVED = "removed"
    CAMPAIGN_CANCELLED = "campaign_cancelled"
    RESOLVED_AS_FAILED = "resolved_as_failed"


#: Codes of tries that may have been sent.
DOUBTFUL = frozenset(
    {
        RecipientErrorCode.SEND_THREW,
        RecipientErrorCode.READ_TIMEOUT,
        RecipientErrorCode.CONNECTION_LOST,
        RecipientErrorCode.PROXY_ERROR,
        RecipientErrorCode.UNRECOGNISED_ANSWER,
        RecipientErrorCode.LEASE_EXPIRED,
        RecipientErrorCode.RESTORED_FROM_BACKUP,
    }
)

_S = RecipientStatus
_T = RecipientTrigger

#: Counts as done for the low-water mark and for a campaign's completion.
SETTLED = frozenset(
    {_S.SENT, _S.DELIVERED, _S.READ, _S.RESPONDED, _S.FAILED, _S.SKIPPED, _S.UNCONFIRMED}
)
#: A try is under way, or its outcome is still being looked for.
IN_FLIGHT = frozenset({_S.SENDING, _S.UNKNOWN})
SENT_OR_FURTHER = frozenset({_S.SENT, _S.DELIVERED, _S.READ, _S.RESPONDED})

#: Every move that there is. A release is `sending -> pending`, or `sending -> unknown` where an
#: earlier try may have been sent; acks leap and never go back.
MOVES: Mapping[RecipientStatus, frozenset[RecipientStatus]] = MappingProxyType(
    {
        _S.PENDING: SENT_OR_FURTHER | {_S.SENDING, _S.FAILED, _S.SKIPPED, _S.UNKNOWN},
        _S.SENDING: SENT_OR_FURTHER | {_S.FAILED, _S.SKIPPED, _S.UNKNOWN, _S.PENDING},
        _S.UNKNOWN: SENT_OR_FURTHER | {_S.SENDING, _S.UNCONFIRMED},
        _S.UNCONFIRMED: SENT_OR_FURTHER | {_S.FAILED, _S.PENDING},
        _S.SENT: frozenset({_S.DELIVERED, _S.READ, _S.RESPONDED, _S.FAILED}),
        _S.DELIVERED: frozenset({_S.READ, _S.RESPONDED}),
        _S.READ: frozenset({_S.RESPONDED}),
        _S.RESPONDED: frozenset(),
        _S.FAILED: frozenset({_S.PENDING}),
        _S.SKIPPED: frozenset(),
    }
)

#: Moves of a recipient whose message the operator wants sent once more: late proof of its earlier
#: try, and the doubt again where the resend could not be made.
_ONLY_AFTER_DOUBT = frozenset((_S.PENDING, after) for after in SENT_OR_FURTHER | {_S.UNKNOWN})

#: Moves that only these triggers may make; every other move is open to whoever holds the recipient.
ONLY_BY: Mapping[tuple[RecipientStatus, RecipientStatus], frozenset[RecipientTrigger]] = (
    MappingProxyType(
        {
            (before, after): frozenset({_T.PROOF})
            for before in (_S.PENDING, _S.UNKNOWN, _S.UNCONFIRMED)
            for after in SENT_OR_FURTHER
        }
        | {
            # The same message id through the same instance, planned by reconciliation alone.
            (_S.UNKNOWN, _S.SENDING): frozenset({_T.RESEND}),
            (_S.UNKNOWN, _S.UNCONFIRMED): frozenset({_T.GRACE_ENDED}),
            (_S.UNCONFIRMED, _S.SENT): frozenset({_T.PROOF, _T.OPERATOR}),
            (_S.UNCONFIRMED, _S.FAILED): frozenset({_T.OPERATOR}),
            (_S.UNCONFIRMED, _S.PENDING): frozenset({_T.OPERATOR}),
            (_S.SENT, _S.FAILED): frozenset({_T.ERROR_ACK}),
            (_S.FAILED, _S.PENDING): frozenset({_T.RETRY}),
        }
    )
)


def can_move(
    before: RecipientStatus,
    after: RecipientStatus,
    *,
    by: RecipientTrigger | None = None,
    may_have_been_sent: bool = False,
) -> bool:
    """A recipient moves only along the table, and never is one retried that may have been sent.

    Without `by` the question is whether anything at all may make the move. `may_have_been_sent`:
    some try of this recipient had an outcome that was or is unknown. Staying is no move. A restore
    from backup, and nothing else, puts in doubt whom nobody is known to have tried.
    """
    if after not in MOVES[before]:
        return False
    # Only the operator sends those again, through `unconfirmed`.
    if (before, after) == (_S.FAILED, _S.PENDING) and may_have_been_sent:
        return False
    is_new_doubt = by is _T.RESTORE and after is _S.UNKNOWN
    if (before, after) in _ONLY_AFTER_DOUBT and not may_have_been_sent and not is_new_doubt:
        return False
    return by is None or by in ONLY_BY.get((before, after), frozenset({by}))


def require_move(
    before: RecipientStatus,
    after: RecipientStatus,
    *,
    by: RecipientTrigger | None = None,
    may_have_been_sent: bool = False,
) -> None:
    """Refuse a move that is not in the table, with the present status."""
    if not can_move(before, after, by=by, may_have_been_sent=may_have_been_sent):
        raise InvalidState(before, wanted_status=after.value)
