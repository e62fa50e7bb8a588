"""The API function over a whole deployment in process: real services and stores, fake Evolution."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode, urlsplit

import httpx
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

import api_handler
import campaigns_api.app
from campaigns.bootstrap import App
from campaigns.domain.job import DirectJob, Job
from campaigns.domain.model import Role
from campaigns.domain.webhook_event import Inbound
from campaigns.settings import Settings
from campaigns_api import health
from campaigns_api.app import build
from campaigns_api.document import codes_of
from campaigns_api.operations import Operation
from campaigns_api.reply import PROBLEM_JSON, Reply
from local.fake_evolution import FakeEvolution, transport
from tests.fakes.aws import create_kms_key, model_table, put_server_key
from tests.fakes.clock import FakeClock
from tests.fakes.side_by_side import one_after_the_other
from tests.permissions.recorder import acting_as

EVENTS = Path(__file__).parents[2] / "events"
EVOLUTION = "http://127.0.0.1:1"
INSTANCE_KEY = "chave-da-loja"
CAMPAIGNS = "/api/campaigns/campaigns/"
CONTACTS = "/api/contacts/contacts/"
GROUPS = "/api/contacts/groups/"
HOLIDAYS = "/api/campaigns/holidays/"
INSTANCES = "/api/instances/"
OPT_OUTS = "/api/opt-outs/review/"
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Context:
    """What the runtime says of a call."""

    function_name: str = "api"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:api"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the function."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        return self.json["code"]

    @property
    def faults(self) -> dict[str, str]:
        """Code by field."""
        return {each["field"]: each["code"] for each in self.json["errors"]}


@dataclass(frozen=True)
class Client:
    """Somebody with a key (or none) who calls the handler as the gateway does."""

    key: str | None
    headers: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: str | int) -> Answer:
        return self.call("GET", path, query=query)

    def post(self, path: str, body: object = None, *, key: str | None = None) -> Answer:
        return self.call("POST", path, body, {"idempotency-key": key} if key else {})

    def put(self, path: str, body: object, **headers: str) -> Answer:
        return self.call("PUT", path, body, headers)

    def patch(self, path: str, body: object, **headers: str) -> Answer:
        return self.call("PATCH", path, body, headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.call("DELETE", path, None, headers)

    def speaking(self, accept_language: str) -> "Client":
        return replace(self, headers={**self.headers, "accept-language": accept_language})

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> Answer:
        event = http_event(method, path, query or {})
        event["headers"] = {
            name.replace("_", "-"): value
            for name, value in {**self.headers, **(headers or {})}.items()
        }
        if self.key:
            event["headers"]["authorization"] = f"Bearer {self.key}"
        if isinstance(body, bytes):
            event |= {"body": b64encode(body).decode(), "isBase64Encoded": True}
        elif body is not None:
            event |= {"body": json.dumps(body), "isBase64Encoded": False}
        return invoke(event)


def invoke(event: Mapping[str, Any]) -> Answer:
    """The handler's answer to an event."""
    answer = api_handler.handler(dict(event), Context())
    return Answer(answer["statusCode"], answer["headers"], answer.get("body") or "")


def http_event(method: str, path: str, query: Mapping[str, str | int]) -> dict[str, Any]:
    """A payload 2.0 event, made of the one that is kept in `events/`."""
    event = json.loads(_kept_event())
    parts = urlsplit(path)
    event |= {"rawPath": parts.path, "rawQueryString": urlencode(query), "headers": {}}
    event["requestContext"]["http"] |= {"method": method, "path": parts.path}
    event.pop("body", None)
    event.pop("queryStringParameters", None)
    if query:
        event["queryStringParameters"] = {name: str(value) for name, value in query.items()}
    return event


@cache
def _kept_event() -> str:
    return (EVENTS / "http-start-campaign.json").read_text("utf-8")


@dataclass
class ListQueue:
    """A queue that only remembers."""

    jobs: list[Job] = field(default_factory=list)

    def send(self, jobs: Sequence[Job]) -> list[bool]:
        self.jobs += jobs
        return [True] * len(jobs)

    def put_back(self, delays: Mapping[str, int]) -> None:
        raise AssertionError("the API receives nothing")


