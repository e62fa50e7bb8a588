"""Confirm an opt-out by one message, through the instance that she wrote to."""

import logging
from dataclasses import dataclass
from typing import Final

from campaigns.domain.direct_message import (
    GIVE_UP_AFTER_MS,
    KEPT_MS,
    DirectMessage,
    DirectPurpose,
    DirectStatus,
    is_over,
)
from campaigns.domain.errors import ConcurrentUpdate, Unavailable
from campaigns.domain.identity import Identity
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.opt_out import confirmation
from campaigns.services.ports import Clock, Contacts, Gates, JobQueue, Tenants
from campaigns.services.ports_direct import DirectMessages

_log = logging.getLogger(__name__)

#: Later it would come out of nothing, and what tells a repeat of her message is kept no longer
#: than a confirmation is.
_CONFIRMED_WITHIN_MS: Final = 7 * 24 * 60 * MINUTE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmOptOut:
    """One message for one opt-out, however often that is reported.

    Its id follows from the message in which she opted out. The item comes first and its job after
    it, so that whoever finds an item without a sender queues its job again.
    """

    messages: DirectMessages
    gates: Gates
    contacts: Contacts
    tenants: Tenants
    queue: JobQueue
    identity: Identity
    clock: Clock

    def __call__(
        self,
        tenant_id: str,
        instance_id: str,
        person: str,
        whatsapp_message_id: str,
        *,
        said_at: int,
        phone: str | None,
    ) -> None:
        """Nothing where she said it (`said_at`, epoch ms) over a week ago. `phone` (E.164) is hers
        where her address told it, else her contact's is taken.

        Raises Unavailable where the queue did not take the job: it is to be asked again.
        """
        if self.clock.now() - said_at >= _CONFIRMED_WITHIN_MS:
            return
        message_id = self.identity.confirmation_id(instance_id, whatsapp_message_id)
        message = self.messages.read(tenant_id, message_id)
        if message is None:
            message = self._created(tenant_id, instance_id, person, message_id, phone)
        if message is None or message.status is not DirectStatus.QUEUED:
            return
        if is_over(message, self.clock.now()):
            return
        (is_queued,) = self.queue.send([message.job])
        if not is_queued:
            raise Unavailable("unavailable")

    def _created(
        self,
        tenant_id: str,
        instance_id: str,
        person: str,
        message_id: str,
        phone: str | None,
    ) -> DirectMessage | None:
        phone = phone or self._phone_of_contact(tenant_id, person)
        gate = self.gates.read(instance_id, consistent=True)
        if phone is None or gate is None:
            missing = "phone" if phone is None else "instance"
            _log.warning(
                "opt_out_not_confirmed", extra={"instance_id": instance_id, "missing": missing}
            )
            return None
        tenant, now = self.tenants.rules(tenant_id).tenant, self.clock.now()
        slot_at = max(now, gate.gap_ends_at)
        message = DirectMessage(
            direct_message_id=message_id,
            tenant_id=tenant_id,
            purpose=DirectPurpose.OPT_OUT_CONFIRMATION,
            instance_id=instance_id,
            person=person,
            phone=phone,
            text=confirmation(tenant.name, tenant.opt_out_keywords, tenant.locale),
            whatsapp_message_id=self.identity.whatsapp_message_id(message_id, instance_id),
            slot_at=slot_at,
            give_up_at=slot_at + GIVE_UP_AFTER_MS,
            created_at=now,
            updated_at=now,
            expires_at=now + KEPT_MS,
        )
        try:
            self.messages.create(message)
        except ConcurrentUpdate:
            # The same message, reported twice at once.
            return self.messages.read(tenant_id, message_id)
        return message

    def _phone_of_contact(self, tenant_id: str, person: str) -> str | None:
        contact = self.contacts.read(tenant_id, self.identity.contact_id(tenant_id, person))
        return contact.phone if contact else None
