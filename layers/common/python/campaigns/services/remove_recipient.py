"""Remove a recipient: out of a draft for good; of a live campaign it is skipped and stays told."""

from collections.abc import Callable
from typing import Final

from campaigns.domain.books import booking
from campaigns.domain.campaign import LIVE, CampaignStatus
from campaigns.domain.errors import (
    ConcurrentUpdate,
    Conflict,
    ConflictCode,
    InvalidState,
    NotFound,
)
from campaigns.domain.model import Campaign, Recipient, RecipientsState
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus
from campaigns.domain.recipient_changes import ended
from campaigns.domain.sources import without_recipient
from campaigns.services.ports import Campaigns, Clock, Guard, Recipients
from campaigns.services.ports_sources import CampaignSources

_ATTEMPTS: Final = 3


class RemoveRecipient:
    """Sequences have no holes: in a draft the last recipient moves into the removed one's place."""

    def __init__(
        self,
        *,
        campaigns: Campaigns,
        sources: CampaignSources,
        recipients: Recipients,
        clock: Clock,
    ) -> None:
        self._campaigns = campaigns
        self._sources = sources
        self._recipients = recipients
        self._clock = clock

    def remove(
        self,
        tenant_id: str,
        campaign_id: str,
        recipient_id: str,
        *,
        approve: Callable[[Recipient], None],
    ) -> None:
        """`approve` sees her as she stands, and raises to keep her.

        Raises :class:`NotFound`; :class:`InvalidState` for a recipient who is not pending, or a
        campaign that is neither draft nor live; :class:`Conflict` while a draft is being laid.
        """
        for _ in range(_ATTEMPTS):
            campaign = self._campaigns.head(tenant_id, campaign_id, consistent=True)
            if campaign is None:
                raise NotFound
            if campaign.status not in LIVE | {CampaignStatus.DRAFT}:
                raise InvalidState(campaign.status)
            recipient = self._recipients.find(tenant_id, campaign_id, recipient_id, consistent=True)
            # What lies beyond the total is not laid yet.
            if recipient is None or recipient.sequence >= campaign.total:
                raise NotFound
            approve(recipient)
            is_draft = campaign.status is CampaignStatus.DRAFT
            change = self._take_out if is_draft else self._skip
            if change(campaign, recipient):
                return
        raise ConcurrentUpdate

    def _take_out(self, campaign: Campaign, recipient: Recipient) -> bool:
        if campaign.recipients.state is RecipientsState.PREPARING:
            raise Conflict(ConflictCode.RECIPIENTS_PREPARING)
        last = self._recipients.read(
            campaign.tenant_id, campaign.campaign_id, campaign.total - 1, consistent=True
        )
        tally = self._sources.tally(recipient)
        if last is None or tally is None:
            return False
        new = without_recipient(campaign, tally, self._clock.now())
        values = dict.fromkeys(tally.values, -1)
        return self._sources.take_out(campaign, new, recipient, last, values)

    def _skip(self, campaign: Campaign, recipient: Recipient) -> bool:
        if recipient.status is not RecipientStatus.PENDING:
            raise InvalidState(recipient.status)
        now = self._clock.now()
        skipped = ended(recipient, RecipientStatus.SKIPPED, RecipientErrorCode.REMOVED, now=now)
        guard = Guard(frozenset({recipient.status}), plan_number=recipient.plan_number)
        stored = self._recipients.save(recipient, skipped, guard)
        if stored is None:
            return False
        self._campaigns.book(
            campaign.tenant_id, campaign.campaign_id, booking(stored, skipped), now
        )
        return True