@dataclass
class Kicks:
    """Kicks wait until the test has the recipients laid."""

    waiting: list[tuple[str, str]] = field(default_factory=list)

    def lay(self, tenant_id: str, campaign_id: str) -> None:
        self.waiting.append((tenant_id, campaign_id))


@dataclass
class Deployment:
    """The function, its table and an Evolution server; its clock stands."""

    app: App
    clock: FakeClock
    evolution: FakeEvolution
    kicks: Kicks
    queue: ListQueue

    def open_shop(self) -> "Shop":
        """A tenant of its own; the clock stands where it stood for every other."""
        self.clock.at = FakeClock().at
        self.kicks.waiting.clear()
        self.queue.jobs.clear()
        tenant = self.app.create_tenant("Loja da Ana")
        return Shop(self, tenant.tenant_id, Client(tenant.owner_key))


@dataclass
class Shop:
    """A tenant and the clients that it has."""

    deployment: Deployment
    tenant_id: str
    owner: Client

    @property
    def app(self) -> App:
        return self.deployment.app

    @property
    def clock(self) -> FakeClock:
        return self.deployment.clock

    def client(self, role: Role) -> Client:
        """Somebody with a key of that role."""
        return Client(self.app.keys.create(self.tenant_id, role.value, role).text)

    def stranger(self) -> Client:
        """The owner of another tenant."""
        return Client(self.app.create_tenant("Outra loja").owner_key)

    def lay(self) -> None:
        """Have everything laid that was kicked."""
        waiting = self.deployment.kicks.waiting
        with acting_as("scheduler", self.app.settings):
            while waiting:
                self.app.lay.lay(*waiting.pop(), self.clock.now() + 60_000)

    def send_planned(self) -> None:
        """Have a dispatcher do every job that was queued, in order; what is to stay, stays."""
        jobs, staying = self.deployment.queue.jobs, []
        while jobs:
            job, deadline = jobs.pop(0), self.clock.now() + 3_600_000
            with acting_as("dispatcher", self.app.settings):
                if not isinstance(job, DirectJob):
                    self.app.send_one(job, deadline)
                elif self.app.send_direct(job, deadline):
                    staying.append(job)
        jobs += staying

    def send_everything(self) -> None:
        """Have scheduler and dispatcher go on until nothing is left to plan."""
        while self.deployment.queue.jobs:
            self.send_planned()
            self.clock.sleep(1_000)
            with acting_as("scheduler", self.app.settings):
                self.app.schedule.tick(self.clock.now() + 300_000)

    def server_instance(self) -> str:
        """The name of an instance that is connected on the server and not yet registered."""
        evolution = self.deployment.evolution
        name = f"loja-{next(_NUMBERS)}"
        evolution.register_instance(name, INSTANCE_KEY)
        return name

    def instance(self, **fields: object) -> dict[str, Any]:
        """A connected instance, registered by the owner."""
        body = {
            "name": "Loja",
            "evolution_url": EVOLUTION,
            "evolution_instance": self.server_instance(),
            "api_key": INSTANCE_KEY,
        }
        return self.owner.post(INSTANCES, body | fields).json

    def contact(self, number: int = 1, **fields: object) -> dict[str, Any]:
        body = {"name": f"Cliente {number:04d}", "phone": f"(11) 99000-{number:04d}"}
        return self.owner.post(CONTACTS, body | fields).json

    def contacts(self, count: int, *, first: int = 0) -> list[str]:
        rows = [
            {"name": f"Cliente {number:04d}", "phone": f"(11) 99000-{number:04d}"}
            for number in range(first, first + count)
        ]
        answer = self.owner.post(CONTACTS + "bulk_create/", {"contacts": rows})
        return [each["id"] for each in answer.json["contacts"]]

    def one_of_everything(self, *, day: str = "2026-12-07") -> dict[str, str]:
        """The ids of one thing of each kind, by the names that parameters of paths have."""
        contact, instance = self.contact(4_001), self.instance()
        campaign = self.campaign([contact["id"]], instance_id=instance["id"])
        recipients = self.owner.get(f"{CAMPAIGNS}{campaign['id']}/contacts/").json["results"]
        test_message = self.owner.post(
            f"{INSTANCES}{instance['id']}/test-message/", {"phone": "(11) 99000-4002", "text": "Oi"}
        )
        return {
            "campaign_id": campaign["id"],
            "contact_id": contact["id"],
            "day": self.owner.post(HOLIDAYS, {"date": day, "name": "Folga"}).json["id"],
            "group_id": self.owner.post(GROUPS, {"name": "Clientes"}).json["id"],
            "instance_id": instance["id"],
            "key_id": self.app.keys.create(self.tenant_id, "Caixa", Role.VIEWER).key.key_id,
            "message_id": campaign["messages"][0]["id"],
            "recipient_id": recipients[0]["id"],
            "review_id": self.waiting_opt_out(instance["id"]),
            "test_message_id": test_message.json["id"],
        }

    def hear(self, instance_id: str, inbound: Inbound) -> None:
        """Somebody has written to an instance."""
        instance = self.app.instance_store.read(instance_id)
        assert instance is not None
        self.app.take_inbound(instance, inbound)

    def waiting_opt_out(self, instance_id: str) -> str:
        """The id of one whose author is not known."""
        number = next(_NUMBERS)
        self.hear(instance_id, Inbound(f"3A{number:018d}", f"{number}@lid", text="SAIR"))
        newest: str = self.owner.get(OPT_OUTS).json["results"][0]["id"]
        return newest

    def campaign(self, contact_ids: Sequence[str], **fields: object) -> dict[str, Any]:
        """A draft whose recipients are laid."""
        body: dict[str, object] = {
            "name": "Natal",
            "contact_ids": list(contact_ids),
            "message_texts": ["Oi, {{nome}}!", "Olá, {{nome}}!"],
            "ignore_quiet_hours": True,
        }
        if "instance_id" not in fields:
            body["instance_id"] = self.instance()["id"]
        created = self.owner.post(CAMPAIGNS, body | fields).json
        self.lay()
        return self.owner.get(f"{CAMPAIGNS}{created['id']}/").json


