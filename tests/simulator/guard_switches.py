"""Each guard of the product switched off: patched where it stands, at the narrowest seam."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from pynamodb.expressions.condition import Condition

from campaigns.adapters.dynamodb import gate_store, recipient_store
from campaigns.adapters.dynamodb.gate_items import GateItem
from campaigns.adapters.dynamodb.gate_store import GateStore, PersonStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.gates import Refusal, Shut
from campaigns.domain.hours import Hours
from campaigns.domain.job import Job
from campaigns.domain.model import InstanceGate, Recipient, SendJob
from campaigns.domain.planning import Plan
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.recipient_changes import released
from campaigns.domain.walking import Finding
from campaigns.services import plan_sends, send_one, settle_delivery, walk_mark
from campaigns.services.campaign_facts import CampaignFacts, FactsCache
from campaigns.services.plan_sends import PlanSends
from campaigns.services.ports import Guard as WriteGuard
from campaigns.services.ports import JobQueue
from campaigns.services.settle_delivery import SettleDelivery

#: Longer than anybody was ever sent to.
_EVER_MS = 10**14


@contextmanager
def claim_off() -> Iterator[None]:
    """The claim's write asks for the plan number alone: a recipient in any status is claimed, and
    the table of moves is not asked.
    """

    def claim(self: SettleDelivery, recipient: Recipient, claimed: Recipient) -> bool:
        any_status = WriteGuard(frozenset(RecipientStatus), plan_number=recipient.plan_number)
        return self._write(recipient, claimed, any_status)

    with patch.object(SettleDelivery, "claim", claim):
        yield


@contextmanager
def first_look_off() -> Iterator[None]:
    """What a job reads of its recipient before all else may have any status."""
    with patch.object(send_one, "_TRIED", frozenset(RecipientStatus)):
        yield


@contextmanager
def person_gate_off() -> Iterator[None]:
    """The stamp's write is made whenever the person was last stamped, and by whomever."""
    stamp = PersonStore.stamp

    def stamped(self: PersonStore, person: str, **options: Any) -> Any:
        return stamp(self, person, **options | {"gap_ms": -_EVER_MS})

    with patch.object(PersonStore, "stamp", stamped):
        yield


@contextmanager
def instance_gate_off() -> Iterator[None]:
    """Of what the gate's write asserts only the busy mark is left: not that the campaign is live
    and active, the instance connected and configured as it was read, the gap over or the day not
    full.
    """

    def judge(gate: InstanceGate, *, now: int, **_: object) -> Shut | None:
        return Shut(Refusal.BUSY, gate.busy_until) if gate.is_busy(now) else None

    def is_open(_known: InstanceGate, _campaign: str | None, now: int, *_: str, **__: bool) -> Any:
        return GateItem.busy_until.does_not_exist() | (GateItem.busy_until <= now)

    with (
        patch.object(gate_store, "judge_instance_gate", judge),
        patch.object(gate_store, "_is_open", is_open),
    ):
        yield


@contextmanager
def busy_mark_off() -> Iterator[None]:
    """The mark is over in the instant in which it is made: a send in flight keeps nobody out."""
    take = GateStore.take

    def taken(self: GateStore, gate: InstanceGate, *, now: int, **options: Any) -> Any:
        return take(self, gate, now=now, **options | {"busy_until": now})

    with patch.object(GateStore, "take", taken):
        yield


@dataclass(frozen=True, slots=True)
class _AlwaysOpen(Hours):
    def open_at(self, instant: int) -> bool:
        return True


@contextmanager
def window_check_off() -> Iterator[None]:
    """The sender finds every hour open, when it prepares and at its last look. The planner still
    gives slots inside of the window.
    """
    of = FactsCache.of

    def facts_of(self: FactsCache, tenant_id: str, campaign_id: str) -> CampaignFacts:
        facts = of(self, tenant_id, campaign_id)
        hours = facts.hours
        always = _AlwaysOpen(hours.window, hours.is_holiday, hours.tenant_zone)
        return replace(facts, hours=always)

    with patch.object(FactsCache, "of", facts_of):
        yield


@contextmanager
def slots_in_hours_off() -> Iterator[None]:
    """The planner gives slots as if every hour were open."""
    draw_plan = plan_sends.draw_plan

    def at_any_hour(**options: Any) -> Plan:
        return draw_plan(**options | {"fit": lambda slot: slot})

    with patch.object(plan_sends, "draw_plan", at_any_hour):
        yield


@contextmanager
def plan_number_off() -> Iterator[None]:
    """No release, requeue, resend or unknown outcome raises the number: each job, and each
    deduplication id, of a recipient is like its first.
    """
    changes = recipient_store._changes

    def unraised(old: Recipient, new: Recipient, token: str) -> Any:
        return changes(old, replace(new, plan_number=old.plan_number), token)

    with patch.object(recipient_store, "_changes", unraised):
        yield


