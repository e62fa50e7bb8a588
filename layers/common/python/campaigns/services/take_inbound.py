"""Take what somebody wrote to us: her choice, her answer, and whose her alias is."""

from dataclasses import dataclass, field
from typing import Final

from campaigns.domain.direct_message import DirectMessage
from campaigns.domain.errors import NotYet
from campaigns.domain.identity import Identity
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.jid import is_alias, phone_of
from campaigns.domain.latest_send import LatestSend
from campaigns.domain.model import Instance, Recipient
from campaigns.domain.opt_out import Choice, chosen_by_reply, read_choice
from campaigns.domain.recipient import SENT_OR_FURTHER, RecipientStatus
from campaigns.domain.webhook_event import Inbound
from campaigns.services.advance_recipient import AdvanceRecipient
from campaigns.services.choose_by_reply import ChooseByReply
from campaigns.services.ports import Clock, Contacts, Recipients, Tenants
from campaigns.services.ports_activity import Activity, Correspondences
from campaigns.services.ports_aliases import Aliases
from campaigns.services.ports_webhooks import MessageIndex
from campaigns.services.review_opt_outs import ReviewOptOuts

#: Her last reply is noted this often at most: a conversation is many messages.
_NOTED_EVERY_MS: Final = MINUTE_MS


type _Quoted = Recipient | DirectMessage | None


@dataclass(frozen=True, slots=True)
class _Sender:
    """Who wrote. `phone` (E.164) where her address tells it."""

    person: str
    phone: str | None = field(default=None, repr=False)


class TakeInbound:
    """An inbound message counts once, however often and in whatever order it is reported.

    First her choice, which may not wait; last whose answer it is.
    """

    def __init__(
        self,
        *,
        index: MessageIndex,
        aliases: Aliases,
        correspondences: Correspondences,
        recipients: Recipients,
        contacts: Contacts,
        tenants: Tenants,
        choose: ChooseByReply,
        reviews: ReviewOptOuts,
        advance: AdvanceRecipient,
        identity: Identity,
        clock: Clock,
    ) -> None:
        self._index = index
        self._aliases = aliases
        self._correspondences = correspondences
        self._recipients = recipients
        self._contacts = contacts
        self._tenants = tenants
        self._choose = choose
        self._reviews = reviews
        self._advance = advance
        self._identity = identity
        self._clock = clock

    def __call__(self, instance: Instance, inbound: Inbound) -> None:
        """Raises NotYet where the message that it answers is being sent at this moment."""
        if not inbound.is_answer:
            return
        quoted = self._quoted(instance, inbound)
        choice = self._choice(instance, inbound)
        sender = self._sender(instance.tenant_id, inbound, quoted)
        if sender is None:
            self._of_nobody(instance, inbound, choice)
            return
        if choice is not None:
            self._choose(
                instance.tenant_id,
                instance.instance_id,
                sender.person,
                choice,
                phone=sender.phone,
            )
        # Behind her choice: what she wrote before, unknown, waits for her alias.
        self._learn(instance.tenant_id, inbound, sender.person)
        now = self._clock.now()
        self._take_answer(instance, sender.person, quoted, min(inbound.written_at or now, now))

    def _quoted(self, instance: Instance, inbound: Inbound) -> _Quoted:
        if inbound.quoted_id is None:
            return None
        return self._index.find(instance.instance_id, inbound.quoted_id)

    def _choice(self, instance: Instance, inbound: Inbound) -> Choice | None:
        tenant = self._tenants.rules(instance.tenant_id).tenant
        read = read_choice(inbound.text, tenant.opt_out_keywords, tenant.locale)
        if read is None:
            return None
        kind, word = read
        message_id = inbound.whatsapp_message_id
        # No later than it came first: by a clock that is ahead it would undo what she says next.
        heard_at = self._choose.heard_at(
            instance.tenant_id, instance.instance_id, message_id, self._clock.now()
        )
        said_at = min(inbound.written_at or heard_at, heard_at)
        return chosen_by_reply(kind, word, said_at, message_id)

    # Who wrote

    def _sender(self, tenant_id: str, inbound: Inbound, quoted: _Quoted) -> _Sender | None:
        """By her phone, by what is known of her alias, or by whose message she quotes."""
        addresses = _addresses(inbound)
        phone = next((phone for each in addresses if (phone := phone_of(each))), None)
        if phone is not None:
            return _Sender(self._identity.person(phone.person_key), phone.e164)
        for each in addresses:
            person = self._aliases.person(tenant_id, each)
            if person is not None:
                return _Sender(person)
        return _Sender(quoted.person) if quoted else None

    def _learn(self, tenant_id: str, inbound: Inbound, person: str) -> None:
        for each in _addresses(inbound):
            if is_alias(each):
                self._aliases.learn(tenant_id, each, person)

    def _of_nobody(self, instance: Instance, inbound: Inbound, choice: Choice | None) -> None:
        if choice is None:
            return
        if not choice.is_out:
            self._reviews.withdraw(instance, inbound.remote_jid, choice)
            return
        self._reviews.wait(
            instance,
            inbound.remote_jid,
            choice,
            text=inbound.text or "",
            push_name=inbound.push_name,
        )

    # What she answers

    def _take_answer(
        self, instance: Instance, person: str, quoted: _Quoted, written_at: int
    ) -> None:
        tenant_id = instance.tenant_id
        known = self._correspondences.read(tenant_id, instance.instance_id, person)
        if self._is_worth_noting(tenant_id, person, known.activity, written_at):
            self._correspondences.note_reply(tenant_id, person, written_at)
        if quoted is not None and quoted.person == person:
            # A test message or a confirmation is no campaign's, and neither is an answer to it.
            answered = quoted if isinstance(quoted, Recipient) else None
        else:
            answered = self._latest(tenant_id, person, known.latest, written_at)
        if answered is not None:
            self._advance(answered, RecipientStatus.RESPONDED, at=self._clock.now())

    def _is_worth_noting(
        self, tenant_id: str, person: str, activity: Activity, written_at: int
    ) -> bool:
        """Of people whom the tenant has written to, or knows."""
        noted_at = activity.last_replied_at
        if noted_at is not None:
            return written_at >= noted_at + _NOTED_EVERY_MS
        if activity.last_messaged_at is not None:
            return True
        contact_id = self._identity.contact_id(tenant_id, person)
        return self._contacts.read(tenant_id, contact_id) is not None

    def _latest(
        self, tenant_id: str, person: str, latest: LatestSend | None, written_at: int
    ) -> Recipient | None:
        """The last campaign message to her, which is known to have been sent: that she wrote
        something proves nothing of it."""
        if latest is None or not latest.is_answered_at(written_at):
            return None
        place = (tenant_id, latest.campaign_id, latest.sequence)
        recipient = self._recipients.read(*place, consistent=True)
        if recipient is None or recipient.person != person:
            return None
        if recipient.status is RecipientStatus.SENDING:
            # Some answer by themselves, before the request's own answer is settled.
            raise NotYet
        return recipient if recipient.status in SENT_OR_FURTHER else None


def _addresses(inbound: Inbound) -> list[str]:
    return [each for each in (inbound.remote_jid, inbound.alternate_jid) if each]