@contextmanager
def a_deployment() -> Iterator[Deployment]:
    """The handler is this deployment's while it is open."""
    clock = FakeClock()
    with model_table() as table, patch.object(health, "_kept", None):
        evolution = FakeEvolution(
            clock=lambda: clock.now() / 1_000,
            sleep=lambda seconds: clock.sleep(round(seconds * 1_000)),
            random=Random(1),
        )
        queue, kicks = ListQueue(), Kicks()
        with httpx.Client(transport=transport(evolution)) as http_client:
            app = App(
                Settings(
                    table_name=table.name,
                    queue_url="",
                    kms_key_id=create_kms_key(),
                    scheduler_function_name="scheduler",
                    evolution_allow_private_addresses=True,
                    evolution_server_url=EVOLUTION,
                    evolution_server_key_parameter=put_server_key(evolution.global_key),
                ),
                clock=clock,
                random=Random(1),
                concurrently=one_after_the_other,
                queue=queue,
                kick=kicks,
                http_client=http_client,
            )
            with (
                patch.object(api_handler, "api", cache(lambda: api_of(app))),
                patch.object(
                    campaigns_api.app, "respond", as_documented(campaigns_api.app.respond)
                ),
            ):
                yield Deployment(app, clock, evolution, kicks, queue)


def api_of(app: App) -> APIGatewayHttpResolver:
    """The API over these parts, whose AWS calls are its function's."""
    acting = acting_as("api", app.settings)
    resolver = acting(build)(app)
    resolver.resolve = acting(resolver.resolve)  # type: ignore[method-assign]
    return resolver


def as_documented(respond: Callable[..., Reply]) -> Callable[..., Reply]:
    """Every answer in every test is one that the OpenAPI document tells of."""

    def checked(operation: Operation, *arguments: Any) -> Reply:
        reply = respond(operation, *arguments)
        if reply.content_type == PROBLEM_JSON:
            assert json.loads(reply.body)["code"] in codes_of(operation), reply.body
        else:
            assert reply.status in {operation.status, *operation.also}
        return reply

    return checked
