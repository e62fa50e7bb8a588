"""Create a campaign: a whole draft in one write, its recipients laid behind the answer."""

from collections.abc import Sequence
from random import Random

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.campaign_draft import CampaignDraft, check_draft, effective
from campaigns.domain.campaign_log import new_entry
from campaigns.domain.errors import UnknownReference, ValidationFailed
from campaigns.domain.identity import new_id
from campaigns.domain.model import (
    Campaign,
    EventType,
    MessageText,
    Recipients,
    RecipientsState,
)
from campaigns.domain.sources import Source, sources_of
from campaigns.services.ports import CampaignCatalog, CampaignView, Clock, Instances, Kick
from campaigns.services.sources import References


class CreateCampaign:
    """Makes drafts, of what a caller gives or of another campaign."""

    def __init__(
        self,
        *,
        catalog: CampaignCatalog,
        instances: Instances,
        references: References,
        kick: Kick,
        clock: Clock,
        random: Random,
    ) -> None:
        self._catalog = catalog
        self._instances = instances
        self._references = references
        self._kick = kick
        self._clock = clock
        self._random = random

    def create(self, tenant_id: str, draft: CampaignDraft, actor: str) -> CampaignView:
        """Raises :class:`ValidationFailed`, and :class:`UnknownReference` for an instance, contacts
        or groups that are not this tenant's; then nothing is stored.
        """
        if errors := check_draft(draft):
            raise ValidationFailed(errors)
        self._require_references(tenant_id, draft)
        now = self._clock.now()
        sources = sources_of(draft.named)
        campaign = Campaign(
            campaign_id=new_id("cp", now, self._random),
            tenant_id=tenant_id,
            name=draft.name.strip(),
            instance_id=draft.instance_id,
            status=CampaignStatus.DRAFT,
            schedule=effective(draft.schedule),
            created_at=now,
            updated_at=now,
            created_by=actor,
            recipients=to_be_laid(sources, requested=len(draft.contact_ids)),
            allow_missing=draft.allow_missing,
            resume_on_reconnect=draft.resume_on_reconnect,
            sources=len(sources),
        )
        texts = [
            MessageText(new_id("ms", now, self._random), order, text, is_active=True)
            for order, text in enumerate(draft.message_texts, start=1)
        ]
        return self.store(campaign, draft.description, texts, sources)

    def store(
        self,
        campaign: Campaign,
        description: str,
        texts: Sequence[MessageText],
        sources: Sequence[Source],
    ) -> CampaignView:
        """Keep a new draft, and have its recipients laid."""
        entry = new_entry(
            EventType.CAMPAIGN_CREATED,
            campaign.created_at,
            self._random,
            actor=campaign.created_by,
        )
        self._catalog.create(campaign, description, texts, sources, entry)
        if sources:
            self._kick.lay(campaign.tenant_id, campaign.campaign_id)
        return CampaignView(campaign, description, tuple(texts), {}, None, {})

    def _require_references(self, tenant_id: str, draft: CampaignDraft) -> None:
        unknown: dict[str, Sequence[str]] = {}
        instance = self._instances.read(draft.instance_id)
        if instance is None or instance.tenant_id != tenant_id:
            unknown["instance_id"] = [draft.instance_id]
        unknown |= self._references.unknown(tenant_id, draft.named)
        if unknown:
            raise UnknownReference(unknown)


def to_be_laid(sources: Sequence[Source], *, requested: int) -> Recipients:
    """How a campaign's recipients stand before any source is laid; without one that is all."""
    state = RecipientsState.PREPARING if sources else RecipientsState.READY
    return Recipients(state, requested=requested)
