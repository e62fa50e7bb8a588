"""Advance a recipient on proof of its send, whoever holds its lease; the books follow."""

from campaigns.domain.acks import advanced, stands_at
from campaigns.domain.errors import ConcurrentUpdate
from campaigns.domain.model import Recipient
from campaigns.domain.recipient import RecipientStatus
from campaigns.services.move_recipient import MoveRecipient
from campaigns.services.ports import Campaigns, Clock, Guard, Recipients
from campaigns.services.ports_metrics import Count, Metrics

#: Each further look follows a write of somebody else to that one recipient.
_LOOKS = 6


class AdvanceRecipient:
    """Moves a recipient forward along the table, once for however many proofs of the same."""

    def __init__(
        self, *, recipients: Recipients, campaigns: Campaigns, clock: Clock, metrics: Metrics
    ) -> None:
        self._recipients = recipients
        self._metrics = metrics
        self._move = MoveRecipient(recipients=recipients, campaigns=campaigns, clock=clock)

    def __call__(
        self,
        recipient: Recipient,
        status: RecipientStatus,
        *,
        at: int,
        sent_at: int | None = None,
        whatsapp_message_id: str | None = None,
        remote_jid: str | None = None,
    ) -> bool:
        """Whether it stands at `status` or beyond afterwards; see
        :func:`campaigns.domain.acks.advanced`.

        `recipient` may be older than what is stored. Raises :class:`ConcurrentUpdate` where it
        keeps moving meanwhile.
        """
        current: Recipient | None = recipient
        is_newest = False
        for _ in range(_LOOKS):
            if current is None or current.recipient_id != recipient.recipient_id:
                return False
            after = advanced(
                current,
                status,
                at=at,
                sent_at=sent_at,
                whatsapp_message_id=whatsapp_message_id,
                remote_jid=remote_jid,
            )
            if after == current:
                if is_newest or stands_at(current, status):
                    return stands_at(current, status)
            elif self._move(current, after, _as_it_is(current)):
                # What is refused already may still learn its address.
                if after.status is not current.status and after.status is RecipientStatus.FAILED:
                    self._metrics.count(Count.MESSAGES_REFUSED)
                    self._metrics.count(Count.SEND_FAILURES)
                return stands_at(after, status)
            current, is_newest = self._newest(current), True
        raise ConcurrentUpdate

    def _newest(self, recipient: Recipient) -> Recipient | None:
        return self._recipients.read(
            recipient.tenant_id, recipient.campaign_id, recipient.sequence, consistent=True
        )


def _as_it_is(recipient: Recipient) -> Guard:
    return Guard(frozenset({recipient.status}), whatsapp_message_id=recipient.whatsapp_message_id)
