"""Dispatch a batch of jobs: early ones are put back, the others pass their gates and are sent.

The ways of one message are in ``send_one`` and ``send_direct``; this module knows about batches,
groups and time.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from campaigns.domain.gates import WAIT_HERE_MS, time_for_one_send_ms
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.job import DirectJob, Job
from campaigns.domain.model import SendJob
from campaigns.services.correlation import correlated
from campaigns.services.ports import Clock, Concurrently, JobQueue

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReceivedJob:
    """A message of the queue. `job` is None where its body cannot be read; `correlation_id` names
    the call for which it was made."""

    message_id: str
    receipt_handle: str
    group: str
    job: Job | None
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class StayHidden:
    """A job that is not done with stays on the queue; None: for the queue's own visibility."""

    seconds: int | None = None


class DispatchBatch:
    """Sends a batch: people side by side, one person's jobs in order."""

    def __init__(
        self,
        *,
        send_one: Callable[[SendJob, int], None],
        send_direct: Callable[[DirectJob, int], StayHidden | None],
        queue: JobQueue,
        clock: Clock,
        concurrently: Concurrently,
        read_timeout_ms: int,
    ) -> None:
        self._send_one = send_one
        self._send_direct = send_direct
        self._queue = queue
        self._clock = clock
        self._concurrently = concurrently
        self._needed_ms = time_for_one_send_ms(read_timeout_ms)

    def dispatch(self, received: Sequence[ReceivedJob], deadline: int) -> set[str]:
        """Message ids that are to stay on the queue. Never raises.

        `deadline` (epoch ms) is the end of the function's time: no send starts too close to it.
        """
        groups: dict[str, list[ReceivedJob]] = {}
        for each in received:
            groups.setdefault(each.group, []).append(each)
        staying: set[str] = set()
        ready: list[list[ReceivedJob]] = []
        for group in groups.values():
            seconds = self._seconds_early(group[0])
            if seconds:
                staying |= self._put_back(group, seconds)
            else:
                ready.append(group)
        tasks = [lambda group=group: self._in_order(group, deadline) for group in ready]
        for left in self._concurrently(tasks):
            staying |= left
        return staying

    def _in_order(self, group: Sequence[ReceivedJob], deadline: int) -> set[str]:
        for place, each in enumerate(group):
            rest = group[place:]
            seconds = self._seconds_early(each)
            if seconds:
                return self._put_back(rest, seconds)
            if deadline - self._clock.now() < self._needed_ms:
                return self._put_back(rest, 0)
            with correlated(each.correlation_id):
                staying = self._send(each, deadline)
            if staying is None:
                continue
            if staying.seconds is None:
                # Those behind it may not run first.
                return {each.message_id} | self._put_back(rest[1:], 0)
            return self._put_back(rest, staying.seconds)
        return set()

    def _send(self, received: ReceivedJob, deadline: int) -> StayHidden | None:
        """None: the job is done with."""
        job = received.job
        if job is None:
            _log.error("job_unreadable", extra={"message_id": received.message_id})
            return StayHidden()
        try:
            if isinstance(job, DirectJob):
                return self._send_direct(job, deadline)
            self._send_one(job, deadline)
        except Exception:
            # One job's failure must not touch the others: the queue gives it back, and after its
            # last receive it rests with the dead letters.
            _log.exception("job_failed", extra={"message_id": received.message_id})
            return StayHidden()
        return None

    def _seconds_early(self, received: ReceivedJob) -> int:
        """Whole seconds, rounded down, for which a job is to be hidden; 0 if it is due here."""
        if received.job is None:
            return 0
        early = received.job.slot_at - self._clock.now()
        return early // SECOND_MS if early > WAIT_HERE_MS else 0

    def _put_back(self, group: Sequence[ReceivedJob], seconds: int) -> set[str]:
        """Hide the first for so long; those behind it are free at once, and blocked by it."""
        delays = {
            each.receipt_handle: seconds if place == 0 else 0 for place, each in enumerate(group)
        }
        if delays:
            self._queue.put_back(delays)
        return {each.message_id for each in group}
