"""Each line of the log names the call for which it was written: from HTTP to the phone."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import StringIO
from logging import StreamHandler
from typing import Any

import pytest

import api_handler
import dispatcher_handler
import scheduler_handler
from campaigns.adapters.job_queue import SqsJobQueue, from_body, to_body
from campaigns.domain.job import Job
from campaigns.services.correlation import correlation_id
from tests.fakes.functions import Functions, LambdaContext, event, record_of, three_functions
from tests.permissions.recorder import acting_as

#: The call of every function in the tests, by which a minute's run is known.
RUN = LambdaContext("any").aws_request_id
FIRST = "5511990000000"


@pytest.fixture
def functions() -> Iterator[Functions]:
    with three_functions() as opened:
        yield opened


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The lines that the functions have logged since this was asked last."""
    stream = StringIO()

    def lines() -> list[dict[str, Any]]:
        found = [json.loads(line) for line in stream.getvalue().splitlines()]
        stream.seek(0)
        stream.truncate()
        return found

    with ExitStack() as ended:
        for module in (api_handler, scheduler_handler, dispatcher_handler):
            (handler,) = module.logger.handlers
            assert isinstance(handler, StreamHandler)
            ended.callback(handler.setStream, handler.setStream(stream))
        yield lines


class Sqs:
    """SQS behind the real adapter, and the bodies that it was sent, by their jobs."""

    def __init__(self, functions: Functions) -> None:
        self._keep = functions.queue.send
        self.bodies: dict[Job, str] = {}
        functions.queue.send = SqsJobQueue(self, "").send  # type: ignore[arg-type,method-assign]

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> Any:  # noqa: N803
        jobs = [from_body(entry["MessageBody"], entry["MessageGroupId"]) for entry in Entries]
        kept = [job for job in jobs if job is not None]
        assert len(kept) == len(jobs)
        self.bodies |= zip(kept, (entry["MessageBody"] for entry in Entries), strict=True)
        taken = self._keep(kept)
        return {"Successful": [entry for entry, ok in zip(Entries, taken, strict=True) if ok]}

    def deliver(self, functions: Functions) -> None:
        """One batch to the dispatcher, as it was sent."""
        received = functions.queue.receive()
        records = [
            record_of(each) | {"body": self.bodies[each.job]} for each in received if each.job
        ]
        staying = functions.dispatch(records)
        for each in received:
            if each.message_id not in staying:
                functions.queue.delete(each.receipt_handle)


def under(request_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on API Gateway gives calls this id."""
    call = Functions.call

    def calling(self: Functions, request: dict[str, Any]) -> dict[str, Any]:
        request["requestContext"]["requestId"] = request_id
        return call(self, request)

    monkeypatch.setattr(Functions, "call", calling)


def webhook(functions: Functions, request_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer to what the instance's server reports."""
    request = event("http-webhook-receipt")
    path = f"/api/webhooks/evolution/{functions.instance_id}/"
    request["rawPath"] = request["requestContext"]["http"]["path"] = path
    request["requestContext"]["requestId"] = request_id
    secret = functions.app.identity.webhook_secret(functions.instance_id, 1)
    request["headers"]["x-webhook-secret"] = secret
    request["body"] = json.dumps(body)
    with acting_as("api", functions.app.settings):
        answer: dict[str, Any] = api_handler.handler(request, LambdaContext("api"))  # type: ignore[arg-type]
    assert answer["statusCode"] == 200
    return answer


def named(lines: list[dict[str, Any]], message: str) -> list[str | None]:
    """For which call each line with that message was written."""
    return [line.get("correlation_id") for line in lines if line["message"] == message]


def test_a_campaign_is_followed_from_its_calls_to_its_sends_and_their_webhooks(
    functions: Functions, logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs = Sqs(functions)
    contact_ids = functions.add_contacts(1)

    with monkeypatch.context() as patch:
        under("create", patch)
        created = functions.create(contact_ids)
    assert created["headers"]["X-Request-Id"] == "create"
    assert named(logged(), "call") == ["create"]

    functions.lay()
    assert named(logged(), "recipients_laid") == ["create"]

    with monkeypatch.context() as patch:
        under("start", patch)
        functions.start(created["body"]["id"])
    logged()
    sqs.deliver(functions)
    assert named(logged(), "send_made") == ["start"]

    (recipient,) = functions.app.recipients.page(
        functions.tenant_id, created["body"]["id"], 0, 1, limit=1, consistent=True
    )
    receipt = {"keyId": recipient.whatsapp_message_id, "status": "READ", "fromMe": True}
    answer = webhook(functions, "receipt", {"event": "messages.update", "data": receipt})
    assert answer["headers"]["X-Request-Id"] == "receipt"
    assert named(logged(), "call") == ["receipt"]

    said = {
        "key": {"id": "A1", "remoteJid": f"{FIRST}@s.whatsapp.net", "fromMe": False},
        "message": {"conversation": "SAIR"},
        "messageTimestamp": functions.clock.now() // 1_000,
    }
    webhook(functions, "opt-out", {"event": "messages.upsert", "data": said})
    functions.clock.sleep(90_000)
    logged()
    sqs.deliver(functions)
    assert named(logged(), "send_made") == ["opt-out"]
    assert functions.received() == [FIRST, FIRST], "the message, and that she is out"


def test_a_job_that_the_minutes_run_makes_carries_that_runs_id(
    functions: Functions, logged
) -> None:
    functions.started(20)
    functions.clock.sleep(120_000)
    sqs = Sqs(functions)
    functions.schedule()
    assert {json.loads(body)["correlation_id"] for body in sqs.bodies.values()} == {RUN}
    assert named(logged(), "schedule_run") == [RUN]


def test_who_lays_on_goes_on_under_the_id_of_the_call_that_began_it(
    functions: Functions, logged
) -> None:
    functions.create(functions.add_contacts(1))
    (wanted,) = functions.invocations.waiting
    functions.app.kick.lay(wanted["tenant_id"], wanted["campaign_id"])
    (_, of_nobody) = functions.invocations.waiting
    assert "correlation_id" not in of_nobody
    logged()
    functions.schedule({"kind": "lay", **wanted, "correlation_id": "begun"})
    functions.schedule({**of_nobody})
    assert named(logged(), "recipients_laid") == ["begun", RUN]


def test_each_send_is_logged_with_the_call_for_which_its_job_was_made(
    functions: Functions, logged
) -> None:
    functions.started(2)
    first, second = functions.queue.receive()
    assert first.job is not None
    assert second.job is not None
    unreadable = record_of(first) | {"messageId": "unreadable", "body": "{"}
    functions.dispatch([record_of(first) | {"body": to_body(first.job, "one-call")}])
    functions.clock.at = second.job.slot_at
    functions.dispatch(
        [record_of(second) | {"body": to_body(second.job, "another-call")}, unreadable]
    )

    lines = logged()
    sends = [line for line in lines if line["message"] == "send_made"]
    assert [line["correlation_id"] for line in sends] == ["one-call", "another-call"]
    assert [line["outcome"] for line in sends] == ["Sent", "Sent"]
    (other,) = [line for line in lines if line["message"] == "job_unreadable"]
    assert "correlation_id" not in other
    assert correlation_id() is None


def test_a_job_of_before_that_names_no_call_is_sent_like_any_other(
    functions: Functions, logged
) -> None:
    functions.started(1)
    functions.deliver()
    assert named(logged(), "send_made") == [None]
    assert len(functions.received()) == 1
