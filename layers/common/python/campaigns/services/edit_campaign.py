"""Change a campaign: name and description in any state, instance and schedule only in draft."""

from dataclasses import replace

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.campaign_draft import CampaignEdit, check_edit, effective
from campaigns.domain.errors import (
    ConcurrentUpdate,
    InvalidState,
    NotFound,
    UnknownReference,
    ValidationFailed,
)
from campaigns.domain.model import Campaign
from campaigns.services.campaign_details import CampaignDetails, DescribeCampaign
from campaigns.services.ports import CampaignCatalog, Campaigns, Clock, Instances


class EditCampaign:
    """Writes an edit if the campaign is still as it was seen."""

    def __init__(
        self,
        *,
        campaigns: Campaigns,
        catalog: CampaignCatalog,
        instances: Instances,
        describe: DescribeCampaign,
        clock: Clock,
    ) -> None:
        self._campaigns = campaigns
        self._catalog = catalog
        self._instances = instances
        self._describe = describe
        self._clock = clock

    def edit(self, seen: CampaignDetails, wanted: CampaignEdit) -> CampaignDetails:
        """The campaign as it is wanted; as it was seen where nothing differs.

        Raises :class:`InvalidState` where more than name and description differ and it is no
        draft, :class:`ValidationFailed`, :class:`UnknownReference` for an instance that is not
        this tenant's, and :class:`ConcurrentUpdate` where it is no longer as it was seen.
        """
        old = seen.view.campaign
        new = _edited(old, wanted)
        if old.status is not CampaignStatus.DRAFT and replace(new, name=old.name) != old:
            raise InvalidState(old.status)
        if errors := check_edit(wanted):
            raise ValidationFailed(errors)
        if new.instance_id != old.instance_id:
            self._require_instance(old.tenant_id, new.instance_id)
        is_described = wanted.description == seen.view.description
        if new == old and is_described:
            return seen
        new = replace(new, updated_at=max(self._clock.now(), old.updated_at + 1))
        if not self._catalog.edit(old, new, None if is_described else wanted.description):
            raise ConcurrentUpdate
        return self._read(old)

    def _require_instance(self, tenant_id: str, instance_id: str) -> None:
        instance = self._instances.read(instance_id)
        if instance is None or instance.tenant_id != tenant_id:
            raise UnknownReference({"instance_id": [instance_id]})

    def _read(self, campaign: Campaign) -> CampaignDetails:
        view = self._campaigns.view(campaign.tenant_id, campaign.campaign_id)
        if view is None:
            raise NotFound
        return self._describe(view, self._clock.now())


def _edited(old: Campaign, wanted: CampaignEdit) -> Campaign:
    return replace(
        old,
        name=wanted.name.strip(),
        instance_id=wanted.instance_id,
        schedule=effective(wanted.schedule),
        allow_missing=wanted.allow_missing,
        resume_on_reconnect=wanted.resume_on_reconnect,
    )
