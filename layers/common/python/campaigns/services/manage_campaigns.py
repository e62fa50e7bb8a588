"""Campaigns as their owner keeps them: created as drafts, listed, looked at."""

from campaigns.domain.campaign_draft import CampaignDraft
from campaigns.domain.errors import NotFound
from campaigns.services import ports
from campaigns.services.campaign_details import CampaignDetails, DescribeCampaign, KnownInstances
from campaigns.services.create_campaign import CreateCampaign
from campaigns.services.ports import CampaignFilter, CampaignView, Listing


class ManageCampaigns:
    """Creates campaigns and shows them; what changes one has a service of its own."""

    def __init__(
        self,
        *,
        campaigns: ports.Campaigns,
        catalog: ports.CampaignCatalog,
        create: CreateCampaign,
        describe: DescribeCampaign,
        clock: ports.Clock,
    ) -> None:
        self._campaigns = campaigns
        self._catalog = catalog
        self._create = create
        self._describe = describe
        self._clock = clock

    def create(self, tenant_id: str, draft: CampaignDraft, actor: str) -> CampaignDetails:
        """Store a draft and have its recipients laid behind the answer.

        Raises as :class:`CreateCampaign` does.
        """
        return self.details(self._create.create(tenant_id, draft, actor))

    def details(self, view: CampaignView) -> CampaignDetails:
        """A campaign that was just read or made, with what stands elsewhere."""
        return self._describe(view, self._clock.now())

    def read(self, tenant_id: str, campaign_id: str) -> CampaignDetails:
        """Raises :class:`NotFound`."""
        view = self._campaigns.view(tenant_id, campaign_id)
        if view is None:
            raise NotFound
        return self.details(view)

    def list(
        self, tenant_id: str, wanted: CampaignFilter, *, after: str | None, limit: int
    ) -> Listing[CampaignDetails]:
        """Newest first."""
        listing = self._catalog.list(tenant_id, wanted, after=after, limit=limit)
        now = self._clock.now()
        known: KnownInstances = {}
        details = [self._describe(view, now, known) for view in listing.items]
        return Listing(details, listing.next)
