"""Run a campaign: start, pause, resume, cancel, and what each of them needs at once."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Final

from campaigns.domain.campaign import CampaignStatus, CampaignTrigger, require_move
from campaigns.domain.campaign_log import SYSTEM, new_entry
from campaigns.domain.errors import CheckFailure, InvalidState, NotFound, StartRefused
from campaigns.domain.model import (
    Campaign,
    EventType,
    LaneKey,
    LogEntry,
)
from campaigns.domain.planning import gap_ms, next_slot
from campaigns.services.campaign_facts import FactsCache
from campaigns.services.pause_campaign import PauseCampaign
from campaigns.services.plan_sends import PlanSends
from campaigns.services.ports import (
    Campaigns,
    CampaignView,
    Clock,
    Gates,
    Lanes,
    TransitionRefusal,
)
from campaigns.services.start_campaign import StartCampaign
from campaigns.services.start_conditions import StartCheck
from campaigns.services.visit_lane import VisitLane

_log = logging.getLogger(__name__)

_LIVE: Final = frozenset({CampaignStatus.ACTIVE, CampaignStatus.PAUSED})
#: How often a pause is tried while the system moves the campaign between these.
_ATTEMPTS: Final = 3


class RunCampaign:
    """What an operator does with a campaign. Repeats change nothing and answer the same.

    Pause, resume and cancel say whether they changed anything.
    """

    def __init__(
        self,
        *,
        campaigns: Campaigns,
        lanes: Lanes,
        gates: Gates,
        start: StartCampaign,
        pause: PauseCampaign,
        plan: PlanSends,
        visit: VisitLane,
        facts: FactsCache,
        clock: Clock,
        random: Random,
    ) -> None:
        self._campaigns = campaigns
        self._lanes = lanes
        self._gates = gates
        self._start = start
        self._pause = pause
        self._plan = plan
        self._visit = visit
        self._facts = facts
        self._clock = clock
        self._random = random

    def start(self, tenant_id: str, campaign_id: str, actor: str) -> None:
        """A draft goes live, or on schedule where its `scheduled_at` lies ahead.

        Raises :class:`StartRefused` with all conditions that do not hold.
        """
        view = self._view(tenant_id, campaign_id)
        require_move(view.campaign.status, CampaignStatus.ACTIVE, by=CampaignTrigger.START)
        if (view.campaign.schedule.scheduled_at or 0) > self._clock.now():
            self._start.put_on_schedule(view, actor=actor)
        else:
            self._plan_now(self._start.begin(view, actor=actor))

    def unschedule(self, tenant_id: str, campaign_id: str, actor: str) -> None:
        """A scheduled campaign is a draft again."""
        campaign = self._head(tenant_id, campaign_id)
        require_move(campaign.status, CampaignStatus.DRAFT, by=CampaignTrigger.UNSCHEDULE)
        now = self._clock.now()
        draft = replace(campaign, status=CampaignStatus.DRAFT, updated_at=now, last_error=None)
        lane = self._lanes.read(campaign.lane_key)
        entry = self._entry(EventType.CAMPAIGN_UNSCHEDULED, actor)
        if lane is None or self._campaigns.unschedule(campaign, draft, lane, entry):
            raise InvalidState(self._head(tenant_id, campaign_id).status)

    def pause(
        self, tenant_id: str, campaign_id: str, actor: str, reason: str | None = None
    ) -> bool:
        """From a second after this no request leaves, nor any until somebody resumes it."""
        campaign = self._head(tenant_id, campaign_id)
        for _ in range(_ATTEMPTS):
            if campaign.status is CampaignStatus.PAUSED and not campaign.goes_on_when_connected:
                return False
            if campaign.status not in _LIVE:
                break
            if self._pause.pause(campaign, actor=actor, reason=reason):
                return True
            campaign = self._head(tenant_id, campaign_id)
        raise InvalidState(campaign.status)

    def resume(
        self, tenant_id: str, campaign_id: str, actor: str, reason: str | None = None
    ) -> bool:
        """Paused to active: the first request leaves at once, what lies ahead keeps its slots."""
        campaign = self._head(tenant_id, campaign_id)
        return self._resume(campaign, actor, reason, CampaignTrigger.RESUME)

    def reconnected(self, campaign: Campaign) -> None:
        """It asked to go on once its instance is connected again, unless it was moved since."""
        try:
            self._resume(campaign, SYSTEM, None, CampaignTrigger.RECONNECT)
        except (InvalidState, StartRefused, NotFound):
            return

    def _resume(
        self, campaign: Campaign, actor: str, reason: str | None, trigger: CampaignTrigger
    ) -> bool:
        """The campaign as it was read; of another pause than that one nothing is undone."""
        if campaign.status is CampaignStatus.ACTIVE:
            return False
        require_move(campaign.status, CampaignStatus.ACTIVE, by=trigger)
        key, now = campaign.lane_key, self._clock.now()
        lane = self._lanes.read(key)
        # A number that comes and goes is not made good by each time that it comes.
        begins_anew = trigger is CampaignTrigger.RESUME
        active = replace(
            campaign,
            status=CampaignStatus.ACTIVE,
            updated_at=now,
            resumed_at=now,
            vouched_at=now if begins_anew else campaign.vouched_at,
            paused_at=None,
            auto_pause_reason=None,
            last_error=None,
        )
        entry = self._entry(EventType.CAMPAIGN_RESUMED, actor, {"reason": reason or ""})
        if lane is None:
            raise InvalidState(campaign.status)
        refusal = self._campaigns.resume(
            campaign, active, replace(lane, due_at=now), entry, begins_anew=begins_anew
        )
        if refusal is TransitionRefusal.STATE:
            return self._unless(campaign.tenant_id, campaign.campaign_id, CampaignStatus.ACTIVE)
        if refusal:
            raise StartRefused([CheckFailure(StartCheck.INSTANCE_DISCONNECTED)])
        self._plan_now(key, restart=True)
        return True

    def cancel(
        self, tenant_id: str, campaign_id: str, actor: str, reason: str | None = None
    ) -> bool:
        """Free the instance at once; what is still pending becomes skipped."""
        campaign = self._head(tenant_id, campaign_id)
        if campaign.status is CampaignStatus.CANCELLED:
            return False
        require_move(campaign.status, CampaignStatus.CANCELLED, by=CampaignTrigger.CANCEL)
        key, now = campaign.lane_key, self._clock.now()
        cancelled = replace(
            campaign, status=CampaignStatus.CANCELLED, cancelled_at=now, updated_at=now
        )
        lane = self._lanes.read(key)
        entry = self._entry(EventType.CAMPAIGN_CANCELLED, actor, {"reason": reason or ""})
        due = replace(lane, due_at=now) if lane else None
        if self._campaigns.end(campaign, cancelled, due, entry):
            return self._unless(tenant_id, campaign_id, CampaignStatus.CANCELLED)
        return True

    def next_send_at(self, view: CampaignView, now: int) -> int | None:
        """When the next request of a live or scheduled campaign is to leave, as far as planned."""
        campaign, lane = view.campaign, view.lane
        hours = self._facts.hours(campaign)
        if campaign.status is CampaignStatus.SCHEDULED:
            return hours.next_opening(max(now, campaign.schedule.scheduled_at or 0))
        if campaign.status is not CampaignStatus.ACTIVE or lane is None:
            return None
        gate = self._gates.read(campaign.instance_id)
        if gate is None:
            return None

        def gap(sequence: int, plan_number: int) -> int:
            return gap_ms(
                campaign.campaign_id, sequence, plan_number, gate.delay_min_ms, gate.delay_max_ms
            )

        planned = next_slot(lane.history, now, gap)
        return planned or hours.next_opening(max(now, lane.next_slot_at))

    def _plan_now(self, key: LaneKey, *, restart: bool = False) -> None:
        """Do at once what the schedule would do within a minute; the answer does not hang on it."""
        try:
            if restart:
                self._restart(key)
            self._visit.visit(key)
        except Exception:
            _log.exception("plan_at_once_failed", extra={"campaign_id": key.campaign_id})

    def _restart(self, key: LaneKey) -> None:
        campaign = self._head(key.tenant_id, key.campaign_id)
        lane = self._lanes.read(key)
        if lane and campaign.status is CampaignStatus.ACTIVE:
            self._plan.restart(campaign, lane, self._facts.hours(campaign))

    def _view(self, tenant_id: str, campaign_id: str) -> CampaignView:
        view = self._campaigns.view(tenant_id, campaign_id)
        if view is None:
            raise NotFound
        return view

    def _head(self, tenant_id: str, campaign_id: str) -> Campaign:
        campaign = self._campaigns.head(tenant_id, campaign_id, consistent=True)
        if campaign is None:
            raise NotFound
        return campaign

    def _unless(self, tenant_id: str, campaign_id: str, wanted: CampaignStatus) -> bool:
        """Somebody else was faster: fine if they wanted the same. Nothing was changed."""
        current = self._head(tenant_id, campaign_id).status
        if current is not wanted:
            raise InvalidState(current)
        return False

    def _entry(
        self, event_type: EventType, actor: str, metadata: Mapping[str, str | int] | None = None
    ) -> LogEntry:
        return new_entry(
            event_type, self._clock.now(), self._random, actor=actor, metadata=metadata
        )
