"""The three handlers with the events of `events/`: from a draft to the phones, and faults."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

import api_handler
import dispatcher_handler
import scheduler_handler
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.model import Recipient
from campaigns.domain.recipient import RecipientStatus
from campaigns.services.dispatch_message import ReceivedJob
from campaigns_api import health
from tests.fakes.aws import create_kms_key, model_table
from tests.fakes.functions import Functions, LambdaContext, event, record_of, three_functions

FIRST, SECOND = "5511990000000", "5511990000001"


@pytest.fixture
def functions() -> Iterator[Functions]:
    with three_functions() as opened:
        yield opened


def recipients(functions: Functions, campaign_id: str) -> list[Recipient]:
    return functions.app.recipients.page(
        functions.tenant_id, campaign_id, 0, 100, limit=100, consistent=True
    )


def status(functions: Functions, campaign_id: str) -> CampaignStatus:
    head = functions.app.campaign_store.head(functions.tenant_id, campaign_id, consistent=True)
    assert head is not None
    return head.status


def batch(received: list[ReceivedJob]) -> list[dict[str, Any]]:
    """Two groups and a repeat, as in the kept event: another message with the first one's job."""
    repeat = replace(received[0], message_id="a-repeat", receipt_handle="a-receipt")
    return [record_of(each, place) for place, each in enumerate([*received, repeat])]


def test_a_campaign_goes_from_its_creation_to_each_phone_once(functions: Functions) -> None:
    created = functions.create(functions.add_contacts(2))
    assert (created["statusCode"], created["body"]["status"]) == (201, "draft")
    assert created["body"]["recipients"]["state"] == "preparing"
    campaign_id = created["body"]["id"]

    assert functions.lay() == {"due": 1}
    started = functions.start(campaign_id)
    assert (started["statusCode"], started["body"]["status"]) == (200, "active")
    assert started["body"]["total_contacts"] == 2
    assert functions.schedule() == {"due": 1}, "the lane; its jobs are planned already"
    assert len(functions.queue.messages) == 2

    received = functions.queue.receive()
    staying = functions.dispatch(batch(received))

    assert staying == {received[1].message_id}, "the second slot lies 20 to 50 s ahead"
    assert functions.received() == [FIRST]
    functions.queue.delete(received[0].receipt_handle)
    assert functions.queue.receive() == []

    functions.clock.sleep(50_000)
    assert functions.deliver() == set()
    assert functions.queue.messages == []
    assert sorted(functions.received()) == [FIRST, SECOND]

    functions.clock.sleep(60_000)
    functions.schedule()
    assert status(functions, campaign_id) is CampaignStatus.COMPLETED
    assert {each.status for each in recipients(functions, campaign_id)} == {RecipientStatus.SENT}


def test_wordings_and_names_reach_the_phone(functions: Functions) -> None:
    functions.started(1)
    functions.deliver()
    (phone,) = functions.fake.phones()
    assert [message.text for message in phone.messages] == [
        "Bom dia, Cliente! Chegaram as novidades de novembro."
    ]


def test_a_request_that_is_repeated_by_its_key_creates_and_starts_once(
    functions: Functions,
) -> None:
    contacts = functions.add_contacts(1)
    first, again = functions.create(contacts), functions.create(contacts)
    assert first["body"]["id"] == again["body"]["id"]
    functions.lay()
    campaign_id = first["body"]["id"]
    assert functions.start(campaign_id)["statusCode"] == 200
    assert functions.start(campaign_id)["statusCode"] == 200
    assert len(functions.queue.messages) == 1


def test_a_job_that_comes_early_is_named_and_hidden_for_the_rest_of_its_time(
    functions: Functions,
) -> None:
    functions.started(2)
    now = functions.clock.now()
    early = [message.job for message in functions.queue.messages if message.job.slot_at > now]
    functions.deliver()

    hidden_until = functions.queue.next_visible_at(functions.clock.now())
    assert hidden_until is not None
    # Rounded down to whole seconds; what is left is waited for in the function.
    assert 0 <= early[0].slot_at - hidden_until < 1_000
    assert [message.job for message in functions.queue.messages] == early


def test_an_unreadable_body_stays_holds_back_its_group_and_nobody_else(
    functions: Functions,
) -> None:
    campaign_id = functions.started(3)
    now = functions.clock.now()
    due, early, behind = functions.queue.receive()
    assert behind.job is not None
    behind = replace(behind, job=replace(behind.job, slot_at=now))
    unreadable = record_of(behind) | {"messageId": "unreadable", "body": "{"}

    staying = functions.dispatch(
        [unreadable, record_of(due), record_of(behind, 1), record_of(early, 2)]
    )

    assert staying == {"unreadable", behind.message_id, early.message_id}
    assert functions.received() == [FIRST]
    untouched = recipients(functions, campaign_id)[2]
    assert (untouched.status, untouched.plan_number) == (RecipientStatus.PENDING, 1)
    # It waits for the one before it, and is not hidden itself.
    assert [each.message_id for each in functions.queue.receive()] == [behind.message_id]


