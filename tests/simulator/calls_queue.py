"""The queue with its faults: as the product's adapter calls it, and as the mapping does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched

from campaigns.domain.job import Job
from campaigns.services.dispatch_message import ReceivedJob
from tests.fakes.fifo_queue import FifoQueue
from tests.simulator.faults import Chaos, Fault, FaultKind

#: Entries of one call; batches are few.
_BATCH = 10
_BATCH_TIMES = 4
_ANY = (FaultKind.CRASH, FaultKind.CRASH, FaultKind.TIMEOUT, FaultKind.THROTTLE)
_KINDS = (*_ANY, FaultKind.LOST_ANSWER, FaultKind.PARTIAL_BATCH, FaultKind.PARTIAL_BATCH)
_OF_THE_MAPPING = (FaultKind.LOST_ANSWER, FaultKind.TIMEOUT, FaultKind.PARTIAL_BATCH)
_SDK_GIVES_UP_MS = 20_000
_SDK_REPEATS_MS = 5_000


@dataclass
class FaultyQueue:
    """The queue as its adapter shows it: it never raises, and says what was acknowledged."""

    queue: FifoQueue
    chaos: Chaos

    def send(self, jobs: Sequence[Job]) -> list[bool]:
        return [each for batch in batched(jobs, _BATCH, strict=False) for each in self._send(batch)]

    def put_back(self, delays: Mapping[str, int]) -> None:
        for batch in batched(delays.items(), _BATCH, strict=False):
            self._put_back(dict(batch))

    def _send(self, jobs: Sequence[Job]) -> list[bool]:
        def effect() -> list[bool]:
            return self.queue.send(jobs)

        fault = self.chaos.strike(f"SendMessageBatch of {len(jobs)}", _KINDS, times=_BATCH_TIMES)
        if fault and fault.kind is FaultKind.PARTIAL_BATCH:
            return self._part(jobs, fault)
        answer = _under(self.chaos, fault, effect)
        return [False] * len(jobs) if answer is None else answer

    def _part(self, jobs: Sequence[Job], fault: Fault) -> list[bool]:
        """One entry is not acknowledged, though it may have come through."""
        failed = min(len(jobs) - 1, int(len(jobs) * fault.share))
        return [
            (place != failed or fault.after)
            and self.queue.send([job]) == [True]
            and place != failed
            for place, job in enumerate(jobs)
        ]

    def _put_back(self, delays: Mapping[str, int]) -> None:
        fault = self.chaos.strike("ChangeMessageVisibilityBatch", _KINDS, times=2)
        if fault and fault.kind is FaultKind.PARTIAL_BATCH:
            left_out = list(delays)[min(len(delays) - 1, int(len(delays) * fault.share))]
            delays = {receipt: delays[receipt] for receipt in delays if receipt != left_out}
            fault = None
        _under(self.chaos, fault, lambda: self.queue.put_back(delays))


@dataclass
class FaultyMapping:
    """The queue as the event source mapping calls it, which tries again in its own time."""

    queue: FifoQueue
    chaos: Chaos

    def receive(self) -> list[ReceivedJob]:
        """Where the answer is lost nobody has the messages until they are visible again."""
        batch = self.queue.receive()
        fault = batch and self.chaos.strike_world("ReceiveMessage", (FaultKind.LOST_ANSWER,))
        return [] if fault else batch

    def delete(self, receipts: Sequence[str]) -> None:
        """What is not deleted comes again."""
        fault = receipts and self.chaos.strike_world("DeleteMessageBatch", _OF_THE_MAPPING)
        if fault and fault.kind is FaultKind.TIMEOUT and not fault.after:
            return
        if fault and fault.kind is FaultKind.PARTIAL_BATCH:
            kept = min(len(receipts) - 1, int(len(receipts) * fault.share))
            receipts = [*receipts[:kept], *receipts[kept + 1 :]]
        for _ in range(2 if fault and fault.kind is FaultKind.LOST_ANSWER else 1):
            for receipt in receipts:
                self.queue.delete(receipt)


def _under[T](chaos: Chaos, fault: Fault | None, effect: Callable[[], T]) -> T | None:
    """What the caller is answered; None: nothing, in any of the SDK's tries."""
    if fault is None:
        return effect()
    match fault.kind:
        case FaultKind.CRASH:
            return chaos.crash(fault, effect)
        case FaultKind.SLOW_CALL:
            return chaos.slow(fault, effect)
        case FaultKind.LOST_ANSWER:
            effect()
            chaos.pause(round(_SDK_REPEATS_MS * fault.share**3))
            return effect()
        case FaultKind.THROTTLE if fault.after:
            chaos.pause(round(_SDK_REPEATS_MS * fault.share**2))
            return effect()
    if fault.after:
        effect()
    chaos.pause(round(_SDK_GIVES_UP_MS * fault.share))
    return None
