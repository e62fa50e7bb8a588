"""What the product leans on in a FIFO queue: the model of the virtual tests, and SQS's own."""

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from campaigns.adapters.job_queue import SqsJobQueue, from_body, to_body
from campaigns.domain.job import DirectJob, Job
from campaigns.domain.model import SendJob
from campaigns.services.dispatch_message import ReceivedJob
from tests.contract.queues import MinistackQueue, ModelQueue, Queue


@pytest.fixture(params=["model", pytest.param("sqs", marks=pytest.mark.ministack)])
def queue(request: pytest.FixtureRequest) -> Queue:
    """An empty queue, in both makes."""
    if request.param == "model":
        return ModelQueue()
    return MinistackQueue(request.getfixturevalue("ministack_url"))


@pytest.fixture(params=["model", pytest.param("sqs", marks=pytest.mark.ministack)])
def short_queue(request: pytest.FixtureRequest) -> Queue:
    """One whose messages are visible again after a second, unless somebody deletes them."""
    if request.param == "model":
        return ModelQueue(visibility_seconds=1)
    return MinistackQueue(request.getfixturevalue("ministack_url"), visibility_seconds=1)


def a_job(sequence: int = 0, person: str = "ana", plan_number: int = 1) -> SendJob:
    return SendJob(
        tenant_id="tn_1",
        campaign_id="cp_1",
        instance_id="in_1",
        recipient_id=f"rc_{sequence}",
        person=person,
        sequence=sequence,
        plan_number=plan_number,
        slot_at=1_795_525_200_000,
    )


def jobs(received: list[ReceivedJob]) -> list[Job | None]:
    return [each.job for each in received]


def test_a_job_comes_back_whole_from_the_group_of_its_person(queue: Queue) -> None:
    assert queue.send([a_job()]) == [True]
    (received,) = queue.receive()
    assert (received.group, received.job) == ("ana", a_job())


def test_a_direct_message_waits_in_the_same_group_and_is_dropped_as_a_repeat(
    queue: Queue,
) -> None:
    direct = DirectJob("tn_1", "dm_1", "in_1", "ana", 1_795_525_200_000)
    assert queue.send([a_job(), direct, direct]) == [True, True, True]
    assert [(each.group, each.job) for each in queue.receive()] == [
        ("ana", a_job()),
        ("ana", direct),
    ]


def test_more_jobs_than_a_batch_holds_are_all_sent_and_each_received_once(queue: Queue) -> None:
    sent = [a_job(number, f"person-{number}") for number in range(23)]
    assert queue.send(sent) == [True] * 23
    received = [*queue.receive(), *queue.receive(), *queue.receive()]
    assert sorted(each.job.sequence for each in received if each.job) == list(range(23))
    assert queue.receive() == []


def test_a_group_comes_in_its_order_and_groups_side_by_side(queue: Queue) -> None:
    ana, bia = [a_job(0), a_job(1), a_job(2)], [a_job(3, "bia"), a_job(4, "bia")]
    queue.send([ana[0], bia[0], ana[1], bia[1], ana[2]])
    found: list[Job | None] = []
    while batch := queue.receive():
        found += jobs(batch)
        for each in batch:
            queue.delete(each)
    assert [job for job in found if job and job.person == "ana"] == ana
    assert [job for job in found if job and job.person == "bia"] == bia


def test_a_group_is_locked_while_one_of_its_jobs_is_in_flight(queue: Queue) -> None:
    queue.send([a_job(0)])
    (first,) = queue.receive()
    queue.send([a_job(1), a_job(2, "bia")])
    assert jobs(queue.receive()) == [a_job(2, "bia")]
    queue.delete(first)
    assert jobs(queue.receive()) == [a_job(1)]


def test_a_job_that_was_put_back_hides_its_whole_group(queue: Queue) -> None:
    queue.send([a_job(0)])
    (first,) = queue.receive()
    queue.send([a_job(1), a_job(2, "bia")])
    queue.put_back({first.receipt_handle: 60})
    assert jobs(queue.receive()) == [a_job(2, "bia")]


def test_a_job_that_was_put_back_comes_again_at_its_time_and_first(queue: Queue) -> None:
    queue.send([a_job(0)])
    (first,) = queue.receive()
    queue.send([a_job(1)])
    queue.put_back({first.receipt_handle: 1})
    assert queue.receive() == []
    again = queue.receive_soon()
    assert jobs(again)[0] == a_job(0)
    assert again[0].message_id == first.message_id
    assert again[0].receipt_handle != first.receipt_handle


