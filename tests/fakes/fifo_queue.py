"""A FIFO queue on the virtual clock: what SQS promises, as far as the product leans on it."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from campaigns.domain.job import Job
from campaigns.services.dispatch_message import ReceivedJob

DEDUPLICATION_MS = 5 * 60_000


@dataclass
class _Message:
    message_id: str
    job: Job
    visible_at: int = 0
    receipt: str = ""
    receives: int = 0


@dataclass
class FifoQueue:
    """Groups in order, one group's message in flight at a time, ids dropped for five minutes."""

    now: Callable[[], int]
    #: Called when a message may be received sooner than was known.
    changed: Callable[[], None] = lambda: None
    visibility_ms: int = 90_000
    max_receives: int = 10
    refuse: Callable[[Job], bool] = lambda _job: False
    messages: list[_Message] = field(default_factory=list)
    dead: list[Job] = field(default_factory=list)
    dropped: int = 0
    _seen: dict[str, int] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def send(self, jobs: Sequence[Job]) -> list[bool]:
        return [self._send(job) for job in jobs]

    def put_back(self, delays: Mapping[str, int]) -> None:
        for receipt, seconds in delays.items():
            for message in self._held_under(receipt):
                message.visible_at = self.now() + seconds * 1_000
        self.changed()

    def receive(self, most: int = 10) -> list[ReceivedJob]:
        now = self.now()
        blocked: set[str] = set()
        taken: list[_Message] = []
        for message in list(self.messages):
            group = message.job.person
            if group in blocked or len(taken) == most:
                continue
            if message.visible_at > now:
                blocked.add(group)
                continue
            message.receives += 1
            if message.receives > self.max_receives:
                self.messages.remove(message)
                self.dead.append(message.job)
                continue
            message.receipt = f"receipt-{next(self._numbers)}"
            message.visible_at = now + self.visibility_ms
            taken.append(message)
        return [
            ReceivedJob(each.message_id, each.receipt, each.job.person, each.job) for each in taken
        ]

    def next_visible_at(self, now: int) -> int | None:
        """When a hidden message may be received again; None where none is hidden."""
        hidden = (each.visible_at for each in self.messages if each.visible_at > now)
        return min(hidden, default=None)

    def delete(self, receipt: str) -> None:
        for message in self._held_under(receipt):
            self.messages.remove(message)
        self.changed()

    def _held_under(self, receipt: str) -> list[_Message]:
        """The message that is in flight by this receipt, unless it has come again since."""
        now = self.now()
        return [m for m in self.messages if m.receipt == receipt and m.visible_at > now]

    def _send(self, job: Job) -> bool:
        return not self.refuse(job) and self.put(job, job.deduplication_id)

    def put(self, job: Job, deduplication_id: str) -> bool:
        """Acknowledged, also where the id was seen within five minutes and the job is dropped."""
        now = self.now()
        seen_at = self._seen.get(deduplication_id)
        if seen_at is not None and now - seen_at < DEDUPLICATION_MS:
            self.dropped += 1
            return True
        self._seen[deduplication_id] = now
        self.messages.append(_Message(f"message-{next(self._numbers)}", job))
        self.changed()
        return True
