"""Settle a try: the recipient moves, then the books follow in a second write."""

from random import Random

from campaigns.domain.books import booking
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
from campaigns.services.ports import Campaigns, Clock, Guard, Recipients


class SettleDelivery:
    """Moves recipients; every move is guarded, and booked only when it happened."""

    def __init__(
        self, *, recipients: Recipients, campaigns: Campaigns, clock: Clock, random: Random
    ) -> None:
        self._recipients = recipients
        self._campaigns = campaigns
        self._clock = clock
        self._random = random

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
            now=now,
            random_fraction=self._random.random(),
        )
        if settlement.status is RecipientStatus.PENDING and self._is_cancelled(claimed):
            settlement = under_cancelled_campaign(settlement)
        after = settled(claimed, settlement, now=now, left_at=left_at)
        if settlement.status is RecipientStatus.SENT:
            provable = IN_FLIGHT | {RecipientStatus.UNCONFIRMED}
            guard = Guard(provable, whatsapp_message_id=claimed.whatsapp_message_id)
        else:
            guard = Guard(frozenset({RecipientStatus.SENDING}), lease_token=claimed.lease_token)
        self._move(claimed, after, guard)
        return settlement

    def fail_before_claim(self, recipient: Recipient, outcome: Outcome) -> Settlement:
        """A try that ended before its gates, since the server could not even be reached."""
        now = self._clock.now()
        settlement = decide_settlement(
            outcome,
            retry_count=recipient.retry_count,
            may_have_been_sent=recipient.may_have_been_sent,
            now=now,
            random_fraction=self._random.random(),
        )
        after = settled(recipient, settlement, now=now, left_at=now)
        self._move(recipient, after, _unclaimed(recipient))
        return settlement

    def release(self, recipient: Recipient, not_before: int) -> None:
        """Give an unclaimed recipient back to the planner, under a new plan number."""
        after = released(recipient, now=self._clock.now(), not_before=not_before)
        self._move(recipient, after, _unclaimed(recipient))

    def release_claimed(self, claimed: Recipient, not_before: int) -> None:
        """Give back a claimed recipient whose request did not leave."""
        after = released(claimed, now=self._clock.now(), not_before=not_before)
        guard = Guard(frozenset({RecipientStatus.SENDING}), lease_token=claimed.lease_token)
        self._move(claimed, after, guard)

    def end(self, recipient: Recipient, status: RecipientStatus, code: RecipientErrorCode) -> None:
        """Fail or skip a recipient, claimed or not, without sending.

        One whose earlier try may have been sent stays `unknown`: nothing here proves anything.
        """
        if recipient.may_have_been_sent:
            if recipient.status is RecipientStatus.SENDING:
                self.release_claimed(recipient, self._clock.now())
            return
        after = ended(recipient, status, code, now=self._clock.now())
        guard = (
            Guard(frozenset({RecipientStatus.SENDING}), lease_token=recipient.lease_token)
            if recipient.status is RecipientStatus.SENDING
            else _unclaimed(recipient)
        )
        self._move(recipient, after, guard)

    def _move(self, before: Recipient, after: Recipient, guard: Guard) -> None:
        if after.status is not before.status:
            require_move(before.status, after.status)
        stored = self._recipients.save(before, after, guard)
        if stored is None:
            return
        changes = booking(stored, after)
        if changes:
            self._campaigns.book(
                before.tenant_id,
                before.campaign_id,
                changes,
                self._clock.now(),
                last_send_at=after.sent_at if stored.sent_at is None else None,
            )

    def is_active(self, recipient: Recipient) -> bool:
        """Whether the recipient's campaign is running at this moment."""
        return self._status(recipient) is CampaignStatus.ACTIVE

    def _is_cancelled(self, recipient: Recipient) -> bool:
        return self._status(recipient) is CampaignStatus.CANCELLED

    def _status(self, recipient: Recipient) -> CampaignStatus | None:
        campaign = self._campaigns.head(recipient.tenant_id, recipient.campaign_id, consistent=True)
        return campaign.status if campaign else None


def _unclaimed(recipient: Recipient) -> Guard:
    return Guard(frozenset({recipient.status}), plan_number=recipient.plan_number)
