"""Visit a lane: walk its mark, complete it, plan it, or let it sleep until there is work."""

from dataclasses import replace
from random import Random

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.campaign_log import new_entry
from campaigns.domain.hours import Hours
from campaigns.domain.model import (
    Campaign,
    EventType,
    Lane,
    LaneKey,
    LogLevel,
    Recipient,
    RecipientsState,
)
from campaigns.domain.planning import outstanding
from campaigns.domain.reconciling import Doubts
from campaigns.domain.resting import LaneState, due_again, late_look_at
from campaigns.services.campaign_facts import FactsCache
from campaigns.services.judge_receipts import JudgeReceipts
from campaigns.services.keep_books import BOOKED_WITHIN_MS, QUIET_MS, KeepBooks
from campaigns.services.plan_sends import Planned, PlanSends
from campaigns.services.ports import Campaigns, Clock, Lanes
from campaigns.services.start_campaign import StartCampaign
from campaigns.services.walk_mark import Walked, WalkMark

_WALKED = frozenset({CampaignStatus.ACTIVE, CampaignStatus.PAUSED, CampaignStatus.CANCELLED})


class VisitLane:
    """What the schedule does with a lane each minute, and start and resume at once."""

    def __init__(
        self,
        *,
        campaigns: Campaigns,
        lanes: Lanes,
        walk: WalkMark,
        receipts: JudgeReceipts,
        plan: PlanSends,
        books: KeepBooks,
        start: StartCampaign,
        facts: FactsCache,
        clock: Clock,
        random: Random,
    ) -> None:
        self._campaigns = campaigns
        self._lanes = lanes
        self._walk = walk
        self._receipts = receipts
        self._plan = plan
        self._books = books
        self._start = start
        self._facts = facts
        self._clock = clock
        self._random = random

    def visit(self, key: LaneKey) -> Doubts | None:
        """The recipients whose messages have to be looked for, if there are any: that takes time,
        and nothing that is to be planned waits for it."""
        lane, campaign = self._read(key)
        if campaign and campaign.status is CampaignStatus.SCHEDULED:
            if not self._start.when_due(campaign):
                return None
            lane, campaign = self._read(key)
        if campaign is None or lane is None:
            return None
        if campaign.status in _WALKED:
            doubtful = self._go_on(campaign, lane)
            return Doubts(campaign, doubtful) if doubtful else None
        self._rest(campaign, lane, is_over=campaign.status is CampaignStatus.COMPLETED)
        return None

    def _read(self, key: LaneKey) -> tuple[Lane | None, Campaign | None]:
        """The lane first: whoever wakes it for what the campaign does not say yet, changes it."""
        lane = self._lanes.read(key)
        return lane, self._campaigns.head(key.tenant_id, key.campaign_id, consistent=True)

    def _go_on(self, campaign: Campaign, lane: Lane) -> tuple[Recipient, ...]:
        lane = self._grown(campaign, lane)
        walked = self._walk.walk(campaign, lane)
        if _is_complete(campaign, walked):
            self._complete(campaign, walked.mark, lane)
            return walked.doubtful
        is_active = campaign.status is CampaignStatus.ACTIVE
        if is_active and self._receipts.look(campaign, lane):
            return walked.doubtful
        planned = Planned(lane, 0, is_idle=True)
        hours = self._facts.hours(campaign)
        if is_active:
            planned = self._plan.plan(campaign, lane, hours)
        self._sleep_or_stay(campaign, planned, walked, hours)
        return walked.doubtful

    def _grown(self, campaign: Campaign, lane: Lane) -> Lane:
        """The lane may plan whoever was laid since it was made."""
        if lane.laid_through >= campaign.total:
            return lane
        return self._lanes.save(lane, replace(lane, laid_through=campaign.total)) or lane

    def _complete(self, campaign: Campaign, mark: int, lane: Lane) -> None:
        now = self._clock.now()
        completed = replace(
            campaign,
            status=CampaignStatus.COMPLETED,
            mark=mark,
            completed_at=now,
            updated_at=now,
        )
        entry = new_entry(EventType.CAMPAIGN_COMPLETED, now, self._random, level=LogLevel.SUCCESS)
        due_once_more = replace(lane, due_at=now + BOOKED_WITHIN_MS)
        self._campaigns.end(campaign, completed, due_once_more, entry)

    def _sleep_or_stay(
        self, campaign: Campaign, planned: Planned, walked: Walked, hours: Hours
    ) -> None:
        now = self._clock.now()
        lane = planned.lane
        is_done = campaign.status is CampaignStatus.CANCELLED and walked.mark == campaign.total
        state = LaneState(
            is_active=campaign.status is CampaignStatus.ACTIVE,
            is_idle=planned.is_idle,
            needs_look=(
                walked.needs_look
                or _is_laying(campaign)
                # Another visit was faster, and saw less: this one must not put it to sleep.
                or lane.laid_through < campaign.total
            ),
            outstanding=0 if is_done else outstanding(lane.history, lane.cursor, now),
            opens_at=planned.idle_until,
            retry_at=_first_slot(hours, walked.earliest_retry, now),
            recount_at=None,
        )
        if due_again(state, now) != now:
            lane = self._recounted(campaign, lane)
            state = replace(state, recount_at=self._recount_at(campaign, lane))
        self._set_due(lane, due_again(state, now), now)

    def _rest(self, campaign: Campaign, lane: Lane, *, is_over: bool) -> None:
        """A lane whose campaign is no longer live: its books once more, then nothing."""
        recount_at = None
        if is_over:
            lane = self._recounted(campaign, lane)
            recount_at = self._recount_at(campaign, lane)
        self._set_due(lane, recount_at, self._clock.now())

    def _recounted(self, campaign: Campaign, lane: Lane) -> Lane:
        """The lane after a recount, where its campaign was quiet since its books last moved."""
        due_at = self._recount_at(campaign, lane)
        if due_at is None or due_at > self._clock.now() or not self._books.recount(campaign):
            return lane
        return self._lanes.save(lane, replace(lane, recounted_at=self._clock.now())) or lane

    def _recount_at(self, campaign: Campaign, lane: Lane) -> int | None:
        """When its books have been quiet for long enough; once they were recounted since, when
        late receipts may have left them off.

        A stop counts as a move: the last booking before it may be the one that was cut short.
        """
        stops = (campaign.completed_at, campaign.cancelled_at, campaign.paused_at)
        stopped_at = max(stop or 0 for stop in stops)
        moved_at = max(self._books.changed_at(campaign), stopped_at)
        if moved_at > lane.recounted_at:
            is_over = campaign.status is CampaignStatus.COMPLETED
            return moved_at + (BOOKED_WITHIN_MS if is_over else QUIET_MS)
        if campaign.status is CampaignStatus.ACTIVE or not stopped_at:
            return None
        return late_look_at(stopped_at, lane.recounted_at)

    def _set_due(self, lane: Lane, due_at: int | None, now: int) -> None:
        """Written only where it changes something: an awake lane keeps the time that woke it."""
        is_awake = lane.due_at is not None and lane.due_at <= now
        stays_awake = due_at is not None and due_at <= now
        if (is_awake and stays_awake) or lane.due_at == due_at:
            return
        self._lanes.save(lane, replace(lane, due_at=due_at))


def _is_laying(campaign: Campaign) -> bool:
    return campaign.recipients.state is RecipientsState.PREPARING


def _is_complete(campaign: Campaign, walked: Walked) -> bool:
    return (
        campaign.status is CampaignStatus.ACTIVE
        and walked.mark == campaign.total
        and not _is_laying(campaign)
    )


def _first_slot(hours: Hours, retry_at: int | None, now: int) -> int | None:
    return None if retry_at is None else hours.next_opening(max(retry_at, now))
