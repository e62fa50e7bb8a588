"""The model of the queue and the real one, behind one face: what SQS promises of a FIFO queue."""

import json
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Protocol

from campaigns.adapters.job_queue import SqsJobQueue, from_body
from campaigns.domain.job import Job
from campaigns.services.dispatch_message import ReceivedJob
from local.resources import client
from local.template import Template
from tests.fakes.clock import FakeClock
from tests.fakes.fifo_queue import FifoQueue

#: Polls with an answer come at once; one without waits this long at most.
PATIENCE_SECONDS = 5
_NUMBERS = count()


class Queue(Protocol):
    """What the product does with its queue, and what the event source mapping does."""

    max_receives: int

    def send(self, jobs: Sequence[Job]) -> list[bool]: ...

    def put_back(self, delays: Mapping[str, int]) -> None: ...

    def receive(self) -> list[ReceivedJob]:
        """What can be had at this moment, ten at most."""

    def receive_soon(self) -> list[ReceivedJob]:
        """What can be had next, waiting for it."""

    def delete(self, received: ReceivedJob) -> None: ...

    def dead_letters(self) -> list[Job | None]: ...


class ModelQueue:
    """`tests.fakes.fifo_queue` on a clock that is moved instead of waited for."""

    def __init__(self, visibility_seconds: int = 90) -> None:
        self._clock = FakeClock()
        self._queue = FifoQueue(self._clock.now, visibility_ms=visibility_seconds * 1_000)
        self.max_receives = self._queue.max_receives
        self.send = self._queue.send
        self.put_back = self._queue.put_back

    def pass_minutes(self, minutes: float) -> None:
        self._clock.at += round(minutes * 60_000)

    def receive(self) -> list[ReceivedJob]:
        return self._queue.receive()

    def receive_soon(self) -> list[ReceivedJob]:
        found = self.receive()
        next_at = self._queue.next_visible_at(self._clock.now())
        if not found and next_at is not None:
            self._clock.at = min(next_at, self._clock.at + PATIENCE_SECONDS * 1_000)
            found = self.receive()
        return found

    def delete(self, received: ReceivedJob) -> None:
        self._queue.delete(received.receipt_handle)

    def dead_letters(self) -> list[Job | None]:
        return list(self._queue.dead)


class MinistackQueue:
    """A queue of the template's properties on ministack, through the product's own adapter."""

    def __init__(self, endpoint_url: str, visibility_seconds: int | None = None) -> None:
        self._sqs = client("sqs", endpoint_url)
        template = Template()
        number = next(_NUMBERS)
        self._dead_letters = self._create(f"dead-{number}.fifo", template, "DeadLetterQueue")
        arn = self._sqs.get_queue_attributes(
            QueueUrl=self._dead_letters, AttributeNames=["QueueArn"]
        )["Attributes"]["QueueArn"]
        template.know({"DeadLetterQueue.Arn": arn})
        self._url = self._create(f"jobs-{number}.fifo", template, "JobsQueue")
        if visibility_seconds is not None:
            short = {"VisibilityTimeout": f"{visibility_seconds}"}
            self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes=short)
        self.max_receives: int = template.properties("JobsQueue", "RedrivePolicy")["RedrivePolicy"][
            "maxReceiveCount"
        ]
        queue = SqsJobQueue(self._sqs, self._url)
        self.send, self.put_back = queue.send, queue.put_back

    def receive(self) -> list[ReceivedJob]:
        return self._receive(self._url, 0)

    def receive_soon(self) -> list[ReceivedJob]:
        return self._receive(self._url, PATIENCE_SECONDS)

    def delete(self, received: ReceivedJob) -> None:
        # As the event source mapping does: what is refused is in the answer.
        entry = {"Id": "0", "ReceiptHandle": received.receipt_handle}
        self._sqs.delete_message_batch(QueueUrl=self._url, Entries=[entry])

    def dead_letters(self) -> list[Job | None]:
        return [each.job for each in self._receive(self._dead_letters, 0)]

    def _create(self, name: str, template: Template, logical_id: str) -> str:
        attributes = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in template.properties(logical_id).items()
        }
        url: str = self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url

    def _receive(self, url: str, wait_seconds: int) -> list[ReceivedJob]:
        answer = self._sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["All"],
        )
        return [received_from(message) for message in answer.get("Messages", [])]


def received_from(message: Mapping[str, Any]) -> ReceivedJob:
    """A message as SQS gives it, as the dispatcher gets it."""
    group = message["Attributes"]["MessageGroupId"]
    return ReceivedJob(
        message_id=message["MessageId"],
        receipt_handle=message["ReceiptHandle"],
        group=group,
        job=from_body(message["Body"], group),
    )