def test_a_job_that_was_put_back_by_nothing_comes_again_at_once(queue: Queue) -> None:
    queue.send([a_job(0)])
    (first,) = queue.receive()
    queue.put_back({first.receipt_handle: 0})
    assert jobs(queue.receive()) == [a_job(0)]


def test_those_behind_an_early_job_are_put_back_free_and_come_after_it(queue: Queue) -> None:
    # As the dispatcher does with a group of which it holds several.
    queue.send([a_job(0), a_job(1)])
    held = queue.receive()
    assert jobs(held) == [a_job(0), a_job(1)]
    queue.put_back({held[0].receipt_handle: 1, held[1].receipt_handle: 0})
    assert queue.receive() == []
    assert jobs(queue.receive_soon()) == [a_job(0), a_job(1)]


def test_more_put_backs_than_a_batch_holds_are_all_done(queue: Queue) -> None:
    queue.send([a_job(number, f"person-{number}") for number in range(12)])
    held = [*queue.receive(), *queue.receive()]
    queue.put_back({each.receipt_handle: 0 for each in held})
    assert len([*queue.receive(), *queue.receive()]) == 12


def test_a_deduplication_id_is_dropped_even_after_the_first_was_deleted(queue: Queue) -> None:
    assert queue.send([a_job(0)]) == [True]
    assert queue.send([replace(a_job(0), slot_at=1_795_525_999_000)]) == [True], (
        "answered as success"
    )
    (first,) = queue.receive()
    assert first.job == a_job(0)
    queue.delete(first)
    assert queue.send([a_job(0)]) == [True]
    assert queue.receive() == []


def test_a_repeat_within_one_call_is_dropped(queue: Queue) -> None:
    assert queue.send([a_job(0), a_job(0), a_job(1, "bia")]) == [True, True, True]
    assert sorted(str(each.group) for each in queue.receive()) == ["ana", "bia"]


def test_a_later_plan_number_goes_through(queue: Queue) -> None:
    queue.send([a_job(0)])
    (first,) = queue.receive()
    queue.delete(first)
    assert queue.send([a_job(0, plan_number=2)]) == [True]
    assert jobs(queue.receive()) == [a_job(0, plan_number=2)]


def test_after_its_last_receive_a_job_rests_with_the_dead_letters_and_frees_its_group(
    queue: Queue,
) -> None:
    queue.send([a_job(0)])
    for _ in range(queue.max_receives):
        (received,) = queue.receive()
        queue.put_back({received.receipt_handle: 0})
    assert queue.receive() == []
    assert queue.dead_letters() == [a_job(0)]
    queue.send([a_job(1)])
    assert jobs(queue.receive()) == [a_job(1)]


def test_a_stale_receipt_neither_frees_nor_deletes_a_job(queue: Queue) -> None:
    queue.send([a_job(0)])
    (stale,) = queue.receive()
    queue.put_back({stale.receipt_handle: 0})
    (present,) = queue.receive()

    queue.put_back({stale.receipt_handle: 0})
    assert queue.receive() == []
    queue.delete(stale)
    queue.put_back({present.receipt_handle: 0})
    (still_there,) = queue.receive()
    queue.delete(still_there)
    assert queue.receive() == []


def test_what_nobody_deleted_in_time_comes_again_first_and_whole_groups_with_it(
    short_queue: Queue,
) -> None:
    short_queue.send([a_job(0), a_job(1)])
    held = short_queue.receive()
    short_queue.send([a_job(2)])
    assert short_queue.receive() == []
    again = short_queue.receive_soon()
    assert jobs(again) == [a_job(0), a_job(1), a_job(2)]
    assert {each.receipt_handle for each in again}.isdisjoint(
        {each.receipt_handle for each in held}
    )


def test_the_receipt_of_a_job_whose_time_is_up_deletes_nothing(short_queue: Queue) -> None:
    short_queue.send([a_job(0)])
    (late,) = short_queue.receive()
    (present,) = short_queue.receive_soon()
    short_queue.delete(late)
    short_queue.put_back({present.receipt_handle: 0})
    assert jobs(short_queue.receive()) == [a_job(0)]


