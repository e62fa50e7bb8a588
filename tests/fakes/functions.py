"""The three functions over one deployment, each with parts of its own, called as Lambda calls them.

Their events are the files of `events/`, with ids and the key replaced by those that are stored.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import urlsplit

import boto3
import httpx
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

import api_handler
import dispatcher_handler
import scheduler_handler
from campaigns.adapters.job_queue import to_body
from campaigns.adapters.kick import LambdaKick
from campaigns.bootstrap import App
from campaigns.domain.contact import ContactDraft
from campaigns.services.dispatch_message import ReceivedJob
from campaigns.settings import Settings
from campaigns_api.app import build
from local.fake_evolution import FakeEvolution, transport
from tests.fakes.aws import create_kms_key, model_table
from tests.fakes.clock import FakeClock
from tests.fakes.dynamodb import REGION
from tests.fakes.fifo_queue import FifoQueue
from tests.fakes.side_by_side import one_after_the_other
from tests.fakes.world import API_KEY, TUESDAY_10_H, add_instance
from tests.permissions.recorder import acting_as

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

EVENTS = Path(__file__).parents[2] / "events"


def event(name: str) -> dict[str, Any]:
    """An event as AWS sends it."""
    read: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    return read


@dataclass(frozen=True, slots=True)
class LambdaContext:
    """What the runtime tells a function of its call."""

    function_name: str
    remaining_ms: int = 60_000
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = "512"
    aws_request_id: str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
    log_stream_name: str = "2026/11/24/[$LATEST]58419525dade4d17a495dceeeed44708"
    identity: None = None
    client_context: None = None

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:123456789012:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        return f"/aws/lambda/{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@dataclass
class Invocations:
    """Stands for Lambda: asynchronous calls wait until the test makes them."""

    waiting: list[dict[str, Any]] = field(default_factory=list)

    def client(self) -> "LambdaClient":
        client: LambdaClient = boto3.client("lambda", region_name=REGION)
        client.meta.events.register_first("before-send.lambda.Invoke", self._take)
        return client

    def _take(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        assert urlsplit(request.url).path == "/2015-03-31/functions/scheduler/invocations"
        assert request.headers["X-Amz-Invocation-Type"] == b"Event"
        self.waiting.append(json.loads(request.body))
        return AWSResponse(request.url, 202, {}, BytesIO())


@dataclass
class Functions:
    """A deployment with one tenant, one connected instance, and a clock that stands."""

    clock: FakeClock
    queue: FifoQueue
    fake: FakeEvolution
    invocations: Invocations
    #: Parts beside the functions' own, to prepare and to look.
    app: App
    tenant_id: str
    key: str
    instance_id: str

    def add_contacts(self, count: int) -> list[str]:
        drafts = [
            ContactDraft(name=f"Cliente {n}", phone=f"(11) 99000-{n:04d}") for n in range(count)
        ]
        return [str(each.id) for each in self.app.contacts.bulk(self.tenant_id, drafts)]

    def create(self, contact_ids: Sequence[str]) -> dict[str, Any]:
        request = event("http-create-campaign")
        body = json.loads(request["body"]) | {
            "instance_id": self.instance_id,
            "contact_ids": list(contact_ids),
        }
        return self.call(request | {"body": json.dumps(body)})

    def start(self, campaign_id: str) -> dict[str, Any]:
        request = event("http-start-campaign")
        path = f"/api/campaigns/campaigns/{campaign_id}/start/"
        request["rawPath"] = request["requestContext"]["http"]["path"] = path
        return self.call(request)

    def call(self, request: dict[str, Any]) -> dict[str, Any]:
        """The API's answer to a request with the tenant's key; its body is read."""
        request["headers"]["authorization"] = f"Bearer {self.key}"
        with acting_as("api", self.app.settings):
            answer = api_handler.handler(request, LambdaContext("api"))  # type: ignore[arg-type]
        return answer | {"body": json.loads(answer["body"])}

    def lay(self) -> dict[str, int]:
        """Do what the API has asked the scheduler for."""
        (wanted,) = self.invocations.waiting
        self.invocations.waiting.clear()
        assert wanted.keys() == event("lay").keys()
        return self.schedule(event("lay") | wanted)

    def schedule(
        self, tick: dict[str, Any] | None = None, remaining_ms: int = 300_000
    ) -> dict[str, int]:
        context = LambdaContext("scheduler", remaining_ms)
        with acting_as("scheduler", self.app.settings):
            return scheduler_handler.handler(tick or event("schedule"), context)  # type: ignore[arg-type]

    def dispatch(self, records: Sequence[dict[str, Any]], remaining_ms: int = 60_000) -> set[str]:
        """The messages that the dispatcher reports as failed."""
        context = LambdaContext("dispatcher", remaining_ms)
        with acting_as("dispatcher", self.app.settings):
            answer = dispatcher_handler.handler({"Records": list(records)}, context)  # type: ignore[arg-type]
        assert answer.keys() == {"batchItemFailures"}
        return {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}

    def deliver(self) -> set[str]:
        """Hand the dispatcher what can be received, and delete what it finished."""
        received = self.queue.receive()
        staying = self.dispatch([record_of(each) for each in received])
        for each in received:
            if each.message_id not in staying:
                self.queue.delete(each.receipt_handle)
        return staying

    def started(self, count: int) -> str:
        """A campaign to so many contacts, laid and started."""
        created = self.create(self.add_contacts(count))
        self.lay()
        campaign_id: str = created["body"]["id"]
        assert self.start(campaign_id)["statusCode"] == 200
        return campaign_id

    def received(self) -> list[str]:
        """The phones that a message has reached, once for each."""
        return [phone.phone for phone in self.fake.phones() for _ in phone.messages]


def record_of(received: ReceivedJob, place: int = 0) -> dict[str, Any]:
    """A message of the queue as a record of the kept event, at that place of its batch."""
    assert received.job is not None
    body = to_body(received.job)
    record = deepcopy(event("jobs")["Records"][place])
    record |= {
        "messageId": received.message_id,
        "receiptHandle": received.receipt_handle,
        "body": body,
        "md5OfBody": hashlib.md5(body.encode()).hexdigest(),  # noqa: S324
    }
    record["attributes"] |= {
        "MessageGroupId": received.group,
        "MessageDeduplicationId": received.job.deduplication_id,
    }
    return record


@contextmanager
def three_functions() -> Iterator[Functions]:
    """The handlers are this deployment's while it is open."""
    clock = FakeClock(TUESDAY_10_H)
    with model_table() as table:
        fake = FakeEvolution(
            clock=lambda: clock.now() / 1_000,
            sleep=lambda seconds: clock.sleep(round(seconds * 1_000)),
            random=Random(1),
        )
        fake.register_instance("loja", API_KEY)
        queue, invocations = FifoQueue(clock.now), Invocations()
        settings = Settings(
            table_name=table.name,
            queue_url="",
            kms_key_id=create_kms_key(),
            scheduler_function_name="scheduler",
            evolution_allow_private_addresses=True,
        )

        @cache
        def app_of(function: str) -> App:
            """Functions share what is stored, and nothing else."""
            return App(
                settings,
                clock=clock,
                random=Random(function),
                concurrently=one_after_the_other,
                queue=queue,
                kick=LambdaKick(invocations.client, "scheduler"),
                http_client=httpx.Client(transport=transport(fake)),
            )

        app = app_of("test")
        tenant = app.create_tenant("Loja da Ana")
        instance_id = add_instance(app, tenant.tenant_id, "loja", (20, 50), None)
        with (
            patch.object(api_handler, "api", cache(lambda: build(app_of("api")))),
            patch.object(scheduler_handler, "application", lambda: app_of("scheduler")),
            patch.object(dispatcher_handler, "application", lambda: app_of("dispatcher")),
        ):
            yield Functions(
                clock,
                queue,
                fake,
                invocations,
                app,
                tenant.tenant_id,
                tenant.owner_key,
                instance_id,
            )
