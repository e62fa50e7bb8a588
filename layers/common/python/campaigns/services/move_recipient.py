"""Move a recipient under a guard; the books follow in a second write."""

from campaigns.domain.books import booking
from campaigns.domain.model import Recipient
from campaigns.services.ports import Campaigns, Clock, Guard, Recipients


class MoveRecipient:
    """A move is booked only when it happened, by what was stored before it."""

    def __init__(self, *, recipients: Recipients, campaigns: Campaigns, clock: Clock) -> None:
        self._recipients = recipients
        self._campaigns = campaigns
        self._clock = clock

    def __call__(self, before: Recipient, after: Recipient, guard: Guard) -> bool:
        """Whether the guard held."""
        stored = self._recipients.save(before, after, guard)
        if stored is None:
            return False
        changes = booking(stored, after)
        if changes:
            self._campaigns.book(
                before.tenant_id,
                before.campaign_id,
                changes,
                self._clock.now(),
                last_send_at=after.sent_at if stored.sent_at is None else None,
            )
        return True
