"""The event source mapping of the jobs queue: from the queue to the function, ten at a time.

What the function finished is deleted. What it reports as failed stays under the visibility that it
has, which the function may have set; an exception, a timeout or a report that is none leave the
whole batch so. Order within a group and redrive are the queue's own.
"""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.delivery import Delivery, Record, record_from
from local.pool import BusyError, Pool
from local.resources import Resources, client

_BATCH_SIZE = 10
# Short, so that an open receive does not hold up the end of the stack.
_POLL_SECONDS = 1
_RETRY_SECONDS = 1.0

logger = logging.getLogger(__name__)


class EventSource:
    """`pollers` threads between the queue and the function's workers."""

    def __init__(self, endpoint_url: str, resources: Resources, pool: Pool, pollers: int) -> None:
        self._sqs = client("sqs", endpoint_url)
        self._resources = resources
        self._pool = pool
        self.delivery = Delivery(pool)
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._poll, name=f"event-source-{number}", daemon=True)
            for number in range(1, pollers + 1)
        ]

    def start(self) -> None:
        """Starts polling."""
        for thread in self._threads:
            thread.start()

    def stop(self, drain_seconds: float) -> None:
        """Receives no more, and gives the batches in hand `drain_seconds` to end."""
        self._stopping.set()
        deadline = time.monotonic() + drain_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self.delivery.stop()

    def _poll(self) -> None:
        while not self._stopping.is_set():
            # Nothing is received that nobody is there to handle: its visibility would run.
            if not self._pool.wait_free(_POLL_SECONDS):
                continue
            try:
                self._take_batch()
            except BusyError:
                # Throttled: the batch is left to the queue's visibility.
                logger.warning("no dispatcher was free for a batch")
            except (BotoCoreError, ClientError) as error:
                if not self._stopping.wait(_RETRY_SECONDS):
                    logger.warning("the queue did not answer: %s", error)

    def _take_batch(self) -> None:
        records = self._receive()
        if not records:
            return
        if self._stopping.is_set():
            self._put_back(records)
            return
        finished = self.delivery.deliver(records)
        self._delete([record for record in records if record["messageId"] in finished])

    def _receive(self) -> list[Record]:
        answer = self._sqs.receive_message(
            QueueUrl=self._resources.queue_url,
            MaxNumberOfMessages=_BATCH_SIZE,
            WaitTimeSeconds=_POLL_SECONDS,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [
            record_from(message, self._resources.queue_arn)
            for message in answer.get("Messages", [])
        ]

    def _delete(self, records: Sequence[Record]) -> None:
        if not records:
            return
        answer = self._sqs.delete_message_batch(
            QueueUrl=self._resources.queue_url, Entries=_entries(records)
        )
        for failure in answer.get("Failed", []):
            # It came again while it was being handled, and will be handled again.
            logger.warning("a finished job could not be deleted: %s", failure["Code"])

    def _put_back(self, records: Sequence[Record]) -> None:
        self._sqs.change_message_visibility_batch(
            QueueUrl=self._resources.queue_url,
            Entries=[{**entry, "VisibilityTimeout": 0} for entry in _entries(records)],
        )


def _entries(records: Sequence[Record]) -> list[dict[str, Any]]:
    return [
        {"Id": str(index), "ReceiptHandle": record["receiptHandle"]}
        for index, record in enumerate(records)
    ]
