"""Duplicate a campaign: a draft that says the same, to all, some or none of its recipients."""

from dataclasses import replace
from random import Random

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.campaign_draft import check_name
from campaigns.domain.errors import Conflict, ConflictCode, NotFound, ValidationFailed
from campaigns.domain.identity import new_id
from campaigns.domain.model import Campaign, RecipientsState
from campaigns.domain.sources import Copied, copied_source
from campaigns.services.create_campaign import CreateCampaign, to_be_laid
from campaigns.services.ports import Campaigns, CampaignView, Clock


class DuplicateCampaign:
    """Copies schedule, wordings and flags; whom it takes over is judged while they are laid."""

    def __init__(
        self, *, campaigns: Campaigns, create: CreateCampaign, clock: Clock, random: Random
    ) -> None:
        self._campaigns = campaigns
        self._create = create
        self._clock = clock
        self._random = random

    def duplicate(
        self, tenant_id: str, campaign_id: str, *, name: str, copied: Copied, actor: str
    ) -> CampaignView:
        """Store a draft. A `scheduled_at` that is past is left out.

        Raises :class:`NotFound`, :class:`ValidationFailed` for the name, and :class:`Conflict`
        where the recipients that are to be taken over are still being laid.
        """
        view = self._campaigns.view(tenant_id, campaign_id)
        if view is None:
            raise NotFound
        if errors := tuple(check_name(name)):
            raise ValidationFailed(errors)
        original = view.campaign
        is_laying = original.recipients.state is RecipientsState.PREPARING
        if is_laying and copied is not Copied.NONE:
            raise Conflict(ConflictCode.RECIPIENTS_PREPARING)
        now = self._clock.now()
        sources = copied_source(original, copied)
        schedule = original.schedule
        if (schedule.scheduled_at or 0) <= now:
            schedule = replace(schedule, scheduled_at=None)
        duplicate = Campaign(
            campaign_id=new_id("cp", now, self._random),
            tenant_id=tenant_id,
            name=name.strip(),
            instance_id=original.instance_id,
            status=CampaignStatus.DRAFT,
            schedule=schedule,
            created_at=now,
            updated_at=now,
            created_by=actor,
            recipients=to_be_laid(sources, requested=0),
            allow_missing=original.allow_missing,
            resume_on_reconnect=original.resume_on_reconnect,
            sources=len(sources),
        )
        texts = [
            replace(text, message_id=new_id("ms", now, self._random)) for text in view.messages
        ]
        return self._create.store(duplicate, view.description, texts, sources)
