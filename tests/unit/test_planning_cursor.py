"""The cursor and the retry index against a model: whoever is passed has a job or a place to wait.

Planners race, crash and are refused; the queue drops repeated ids for five minutes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.hours import Hours
from campaigns.domain.instants import MINUTE_MS, SECOND_MS
from campaigns.domain.model import (
    Campaign,
    ConnectionState,
    DueRetry,
    InstanceGate,
    Lane,
    LaneKey,
    Recipient,
    Recipients,
    RecipientsState,
    Schedule,
    SendJob,
)
from campaigns.domain.planning import HORIZON_MS
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.recipient_changes import released
from campaigns.domain.sending_window import WHOLE_DAY, SendingWindow
from campaigns.services.plan_sends import Planned, PlanSends
from tests.fakes.clock import FakeClock

ZONE = ZoneInfo("America/Sao_Paulo")
START = 1_795_525_200_000
KEY = LaneKey("tn_1", "cp_1", "in_1")
PEOPLE = 25
DEDUPLICATION_MS = 5 * MINUTE_MS
CAMPAIGN = Campaign(
    "cp_1",
    "tn_1",
    "Natal",
    "in_1",
    CampaignStatus.ACTIVE,
    Schedule("immediate", ZONE.key),
    created_at=START,
    updated_at=START,
    created_by="key:test",
    recipients=Recipients(RecipientsState.READY),
    total=PEOPLE,
)


class PlannerDied(Exception):
    """The process ended after the queue took the jobs."""


def _never_a_holiday(day: date) -> bool:
    return False


def _nothing() -> None:
    """Nobody gets in between."""


@dataclass
class Store:
    """Lane, gate and recipients in memory, and the queue, as the planner's ports want them."""

    clock: FakeClock
    lane: Lane = field(default_factory=lambda: Lane(KEY, 0, PEOPLE, START))
    people: dict[int, Recipient] = field(default_factory=dict)
    #: The slot of every job that the queue holds or held, by recipient and plan number.
    jobs: dict[tuple[str, int], SendJob] = field(default_factory=dict)
    waiting: list[SendJob] = field(default_factory=list)
    accepted_at: dict[str, int] = field(default_factory=dict)
    #: What the queue does with the next jobs: take, refuse, or take and lose its answer.
    answers: list[str] = field(default_factory=list)
    dies_after_send: bool = False
    meanwhile: Callable[[], object] = _nothing

    # Lanes

    def save(self, old: Lane, new: Lane) -> Lane | None:
        if old.version != self.lane.version:
            return None
        self.lane = replace(new, version=old.version + 1)
        return self.lane

    # Gates

    def read(self, key: LaneKey | str, *, consistent: bool = False) -> Lane | InstanceGate:
        if isinstance(key, LaneKey):
            return self.lane
        return InstanceGate(
            "in_1",
            "tn_1",
            ConnectionState.OPEN,
            config_version=1,
            delay_min_ms=10_000,
            delay_max_ms=15_000,
            daily_limit=None,
            live_campaign_id="cp_1",
            live_status=CampaignStatus.ACTIVE,
        )

    # Recipients

    def page(
        self, tenant_id: str, campaign_id: str, start: int, stop: int, *, limit: int
    ) -> list[Recipient]:
        return [self.people[n] for n in range(start, stop)][:limit]

    def due_retries(self, lane: LaneKey, until: int, limit: int) -> list[DueRetry]:
        due = [
            DueRetry(each.recipient_id, each.sequence, each.person, each.plan_number, each.retry_at)
            for each in self.people.values()
            if each.retry_at is not None and each.retry_at <= until
        ]
        return sorted(due, key=lambda retry: retry.retry_at)[:limit]

    def mark_planned(self, job: SendJob) -> bool:
        known = self.people[job.sequence]
        if known.plan_number != job.plan_number:
            return False
        self.people[job.sequence] = replace(known, retry_at=None, slot_at=job.slot_at)
        return True

    # The queue

    def send(self, jobs: Sequence[SendJob]) -> list[bool]:
        acknowledged = [self._take(job) for job in jobs]
        meanwhile, self.meanwhile = self.meanwhile, _nothing
        meanwhile()
        if self.dies_after_send:
            self.dies_after_send = False
            raise PlannerDied
        return acknowledged

    def _take(self, job: SendJob) -> bool:
        answer = self.answers.pop(0) if self.answers else "take"
        if answer == "refuse":
            return False
        now = self.clock.now()
        repeated_at = self.accepted_at.get(job.deduplication_id)
        if repeated_at is None or now - repeated_at >= DEDUPLICATION_MS:
            self.accepted_at[job.deduplication_id] = now
            self.jobs[job.recipient_id, job.plan_number] = job
            self.waiting.append(job)
        return answer == "take"


