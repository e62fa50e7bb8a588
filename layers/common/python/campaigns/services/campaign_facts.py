"""What stays the same about a live campaign, read once and kept: texts, hours, wordings' order."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from campaigns.domain.errors import NotFound
from campaigns.domain.hours import Hours
from campaigns.domain.model import Campaign
from campaigns.services.ports import Campaigns, Clock, Tenants

#: Campaigns kept per process; each holds at most five texts.
_KEPT = 256


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """A campaign as the sender needs it. Texts and schedule are fixed once it is live."""

    campaign: Campaign
    texts: dict[str, str]
    hours: Hours


class FactsCache:
    """Facts of live campaigns: texts and schedule are read once, the tenant's rules as they are."""

    def __init__(self, campaigns: Campaigns, tenants: Tenants, clock: Clock) -> None:
        self._campaigns = campaigns
        self._tenants = tenants
        self._clock = clock
        self._kept: OrderedDict[str, tuple[Campaign, dict[str, str]]] = OrderedDict()
        self._lock = Lock()

    def of(self, tenant_id: str, campaign_id: str) -> CampaignFacts:
        """Raises :class:`NotFound` where there is no such campaign."""
        with self._lock:
            kept = self._kept.get(campaign_id)
        campaign, texts = kept or self._read(tenant_id, campaign_id)
        with self._lock:
            self._kept[campaign_id] = (campaign, texts)
            self._kept.move_to_end(campaign_id)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        hours = self.hours(campaign)
        hours.prepare(self._clock.now())
        return CampaignFacts(campaign, texts, hours)

    def hours(self, campaign: Campaign) -> Hours:
        """The campaign's hours by its tenant's present rules."""
        rules = self._tenants.rules(campaign.tenant_id)
        return Hours.of(campaign.schedule, rules.tenant, rules.holidays)

    def _read(self, tenant_id: str, campaign_id: str) -> tuple[Campaign, dict[str, str]]:
        campaign = self._campaigns.head(tenant_id, campaign_id, consistent=True)
        if campaign is None:
            raise NotFound
        texts = self._campaigns.texts(tenant_id, campaign_id)
        return campaign, {text.message_id: text.text for text in texts}