@contextmanager
def deduplication_off() -> Iterator[None]:
    """Each job that reaches the queue has an id of its own there: nothing is dropped."""
    numbers = itertools.count()
    unique = property(lambda _: f"unique:{next(numbers)}")
    with patch.object(SendJob, "deduplication_id", unique):
        yield


@contextmanager
def lease_off() -> Iterator[None]:
    """A claim's lease is over in the instant in which it is made: the walk takes a sender that is
    at work for dead.
    """
    claimed = send_one.claimed

    def briefly(recipient: Recipient, *, now: int, **options: Any) -> Recipient:
        return claimed(recipient, now=now, **options | {"lease_until": now})

    with patch.object(send_one, "claimed", briefly):
        yield


@contextmanager
def doubt_off() -> Iterator[None]:
    """Whoever had a sender that died is planned again, as if nothing could have been sent."""

    def planned_again(recipient: Recipient, *, now: int) -> Recipient:
        return released(recipient, now=now, not_before=now)

    with patch.object(walk_mark, "lease_expired", planned_again):
        yield


@dataclass(frozen=True, slots=True)
class _Unconditional:
    """A table whose updates ask for nothing."""

    table: Table

    def update(self, model: Any, key: Any, actions: Any, _: Condition, **options: Any) -> Any:
        return self.table.update(model, key, actions, **options)


@contextmanager
def known_repeats_off() -> Iterator[None]:
    """A write of one item that the SDK repeats is refused by its own first effect."""
    write = Table._write

    def written(self: Table, model: Any, operation: str, request: Any, _: Any, item: Any) -> Any:
        return write(self, model, operation, request, None, item)

    with patch.object(Table, "_write", written):
        yield


@contextmanager
def own_mark_off() -> Iterator[None]:
    """Settling clears the instance's mark, whosever it is."""
    settle = GateStore.settle

    def settled(self: GateStore, *args: Any, **options: Any) -> int:
        return settle(GateStore(_Unconditional(self._table)), *args, **options)  # type: ignore[arg-type]

    with patch.object(GateStore, "settle", settled):
        yield


@contextmanager
def own_stamp_off() -> Iterator[None]:
    """An undo restores what was before its own stamp, whosever stands there by now."""
    undo = PersonStore.undo

    def undone(self: PersonStore, stamp: Any) -> None:
        undo(PersonStore(_Unconditional(self._table)), stamp)  # type: ignore[arg-type]

    with patch.object(PersonStore, "undo", undone):
        yield


@contextmanager
def own_lease_off() -> Iterator[None]:
    """A try that ends unsent or in doubt moves its recipient, whosever lease holds it."""
    any_lease = WriteGuard(frozenset({RecipientStatus.SENDING}))
    with patch.object(settle_delivery, "_held", lambda _: any_lease):
        yield


@contextmanager
def tokens_off() -> Iterator[None]:
    """A write of one item that the SDK repeats is refused by its own first effect (but for a stamp,
    whose condition names its token); settling asks for no lease, and giving a gate back asks for
    nobody's mark or stamp.
    """
    with known_repeats_off(), own_mark_off(), own_stamp_off(), own_lease_off():
        yield


@dataclass(slots=True)
class _Promising:
    """A queue that acknowledges everything, and has sent nothing yet."""

    queue: JobQueue
    jobs: Sequence[Job] = ()

    def send(self, jobs: Sequence[Job]) -> list[bool]:
        self.jobs = jobs
        return [True] * len(jobs)


@contextmanager
def jobs_before_cursor_off() -> Iterator[None]:
    """The other order: the cursor passes a plan's people, then their jobs are sent. What the queue
    then answers comes too late to be heeded.
    """
    send = PlanSends._send

    def cursor_first(self: PlanSends, *args: Any) -> Any:
        promising = _Promising(self._queue)
        hasty: Any = PlanSends(
            lanes=self._lanes,
            recipients=self._recipients,
            gates=self._gates,
            queue=promising,  # type: ignore[arg-type]
            clock=self._clock,
        )
        planned = send(hasty, *args)
        if planned is not None:
            self._queue.send(promising.jobs)
        return planned

    with patch.object(PlanSends, "_send", cursor_first):
        yield


@contextmanager
def ordered_acknowledgement_off() -> Iterator[None]:
    """The cursor passes everybody in a plan, whichever of their jobs the queue took."""

    def all_of_them(entries: Sequence[object], _: Sequence[bool]) -> int:
        return len(entries)

    with patch.object(plan_sends, "acknowledged_run", all_of_them):
        yield


@contextmanager
def mark_walk_off() -> Iterator[None]:
    """The walk moves the mark, and finds nothing to do: no vanished job is planned again, no lease
    ends, nothing unknown is looked for, and nobody under a cancelled campaign is skipped.
    """
    with patch.object(walk_mark, "judge", lambda *_: Finding.NOTHING):
        yield


type Switch = Callable[[], AbstractContextManager[None]]
