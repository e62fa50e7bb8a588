"""Test messages: queued for one phone at once, sent through the gates like any other message."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

from campaigns.domain.campaign_draft import check_text
from campaigns.domain.contact import read_phone
from campaigns.domain.direct_message import (
    GIVE_UP_AFTER_MS,
    KEPT_MS,
    DirectMessage,
    DirectPurpose,
    as_seen,
)
from campaigns.domain.errors import (
    Conflict,
    ConflictCode,
    FieldError,
    NotFound,
    TextTooLong,
    Unavailable,
    UnknownReference,
    ValidationFailed,
)
from campaigns.domain.identity import Identity, new_id
from campaigns.domain.instants import day_of, to_datetime
from campaigns.domain.model import ConnectionState, Contact, InstanceGate
from campaigns.domain.rendering import (
    contact_values,
    missing_variables,
    render,
    required_variables,
)
from campaigns.services.ports import (
    Campaigns,
    Clock,
    Contacts,
    Gates,
    Instances,
    JobQueue,
    Suppressions,
    Tenants,
)
from campaigns.services.ports_direct import DirectMessages


@dataclass(frozen=True, slots=True)
class _Wording:
    """A text to fill in. `field` is what of the request a fault of the filled text is blamed on."""

    text: str
    zone: ZoneInfo
    field: str
    allow_missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageDirect:
    """Direct messages of a tenant. Times are epoch milliseconds.

    Nothing here tells anything of the person's gate, which knows of other tenants' sends.
    """

    messages: DirectMessages
    instances: Instances
    gates: Gates
    campaigns: Campaigns
    contacts: Contacts
    suppressions: Suppressions
    tenants: Tenants
    queue: JobQueue
    identity: Identity
    clock: Clock
    random: Random

    def test_text(
        self, tenant_id: str, instance_id: str, *, phone: str, text: str, contact_id: str | None
    ) -> DirectMessage:
        """A text to one phone, filled in for a contact if one is given.

        Raises NotFound, ValidationFailed, or Conflict where the instance or the person is not to be
        sent to.
        """
        gate = self._own_gate(tenant_id, instance_id)
        faults = tuple(check_text("text", text))
        zone = self.tenants.rules(tenant_id).tenant.zone
        return self._queue(gate, phone, _Wording(text, zone, "text"), contact_id, faults)

    def test_wording(
        self,
        tenant_id: str,
        campaign_id: str,
        message_id: str,
        *,
        phone: str,
        contact_id: str | None,
    ) -> DirectMessage:
        """A campaign's wording, whatever state the campaign is in, through the campaign's instance.

        Raises as `test_text` does.
        """
        view = self.campaigns.view(tenant_id, campaign_id)
        texts = {each.message_id: each.text for each in view.messages} if view else {}
        if view is None or message_id not in texts:
            raise NotFound
        campaign = view.campaign
        try:
            gate = self._own_gate(tenant_id, campaign.instance_id)
        except NotFound:
            raise Conflict(ConflictCode.INSTANCE_MISSING) from None
        wording = _Wording(
            texts[message_id], campaign.zone, "contact_id", allow_missing=campaign.allow_missing
        )
        return self._queue(gate, phone, wording, contact_id)

    def read(self, tenant_id: str, instance_id: str, direct_message_id: str) -> DirectMessage:
        """How it stands now. Raises NotFound."""
        message = self.messages.read(tenant_id, direct_message_id)
        now = self.clock.now()
        if message is None or message.instance_id != instance_id or message.expires_at <= now:
            raise NotFound
        if message.purpose is not DirectPurpose.TEST:
            raise NotFound
        return as_seen(message, now)

    def _own_gate(self, tenant_id: str, instance_id: str) -> InstanceGate:
        """Another tenant's instance reads exactly like none."""
        instance = self.instances.read(instance_id)
        gate = self.gates.read(instance_id, consistent=True)
        if instance is None or instance.tenant_id != tenant_id or gate is None:
            raise NotFound
        return gate

    def _queue(
        self,
        gate: InstanceGate,
        typed_phone: str,
        wording: _Wording,
        contact_id: str | None,
        faults: Iterable[FieldError] = (),
    ) -> DirectMessage:
        now, tenant_id = self.clock.now(), gate.tenant_id
        slot_at = max(now, gate.gap_ends_at)
        phone = read_phone(typed_phone)
        contact = self._contact(tenant_id, contact_id)
        text = wording.text if faults else _filled(wording, contact, slot_at)
        wrong = [each for each in (phone, *faults, text) if isinstance(each, FieldError)]
        if wrong or isinstance(phone, FieldError) or isinstance(text, FieldError):
            raise ValidationFailed(wrong)
        person = self.identity.person(phone.person_key)
        self._require_open(gate, person, slot_at)
        message_id = new_id("dm", now, self.random)
        message = DirectMessage(
            direct_message_id=message_id,
            tenant_id=tenant_id,
            purpose=DirectPurpose.TEST,
            instance_id=gate.instance_id,
            person=person,
            phone=phone.e164,
            text=text,
            whatsapp_message_id=self.identity.whatsapp_message_id(message_id, gate.instance_id),
            slot_at=slot_at,
            give_up_at=slot_at + GIVE_UP_AFTER_MS,
            created_at=now,
            updated_at=now,
            expires_at=now + KEPT_MS,
        )
        return self._queued(message)

    def _contact(self, tenant_id: str, contact_id: str | None) -> Contact | None:
        if contact_id is None:
            return None
        # Consistently: it may have been created in the call before.
        found = self.contacts.read_many(tenant_id, [contact_id], consistent=True)
        if contact_id not in found:
            raise UnknownReference({"contact_id": [contact_id]})
        return found[contact_id]

    def _require_open(self, gate: InstanceGate, person: str, slot_at: int) -> None:
        if gate.connection_state is not ConnectionState.OPEN:
            raise Conflict(ConflictCode.INSTANCE_DISCONNECTED)
        if self.suppressions.read(gate.tenant_id, person):
            raise Conflict(ConflictCode.OPTED_OUT)
        day = day_of(slot_at, self.tenants.rules(gate.tenant_id).tenant.zone)
        if gate.daily_limit is not None and gate.sent_on(day) >= gate.daily_limit:
            raise Conflict(ConflictCode.DAILY_LIMIT_REACHED)

    def _queued(self, message: DirectMessage) -> DirectMessage:
        """The item first: its job needs it. A job that may not be on the queue is made worthless,
        so that whoever asks again gets one message and not two."""
        self.messages.create(message)
        (is_queued,) = self.queue.send([message.job])
        if not is_queued and self.messages.withdraw(message):
            raise Unavailable("unavailable")
        return message


def _filled(wording: _Wording, contact: Contact | None, instant: int) -> str | FieldError:
    """What the phone would show. A variable that nobody gives a value is no blank by mistake."""
    values = (
        contact_values(contact.name, contact.quem_indicou, contact.custom_vars) if contact else {}
    )
    missing = missing_variables(required_variables([wording.text]), values)
    if missing and not (contact and wording.allow_missing):
        names = {"variables": ", ".join(missing)}
        return FieldError("contact_id", "missing_values", "missing_values", names)
    local = to_datetime(instant).astimezone(wording.zone)
    try:
        return render(wording.text, values, local)
    except TextTooLong as problem:
        limit = {"limit": problem.limit}
        return FieldError(wording.field, "text_too_long", "text_too_long", limit)