def test_time_that_is_up_counts_as_a_receive(short_queue: Queue) -> None:
    short_queue.send([a_job(0)])
    for _ in range(short_queue.max_receives - 1):
        (received,) = short_queue.receive()
        short_queue.put_back({received.receipt_handle: 0})
    assert jobs(short_queue.receive()) == [a_job(0)], "for the last time"
    assert short_queue.receive_soon() == []
    assert short_queue.dead_letters() == [a_job(0)]


def test_of_a_group_that_is_held_one_is_deleted_and_the_others_stay_in_order(queue: Queue) -> None:
    queue.send([a_job(0), a_job(1), a_job(2)])
    first, second, third = queue.receive()
    queue.delete(second)
    queue.put_back({third.receipt_handle: 0, first.receipt_handle: 0})
    assert jobs(queue.receive()) == [a_job(0), a_job(2)]


def test_a_repeat_is_dropped_for_five_minutes_from_the_first_send_on() -> None:
    # Of the model alone: nobody waits five minutes for an emulator.
    queue = ModelQueue()
    queue.send([a_job(0)])
    (first,) = queue.receive()
    queue.pass_minutes(4.9)
    queue.delete(first)
    assert queue.send([a_job(0)]) == [True]
    queue.pass_minutes(0.2)
    assert jobs(queue.receive()) == [a_job(0)], "the first, whose time was up: not deleted by that"
    assert queue.send([a_job(0)]) == [True]
    assert len(queue._queue.messages) == 2


# What the adapter makes of answers that no emulator gives


class RefusingClient:
    """SQS that refuses some entries of a batch, or fails a call."""

    def __init__(self, refused: set[int], fails_at_call: int | None = None) -> None:
        self.refused = refused
        self.fails_at_call = fails_at_call
        self.error: Exception = ClientError({"Error": {"Code": "ServiceUnavailable"}}, "Send")
        self.calls: list[list[dict[str, Any]]] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.calls.append(Entries)
        if len(self.calls) - 1 == self.fails_at_call:
            raise self.error
        good = [e for e in Entries if json.loads(e["MessageBody"])["sequence"] not in self.refused]
        bad = [e for e in Entries if e not in good]
        # In no particular order, and without the list that would be empty.
        answer: dict[str, Any] = {"Successful": [{"Id": e["Id"]} for e in reversed(good)]}
        if bad:
            answer["Failed"] = [{"Id": e["Id"], "Code": "InternalError"} for e in bad]
        return {name: entries for name, entries in answer.items() if entries}

    def change_message_visibility_batch(self, **_: Any) -> None:
        raise self.error


def sent_by(client: RefusingClient, count: int) -> list[bool]:
    queue = SqsJobQueue(client, "https://queue")  # type: ignore[arg-type]
    return queue.send([a_job(number) for number in range(count)])


def test_each_entry_that_was_not_acknowledged_is_told_in_its_place() -> None:
    assert sent_by(RefusingClient({1, 3}), 5) == [True, False, True, False, True]


def test_of_a_batch_that_was_refused_whole_none_is_acknowledged() -> None:
    assert sent_by(RefusingClient({0, 1}), 2) == [False, False]


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "RequestThrottled"}}, "SendMessageBatch"),
        EndpointConnectionError(endpoint_url="https://queue"),
    ],
)
def test_a_call_that_failed_acknowledges_none_of_its_ten_and_stops_no_other(
    error: Exception,
) -> None:
    client = RefusingClient(set(), fails_at_call=1)
    client.error = error
    assert sent_by(client, 25) == [True] * 10 + [False] * 10 + [True] * 5
    assert [len(entries) for entries in client.calls] == [10, 10, 5]


def test_a_put_back_that_failed_raises_nothing() -> None:
    SqsJobQueue(RefusingClient(set()), "https://queue").put_back({"receipt": 5})  # type: ignore[arg-type]


def test_a_body_holds_neither_person_nor_text_and_reads_back_as_the_job() -> None:
    body = to_body(a_job())
    assert set(json.loads(body)) == {
        "kind",
        "tenant_id",
        "campaign_id",
        "instance_id",
        "recipient_id",
        "sequence",
        "plan_number",
        "slot_at",
    }
    assert from_body(body, "ana") == a_job()


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"kind":"campaign"}', '{"kind":"of-another-version"}']
)
def test_a_body_that_this_version_does_not_know_is_no_job(body: str) -> None:
    assert from_body(body, "ana") is None
