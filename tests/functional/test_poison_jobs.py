"""Poison on the queue: it harms nobody else's job, and ends with the dead letters."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from campaigns.adapters.dead_letter_queue import SqsDeadLetterQueue
from campaigns.adapters.job_queue import SqsJobQueue, to_body
from campaigns.domain.model import SendJob
from campaigns.domain.recipient import RecipientStatus
from campaigns.services.dead_letters import DeadLetters
from campaigns.services.dispatch_message import DispatchBatch
from campaigns.services.send_one import SendOne
from tests.contract.queues import MinistackQueue
from tests.contract.things import NOW, a_recipient, job_of
from tests.fakes.clock import FakeClock
from tests.fakes.functions import Functions, record_of, three_functions

FIRST, SECOND, THIRD = "5511990000000", "5511990000001", "5511990000002"


@pytest.fixture
def functions() -> Iterator[Functions]:
    with three_functions() as opened:
        yield opened


def spoiled(**fields: Any) -> str:
    """A campaign's job with other values; None takes a field out."""
    body = json.loads(to_body(job_of(a_recipient()))) | fields
    return json.dumps({name: value for name, value in body.items() if value is not None})


POISON = {
    "no json": "{",
    "nothing": "",
    "another kind of value": "[1, 2]",
    "unknown kind": spoiled(kind="of-tomorrow"),
    "no kind": spoiled(kind=None),
    "a field is missing": spoiled(recipient_id=None),
    "a number as text": spoiled(sequence="0"),
    "a truth as number": spoiled(plan_number=True),
    "a fraction": spoiled(sequence=0.5),
    "a list as id": spoiled(tenant_id=["tn_1"]),
    "no id at all": spoiled(campaign_id=""),
    "an endless id": spoiled(instance_id="x" * 5_000),
    "a huge slot": spoiled(slot_at=10**30),
    "a huge number": spoiled(sequence=10**40),
    "a number below zero": spoiled(sequence=-1),
    "infinity": spoiled(slot_at=float("inf")),
    "too many digits": '{"kind": "campaign", "slot_at": ' + "9" * 5_000 + "}",
    "brackets without end": "[" * 100_000,
}


def test_bodies_that_are_none_stay_for_the_dead_letters_and_the_other_jobs_are_sent(
    functions: Functions,
) -> None:
    functions.started(1)
    (received,) = functions.queue.receive()
    poison = []
    for name, body in POISON.items():
        record = record_of(received) | {"messageId": name, "body": body}
        record["attributes"] |= {"MessageGroupId": f"person of {name}"}
        poison.append(record)

    assert functions.dispatch([*poison, record_of(received)]) == set(POISON)
    assert functions.received() == [FIRST]


def test_a_job_that_always_raises_holds_up_its_own_person_alone_and_dies_after_ten_times(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = functions.started(3)
    call = SendOne.__call__

    def raising(self: SendOne, job: SendJob, deadline: int) -> None:
        if job.sequence == 1 and job.plan_number == 1:
            raise KeyError("poison")
        call(self, job, deadline)

    monkeypatch.setattr(SendOne, "__call__", raising)
    seconds = 0
    while len(functions.received()) < 3:
        functions.deliver()
        if seconds % 60 == 0:
            functions.schedule()
        functions.clock.sleep(1_000)
        seconds += 1
        if seconds == 120:
            assert sorted(functions.received()) == [FIRST, THIRD]
        assert seconds < 30 * 60, "the poison's person is reached under a new plan"

    assert [job.sequence for job in functions.queue.dead if isinstance(job, SendJob)] == [1]
    assert sorted(functions.received()) == [FIRST, SECOND, THIRD]
    recipients = functions.app.recipients.page(functions.tenant_id, campaign_id, 0, 3, limit=3)
    assert {each.status for each in recipients} == {RecipientStatus.SENT}


@pytest.mark.ministack
def test_on_a_real_queue_poison_is_redriven_to_the_dead_letters_and_back_once_it_is_mended(
    ministack_url: str,
) -> None:
    queue, clock = MinistackQueue(ministack_url), FakeClock(NOW)
    sqs = queue._sqs
    done: list[SendJob] = []
    is_mended = False

    def send(job: SendJob, _deadline: int) -> None:
        if job.person == "person-raising" and not is_mended:
            raise RuntimeError("poison")
        done.append(job)

    dispatch = DispatchBatch(
        send_one=send,
        send_direct=lambda _job, _deadline: None,
        queue=SqsJobQueue(sqs, queue._url),
        clock=clock,
        concurrently=lambda tasks: [task() for task in tasks],
        read_timeout_ms=20_000,
    )
    raising = replace(job_of(a_recipient()), person="person-raising")
    behind = replace(job_of(a_recipient(sequence=1)), person="person-poisoned")
    well = job_of(a_recipient(sequence=2))
    sqs.send_message(
        QueueUrl=queue._url,
        MessageBody="{",
        MessageGroupId="person-poisoned",
        MessageDeduplicationId="poison",
    )
    assert queue.send([raising, behind, well]) == [True] * 3

    def deliver_all() -> None:
        """As the event source mapping does; what stays comes back at once, to save the wait."""
        while batch := queue.receive():
            staying = dispatch.dispatch(batch, clock.now() + 60_000)
            for each in batch:
                if each.message_id in staying:
                    queue.put_back({each.receipt_handle: 0})
                else:
                    queue.delete(each)
            assert done[:1] == [well], "nobody else waits for the poison"

    deliver_all()
    assert done == [well]

    letters = DeadLetters(SqsDeadLetterQueue(sqs, queue._dead_letters, queue._url))
    found = letters.look(lambda _taken: None).letters
    # What lay behind the poison of the same person came as often, and rests beside it.
    assert {each.job for each in found} == {None, raising, behind}
    is_mended = True
    handled = letters.redrive(None, lambda _taken: None)
    assert (handled.done, handled.unreadable) == (2, 1)
    deliver_all()
    assert set(done[1:]) == {behind, raising}
    assert len(done) == 3