def test_a_body_of_a_kind_that_is_not_known_stays(functions: Functions) -> None:
    functions.started(1)
    (received,) = functions.queue.receive()
    unknown = record_of(received)
    unknown["body"] = unknown["body"].replace('"campaign"', '"of-tomorrow"')
    assert functions.dispatch([unknown]) == {received.message_id}
    assert functions.received() == []


def test_no_send_starts_without_the_time_for_it_and_its_job_is_free_at_once(
    functions: Functions,
) -> None:
    functions.started(1)
    (received,) = functions.queue.receive()
    assert functions.dispatch([record_of(received)], remaining_ms=20_000) == {received.message_id}
    assert functions.received() == []
    assert functions.deliver() == set()
    assert functions.received() == [FIRST]


def test_a_job_of_a_campaign_that_is_not_there_is_done_with(functions: Functions) -> None:
    assert functions.dispatch(event("jobs")["Records"]) == set()
    assert functions.received() == []


def test_a_store_that_fails_leaves_the_job_with_the_queue_and_raises_nothing(
    functions: Functions,
) -> None:
    functions.started(2)
    functions.deliver()
    functions.clock.sleep(50_000)
    boto3.client("dynamodb").delete_table(TableName=functions.app.table.name)
    (left,) = functions.queue.messages
    assert functions.deliver() == {left.message_id}
    assert functions.received() == [FIRST]


def test_a_test_message_goes_from_its_request_to_the_phone(functions: Functions) -> None:
    request = event("http-start-campaign")
    path = f"/api/instances/{functions.instance_id}/test-message/"
    request["rawPath"] = request["requestContext"]["http"]["path"] = path
    body = json.dumps({"phone": "(11) 99000-0000", "text": "Oi!"})
    assert functions.call(request | {"body": body})["statusCode"] == 202

    (received,) = functions.queue.receive()
    (kept,) = event("direct-job")["Records"]
    record = record_of(received)
    assert json.loads(record["body"]).keys() == json.loads(kept["body"]).keys()
    assert functions.dispatch([record]) == set()
    assert functions.received() == [FIRST]


def test_a_direct_job_whose_message_is_not_there_is_done_with(functions: Functions) -> None:
    assert functions.dispatch(event("direct-job")["Records"]) == set()
    assert functions.received() == []


def test_a_minute_with_nothing_to_do_does_nothing(functions: Functions) -> None:
    assert functions.schedule() == {"due": 0}


def test_a_laying_whose_kick_was_lost_is_found_by_the_next_minute(functions: Functions) -> None:
    campaign_id = functions.create(functions.add_contacts(2))["body"]["id"]
    functions.invocations.waiting.clear()
    assert functions.schedule() == {"due": 1}
    assert len(recipients(functions, campaign_id)) == 2
    assert functions.start(campaign_id)["statusCode"] == 200


def test_a_laying_whose_time_is_up_is_handed_on_to_another_call(functions: Functions) -> None:
    campaign_id = functions.create(functions.add_contacts(2))["body"]["id"]
    (wanted,) = functions.invocations.waiting
    functions.invocations.waiting.clear()
    functions.schedule(wanted, remaining_ms=1)
    assert functions.invocations.waiting == [wanted]
    functions.lay()
    assert len(recipients(functions, campaign_id)) == 2


def test_a_lay_event_that_comes_twice_lays_each_person_once(functions: Functions) -> None:
    campaign_id = functions.create(functions.add_contacts(2))["body"]["id"]
    (wanted,) = functions.invocations.waiting
    functions.schedule(wanted)
    functions.schedule(wanted)
    assert [each.sequence for each in recipients(functions, campaign_id)] == [0, 1]


# The parts that a function makes of its environment


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment that the template gives the functions, and nothing built yet."""
    built: list[Callable[[], None]] = [
        api_handler.api.cache_clear,
        scheduler_handler.application.cache_clear,
        dispatcher_handler.application.cache_clear,
    ]
    with model_table() as table:
        queue_url = boto3.client("sqs").create_queue(
            QueueName="jobs.fifo", Attributes={"FifoQueue": "true"}
        )["QueueUrl"]
        monkeypatch.setenv("TABLE_NAME", table.name)
        monkeypatch.setenv("QUEUE_URL", queue_url)
        monkeypatch.setenv("KMS_KEY_ID", create_kms_key())
        monkeypatch.setenv("SCHEDULER_FUNCTION_NAME", "scheduler")
        monkeypatch.setattr(health, "_kept", None)
        for forget in built:
            forget()
        yield
        for forget in built:
            forget()


@pytest.mark.usefixtures("deployed")
def test_each_function_builds_its_parts_from_its_environment() -> None:
    request = event("http-start-campaign")
    request["rawPath"] = request["requestContext"]["http"]["path"] = "/health"
    request["requestContext"]["http"]["method"] = "GET"
    context: Any = LambdaContext("api")
    assert api_handler.handler(request, context)["statusCode"] == 200

    context = LambdaContext("scheduler")
    assert scheduler_handler.handler(event("schedule"), context) == {"due": 0}

    unreadable = event("jobs")["Records"][0] | {"messageId": "unreadable", "body": "{"}
    context = LambdaContext("dispatcher")
    assert dispatcher_handler.handler({"Records": [unreadable]}, context) == {
        "batchItemFailures": [{"itemIdentifier": "unreadable"}]
    }
