"""The three built functions over an emulated AWS and the fake Evolution, with one tenant.

What AWS would do in between is left to the test: it takes the messages from the queue, and holds
what the functions ask Lambda for.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
from werkzeug.wrappers import Request, Response

from campaigns.bootstrap import App, bootstrap
from campaigns.settings import Settings
from local.evolution import fake_evolution, put_instance
from local.invoke_api import function_name
from local.ministack import running_ministack
from local.resources import client, create_resources
from local.template import Template
from local.web import WebServer, listener_url, listening_socket
from tests.built.artefact import host_build
from tests.built.runtime import BuiltFunction, built_functions
from tests.fakes.aws import CREDENTIALS

#: Of the instances at the fake Evolution.
INSTANCE_KEY = "chave-da-loja"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a function asked Lambda for."""

    function: str
    kind: str | None
    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Deployment:
    """The functions by name, and everything behind them."""

    functions: Mapping[str, BuiltFunction]
    evolution_url: str
    asked: list[Asked]
    #: Parts beside the functions' own, to look at what is stored.
    app: App
    tenant_id: str
    owner_key: str
    _sqs: Any

    def invoke(self, name: str, event: object) -> Any:
        """What the function returned; a call that failed is one of the test's."""
        answer = self.functions[name].invoke(event)
        assert not answer.failed, f"{answer.value}\n{self.functions[name].log()}"
        return answer.value

    def add_server_instance(self, name: str) -> None:
        """The Evolution server has this instance, connected."""
        put_instance(self.evolution_url, name, INSTANCE_KEY)

    def receive(self, seconds: int = 5) -> list[dict[str, Any]]:
        """The messages that the queue would hand to the dispatcher within so many seconds."""
        answer = self._sqs.receive_message(
            QueueUrl=self.app.settings.queue_url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=seconds,
            AttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def delete(self, message: Mapping[str, Any]) -> None:
        """As the event source mapping does with each that the dispatcher did not name."""
        self._sqs.delete_message(
            QueueUrl=self.app.settings.queue_url, ReceiptHandle=message["ReceiptHandle"]
        )

    def phones(self) -> dict[str, list[dict[str, Any]]]:
        """Every message on a phone, by its number."""
        answer = httpx.get(f"{self.evolution_url}/_fake/phones", trust_env=False)
        shown = answer.raise_for_status().json()["phones"]
        return {each["phone"]: each["messages"] for each in shown if each["messages"]}


@contextmanager
def deployment(build: Path | None = None) -> Iterator[Deployment]:
    """Of a build (None: that of this machine's processor); ends every process at the end."""
    build = build or host_build()
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="built-")))
        aws_url = ends.enter_context(running_ministack())
        evolution_url = ends.enter_context(_evolution(folder))
        asked: list[Asked] = []
        lambda_url = ends.enter_context(_lambda(asked))
        template = Template(build / "template.yaml")
        create_resources(aws_url, template)
        endpoints = {"AWS_ENDPOINT_URL": aws_url, "AWS_ENDPOINT_URL_LAMBDA": lambda_url}
        wanted = built_functions(build, template, endpoints)
        settings = wanted["api"].environment
        ends.enter_context(patch.dict("os.environ", {**CREDENTIALS, **settings}))
        app = bootstrap(Settings.from_environment(settings))
        tenant = app.create_tenant("Loja da Ana")
        yield Deployment(
            {
                name: ends.enter_context(BuiltFunction(function, folder))
                for name, function in wanted.items()
            },
            evolution_url,
            asked,
            app,
            tenant.tenant_id,
            tenant.owner_key,
            client("sqs", aws_url),
        )


@contextmanager
def _evolution(folder: Path) -> Iterator[str]:
    listener = listening_socket(0)
    server = fake_evolution(listener, folder, folder)
    try:
        server.start()
        yield listener_url(listener)
    finally:
        server.stop()
        listener.close()


@contextmanager
def _lambda(asked: list[Asked]) -> Iterator[str]:
    """Takes every asynchronous call and makes none."""

    @Request.application
    def take(request: Request) -> Response:
        kind = request.headers.get("X-Amz-Invocation-Type")
        asked.append(Asked(function_name(request.path), kind, json.loads(request.get_data())))
        return Response(status=202)

    listener = listening_socket(0)
    server = WebServer(take, listener, threads=1, name="lambda")
    server.start()
    try:
        yield listener_url(listener)
    finally:
        server.stop()
