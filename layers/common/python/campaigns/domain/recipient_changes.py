"""What each step makes of a recipient: pure functions from the old value to the new.

Every release, requeue and unknown outcome raises the plan number, so that whatever job is still on
its way dies at the claim. Times are epoch milliseconds.
"""

from dataclasses import replace

from campaigns.domain.model import FailedTry, Recipient
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus
from campaigns.domain.settlement import Settlement


def on_instance(recipient: Recipient, instance_id: str) -> Recipient:
    """Until its first claim a recipient belongs to the instance that its campaign has now.

    It was laid under the one that the draft had then, which may have been changed since. From the
    first claim on it stays where it is: its message's id hangs on the instance.
    """
    if recipient.whatsapp_message_id is not None:
        return recipient
    return replace(recipient, instance_id=instance_id)


def released(recipient: Recipient, *, now: int, not_before: int) -> Recipient:
    """Back to `pending`, or to `unknown` if a try may have been sent; due again at `not_before`.

    A claim whose request did not leave was no attempt, and leaves the operator's word for a resend
    as it was.
    """
    is_in_doubt = recipient.may_have_been_sent and not recipient.resend_approved
    status = RecipientStatus.UNKNOWN if is_in_doubt else RecipientStatus.PENDING
    was_claimed = recipient.status is RecipientStatus.SENDING
    return replace(
        recipient,
        status=status,
        plan_number=recipient.plan_number + 1,
        retry_at=not_before if status is RecipientStatus.PENDING else None,
        slot_at=None,
        attempts=recipient.attempts - was_claimed,
        lease_token=None,
        lease_until=None,
        updated_at=now,
    )


def claimed(
    recipient: Recipient,
    *,
    now: int,
    lease_token: str,
    lease_until: int,
    message_id: str,
    text: str,
    whatsapp_message_id: str,
    sent_under: int | None = None,
) -> Recipient:
    """To `sending` under a lease; wording and text are fixed from the first claim on.

    `sent_under` is the `config_version` of its instance, None where ids are not known to be
    honoured there: unless it is the same later on, the same message id is no promise.
    """
    return replace(
        recipient,
        status=RecipientStatus.SENDING,
        attempts=recipient.attempts + 1,
        # A planner that crashed may have sent the job and left the retry on its index: planned
        # once more from there, it would be sent once more.
        retry_at=None,
        lease_token=lease_token,
        lease_until=lease_until,
        message_id=recipient.message_id or message_id,
        rendered_text=recipient.rendered_text or text,
        whatsapp_message_id=recipient.whatsapp_message_id or whatsapp_message_id,
        sent_under=sent_under,
        updated_at=now,
    )


def resend_planned(recipient: Recipient, *, now: int) -> Recipient:
    """Still `unknown`, and due for a further try: the same message id, a new plan number."""
    return replace(
        recipient,
        plan_number=recipient.plan_number + 1,
        retry_at=now,
        slot_at=None,
        updated_at=now,
    )


def settled(recipient: Recipient, settlement: Settlement, *, now: int, left_at: int) -> Recipient:
    """After a try: as the settlement says. `left_at` is when its request left."""
    status = settlement.status
    code = settlement.error_code
    base = replace(
        recipient,
        status=status,
        retry_count=settlement.retry_count,
        may_have_been_sent=settlement.may_have_been_sent,
        error_code=code,
        retry_at=settlement.retry_at,
        slot_at=None,
        lease_token=None,
        lease_until=None,
        resend_approved=recipient.resend_approved and status is RecipientStatus.PENDING,
        updated_at=now,
    )
    if code is not None:
        base = replace(base, failed_tries=(*recipient.failed_tries, FailedTry(now, code)))
    match status:
        case RecipientStatus.SENT:
            return replace(
                base,
                sent_at=left_at,
                whatsapp_message_id=settlement.whatsapp_message_id,
                remote_jid=settlement.remote_jid,
            )
        case RecipientStatus.UNKNOWN:
            return replace(base, plan_number=recipient.plan_number + 1, unknown_since=left_at)
        case RecipientStatus.PENDING:
            return replace(base, plan_number=recipient.plan_number + 1)
    return base


def lease_expired(recipient: Recipient, *, now: int) -> Recipient:
    """Its sender died between claim and settling: the message may have been sent.

    The grace begins now, the try was over when its lease ended.
    """
    code = RecipientErrorCode.LEASE_EXPIRED
    ended_at = min(now, recipient.lease_until or now)
    return replace(
        recipient,
        status=RecipientStatus.UNKNOWN,
        plan_number=recipient.plan_number + 1,
        may_have_been_sent=True,
        retry_at=None,
        slot_at=None,
        unknown_since=now,
        error_code=code,
        failed_tries=(*recipient.failed_tries, FailedTry(ended_at, code)),
        lease_token=None,
        lease_until=None,
        resend_approved=False,
        updated_at=now,
    )


def ended(
    recipient: Recipient, status: RecipientStatus, code: RecipientErrorCode | None, *, now: int
) -> Recipient:
    """To `failed`, `skipped` or `unconfirmed` without a further try."""
    return replace(
        recipient,
        status=status,
        error_code=code or recipient.error_code,
        retry_at=None,
        slot_at=None,
        lease_token=None,
        lease_until=None,
        resend_approved=False,
        updated_at=now,
    )
