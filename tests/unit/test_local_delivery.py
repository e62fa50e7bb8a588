"""The SQS event, partial batch responses, and deliveries made twice on demand."""

import json
import threading
from typing import Any

import pytest

from local.delivery import Delivery, Record, finished_of, record_from
from local.pool import Outcome

NOW_MS = 1_795_352_707_000
MESSAGE = {
    "MessageId": "m1",
    "ReceiptHandle": "receipt",
    "MD5OfBody": "5640486daa6880d667b76c958820361a",
    "Body": "a0",
    "Attributes": {
        "SenderId": "000000000000",
        "SentTimestamp": "1795352700000",
        "ApproximateReceiveCount": "1",
        "ApproximateFirstReceiveTimestamp": "1795352700100",
        "SequenceNumber": "00000000000000000001",
        "MessageDeduplicationId": "cmp_1:rcp_1:1",
        "MessageGroupId": "person",
    },
}


class FunctionFake:
    """Stands in for the pool: fails the messages in `failing`, and remembers every event."""

    def __init__(self, *failing: str) -> None:
        self.failing = set(failing)
        self.events: list[list[Record]] = []
        self._lock = threading.Lock()

    def invoke(self, event: bytes, wait_seconds: float | None = None) -> Outcome:
        records: list[Record] = json.loads(event)["Records"]
        with self._lock:
            self.events.append(records)
        failed = [record["messageId"] for record in records if record["messageId"] in self.failing]
        answer = {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
        return Outcome(json.dumps(answer).encode())

    def deliveries_of(self, message_id: str) -> list[str]:
        """The receive counts under which a message came."""
        return sorted(
            record["attributes"]["ApproximateReceiveCount"]
            for records in self.events
            for record in records
            if record["messageId"] == message_id
        )


def record(message_id: str, **job: Any) -> Record:
    message = {**MESSAGE, "MessageId": message_id, "Body": json.dumps(job)}
    return record_from(message, "arn:aws:sqs:us-east-1:000000000000:jobs.fifo")


def delivery(function: FunctionFake) -> Delivery:
    return Delivery(function, clock_ms=lambda: NOW_MS)  # type: ignore[arg-type]


def test_a_record_has_the_shape_of_lambdas_sqs_event() -> None:
    assert record_from(MESSAGE, "arn:aws:sqs:us-east-1:000000000000:jobs.fifo") == {
        "messageId": "m1",
        "receiptHandle": "receipt",
        "body": "a0",
        "attributes": MESSAGE["Attributes"],
        "messageAttributes": {},
        "md5OfBody": "5640486daa6880d667b76c958820361a",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:jobs.fifo",
        "awsRegion": "us-east-1",
    }


@pytest.mark.parametrize(
    "answer", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}]
)
def test_a_batch_of_which_nothing_is_reported_is_finished(answer: object) -> None:
    assert finished_of(Outcome(json.dumps(answer).encode()), ["a", "b"]) == {"a", "b"}


def test_what_is_reported_as_failed_is_not_finished() -> None:
    answer = b'{"batchItemFailures": [{"itemIdentifier": "a"}]}'

    assert finished_of(Outcome(answer), ["a", "b"]) == {"b"}


@pytest.mark.parametrize(
    "answer",
    [
        "done",
        {"batchItemFailures": "a"},
        {"batchItemFailures": ["a"]},
        {"batchItemFailures": [{"messageId": "a"}]},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"itemIdentifier": "of another batch"}]},
    ],
)
def test_a_report_that_is_none_fails_the_whole_batch(answer: object) -> None:
    assert finished_of(Outcome(json.dumps(answer).encode()), ["a", "b"]) == set()


def test_an_error_fails_the_whole_batch() -> None:
    assert finished_of(Outcome(b"null", failed=True), ["a", "b"]) == set()


def test_jobs_are_delivered_once_unless_more_is_asked_for() -> None:
    function = FunctionFake()

    assert delivery(function).deliver([record("a"), record("b")]) == {"a", "b"}
    assert len(function.events) == 1


def test_a_duplicated_job_comes_twice_at_once_and_once_more() -> None:
    function = FunctionFake()
    twice = delivery(function)
    twice.duplicate(1)

    assert twice.deliver([record("a"), record("b")]) == {"a", "b"}
    assert function.deliveries_of("a") == ["1", "2", "2"]
    assert function.deliveries_of("b") == ["1"]
    assert (twice.wanted, twice.duplicated) == (0, 1)


def test_a_job_that_is_early_is_not_the_one_to_duplicate() -> None:
    function = FunctionFake()
    twice = delivery(function)
    twice.duplicate(1)

    twice.deliver([record("early", slot_at=NOW_MS + 1_501), record("due", slot_at=NOW_MS + 1_500)])
    assert function.deliveries_of("early") == ["1"]
    assert function.deliveries_of("due") == ["1", "2", "2"]


def test_a_job_that_was_put_back_does_not_count_as_duplicated() -> None:
    function = FunctionFake("a")
    twice = delivery(function)
    twice.duplicate(1)

    assert twice.deliver([record("a")]) == set()
    assert (twice.wanted, twice.duplicated) == (1, 0)
