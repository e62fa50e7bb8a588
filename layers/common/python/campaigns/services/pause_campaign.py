"""Pause a campaign, by a person or by the system: from a second later no request leaves."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.campaign_log import SYSTEM, new_entry
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.model import Campaign, EventType, LogLevel
from campaigns.services.ports import Campaigns, Clock


class PauseCampaign:
    """Writes the campaign's head and its instance's gate in one transaction."""

    def __init__(self, *, campaigns: Campaigns, clock: Clock, random: Random) -> None:
        self._campaigns = campaigns
        self._clock = clock
        self._random = random

    def pause(self, campaign: Campaign, *, actor: str, reason: str | None) -> bool:
        """False where the campaign's state has changed meanwhile."""
        return self._pause(campaign, actor, reason, None)

    def auto_pause(
        self,
        tenant_id: str,
        campaign_id: str,
        reason: AutoPauseReason,
        *,
        seen_at: int | None = None,
        metadata: Mapping[str, str | int] | None = None,
    ) -> bool:
        """Pause by the system, if the campaign is still active. The reason is told to its owner.

        `metadata` goes into the log beside it. What was seen (`seen_at`, epoch ms) before somebody
        resumed the campaign is no reason any more.
        """
        campaign = self._campaigns.head(tenant_id, campaign_id, consistent=True)
        if campaign is None or campaign.status is not CampaignStatus.ACTIVE:
            return False
        if seen_at is not None and seen_at < (campaign.resumed_at or 0):
            return False
        return self._pause(campaign, SYSTEM, None, reason, metadata)

    def _pause(
        self,
        campaign: Campaign,
        actor: str,
        reason: str | None,
        auto_reason: AutoPauseReason | None,
        metadata: Mapping[str, str | int] | None = None,
    ) -> bool:
        now = self._clock.now()
        entry = new_entry(
            EventType.CAMPAIGN_AUTO_PAUSED if auto_reason else EventType.CAMPAIGN_PAUSED,
            now,
            self._random,
            actor=actor,
            level=LogLevel.WARNING if auto_reason else LogLevel.INFO,
            metadata={"reason": auto_reason or reason or "", **(metadata or {})},
        )
        paused = replace(
            campaign,
            status=CampaignStatus.PAUSED,
            paused_at=now,
            updated_at=now,
            auto_pause_reason=auto_reason,
        )
        return self._campaigns.pause(campaign, paused, entry) is None