@dataclass
class Model:
    """A lane that is planned and dispatched, a step at a time."""

    store: Store
    planner: PlanSends

    def plan(self, lane: Lane) -> Planned | None:
        window = SendingWindow((WHOLE_DAY,), False, False, ZONE)
        try:
            return self.planner.plan(CAMPAIGN, lane, Hours(window, _never_a_holiday, ZONE))
        except PlannerDied:
            return None

    def dispatch(self, outcomes: Sequence[str]) -> None:
        """Due jobs end one way or another; one whose plan number is old dies."""
        now, outcomes = self.store.clock.now(), list(outcomes)
        due = [job for job in self.store.waiting if job.slot_at <= now]
        self.store.waiting = [job for job in self.store.waiting if job.slot_at > now]
        for job in due:
            known = self.store.people[job.sequence]
            if known.plan_number != job.plan_number or known.status is not RecipientStatus.PENDING:
                continue
            outcome = outcomes.pop(0) if outcomes else "sent"
            if outcome == "sent":
                after = replace(known, status=RecipientStatus.SENT, retry_at=None, slot_at=None)
            else:
                after = released(known, now=now, not_before=now + int(outcome))
            self.store.people[job.sequence] = after

    def nobody_is_forgotten(self) -> None:
        lane = self.store.lane
        for each in self.store.people.values():
            if each.status is not RecipientStatus.PENDING or each.retry_at is not None:
                continue
            has_job = (each.recipient_id, each.plan_number) in self.store.jobs
            assert each.sequence >= lane.cursor or has_job
        for run in lane.history:
            assert run.cursor <= lane.cursor


def _person(sequence: int) -> Recipient:
    return Recipient(
        f"rc_{sequence}",
        "tn_1",
        "cp_1",
        "in_1",
        sequence,
        f"person-{sequence}",
        f"ct_{sequence}",
        RecipientStatus.PENDING,
        plan_number=1,
        updated_at=START,
    )


def _model() -> Model:
    clock = FakeClock(START)
    store = Store(clock, people={n: _person(n) for n in range(PEOPLE)})
    planner = PlanSends(lanes=store, recipients=store, gates=store, queue=store, clock=clock)
    return Model(store, planner)


STEPS = st.lists(
    st.fixed_dictionaries(
        {
            "advance": st.sampled_from([0, 1, 30, 60, 119, 400]),
            "answers": st.lists(st.sampled_from(["take", "take", "refuse", "lose"]), max_size=16),
            "dies": st.booleans(),
            "races": st.booleans(),
            "stale": st.booleans(),
            "outcomes": st.lists(st.sampled_from(["sent", "sent", "0", "40000", "999000"])),
        }
    ),
    max_size=10,
)


@given(STEPS)
def test_whoever_the_cursor_passed_has_a_job_or_waits_for_a_retry(steps):
    model = _model()
    store = model.store
    for step in steps:
        store.clock.sleep(step["advance"] * SECOND_MS)
        model.dispatch(step["outcomes"])
        store.answers, store.dies_after_send = list(step["answers"]), step["dies"]
        if step["races"]:
            store.meanwhile = lambda: model.plan(store.lane)
        known = store.lane
        if step["stale"]:
            model.plan(store.lane)
        model.plan(known)
        store.meanwhile, store.dies_after_send = _nothing, False
        model.nobody_is_forgotten()

    # And without further faults everybody is sent.
    store.answers = []
    for _ in range(60):
        store.clock.sleep(MINUTE_MS)
        model.dispatch(())
        model.plan(store.lane)
    assert {each.status for each in store.people.values()} == {RecipientStatus.SENT}


@given(st.lists(st.sampled_from([1, 30, 60, 119, 400]), min_size=1, max_size=12))
def test_without_faults_each_has_one_job_ahead_of_its_slot_and_at_pace(advances):
    model = _model()
    store = model.store
    for advance in [0, *advances]:
        store.clock.sleep(advance * SECOND_MS)
        before = dict(store.jobs)
        model.plan(store.lane)
        now = store.clock.now()
        new = [job for key, job in store.jobs.items() if key not in before]
        assert all(now <= job.slot_at <= now + HORIZON_MS for job in new)
    slots = [job.slot_at for job in sorted(store.jobs.values(), key=lambda job: job.sequence)]
    assert all(later - earlier >= 10_000 for earlier, later in pairwise(slots))
    assert len(store.jobs) == store.lane.cursor == len({job.person for job in store.jobs.values()})


def test_two_planners_that_start_from_one_lane_leave_one_job_for_each():
    model = _model()
    lane = model.store.lane
    model.store.meanwhile = lambda: model.plan(lane)
    model.plan(lane)
    assert len(model.store.waiting) == len(model.store.jobs) == model.store.lane.cursor > 0
