"""Judge receipts: an instance whose messages WhatsApp refuses, or nobody's phone gets, is stopped.

Nothing is counted on the way: what the recipients say is read when there is a sign, so that acks
may come in any order, twice or never.
"""

from campaigns.domain.breaker import (
    BreakerLimits,
    around,
    began_at,
    due_for_receipts,
    lacks_receipts,
    looks_at_receipts,
    refused_in_row,
)
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.model import Campaign, Lane, Recipient, WebhookState
from campaigns.services.pause_campaign import PauseCampaign
from campaigns.services.ports import Campaigns, Clock, Instances, Recipients


class JudgeReceipts:
    """Pauses the campaign whose receipts say that its instance no longer delivers."""

    def __init__(
        self,
        *,
        recipients: Recipients,
        campaigns: Campaigns,
        instances: Instances,
        pause: PauseCampaign,
        clock: Clock,
        limits: BreakerLimits,
    ) -> None:
        self._recipients = recipients
        self._campaigns = campaigns
        self._instances = instances
        self._pause = pause
        self._clock = clock
        self._limits = limits

    def refused(self, recipient: Recipient) -> None:
        """WhatsApp refused this recipient's message, and it has been written down as failed."""
        if not self._limits.refusals:
            return
        place = (recipient.tenant_id, recipient.campaign_id)
        campaign = self._campaigns.head(*place, consistent=True)
        if campaign is None or campaign.status is not CampaignStatus.ACTIVE:
            return
        span = around(recipient, self._limits)
        # Consistently: of acks that come at once, the one that is written last sees them all.
        neighbours = self._recipients.page(
            *place, span.start, span.stop, limit=span.stop - span.start, consistent=True
        )
        refused = refused_in_row(neighbours, recipient, since=began_at(campaign))
        if refused >= self._limits.refusals:
            self._stop(campaign, AutoPauseReason.MESSAGES_REFUSED, {"refused": refused})

    def look(self, campaign: Campaign, lane: Lane) -> bool:
        """The receipts of an active campaign's last hour; True where it was paused for them."""
        now = self._clock.now()
        if not self._limits.no_receipt_share or not looks_at_receipts(campaign.campaign_id, now):
            return False
        span = due_for_receipts(lane, self._limits, now)
        if span.stop - span.start < self._limits.sample:
            return False
        told_since = self._told_since(campaign.instance_id)
        if told_since is None:
            return False
        page = self._recipients.page(
            campaign.tenant_id,
            campaign.campaign_id,
            span.start,
            span.stop,
            limit=span.stop - span.start,
        )
        since = max(began_at(campaign), told_since)
        if not lacks_receipts(page, self._limits, since=since, now=now):
            return False
        return self._stop(campaign, AutoPauseReason.NO_RECEIPTS, {})

    def _told_since(self, instance_id: str) -> int | None:
        """From when on receipts are to be had; None: where nobody tells us, silence is no sign."""
        instance = self._instances.read(instance_id)
        if instance is None or instance.webhook_state is not WebhookState.SET:
            return None
        return instance.webhook_set_at or 0

    def _stop(
        self, campaign: Campaign, reason: AutoPauseReason, metadata: dict[str, str | int]
    ) -> bool:
        return self._pause.auto_pause(
            campaign.tenant_id,
            campaign.campaign_id,
            reason,
            seen_at=campaign.resumed_at or 0,
            metadata=metadata,
        )
