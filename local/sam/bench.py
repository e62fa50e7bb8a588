"""A table and a queue of their own in a local stack's emulator, and a tenant, gone at the end.

The stack's own scheduler and dispatcher work on its own table and queue: here nobody is faster than
the function that is being tried.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from local.beginnings import make_tenant
from local.resources import client, create_table
from local.template import Template

_TENANT_NAME = "SAM"
# What the new queue takes over from the stack's.
_QUEUE_ATTRIBUTES = (
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "VisibilityTimeout",
)
_RECEIVE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Bench:
    """What the functions see, the tenant's key, and the queue as its event source has it."""

    environment: Mapping[str, str]
    tenant_id: str
    owner_key: str
    _sqs: Any

    def receive(self) -> list[dict[str, Any]]:
        """Messages that are visible now or within seconds, ten at most."""
        answer = self._sqs.receive_message(
            QueueUrl=self.environment["QUEUE_URL"],
            MaxNumberOfMessages=10,
            WaitTimeSeconds=_RECEIVE_SECONDS,
            AttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def delete(self, message: Mapping[str, Any]) -> None:
        """The job is done."""
        self._sqs.delete_message(
            QueueUrl=self.environment["QUEUE_URL"], ReceiptHandle=message["ReceiptHandle"]
        )


@contextmanager
def bench(stack: Mapping[str, str]) -> Iterator[Bench]:
    """Made in the emulator of the stack whose functions have this environment."""
    endpoint = stack["AWS_ENDPOINT_URL"]
    name = f"campaigns-sam-{uuid.uuid4().hex[:8]}"
    dynamodb, sqs = client("dynamodb", endpoint), client("sqs", endpoint)
    create_table(endpoint, Template().properties("Table"), name)
    try:
        queue_url = _create_queue(sqs, f"{name}-jobs.fifo", stack["QUEUE_URL"])
        try:
            environment = {**stack, "TABLE_NAME": name, "QUEUE_URL": queue_url}
            yield Bench(environment, **make_tenant(environment, _TENANT_NAME), _sqs=sqs)
        finally:
            sqs.delete_queue(QueueUrl=queue_url)
    finally:
        dynamodb.delete_table(TableName=name)


def _create_queue(sqs: Any, name: str, like_url: str) -> str:
    known = sqs.get_queue_attributes(QueueUrl=like_url, AttributeNames=["All"])["Attributes"]
    attributes = {each: known[each] for each in _QUEUE_ATTRIBUTES if each in known}
    url: str = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url
