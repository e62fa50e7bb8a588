"""Shapes of a recipient, of its marker, and of the index of retries."""

from pynamodb.attributes import (
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Item
from campaigns.domain.model import FailedTry, LaneKey, Recipient
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.sources import RecipientTally


class FailedTryMap(MapAttribute[str, object]):
    at = NumberAttribute()
    code = UnicodeAttribute()


class RecipientItem(Item):
    """One person in one campaign; also the log of its sends: no row per message beside it."""

    recipient_id = UnicodeAttribute()
    tenant_id = UnicodeAttribute()
    campaign_id = UnicodeAttribute()
    instance_id = UnicodeAttribute()
    sequence = NumberAttribute()
    person = UnicodeAttribute()
    contact_id = UnicodeAttribute()
    status = UnicodeAttribute()
    plan_number = NumberAttribute()
    laid_epoch = NumberAttribute()
    updated_at = NumberAttribute()
    attempts = NumberAttribute(default=0)
    retry_count = NumberAttribute(default=0)
    # Most recipients never have the ones that may be missing: each receipt writes the whole item,
    # which has to stay under 1 KB.
    may_have_been_sent = BooleanAttribute(null=True)
    resend_approved = BooleanAttribute(null=True)
    slot_at = NumberAttribute(null=True)
    lease_token = UnicodeAttribute(null=True)
    lease_until = NumberAttribute(null=True)
    message_id = UnicodeAttribute(null=True)
    rendered_text = UnicodeAttribute(null=True)
    whatsapp_message_id = UnicodeAttribute(null=True)
    remote_jid = UnicodeAttribute(null=True)
    error_code = UnicodeAttribute(null=True)
    unknown_since = NumberAttribute(null=True)
    sent_at = NumberAttribute(null=True)
    delivered_at = NumberAttribute(null=True)
    read_at = NumberAttribute(null=True)
    responded_at = NumberAttribute(null=True)
    failed_tries = ListAttribute(of=FailedTryMap, null=True)
    sent_under = NumberAttribute(null=True)
    write_token = UnicodeAttribute(null=True)
    # by_retry, sparse: only while a further try waits to be planned.
    retry_lane = UnicodeAttribute(null=True)
    retry_at = NumberAttribute(null=True)
    # by_message, sparse: from the first claim on.
    message_key = UnicodeAttribute(null=True)


class MarkerItem(Item):
    """Where a recipient lies. Trusted only together with the recipient that lies there."""

    campaign_id = UnicodeAttribute()
    sequence = NumberAttribute()
    laid_epoch = NumberAttribute()
    # What it was counted for.
    values = ListAttribute(of=UnicodeAttribute, default=list)
    is_first_contact = BooleanAttribute(default=False)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def to_recipient(item: RecipientItem) -> Recipient:
    return Recipient(
        recipient_id=item.recipient_id,
        tenant_id=item.tenant_id,
        campaign_id=item.campaign_id,
        instance_id=item.instance_id,
        sequence=int(item.sequence),
        person=item.person,
        contact_id=item.contact_id,
        status=RecipientStatus(item.status),
        plan_number=int(item.plan_number),
        updated_at=int(item.updated_at),
        attempts=int(item.attempts),
        retry_count=int(item.retry_count),
        may_have_been_sent=bool(item.may_have_been_sent),
        resend_approved=bool(item.resend_approved),
        slot_at=_whole(item.slot_at),
        retry_at=_whole(item.retry_at),
        lease_token=item.lease_token,
        lease_until=_whole(item.lease_until),
        message_id=item.message_id,
        rendered_text=item.rendered_text,
        whatsapp_message_id=item.whatsapp_message_id,
        remote_jid=item.remote_jid,
        error_code=item.error_code,
        unknown_since=_whole(item.unknown_since),
        sent_at=_whole(item.sent_at),
        delivered_at=_whole(item.delivered_at),
        read_at=_whole(item.read_at),
        responded_at=_whole(item.responded_at),
        failed_tries=tuple(FailedTry(int(each.at), each.code) for each in item.failed_tries or ()),
        sent_under=_whole(item.sent_under),
    )


def to_item(recipient: Recipient, laid_epoch: int) -> RecipientItem:
    """The item of a recipient that was just laid; later writes change attributes only."""
    key = keys.recipient(recipient.tenant_id, recipient.campaign_id, recipient.sequence)
    return RecipientItem(
        key.pk,
        key.sk,
        recipient_id=recipient.recipient_id,
        tenant_id=recipient.tenant_id,
        campaign_id=recipient.campaign_id,
        instance_id=recipient.instance_id,
        sequence=recipient.sequence,
        person=recipient.person,
        contact_id=recipient.contact_id,
        status=recipient.status,
        plan_number=recipient.plan_number,
        laid_epoch=laid_epoch,
        updated_at=recipient.updated_at,
    )


def to_marker(recipient: Recipient, laid_epoch: int, tally: RecipientTally) -> MarkerItem:
    key = keys.recipient_marker(recipient.recipient_id)
    return MarkerItem(
        key.pk,
        key.sk,
        campaign_id=recipient.campaign_id,
        sequence=recipient.sequence,
        laid_epoch=laid_epoch,
        values=list(tally.values),
        is_first_contact=tally.is_first_contact,
    )


def to_tally(item: MarkerItem) -> RecipientTally:
    return RecipientTally(tuple(map(str, item.values)), item.is_first_contact)


def to_try(failed: FailedTry) -> FailedTryMap:
    attributes: dict[str, object] = {"at": failed.at, "code": failed.code}
    return FailedTryMap(**attributes)  # type: ignore[no-untyped-call]


def lane_of(recipient: Recipient) -> str:
    """The partition of the retry index."""
    return str(LaneKey(recipient.tenant_id, recipient.campaign_id, recipient.instance_id))
