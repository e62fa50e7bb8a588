"""Retrying: which failed recipients are put back, and what becomes of them."""

from dataclasses import replace
from typing import Final

from campaigns.domain.model import Recipient
from campaigns.domain.recipient import RecipientErrorCode as Code
from campaigns.domain.recipient import RecipientStatus, RecipientTrigger, require_move
from campaigns.domain.recipient_changes import on_instance

#: Faults of a moment or of the system: the same try may go well by now.
RETRIED: Final = frozenset(
    {
        Code.CONNECT_FAILED,
        Code.CONNECTION_CLOSED,
        Code.CHECK_TIMED_OUT,
        Code.CHECK_EMPTY,
        Code.RATE_OVERLIMIT,
        Code.SCHEMA_ERROR,
    }
)
#: Why somebody stays whose try may have been sent, whatever her own code says.
MAY_HAVE_BEEN_SENT: Final = "may_have_been_sent"


def kept_because(failed: Recipient) -> str | None:
    """Why a failed recipient stays as it is; None where it is put back.

    Nobody is who may have been sent to: only the operator sends to her again, by name.
    """
    if failed.may_have_been_sent:
        return MAY_HAVE_BEEN_SENT
    return None if failed.error_code in RETRIED else failed.error_code


def requeued(failed: Recipient, instance_id: str, *, now: int) -> Recipient:
    """Back to `pending` with all its tries before it again, under a new plan number; those that
    failed stay its history. `now` in epoch milliseconds.
    """
    require_move(
        failed.status,
        RecipientStatus.PENDING,
        by=RecipientTrigger.RETRY,
        may_have_been_sent=failed.may_have_been_sent,
    )
    return replace(
        # Never claimed, it may still name the instance that its draft once had.
        on_instance(failed, instance_id),
        status=RecipientStatus.PENDING,
        plan_number=failed.plan_number + 1,
        retry_count=0,
        retry_at=now,
        slot_at=None,
        error_code=None,
        updated_at=now,
    )
