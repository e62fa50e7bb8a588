"""Plan a lane: give slots to whoever comes next, send the jobs, then advance the cursor.

Jobs first, cursor second. A crash between the two repeats the jobs under the same deduplication
ids; the other order would lose people.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from campaigns.domain.hours import Hours
from campaigns.domain.model import (
    Campaign,
    DueRetry,
    InstanceGate,
    Lane,
    PlannedRun,
    Recipient,
    SendJob,
)
from campaigns.domain.planning import (
    HORIZON_MS,
    RESTART_WITHIN_MS,
    Fresh,
    Plan,
    PlannedSend,
    acknowledged_run,
    draw_plan,
    gap_ms,
    next_slot,
    outstanding,
    remember,
)
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.walking import unbroken
from campaigns.services.ports import Clock, Gates, JobQueue, Lanes, Recipients

#: Another planner may get in between twice; a third time the next minute will do.
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run planned. `idle_until`: nothing can be planned before, where that is known."""

    lane: Lane
    count: int
    is_idle: bool
    idle_until: int | None = None


class PlanSends:
    """Plans one lane at a time; two planners at once draw the same plan."""

    def __init__(
        self, *, lanes: Lanes, recipients: Recipients, gates: Gates, queue: JobQueue, clock: Clock
    ) -> None:
        self._lanes = lanes
        self._recipients = recipients
        self._gates = gates
        self._queue = queue
        self._clock = clock

    def plan(self, campaign: Campaign, lane: Lane, hours: Hours) -> Planned:
        """Fill the coming 130 s of an active campaign's lane."""
        gate = self._gate(campaign, lane)
        current: Lane | None = lane
        for _ in range(_ATTEMPTS):
            if current is None or gate is None:
                break
            planned = self._plan_once(campaign, current, gate, hours)
            if planned:
                return planned
            current = self._lanes.read(lane.key)
        return Planned(current or lane, 0, is_idle=False)

    def restart(self, campaign: Campaign, lane: Lane, hours: Hours) -> None:
        """After a resume the first request leaves at once, and what lies ahead keeps its slots.

        Those jobs are hidden until their slots, and hide their people with them: nobody of them
        could go sooner. So the time until the first of them is filled with others.
        """
        gate = self._gates.read(lane.key.instance_id)
        current: Lane | None = lane
        for _ in range(_ATTEMPTS):
            if (
                current is None
                or gate is None
                or self._restart_once(campaign, current, gate, hours)
            ):
                return
            current = self._lanes.read(lane.key)

    def _gate(self, campaign: Campaign, lane: Lane) -> InstanceGate | None:
        """The instance's gate while it is this campaign's; read again where a read may be stale."""
        for consistent in (False, True):
            gate = self._gates.read(lane.key.instance_id, consistent=consistent)
            if gate and gate.live_campaign_id == campaign.campaign_id:
                return gate
        return None

    def _restart_once(
        self, campaign: Campaign, lane: Lane, gate: InstanceGate, hours: Hours
    ) -> bool:
        """False where another planner was faster."""
        now = self._clock.now()
        base = max(now, gate.gap_ends_at)
        ahead = next_slot(lane.history, now, _gap_of(lane, gate))
        if ahead is None:
            based = replace(lane, next_slot_at=min(lane.next_slot_at, base))
            return based == lane or self._lanes.save(lane, based) is not None
        if ahead - base <= RESTART_WITHIN_MS:
            return True
        until = max(base, ahead - gate.delay_min_ms)
        most = HORIZON_MS // gate.delay_min_ms + 1
        retries = self._recipients.due_retries(lane.key, until, most)
        newcomers = self._newcomers(lane, most)
        plan = self._draw(lane, gate, hours, base, until, retries, newcomers)
        if not plan.entries:
            return True
        return self._send(campaign, lane, plan, newcomers, now) is not None

    def _plan_once(
        self,
        campaign: Campaign,
        lane: Lane,
        gate: InstanceGate,
        hours: Hours,
    ) -> Planned | None:
        """None where another planner was faster: read the lane again."""
        now = self._clock.now()
        horizon = now + HORIZON_MS
        if lane.next_slot_at > horizon:
            return Planned(lane, 0, is_idle=False)
        most = HORIZON_MS // gate.delay_min_ms + 1
        retries = self._recipients.due_retries(lane.key, horizon, most)
        newcomers = self._newcomers(lane, most)
        if not retries and not newcomers:
            # An empty page is not the end: a stale read may not show yet who was just laid.
            return Planned(lane, 0, is_idle=lane.cursor >= lane.laid_through)
        if lane.next_slot_at < now:
            # Every planner starts from one base, so that all draw the same slots.
            based = self._lanes.save(lane, replace(lane, next_slot_at=max(now, gate.gap_ends_at)))
            if based is None:
                return None
            lane = based
        plan = self._draw(lane, gate, hours, lane.next_slot_at, horizon, retries, newcomers)
        if not plan.entries:
            return self._pass_over(lane, gate, hours, newcomers, now)
        return self._send(campaign, lane, plan, newcomers, now)

    def _draw(
        self,
        lane: Lane,
        gate: InstanceGate,
        hours: Hours,
        base: int,
        horizon: int,
        retries: Sequence[DueRetry],
        newcomers: Sequence[Recipient],
    ) -> Plan:
        ahead = outstanding(lane.history, lane.cursor, self._clock.now())

        def room(day: str) -> int:
            if gate.daily_limit is None:
                return len(retries) + len(newcomers)
            return gate.daily_limit - gate.sent_on(day) - ahead

        return draw_plan(
            base=base,
            horizon=horizon,
            retries=retries,
            fresh=_fresh(newcomers),
            gap=_gap_of(lane, gate),
            fit=hours.next_slot,
            day=hours.day,
            room=room,
        )

    def _pass_over(
        self,
        lane: Lane,
        gate: InstanceGate,
        hours: Hours,
        newcomers: Sequence[Recipient],
        now: int,
    ) -> Planned | None:
        """Nobody gets a slot. Those who need none, since a crashed planner had sent their jobs, are
        passed over, or the cursor would stand before them for ever.
        """
        cursor = _advanced(lane.cursor, newcomers, set())
        if cursor == lane.cursor:
            return Planned(lane, 0, is_idle=True, idle_until=_opens_at(lane, gate, hours))
        history = remember(lane.history, PlannedRun(cursor, now), now)
        saved = self._lanes.save(lane, replace(lane, cursor=cursor, history=history))
        return Planned(saved, 0, is_idle=False) if saved else None

    def _send(
        self,
        campaign: Campaign,
        lane: Lane,
        plan: Plan,
        newcomers: Sequence[Recipient],
        now: int,
    ) -> Planned | None:
        jobs = [_job(campaign, lane, entry) for entry in plan.entries]
        acknowledged = self._queue.send(jobs)
        for entry, job, is_sent in zip(plan.entries, jobs, acknowledged, strict=True):
            if entry.is_retry and is_sent:
                self._recipients.mark_planned(job)
        run = plan.entries[: acknowledged_run(plan.entries, acknowledged)]
        if not run:
            return Planned(lane, 0, is_idle=False)
        planned = {entry.sequence for entry in run}
        cursor = _advanced(lane.cursor, newcomers, planned)
        retries = sum(entry.is_retry for entry in run)
        # They may pass sooner than the history then says, never later.
        last_slot = max([run[-1].slot_at, *(past.last_slot for past in lane.history)])
        saved = self._lanes.save(
            lane,
            replace(
                lane,
                cursor=cursor,
                # Slots put before those ahead leave the lane's end where it is.
                next_slot_at=max(run[-1].next_slot_at, lane.next_slot_at),
                history=remember(
                    lane.history, PlannedRun(cursor, last_slot, retries, run[0].slot_at), now
                ),
            ),
        )
        return Planned(saved, len(run), is_idle=False) if saved else None

    def _newcomers(self, lane: Lane, most: int) -> list[Recipient]:
        """The next in sequence, up to what is laid; nothing behind a gap in a stale read."""
        page = self._recipients.page(
            lane.key.tenant_id,
            lane.key.campaign_id,
            lane.cursor,
            lane.laid_through,
            limit=most,
        )
        return unbroken(page, lane.cursor)


