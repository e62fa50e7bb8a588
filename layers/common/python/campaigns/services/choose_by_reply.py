"""Take what a person has answered for her choice: she is out, or back, and is listed so."""

from dataclasses import dataclass

from campaigns.domain.identity import Identity
from campaigns.domain.opt_out import Choice
from campaigns.services.confirm_opt_out import ConfirmOptOut
from campaigns.services.ports_choices import Choices
from campaigns.services.read_contacts import ReadContacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseByReply:
    """The newest of her choices holds, by their own time, in whatever order they are reported."""

    choices: Choices
    confirm: ConfirmOptOut
    reading: ReadContacts
    identity: Identity

    def heard_at(self, tenant_id: str, instance_id: str, whatsapp_message_id: str, now: int) -> int:
        """When her message came first; it was written no later, whatever a clock says."""
        message = self.identity.inbound(instance_id, whatsapp_message_id)
        return self.choices.heard_at(tenant_id, message, now)

    def __call__(
        self,
        tenant_id: str,
        instance_id: str,
        person: str,
        choice: Choice,
        *,
        phone: str | None = None,
    ) -> bool:
        """Whether she is out afterwards. `choice.by` is her message's WhatsApp id.

        The message that opted her out is confirmed, and only that: neither a second one of somebody
        who is out already nor one that came back is.
        """
        suppression = self.choices.choose(tenant_id, person, choice).suppression
        if suppression is not None and suppression.said_in == choice.by:
            said_at = suppression.opted_out_at
            self.confirm(tenant_id, instance_id, person, choice.by, said_at=said_at, phone=phone)
        contact_id = self.identity.contact_id(tenant_id, person)
        self.reading.list_as_it_is(tenant_id, contact_id)
        return suppression is not None
