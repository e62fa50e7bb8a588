"""Changes to a campaign as the API reads them."""

from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field

from campaigns.domain.campaign_draft import CampaignEdit
from campaigns.domain.model import Schedule
from campaigns.domain.sending_window import ScheduleType
from campaigns.services.campaign_details import CampaignDetails
from campaigns_api.models.base import Body, MomentIn, omitted
from campaigns_api.models.campaigns import CampaignFields, CampaignIn, Clock, Description, Id, Name

#: Recipients and wordings change by calls of their own.
_GIVEN_ONCE = frozenset(CampaignIn.model_fields) - frozenset(CampaignFields.model_fields)


class CampaignPut(CampaignFields):
    """A campaign as it is to be; without a `timezone`, the tenant's."""

    given_once: ClassVar[frozenset[str]] = _GIVEN_ONCE

    def edit(self, tenant_timezone: str) -> CampaignEdit:
        return CampaignEdit(
            name=self.name,
            description=self.description,
            instance_id=self.instance_id,
            schedule=self.schedule(tenant_timezone),
            allow_missing=self.allow_missing,
            resume_on_reconnect=self.resume_on_reconnect,
        )


class CampaignPatch(Body):
    """Changes to a campaign; whatever is left out stays. Null clears an hour or `scheduled_at`."""

    given_once: ClassVar[frozenset[str]] = _GIVEN_ONCE

    name: Name = omitted()
    description: Description = omitted()
    instance_id: Id = omitted()
    schedule_type: Annotated[ScheduleType, Field(strict=False)] = omitted()
    morning_start: Clock = None
    morning_end: Clock = None
    afternoon_start: Clock = None
    afternoon_end: Clock = None
    skip_weekends: bool = omitted()
    skip_holidays: bool = omitted()
    timezone: Annotated[str, Field(max_length=64)] = omitted()
    scheduled_at: MomentIn | None = None
    ignore_quiet_hours: bool = omitted()
    allow_missing: bool = omitted()
    resume_on_reconnect: bool = omitted()

    def edit(self, seen: CampaignDetails) -> CampaignEdit:
        campaign = seen.view.campaign
        given = self.model_dump(exclude_unset=True)
        present = CampaignEdit(
            name=campaign.name,
            description=seen.view.description,
            instance_id=campaign.instance_id,
            schedule=campaign.schedule,
            allow_missing=campaign.allow_missing,
            resume_on_reconnect=campaign.resume_on_reconnect,
        )
        own = {name: given.pop(name) for name in _BESIDE_THE_SCHEDULE if name in given}
        if self._becomes_custom(campaign.schedule):
            # What is stored are the flags that the former kind took, not what anybody chose.
            given = {"skip_weekends": True, "skip_holidays": True} | given
        return replace(present, schedule=replace(campaign.schedule, **given), **own)

    def _becomes_custom(self, schedule: Schedule) -> bool:
        custom = ScheduleType.CUSTOM_PERIOD
        return (
            "schedule_type" in self.model_fields_set
            and self.schedule_type == custom
            and schedule.schedule_type != custom
        )


#: Every other field is one of the schedule's.
_BESIDE_THE_SCHEDULE = (
    "name",
    "description",
    "instance_id",
    "allow_missing",
    "resume_on_reconnect",
)
