"""Shape of a direct message."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Item
from campaigns.domain.direct_message import (
    DirectErrorCode,
    DirectMessage,
    DirectPurpose,
    DirectStatus,
    ErrorCode,
)
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.recipient import RecipientErrorCode


class DirectMessageItem(Item):
    """One send that belongs to no campaign; the job names it, and only here lie phone and text."""

    direct_message_id = UnicodeAttribute()
    tenant_id = UnicodeAttribute()
    purpose = UnicodeAttribute()
    instance_id = UnicodeAttribute()
    person = UnicodeAttribute()
    phone = UnicodeAttribute()
    text = UnicodeAttribute()
    status = UnicodeAttribute()
    slot_at = NumberAttribute()
    give_up_at = NumberAttribute()
    created_at = NumberAttribute()
    updated_at = NumberAttribute()
    attempts = NumberAttribute()
    lease_token = UnicodeAttribute(null=True)
    lease_until = NumberAttribute(null=True)
    whatsapp_message_id = UnicodeAttribute()
    remote_jid = UnicodeAttribute(null=True)
    error_code = UnicodeAttribute(null=True)
    sent_at = NumberAttribute(null=True)
    write_token = UnicodeAttribute()
    expires_at = NumberAttribute()
    # by_message, sparse: from the first claim on.
    message_key = UnicodeAttribute(null=True)


def to_direct_message(item: DirectMessageItem) -> DirectMessage:
    return DirectMessage(
        direct_message_id=item.direct_message_id,
        tenant_id=item.tenant_id,
        purpose=DirectPurpose(item.purpose),
        instance_id=item.instance_id,
        person=item.person,
        phone=item.phone,
        text=item.text,
        whatsapp_message_id=item.whatsapp_message_id,
        slot_at=int(item.slot_at),
        give_up_at=int(item.give_up_at),
        created_at=int(item.created_at),
        updated_at=int(item.updated_at),
        expires_at=int(item.expires_at) * SECOND_MS,
        status=DirectStatus(item.status),
        attempts=int(item.attempts),
        lease_token=item.lease_token,
        lease_until=None if item.lease_until is None else int(item.lease_until),
        remote_jid=item.remote_jid,
        error_code=_error_code(item.error_code),
        sent_at=None if item.sent_at is None else int(item.sent_at),
    )


def to_direct_item(message: DirectMessage, token: str) -> DirectMessageItem:
    """The item of a message that was just queued; later writes change its state only."""
    key = keys.direct_message(message.tenant_id, message.direct_message_id)
    return DirectMessageItem(
        key.pk,
        key.sk,
        direct_message_id=message.direct_message_id,
        tenant_id=message.tenant_id,
        purpose=message.purpose,
        instance_id=message.instance_id,
        person=message.person,
        phone=message.phone,
        text=message.text,
        status=message.status,
        slot_at=message.slot_at,
        give_up_at=message.give_up_at,
        created_at=message.created_at,
        updated_at=message.updated_at,
        attempts=message.attempts,
        whatsapp_message_id=message.whatsapp_message_id,
        write_token=token,
        expires_at=message.expires_at // SECOND_MS,
    )


def _error_code(stored: str | None) -> ErrorCode | None:
    if stored is None:
        return None
    is_own = stored in set(DirectErrorCode)
    return DirectErrorCode(stored) if is_own else RecipientErrorCode(stored)
