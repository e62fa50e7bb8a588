"""Counts what the guards of the product refuse, run by run, into `Chaos.refusals`.

Nothing is asked of the table for it, so that a run's faults strike where they did.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import local
from typing import Any
from unittest.mock import patch

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.gate_store import GateStore, PersonStore
from campaigns.adapters.dynamodb.recipient_store import RecipientStore
from campaigns.domain.errors import InvalidState
from campaigns.domain.gates import Refusal, Shut
from campaigns.domain.hours import Hours
from campaigns.domain.job import Job
from campaigns.domain.model import Recipient, SendJob
from campaigns.domain.planning import VANISHED_AFTER_MS
from campaigns.domain.recipient import RecipientStatus
from campaigns.services.campaign_facts import CampaignFacts, FactsCache
from campaigns.services.send_one import SendOne
from campaigns.services.settle_delivery import SettleDelivery
from campaigns.services.walk_mark import WalkMark
from tests.fakes.fifo_queue import FifoQueue
from tests.simulator.deployment import Deployment
from tests.simulator.faults import FaultKind
from tests.simulator.guards import Guard

#: Requeues of the walk whose job was neither destroyed nor held over ten minutes. A dispatcher that
#: is told by a fault that somebody else had moved its recipient has its job destroyed as well, and
#: so has a copy of a job that steps aside for one that died with the instance's mark.
NEEDLESS_REQUEUE = "needless_requeue"
#: The longest that a send may hold an instance's mark.
_MARK_MS = 90_000


@dataclass
class _Tally:
    """Into the counter of the run that was begun last."""

    site: Deployment | None = None
    #: When a copy of a job stepped aside for another that held the mark, by recipient and plan.
    stepped_aside: dict[str, int] = field(default_factory=dict)

    def __call__(self, what: str) -> None:
        assert self.site is not None
        self.site.chaos.refusals[what] += 1

    def is_needless(self, recipient: Recipient) -> bool:
        """The job of a requeued recipient is on its way, or was done with by a dispatcher."""
        assert self.site is not None
        queue, now = self.site.queue, self.site.clock.now()
        plan = (recipient.recipient_id, recipient.plan_number)
        key = keys.recipient(recipient.tenant_id, recipient.campaign_id, recipient.sequence)
        misled = f"{key.pk} {key.sk}: {FaultKind.FAILED_CONDITION}"
        if any(_plan_of(job) == plan for job in queue.dead):
            return False
        if self._died_with_the_mark(recipient):
            return False
        planned_at = recipient.updated_at - self.site.plan.most_skew_ms
        if any(
            at >= planned_at and who == "dispatcher" and misled in what
            for at, who, what in self.site.timeline
        ):
            return False
        held = [each.job.slot_at for each in queue.messages if _plan_of(each.job) == plan]
        return not held or min(held) > now - VANISHED_AFTER_MS

    def _died_with_the_mark(self, recipient: Recipient) -> bool:
        assert self.site is not None
        at = self.stepped_aside.get(f"{recipient.recipient_id}#{recipient.plan_number}")
        return at is not None and any(
            at - _MARK_MS <= gone <= at + _MARK_MS and (who, what) == ("dispatcher", "is gone")
            for gone, who, what in self.site.timeline
        )


def _plan_of(job: Job) -> tuple[str, int] | None:
    return (job.recipient_id, job.plan_number) if isinstance(job, SendJob) else None


@contextmanager
def refusals_counted() -> Iterator[None]:
    """Runs made meanwhile have in their `refusals` how often each guard refused something.

    Of the walk the counters are what it does for others: `mark_walk` is who was planned again since
    their job had vanished, `doubt` who became unknown since their sender's lease was over.
    """
    made, count = Deployment.__post_init__, _Tally()

    def post_init(site: Deployment) -> None:
        made(site)
        count.site = site
        count.stepped_aside.clear()

    with ExitStack() as stack:
        stack.enter_context(patch.object(Deployment, "__post_init__", post_init))
        for counting in (_of_looks, _of_claims, _of_gates, _of_hours, _of_walks, _of_queue):
            counting(count, stack)
        yield


def _of_looks(count: _Tally, stack: ExitStack) -> None:
    seen = local()
    read, current = RecipientStore.read, SendOne._current

    def reading(self: Any, *args: Any, **options: Any) -> Any:
        seen.recipient = read(self, *args, **options)
        return seen.recipient

    def looking(self: SendOne, job: Any) -> Any:
        found = current(self, job)
        if found is None and seen.recipient is not None:
            is_stale = seen.recipient.plan_number != job.plan_number
            count(Guard.PLAN_NUMBER if is_stale else Guard.FIRST_LOOK)
        return found

    stack.enter_context(patch.object(RecipientStore, "read", reading))
    stack.enter_context(patch.object(SendOne, "_current", looking))


def _of_claims(count: _Tally, stack: ExitStack) -> None:
    claim = SettleDelivery.claim

    def claiming(self: Any, *args: Any) -> bool:
        try:
            is_claimed = claim(self, *args)
        except InvalidState:
            count(Guard.CLAIM)
            raise
        if not is_claimed:
            count(Guard.CLAIM)
        return is_claimed

    stack.enter_context(patch.object(SettleDelivery, "claim", claiming))


def _of_gates(count: _Tally, stack: ExitStack) -> None:
    stamp, take = PersonStore.stamp, GateStore.take

    def stamping(self: Any, *args: Any, **options: Any) -> Any:
        answer = stamp(self, *args, **options)
        if isinstance(answer, Shut):
            count(Guard.PERSON_GATE)
        return answer

    def taking(self: Any, *args: Any, **options: Any) -> Any:
        answer = take(self, *args, **options)
        if isinstance(answer, Shut):
            is_busy = answer.refusal is Refusal.BUSY
            if is_busy and answer.holder == options["holder"]:
                count.stepped_aside[options["holder"]] = options["now"]
            count(Guard.BUSY_MARK if is_busy else Guard.INSTANCE_GATE)
        return answer

    stack.enter_context(patch.object(PersonStore, "stamp", stamping))
    stack.enter_context(patch.object(GateStore, "take", taking))


@dataclass(frozen=True, slots=True)
class _Hours:
    """The hours of a campaign as its sender asks for them."""

    hours: Hours
    count: _Tally

    def __getattr__(self, name: str) -> Any:
        return getattr(self.hours, name)

    def open_at(self, instant: int) -> bool:
        is_open = self.hours.open_at(instant)
        if not is_open:
            self.count(Guard.WINDOW_CHECK)
        return is_open


def _of_hours(count: _Tally, stack: ExitStack) -> None:
    of = FactsCache.of

    def facts_of(self: FactsCache, *args: Any) -> Any:
        facts: Any = of(self, *args)
        return CampaignFacts(facts.campaign, facts.texts, _Hours(facts.hours, count))  # type: ignore[arg-type]

    stack.enter_context(patch.object(FactsCache, "of", facts_of))


def _of_walks(count: _Tally, stack: ExitStack) -> None:
    look_at = WalkMark._look_at

    def looking_at(self: Any, recipient: Any, *args: Any) -> Any:
        after = look_at(self, recipient, *args)
        if after is not recipient and recipient.status is RecipientStatus.PENDING:
            if after.status is RecipientStatus.PENDING:
                count(Guard.MARK_WALK)
                if count.is_needless(recipient):
                    count(NEEDLESS_REQUEUE)
        elif after is not recipient and after.status is RecipientStatus.UNKNOWN:
            assert recipient.status is RecipientStatus.SENDING, "only a lease that is over"
            count(Guard.DOUBT)
        return after

    stack.enter_context(patch.object(WalkMark, "_look_at", looking_at))


def _of_queue(count: _Tally, stack: ExitStack) -> None:
    put = FifoQueue.put

    def putting(self: FifoQueue, *args: Any) -> bool:
        dropped = self.dropped
        is_acknowledged = put(self, *args)
        if self.dropped > dropped:
            count(Guard.DEDUPLICATION)
        return is_acknowledged

    stack.enter_context(patch.object(FifoQueue, "put", putting))
