"""Add recipients to a campaign, which may be under way: further sources, laid behind the answer."""

from random import Random
from typing import Final

from campaigns.domain.campaign import LIVE, CampaignStatus
from campaigns.domain.campaign_log import new_entry
from campaigns.domain.errors import (
    ConcurrentUpdate,
    FieldError,
    InvalidState,
    NotFound,
    ValidationFailed,
)
from campaigns.domain.model import Campaign, EventType, Recipients
from campaigns.domain.sources import NamedSources, check_sources, sources_of, with_sources
from campaigns.services.ports import Campaigns, Clock, Kick
from campaigns.services.ports_sources import CampaignSources
from campaigns.services.sources import References

_TAKES: Final = LIVE | {CampaignStatus.DRAFT}
#: Each piece that is laid meanwhile is a change of the campaign.
_ATTEMPTS: Final = 5


class AddRecipients:
    """A campaign does not complete before whoever was added is laid and sent to."""

    def __init__(
        self,
        *,
        campaigns: Campaigns,
        sources: CampaignSources,
        references: References,
        kick: Kick,
        clock: Clock,
        random: Random,
    ) -> None:
        self._campaigns = campaigns
        self._sources = sources
        self._references = references
        self._kick = kick
        self._clock = clock
        self._random = random

    def add(self, tenant_id: str, campaign_id: str, named: NamedSources, actor: str) -> Recipients:
        """What laying has to do now. People who are recipients already stay so, and are counted.

        Raises :class:`NotFound`, :class:`InvalidState` for a campaign that is neither draft nor
        live, :class:`ValidationFailed`, and :class:`UnknownReference` for contacts and groups that
        are not this tenant's.
        """
        _require_open(self._head(tenant_id, campaign_id))
        _require_valid(named)
        self._references.require(tenant_id, named)
        for _ in range(_ATTEMPTS):
            campaign = self._head(tenant_id, campaign_id)
            _require_open(campaign)
            if added := self._added(campaign, named, actor):
                self._kick.lay(tenant_id, campaign_id)
                return added.recipients
        raise ConcurrentUpdate

    def _added(self, campaign: Campaign, named: NamedSources, actor: str) -> Campaign | None:
        """None where the campaign has changed since it was read."""
        now = self._clock.now()
        sources = sources_of(named)
        new = with_sources(campaign, named, sources, now)
        entry = new_entry(EventType.RECIPIENTS_ADDED, now, self._random, actor=actor)
        # A lane that is asleep would not see who was laid.
        wake = campaign.lane_key if campaign.status in LIVE else None
        return new if self._sources.add(campaign, new, sources, entry, wake=wake) else None

    def _head(self, tenant_id: str, campaign_id: str) -> Campaign:
        campaign = self._campaigns.head(tenant_id, campaign_id, consistent=True)
        if campaign is None:
            raise NotFound
        return campaign


def _require_open(campaign: Campaign) -> None:
    if campaign.status not in _TAKES:
        raise InvalidState(campaign.status)


def _require_valid(named: NamedSources) -> None:
    errors = list(check_sources(named))
    if named.is_empty:
        errors.append(FieldError("contact_ids", "required", "required"))
    if errors:
        raise ValidationFailed(errors)
