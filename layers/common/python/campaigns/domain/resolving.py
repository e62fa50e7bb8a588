"""Resolving: what the operator makes of a recipient of whom nobody knows whether it was sent."""

from dataclasses import replace
from enum import StrEnum
from typing import assert_never

from campaigns.domain.errors import InvalidState
from campaigns.domain.model import Recipient
from campaigns.domain.recipient import (
    RecipientErrorCode,
    RecipientStatus,
    RecipientTrigger,
    require_move,
)
from campaigns.domain.recipient_changes import ended


class Resolution(StrEnum):
    """What the operator found out, or decides (closed list of the contract)."""

    SENT = "sent"
    FAILED = "failed"
    RESEND = "resend"


_STATUS_OF = {
    Resolution.SENT: RecipientStatus.SENT,
    Resolution.FAILED: RecipientStatus.FAILED,
    Resolution.RESEND: RecipientStatus.PENDING,
}


def resolved(recipient: Recipient, resolution: Resolution, *, now: int) -> Recipient:
    """Only an unconfirmed recipient is resolved; a resend never forgets that it may be the second.

    Raises :class:`InvalidState` for any other. `now` in epoch milliseconds.
    """
    status = _STATUS_OF[resolution]
    if recipient.status is not RecipientStatus.UNCONFIRMED:
        raise InvalidState(recipient.status)
    require_move(recipient.status, status, by=RecipientTrigger.OPERATOR)
    match resolution:
        case Resolution.SENT:
            sent = ended(recipient, status, None, now=now)
            return replace(sent, error_code=None, sent_at=_last_tried_at(recipient))
        case Resolution.FAILED:
            return ended(recipient, status, RecipientErrorCode.RESOLVED_AS_FAILED, now=now)
        case Resolution.RESEND:
            return replace(
                recipient,
                status=status,
                plan_number=recipient.plan_number + 1,
                # Tries that failed before the doubt are no reason to give this one fewer.
                retry_count=0,
                retry_at=now,
                error_code=None,
                resend_approved=True,
                updated_at=now,
            )
        case _:
            assert_never(resolution)


def _last_tried_at(recipient: Recipient) -> int:
    """When the request left whose outcome is unknown; the tries are the record of old ones."""
    if recipient.unknown_since is not None:
        return recipient.unknown_since
    tries = recipient.failed_tries
    return tries[-1].at if tries else recipient.updated_at
