"""Settle a try: the recipient moves, then the books follow in a second write."""

from random import Random

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.delivery import Outcome
from campaigns.domain.model import Recipient
from campaigns.domain.recipient import IN_FLIGHT, RecipientErrorCode, RecipientStatus, require_move
from campaigns.domain.recipient_changes import ended, released, settled
from campaigns.domain.settlement import (
    Settlement,
    decide_settlement,
    under_cancelled_campaign,
)
from campaigns.services.advance_recipient import AdvanceRecipient
from campaigns.services.count_try import count_try
from campaigns.services.move_recipient import MoveRecipient
from campaigns.services.ports import Campaigns, Clock, Guard, Recipients
from campaigns.services.ports_metrics import Metrics


class SettleDelivery:
    """Moves recipients; every move is guarded, and booked only when it happened."""

    def __init__(
        self,
        *,
        recipients: Recipients,
        campaigns: Campaigns,
        clock: Clock,
        random: Random,
        metrics: Metrics,
    ) -> None:
        self._write = MoveRecipient(recipients=recipients, campaigns=campaigns, clock=clock)
        self._advance = AdvanceRecipient(
            recipients=recipients, campaigns=campaigns, clock=clock, metrics=metrics
        )
        self._campaigns = campaigns
        self._clock = clock
        self._random = random
        self._metrics = metrics

    def settle(self, claimed: Recipient, outcome: Outcome, *, left_at: int) -> Settlement:
        """What a finished try makes of its recipient.

        Proof of a send moves it forward whoever holds the lease; anything else only while this
        try's own lease does.
        """
        now = self._clock.now()
        settlement = decide_settlement(
            outcome,
            retry_count=claimed.retry_count,
            may_have_been_sent=claimed.may_have_been_sent,
            resend_approved=claimed.resend_approved,
            now=now,
            random_fraction=self._random.random(),
        )
        if settlement.status is RecipientStatus.PENDING and self._is_cancelled(claimed):
            settlement = under_cancelled_campaign(settlement)
        after = settled(claimed, settlement, now=now, left_at=left_at)
        if settlement.status is RecipientStatus.SENT:
            self._prove(claimed, after)
            count_try(self._metrics, settlement.status)
        elif self._move(claimed, after, _held(claimed)):
            # A try that another one's end had made void is not counted.
            count_try(self._metrics, settlement.status)
        return settlement

    def _prove(self, claimed: Recipient, after: Recipient) -> None:
        """Sent, unless a receipt was faster: then only what it did not know is added."""
        provable = IN_FLIGHT | {RecipientStatus.UNCONFIRMED}
        guard = Guard(provable, whatsapp_message_id=claimed.whatsapp_message_id)
        if not self._move(claimed, after, guard):
            self._advance(
                claimed,
                RecipientStatus.SENT,
                at=after.updated_at,
                sent_at=after.sent_at,
                whatsapp_message_id=after.whatsapp_message_id,
                remote_jid=after.remote_jid,
            )

    def fail_before_claim(self, recipient: Recipient, outcome: Outcome) -> Settlement:
        """A try that ended before its gates, since the server could not even be reached."""
        now = self._clock.now()
        settlement = decide_settlement(
            outcome,
            retry_count=recipient.retry_count,
            may_have_been_sent=recipient.may_have_been_sent,
            resend_approved=recipient.resend_approved,
            now=now,
            random_fraction=self._random.random(),
        )
        after = settled(recipient, settlement, now=now, left_at=now)
        if self._move(recipient, after, _unclaimed(recipient)):
            count_try(self._metrics, settlement.status)
        return settlement

    def claim(self, recipient: Recipient, claimed: Recipient) -> bool:
        """Whether it is this try's now: a copy of its job, or an older one, ends here."""
        return self._move(recipient, claimed, _unclaimed(recipient))

    def release(self, recipient: Recipient, not_before: int) -> None:
        """Give an unclaimed recipient back to the planner, under a new plan number."""
        after = released(recipient, now=self._clock.now(), not_before=not_before)
        self._move(recipient, after, _unclaimed(recipient))

    def release_claimed(self, claimed: Recipient, not_before: int) -> None:
        """Give back a claimed recipient whose request did not leave."""
        after = released(claimed, now=self._clock.now(), not_before=not_before)
        self._move(claimed, after, _held(claimed))

    def end(self, recipient: Recipient, status: RecipientStatus, code: RecipientErrorCode) -> None:
        """Fail or skip a recipient, claimed or not, without sending.

        One whose earlier try may have been sent stays `unknown`: nothing here proves anything. A
        resend that the operator asked for is ended like any other: it is not made.
        """
        if recipient.may_have_been_sent and not recipient.resend_approved:
            if recipient.status is RecipientStatus.SENDING:
                self.release_claimed(recipient, self._clock.now())
            return
        after = ended(recipient, status, code, now=self._clock.now())
        is_held = recipient.status is RecipientStatus.SENDING
        self._move(recipient, after, _held(recipient) if is_held else _unclaimed(recipient))

    def _move(self, before: Recipient, after: Recipient, guard: Guard) -> bool:
        if after.status is not before.status:
            require_move(before.status, after.status, may_have_been_sent=before.may_have_been_sent)
        return self._write(before, after, guard)

    def _is_cancelled(self, recipient: Recipient) -> bool:
        campaign = self._campaigns.head(recipient.tenant_id, recipient.campaign_id, consistent=True)
        return campaign is not None and campaign.status is CampaignStatus.CANCELLED


def _held(claimed: Recipient) -> Guard:
    return Guard(frozenset({RecipientStatus.SENDING}), lease_token=claimed.lease_token)


def _unclaimed(recipient: Recipient) -> Guard:
    return Guard(frozenset({recipient.status}), plan_number=recipient.plan_number)
