"""What stays the same about a live campaign, read once and kept: texts, hours, wordings' order."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from campaigns.domain.errors import NotFound
from campaigns.domain.hours import Hours
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import Campaign
from campaigns.services.ports import Campaigns, Clock, Tenants

#: Campaigns kept per process; each holds at most five texts.
_KEPT = 256
#: Quiet hours and own holidays of a tenant may change while a campaign runs.
RULES_KEPT_MS = 60 * SECOND_MS


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """A campaign as the sender needs it. Texts and schedule are fixed once it is live."""

    campaign: Campaign
    texts: dict[str, str]
    hours: Hours


class FactsCache:
    """Facts of live campaigns. A tenant's quiet hours and holidays are at most a minute old."""

    def __init__(self, campaigns: Campaigns, tenants: Tenants, clock: Clock) -> None:
        self._campaigns = campaigns
        self._tenants = tenants
        self._clock = clock
        self._kept: OrderedDict[str, tuple[int, CampaignFacts]] = OrderedDict()
        self._lock = Lock()

    def of(self, tenant_id: str, campaign_id: str) -> CampaignFacts:
        """Raises :class:`NotFound` where there is no such campaign."""
        now = self._clock.now()
        with self._lock:
            kept = self._kept.get(campaign_id)
        if kept and now - kept[0] < RULES_KEPT_MS:
            return kept[1]
        facts = self._renewed(kept[1]) if kept else self._read(tenant_id, campaign_id)
        facts.hours.prepare(now)
        with self._lock:
            self._kept[campaign_id] = (now, facts)
            self._kept.move_to_end(campaign_id)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return facts

    def hours(self, campaign: Campaign) -> Hours:
        """The campaign's hours by its tenant's present rules."""
        rules = self._tenants.rules(campaign.tenant_id)
        return Hours.of(campaign.schedule, rules.tenant, rules.holidays)

    def _renewed(self, facts: CampaignFacts) -> CampaignFacts:
        return CampaignFacts(facts.campaign, facts.texts, self.hours(facts.campaign))

    def _read(self, tenant_id: str, campaign_id: str) -> CampaignFacts:
        campaign = self._campaigns.head(tenant_id, campaign_id, consistent=True)
        if campaign is None:
            raise NotFound
        texts = self._campaigns.texts(tenant_id, campaign_id)
        return CampaignFacts(
            campaign, {text.message_id: text.text for text in texts}, self.hours(campaign)
        )
