"""Resolve a recipient of whom nobody knows whether it was sent: the operator decides."""

from random import Random
from typing import Final

from campaigns.domain.books import booking
from campaigns.domain.campaign import CampaignStatus, CampaignTrigger
from campaigns.domain.campaign_log import new_entry
from campaigns.domain.errors import ConcurrentUpdate, FieldError, NotFound, ValidationFailed
from campaigns.domain.model import Campaign, EventType, LogEntry, Recipient
from campaigns.domain.resolving import Resolution, resolved
from campaigns.services.keep_books import BOOKED_WITHIN_MS
from campaigns.services.ports import Campaigns, Clock, Recipients
from campaigns.services.ports_reopening import Moved, Reopenings
from campaigns.services.reopen import Reopen

#: How often campaign and recipient are read again because either has changed in between.
_ATTEMPTS: Final = 5


class ResolveRecipient:
    """One write moves the recipient and logs who wanted it; a resend also brings the mark back."""

    def __init__(
        self,
        *,
        campaigns: Campaigns,
        recipients: Recipients,
        reopenings: Reopenings,
        reopen: Reopen,
        clock: Clock,
        random: Random,
    ) -> None:
        self._campaigns = campaigns
        self._recipients = recipients
        self._reopenings = reopenings
        self._reopen = reopen
        self._clock = clock
        self._random = random

    def resolve(
        self,
        tenant_id: str,
        campaign_id: str,
        recipient_id: str,
        resolution: Resolution,
        actor: str,
        *,
        accepts_duplicate: bool = False,
    ) -> Recipient:
        """The recipient as it was decided.

        Raises :class:`ValidationFailed` for a resend without the word for it, :class:`NotFound`,
        :class:`InvalidState` for a recipient that is not unconfirmed and for a resend in a
        cancelled campaign, and :class:`StartRefused` where a completed one cannot take its
        instance for a resend.
        """
        if resolution is Resolution.RESEND and not accepts_duplicate:
            code = "duplicate_risk_not_accepted"
            raise ValidationFailed([FieldError("accept_duplicate_risk", code, code)])
        for _ in range(_ATTEMPTS):
            campaign = self._campaigns.head(tenant_id, campaign_id, consistent=True)
            if campaign is None:
                raise NotFound
            recipient = self._recipients.find(tenant_id, campaign_id, recipient_id, consistent=True)
            if recipient is None or recipient.sequence >= campaign.total:
                raise NotFound
            after = resolved(recipient, resolution, now=self._clock.now())
            if self._write(campaign, Moved(recipient, after), resolution, actor):
                self._book(recipient, after)
                return after
        raise ConcurrentUpdate

    def _write(self, campaign: Campaign, moved: Moved, resolution: Resolution, actor: str) -> bool:
        now = self._clock.now()
        entry = self._entry(moved.before, resolution, actor, now)
        if resolution is not Resolution.RESEND:
            # Nobody looks at the books of one that rests: a crash before the booking would stay.
            is_visited = campaign.status is CampaignStatus.ACTIVE
            recount_at = None if is_visited else now + BOOKED_WITHIN_MS
            return self._reopenings.resolve(campaign, moved, entry, recount_at=recount_at)
        back = self._reopen.put_back(
            campaign,
            moved.before.sequence,
            by=CampaignTrigger.RESEND,
            actor=actor,
            # Recipient and mark are one write: there is nothing to hold the mark for.
            held_until=max(now, campaign.mark_held_until or 0),
            entries=[entry],
            moved=moved,
        )
        return back is not None

    def _entry(
        self, recipient: Recipient, resolution: Resolution, actor: str, now: int
    ) -> LogEntry:
        return new_entry(
            EventType.RECIPIENT_RESOLVED,
            now,
            self._random,
            actor=actor,
            metadata={
                "recipient_id": recipient.recipient_id,
                "contact_id": recipient.contact_id,
                "sequence": recipient.sequence,
                "outcome": resolution.value,
            },
        )

    def _book(self, before: Recipient, after: Recipient) -> None:
        self._campaigns.book(
            before.tenant_id, before.campaign_id, booking(before, after), self._clock.now()
        )
