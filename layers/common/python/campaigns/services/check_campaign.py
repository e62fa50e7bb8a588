"""Look at a campaign before its start: every condition, what to know, and how it would go."""

from dataclasses import dataclass

from campaigns.domain.errors import CheckFailure, NotFound
from campaigns.domain.forecast import Pace
from campaigns.domain.model import WebhookState
from campaigns.domain.start_warnings import Prospect, Warned, start_warnings
from campaigns.services.campaign_details import CampaignDetails, DescribeCampaign, first_due_at
from campaigns.services.ports import Campaigns, Clock, Tenants
from campaigns.services.start_campaign import StartCampaign
from campaigns.services.start_conditions import keep_from_starting


@dataclass(frozen=True, slots=True)
class CampaignCheck:
    """What fails of the conditions, and when the first message would leave (epoch ms)."""

    details: CampaignDetails
    failures: tuple[CheckFailure, ...]
    warnings: tuple[Warned, ...]
    first_send_at: int | None

    @property
    def can_be_started(self) -> bool:
        """A start looks closer than the campaign's own view: at who opted out since."""
        campaign, now = self.details.view.campaign, self.details.now
        return not keep_from_starting(self.failures, campaign, now)


class CheckCampaign:
    """Judges a campaign as it is now, by what a start looks at."""

    def __init__(
        self,
        *,
        campaigns: Campaigns,
        tenants: Tenants,
        start: StartCampaign,
        describe: DescribeCampaign,
        clock: Clock,
    ) -> None:
        self._campaigns = campaigns
        self._tenants = tenants
        self._start = start
        self._describe = describe
        self._clock = clock

    def check(self, tenant_id: str, campaign_id: str) -> CampaignCheck:
        """Raises :class:`NotFound`."""
        view = self._campaigns.view(tenant_id, campaign_id)
        if view is None:
            raise NotFound
        now = self._clock.now()
        checks = self._start.check(view)
        details = self._describe(view, now)
        # Where the day's limit lets nothing through any more today, the forecast knows.
        foreseen = details.forecast.first_send_at if details.forecast else None
        return CampaignCheck(
            details=details,
            failures=checks.failures,
            warnings=start_warnings(self._prospect(details)),
            first_send_at=foreseen or checks.first_send_at,
        )

    def _prospect(self, details: CampaignDetails) -> Prospect:
        campaign, gate, now = details.view.campaign, details.gate, details.now
        instance = details.instance
        rules = self._tenants.rules(campaign.tenant_id)
        today = self._describe.hours(campaign).day(now)
        return Prospect(
            campaign=campaign,
            tenant=rules.tenant,
            holidays=rules.holidays,
            remaining=details.counts.pending,
            due=first_due_at(campaign, gate, now),
            today=today,
            pace=Pace.of(gate, today) if gate else None,
            first_contacts=details.view.first_contacts,
            # An instance that is missing is told of by its own condition.
            expects_receipts=(instance is None or instance.webhook_state is WebhookState.SET),
        )
