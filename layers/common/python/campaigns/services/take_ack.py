"""Take an ack: whoever was sent the message moves forward, whatever came before it."""

from collections.abc import Callable
from typing import Final

from campaigns.domain.acks import STATUS_OF_ACK, stands_at
from campaigns.domain.direct_message import DirectMessage, proven
from campaigns.domain.errors import ConcurrentUpdate, NotYet
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.jid import is_alias, phone_of
from campaigns.domain.model import Instance, Recipient
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.webhook_event import Ack
from campaigns.services.advance_recipient import AdvanceRecipient
from campaigns.services.ports import Clock, Gates
from campaigns.services.ports_direct import DirectGuard, DirectMessages
from campaigns.services.ports_webhooks import MessageIndex

#: What went out this long ago is on the index, or never will be.
SETTLED_WITHIN_MS: Final = 10 * SECOND_MS
#: Each further look follows a write of somebody else to that one message.
_LOOKS: Final = 4


class TakeAck:
    """An ack finds its message by instance and WhatsApp id; one of nobody's message is dropped.

    `learn_alias` takes tenant, jid and person; `judge_refusal` a recipient whom WhatsApp refused.
    """

    def __init__(
        self,
        *,
        index: MessageIndex,
        advance: AdvanceRecipient,
        direct: DirectMessages,
        gates: Gates,
        learn_alias: Callable[[str, str, str], None],
        judge_refusal: Callable[[Recipient], None],
        clock: Clock,
    ) -> None:
        self._index = index
        self._advance = advance
        self._direct = direct
        self._gates = gates
        self._learn_alias = learn_alias
        self._judge_refusal = judge_refusal
        self._clock = clock

    def __call__(self, instance: Instance, ack: Ack) -> None:
        """Raises :class:`NotYet` where its message may be found in a moment."""
        status = STATUS_OF_ACK.get(ack.status)
        if status is None:
            return
        match self._index.find(instance.instance_id, ack.whatsapp_message_id):
            case Recipient() as recipient:
                self._of_recipient(recipient, status, ack.remote_jid or "")
            case DirectMessage() as message:
                self._of_direct(message, status)
            case None:
                self._require_idle(instance.instance_id)

    def _of_recipient(self, recipient: Recipient, status: RecipientStatus, jid: str) -> None:
        # A repeat would cost a read, and tell the same.
        if is_alias(jid) and not stands_at(recipient, status):
            self._learn_alias(recipient.tenant_id, jid, recipient.person)
        stands = self._advance(
            recipient,
            status,
            at=self._clock.now(),
            remote_jid=jid if phone_of(jid) else None,
        )
        # A repeat too: of the first the judgement may have been cut short.
        if stands and status is RecipientStatus.FAILED:
            self._judge_refusal(recipient)

    def _of_direct(self, message: DirectMessage, status: RecipientStatus) -> None:
        is_refused = status is RecipientStatus.FAILED
        current: DirectMessage | None = message
        for _ in range(_LOOKS):
            if current is None:
                return
            after = proven(current, is_refused=is_refused, now=self._clock.now())
            guard = DirectGuard(frozenset({current.status}))
            if after is current or self._direct.save(after, guard):
                return
            current = self._direct.read(message.tenant_id, message.direct_message_id)
        raise ConcurrentUpdate

    def _require_idle(self, instance_id: str) -> None:
        """While a request is on its way, or just was, its id may not be written or listed yet."""
        gate = self._gates.read(instance_id, consistent=True)
        if gate is None:
            return
        now = self._clock.now()
        if gate.is_busy(now) or now - gate.last_left_at < SETTLED_WITHIN_MS:
            raise NotYet
