"""A batch of jobs as Lambda's SQS event, and what the function's answer says of each.

On demand, jobs are delivered more than once, as a standard queue, a lost delete or a run-out
visibility would: a copy goes to a second worker at the same moment, another follows when the first
two are through.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.pool import Outcome, Pool
from local.process import REGION

# The last stretch to its slot, which the dispatcher waits for itself; earlier jobs are put back.
_DUE_MS = 1_500

Record = Mapping[str, Any]


class Delivery:
    """Hands batches to the workers of one function."""

    def __init__(
        self, pool: Pool, clock_ms: Callable[[], int] = lambda: int(time.time() * 1000)
    ) -> None:
        self._pool = pool
        self._clock_ms = clock_ms
        self._lock = threading.Lock()
        self._copies = ThreadPoolExecutor(thread_name_prefix="duplicate")
        self.wanted = 0
        self.duplicated = 0

    def duplicate(self, jobs: int) -> None:
        """The next `jobs` whose slot is due and that are finished are delivered three times."""
        with self._lock:
            self.wanted += jobs

    def deliver(self, records: Sequence[Record]) -> set[str]:
        """Runs one batch; gives the ids of the messages that are finished."""
        chosen = self._choose(records)
        copies = [self._copies.submit(self._handle, [again(record)]) for record in chosen]
        finished = self._handle(records)
        for record, copy in zip(chosen, copies, strict=True):
            if record["messageId"] in finished | copy.result():
                self._handle([again(record)])
                self._count()
            else:
                # It was put back, so this was not its delivery: another takes its place.
                self.duplicate(1)
        return finished

    def stop(self) -> None:
        """Starts no more copies."""
        self._copies.shutdown(wait=False, cancel_futures=True)

    def _handle(self, records: Sequence[Record]) -> set[str]:
        outcome = self._pool.invoke(json.dumps({"Records": list(records)}).encode())
        return finished_of(outcome, [record["messageId"] for record in records])

    def _choose(self, records: Sequence[Record]) -> list[Record]:
        due = self._clock_ms() + _DUE_MS
        with self._lock:
            if not self.wanted:
                return []
            chosen = [record for record in records if _slot_ms(record) <= due][: self.wanted]
            self.wanted -= len(chosen)
            return chosen

    def _count(self) -> None:
        with self._lock:
            self.duplicated += 1


def record_from(message: Mapping[str, Any], queue_arn: str) -> Record:
    """A message as SQS gives it, in the shape of Lambda's SQS event."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message["Attributes"]),
        "messageAttributes": {
            name: _message_attribute(value)
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }


def finished_of(outcome: Outcome, message_ids: Sequence[str]) -> set[str]:
    """The messages of a batch that its handler finished.

    All of them when nothing is reported as failed; none after an error, and none when the report is
    malformed or names a message that is not of the batch.
    """
    batch = set(message_ids)
    if outcome.failed:
        return set()
    answer = json.loads(outcome.payload)
    if answer is None:
        return batch
    try:
        failed = {failure["itemIdentifier"] for failure in answer.get("batchItemFailures") or []}
    except (AttributeError, KeyError, TypeError):
        return set()
    return batch - failed if failed <= batch else set()


def again(record: Record) -> Record:
    """The record as its next delivery shows it."""
    attributes = record["attributes"]
    received = str(int(attributes["ApproximateReceiveCount"]) + 1)
    return {**record, "attributes": {**attributes, "ApproximateReceiveCount": received}}


def _slot_ms(record: Record) -> int:
    """When the job wants to run, in epoch ms; one that names no slot, at once."""
    try:
        return int(json.loads(record["body"])["slot_at"])
    except (KeyError, TypeError, ValueError):
        return 0


def _message_attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    text = {"stringValue": value["StringValue"]} if "StringValue" in value else {}
    return {**text, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
