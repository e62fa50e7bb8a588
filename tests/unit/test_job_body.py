"""Jobs as messages: what they hold, that they come back whole, and what a batch's answer means."""

import json
from dataclasses import dataclass, field, fields, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from campaigns.adapters.job_queue import SqsJobQueue, correlation_of, from_body, to_body
from campaigns.domain.job import DirectJob
from campaigns.domain.model import SendJob
from campaigns.services.correlation import correlated

URL = "https://sqs.us-east-1.amazonaws.com/000000000000/jobs.fifo"
IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=40)
#: As far as dates go: up to the year 10000, in milliseconds.
NUMBERS = st.integers(0, 253_402_300_799_999)
JOBS = st.builds(SendJob, IDS, IDS, IDS, IDS, IDS, NUMBERS, NUMBERS, NUMBERS)
DIRECT_JOBS = st.builds(DirectJob, IDS, IDS, IDS, IDS, NUMBERS)
JOB = SendJob("tn_1", "cp_1", "in_1", "rc_1", "person-1", 7, 3, 1_795_525_200_000)
#: What JSON can say, the numbers that Python reads beyond it included.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@given(JOBS | DIRECT_JOBS)
def test_a_job_comes_back_as_it_was_sent(job):
    assert from_body(to_body(job), job.person) == job


@given(JOBS)
def test_a_body_holds_ids_and_numbers_and_the_person_is_the_group_alone(job):
    body = json.loads(to_body(job))
    names = {each.name for each in fields(SendJob)} - {"person"}
    assert body == {"kind": "campaign"} | {name: getattr(job, name) for name in names}


@given(DIRECT_JOBS)
def test_the_body_of_a_direct_message_holds_no_more_than_ids_and_its_slot(job):
    body = json.loads(to_body(job))
    names = {each.name for each in fields(DirectJob)} - {"person"}
    assert body == {"kind": "direct"} | {name: getattr(job, name) for name in names}
    assert job.deduplication_id == job.direct_message_id


def test_a_repeated_id_is_one_campaign_recipient_and_plan_number():
    assert JOB.deduplication_id == "cp_1:rc_1:3"
    assert replace(JOB, slot_at=JOB.slot_at + 1).deduplication_id == JOB.deduplication_id


def _body(**changes: object) -> str:
    return json.dumps(json.loads(to_body(JOB)) | changes)


@given(JSON)
def test_a_body_that_is_none_is_no_job_and_breaks_nothing(value):
    assert from_body(json.dumps(value), "person-1") is None


@given(st.sampled_from(["sequence", "plan_number", "slot_at"]), JSON)
def test_a_number_that_is_none_makes_no_job_and_breaks_nothing(name, value):
    job = from_body(_body(**{name: value}), "person-1")
    assert job is None or isinstance(getattr(job, name), int)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "7",
        "null",
        '{"kind": "campaign"}',
        '{"kind": "direct"}',
        '{"kind": ["direct"]}',
        _body(kind="test_message"),
        _body(kind=None),
        _body(slot_at=float("inf")),
        _body(slot_at=float("nan")),
        _body(sequence=None),
        _body(plan_number="three"),
        to_body(JOB)[:-1],
        "[" * 100_000,
        "\ud800",
    ],
    ids=lambda body: body[:24],
)
def test_what_this_version_does_not_know_is_no_job(body):
    assert from_body(body, "person-1") is None


@given(st.text("abcdefghijklmnopqrstuvwxyz-=0123456789", min_size=1, max_size=128))
def test_the_call_for_which_a_job_is_made_goes_with_it_and_changes_nothing(made_for):
    body = to_body(JOB, made_for)
    assert from_body(body, JOB.person) == JOB
    assert correlation_of(body) == made_for


def test_a_body_of_before_is_read_and_names_no_call():
    assert "correlation_id" not in json.loads(to_body(JOB))
    assert correlation_of(to_body(JOB)) is None


@given(JSON)
def test_whatever_stands_in_the_calls_place_the_job_is_read(value):
    body = json.dumps(json.loads(to_body(JOB)) | {"correlation_id": value})
    assert from_body(body, JOB.person) == JOB
    made_for = correlation_of(body)
    assert made_for is None or made_for == value


