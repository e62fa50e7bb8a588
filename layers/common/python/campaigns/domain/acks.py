"""What a proof of a send makes of its recipient: forward only, by whatever way the proof came.

Proofs come twice, out of order, or never, and may come before the answer of the request itself.
What each makes does not depend on that order: of any number of them the furthest stands, and every
moment that it implies is filled. Times are epoch milliseconds.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from campaigns.domain.model import FailedTry, Recipient
from campaigns.domain.recipient import (
    SENT_OR_FURTHER,
    RecipientErrorCode,
    RecipientStatus,
    RecipientTrigger,
    can_move,
)
from campaigns.domain.webhook_event import AckStatus

_S = RecipientStatus

#: What an ack proves. The rest tells nothing that is kept: that a server has it is what its 201
#: said, and what was deleted was there before.
STATUS_OF_ACK: Final[Mapping[AckStatus, RecipientStatus]] = MappingProxyType(
    {
        AckStatus.DELIVERY_ACK: _S.DELIVERED,
        AckStatus.READ: _S.READ,
        AckStatus.PLAYED: _S.READ,
        AckStatus.ERROR: _S.FAILED,
    }
)
_ORDER: Final = (_S.SENT, _S.DELIVERED, _S.READ, _S.RESPONDED)
#: Of anyone else a refusal tells nothing: she was reached, or another try is to come.
_REFUSED_FROM: Final = frozenset({_S.SENDING, _S.SENT})


def stands_at(recipient: Recipient, status: RecipientStatus) -> bool:
    """Whether the recipient is at that status of a sent message, or beyond it; failed is beyond
    none, and means refused by WhatsApp."""
    if status is _S.FAILED:
        return is_refused(recipient)
    return recipient.status in _ORDER[_ORDER.index(status) :]


def is_refused(recipient: Recipient) -> bool:
    """Its message was sent, and WhatsApp refused it afterwards."""
    code = RecipientErrorCode.REFUSED_BY_WHATSAPP
    return recipient.status is _S.FAILED and recipient.error_code == code


def advanced(
    recipient: Recipient,
    status: RecipientStatus,
    *,
    at: int,
    sent_at: int | None = None,
    whatsapp_message_id: str | None = None,
    remote_jid: str | None = None,
) -> Recipient:
    """The recipient after a proof that its message came to `status` at `at`; as it was where the
    proof tells nothing new.

    `status` is sent or further, or failed: refused by WhatsApp. `sent_at`, the message's id and its
    jid are of whoever knows them; without `sent_at` it is when the try began of which the outcome
    was unknown.
    """
    after = recipient
    if _can_advance(recipient, status):
        after = _moved(recipient, status, at)
    elif recipient.status not in SENT_OR_FURTHER and not is_refused(recipient):
        return recipient
    return replace(
        after,
        sent_at=sent_at or after.sent_at,
        whatsapp_message_id=whatsapp_message_id or after.whatsapp_message_id,
        remote_jid=after.remote_jid or remote_jid,
    )


def _can_advance(recipient: Recipient, status: RecipientStatus) -> bool:
    if status is _S.FAILED:
        return recipient.status in _REFUSED_FROM
    doubt = recipient.may_have_been_sent
    return can_move(recipient.status, status, by=RecipientTrigger.PROOF, may_have_been_sent=doubt)


def _moved(recipient: Recipient, status: RecipientStatus, at: int) -> Recipient:
    after = replace(
        _with_moments(recipient, status, at),
        status=status,
        error_code=None,
        retry_at=None,
        slot_at=None,
        lease_token=None,
        lease_until=None,
        resend_approved=False,
        updated_at=at,
    )
    if status is not _S.FAILED:
        return after
    code = RecipientErrorCode.REFUSED_BY_WHATSAPP
    tries = (*recipient.failed_tries, FailedTry(at, code))
    return replace(after, error_code=code, failed_tries=tries)


def _with_moments(recipient: Recipient, status: RecipientStatus, at: int) -> Recipient:
    """Every moment that the status implies; one that is known already stays."""
    began_at = recipient.unknown_since or recipient.updated_at
    rank = _ORDER.index(status) if status in _ORDER else 0
    return replace(
        recipient,
        sent_at=recipient.sent_at or min(began_at, at),
        delivered_at=recipient.delivered_at or (at if rank >= 1 else None),
        read_at=recipient.read_at or (at if rank >= 2 else None),
        responded_at=recipient.responded_at or (at if rank >= 3 else None),
    )
