"""Settle a try: the recipient moves, then the books follow in a second write."""

from collections.abc import Mapping
from random import Random

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.delivery import Outcome
from campaigns.domain.model import Recipient
from campaigns.domain.recipient import IN_FLIGHT, RecipientErrorCode, RecipientStatus
from campaigns.domain.recipient_changes import ended, released, settled
from campaigns.domain.settlement import (
    Settlement,
    decide_settlement,
    under_cancelled_campaign,
)
from campaigns.services.ports import Campaigns, Clock, Guard, Recipients

#: Statuses that have a counter; `pending` is what is left of the total, `sending` is the gate's.
BOOKED = frozenset(RecipientStatus) - {RecipientStatus.PENDING, RecipientStatus.SENDING}

#: Beside the counters: when the newest request that was answered with a 201 left.
LAST_SEND_AT = "last_send_at"


def times_sent(message_id: str) -> str:
    """The counter of a wording."""
    return f"times_sent.{message_id}"


def booking(before: Recipient, after: Recipient) -> Mapping[str, int]:
    """What one transition changes in the counters."""
    changes: dict[str, int] = {}
    if before.status in BOOKED:
        changes[before.status] = -1
    if after.status in BOOKED:
        changes[after.status] = changes.get(after.status, 0) + 1
    if after.sent_at is not None and before.sent_at is None and after.message_id:
        changes[times_sent(after.message_id)] = 1
    return {name: change for name, change in changes.items() if change}


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
            return
        after = ended(recipient, status, code, now=self._clock.now())
        guard = (
            Guard(frozenset({RecipientStatus.SENDING}), lease_token=recipient.lease_token)
            if recipient.status is RecipientStatus.SENDING
            else _unclaimed(recipient)
        )
        self._move(recipient, after, guard)

    def _move(self, before: Recipient, after: Recipient, guard: Guard) -> None:
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

    def _is_cancelled(self, recipient: Recipient) -> bool:
        campaign = self._campaigns.head(recipient.tenant_id, recipient.campaign_id, consistent=True)
        return campaign is not None and campaign.status is CampaignStatus.CANCELLED


def _unclaimed(recipient: Recipient) -> Guard:
    return Guard(frozenset({recipient.status}), plan_number=recipient.plan_number)