@pytest.mark.parametrize("body", ["", "[]", "null", "[" * 100_000])
def test_a_body_that_is_none_names_no_call(body):
    assert correlation_of(body) is None


def test_the_queue_takes_the_call_that_is_under_way():
    client = FakeClient()
    with correlated("a-call"):
        _queue(client).send(_jobs(2))
    _queue(client).send(_jobs(1))
    made_for = [correlation_of(each["MessageBody"]) for batch in client.batches for each in batch]
    assert made_for == ["a-call", "a-call", None]


# The queue's answers, from a client that says what it is told to


@dataclass
class FakeClient:
    """SQS as far as the adapter calls it."""

    refused: frozenset[str] = frozenset()
    fault: Exception | None = None
    fails_on_call: int = 0
    batches: list[list[dict[str, Any]]] = field(default_factory=list)

    def send_message_batch(self, *, QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803
        self._call(QueueUrl, Entries)
        refused = [each["Id"] for each in Entries if each["MessageGroupId"] in self.refused]
        taken = [each["Id"] for each in Entries if each["Id"] not in refused]
        # In no order that anybody promised.
        answer: dict[str, Any] = {"Successful": [{"Id": each} for each in reversed(taken)]}
        return answer | ({"Failed": [{"Id": each} for each in refused]} if refused else {})

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[Any]) -> None:  # noqa: N803
        self._call(QueueUrl, Entries)

    def _call(self, url: str, entries: list[Any]) -> None:
        assert url == URL
        self.batches.append(entries)
        if self.fault and len(self.batches) - 1 == self.fails_on_call:
            raise self.fault


THROTTLED = ClientError({"Error": {"Code": "RequestThrottled"}}, "SendMessageBatch")
UNREACHABLE = EndpointConnectionError(endpoint_url=URL)


def _jobs(count: int) -> list[SendJob]:
    return [
        SendJob("tn_1", "cp_1", "in_1", f"rc_{n}", f"person-{n}", n, 1, 1_795_525_200_000)
        for n in range(count)
    ]


def _queue(client: FakeClient) -> SqsJobQueue:
    return SqsJobQueue(client, URL)  # type: ignore[arg-type]


@given(st.integers(0, 35), st.frozensets(st.integers(0, 34), max_size=6))
def test_each_job_is_answered_for_in_its_order(count, refused):
    client = FakeClient(refused=frozenset(f"person-{n}" for n in refused))
    jobs = _jobs(count)
    assert _queue(client).send(jobs) == [n not in refused for n in range(count)]
    entries = [each for batch in client.batches for each in batch]
    assert all(1 <= len(batch) <= 10 for batch in client.batches)
    assert [each["MessageGroupId"] for each in entries] == [job.person for job in jobs]
    assert [each["MessageDeduplicationId"] for each in entries] == [
        job.deduplication_id for job in jobs
    ]
    assert [from_body(each["MessageBody"], each["MessageGroupId"]) for each in entries] == jobs


@pytest.mark.parametrize("fault", [THROTTLED, UNREACHABLE])
def test_a_batch_without_an_answer_is_not_acknowledged_and_the_others_are(fault):
    client = FakeClient(fault=fault, fails_on_call=1)
    acknowledged = _queue(client).send(_jobs(25))
    assert acknowledged == [True] * 10 + [False] * 10 + [True] * 5


@pytest.mark.parametrize("fault", [THROTTLED, UNREACHABLE])
def test_putting_back_is_best_effort_ten_at_a_time(fault):
    client = FakeClient(fault=fault)
    _queue(client).put_back({f"receipt-{n}": n for n in range(13)})
    entries = [each for batch in client.batches for each in batch]
    assert [len(batch) for batch in client.batches] == [10, 3]
    assert {each["ReceiptHandle"]: each["VisibilityTimeout"] for each in entries} == {
        f"receipt-{n}": n for n in range(13)
    }
    assert all(len({each["Id"] for each in batch}) == len(batch) for batch in client.batches)