def _fresh(newcomers: Sequence[Recipient]) -> Iterator[Fresh]:
    """Those never planned. One whose job was sent before a crash may have moved on since."""
    for recipient in newcomers:
        if recipient.status is RecipientStatus.PENDING and recipient.retry_at is None:
            yield Fresh(
                recipient.recipient_id,
                recipient.sequence,
                recipient.person,
                recipient.plan_number,
            )


def _advanced(cursor: int, newcomers: Sequence[Recipient], planned: set[int]) -> int:
    """The first sequence that still waits to be planned."""
    waiting = {each.sequence for each in _fresh(newcomers)} - planned
    return min(waiting, default=cursor + len(newcomers))


def _job(campaign: Campaign, lane: Lane, entry: PlannedSend) -> SendJob:
    return SendJob(
        tenant_id=campaign.tenant_id,
        campaign_id=campaign.campaign_id,
        instance_id=lane.key.instance_id,
        recipient_id=entry.recipient_id,
        person=entry.person,
        sequence=entry.sequence,
        plan_number=entry.plan_number,
        slot_at=entry.slot_at,
    )


def _gap_of(lane: Lane, gate: InstanceGate) -> Callable[[int, int], int]:
    def gap(sequence: int, plan_number: int) -> int:
        return gap_ms(
            lane.key.campaign_id, sequence, plan_number, gate.delay_min_ms, gate.delay_max_ms
        )

    return gap


def _opens_at(lane: Lane, gate: InstanceGate, hours: Hours) -> int | None:
    """When the lane can plan again: its window opens, or its day's limit is reset."""
    slot = hours.next_slot(lane.next_slot_at)
    if slot is None:
        return None
    is_full = gate.daily_limit is not None and gate.sent_on(hours.day(slot)) >= gate.daily_limit
    return hours.next_slot(hours.next_day_at(slot)) if is_full else slot
