"""The fake's own side, under `/_fake/`: what it is told, and what it shows.

Everything is JSON but the page for people. A command that makes no sense is answered by 422 and
`{"error": …}`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import werkzeug.routing
from pydantic import ConfigDict, TypeAdapter

from local.fake_evolution import admin_instances, admin_phones, admin_rules
from local.fake_evolution.answers import HTML, Answer
from local.fake_evolution.commands import Command, Route
from local.fake_evolution.core import FakeEvolution

_HERE = Path(__file__).parent


def routes() -> list[werkzeug.routing.Rule]:
    table = (
        ("GET", "/_fake/", _file("page.html", HTML)),
        ("GET", "/_fake/page.css", _file("page.css", "text/css; charset=utf-8")),
        ("GET", "/_fake/page.js", _file("page.js", "text/javascript; charset=utf-8")),
        ("GET", "/_fake/phones", admin_phones.phones),
        ("DELETE", "/_fake/phones", admin_phones.clear_phones),
        ("PUT", "/_fake/phones/<phone>", admin_phones.change_phone),
        ("POST", "/_fake/phones/<phone>/replies", admin_phones.write),
        ("GET", "/_fake/requests", _requests),
        ("DELETE", "/_fake/requests", _clear_requests),
        ("GET", "/_fake/rules", admin_rules.rules),
        ("POST", "/_fake/rules", admin_rules.add_rule),
        ("DELETE", "/_fake/rules", admin_rules.clear),
        ("DELETE", "/_fake/rules/<rule_id>", admin_rules.clear),
        ("GET", "/_fake/webhook-rules", admin_rules.webhook_rules),
        ("POST", "/_fake/webhook-rules", admin_rules.add_webhook_rule),
        ("GET", "/_fake/ack-rules", admin_rules.ack_rules),
        ("POST", "/_fake/ack-rules", admin_rules.add_ack_rule),
        ("GET", "/_fake/acks", admin_rules.acks),
        ("PUT", "/_fake/acks", admin_rules.set_acks),
        ("GET", "/_fake/instances", admin_instances.instances),
        ("PUT", "/_fake/instances/<name>", admin_instances.put_instance),
        ("POST", "/_fake/instances/<name>/scan", admin_instances.scan),
        ("POST", "/_fake/instances/<name>/storm", admin_instances.storm),
        ("PUT", "/_fake/server", _change_server),
        ("GET", "/_fake/held", _held),
        ("POST", "/_fake/held/release", _release),
    )
    return [
        werkzeug.routing.Rule(path, methods=[method], endpoint=Route(run))
        for method, path, run in table
    ]


@dataclass(frozen=True, slots=True)
class _ServerChange:
    __pydantic_config__ = ConfigDict(extra="forbid")

    version: str = ""
    licensed: bool = True


@dataclass(frozen=True, slots=True)
class _Release:
    __pydantic_config__ = ConfigDict(extra="forbid")

    request_id: str | None = None


_SERVER_CHANGE = TypeAdapter(_ServerChange)
_RELEASE = TypeAdapter(_Release)


def _file(name: str, content_type: str) -> Callable[[FakeEvolution, Command], Answer]:
    """A file of the page for people."""
    return lambda _fake, _command: Answer(200, (_HERE / name).read_text("utf-8"), content_type)


def _requests(fake: FakeEvolution, command: Command) -> Answer:
    wanted = command.query.get("outcome")
    requests = [asdict(request) for request in fake.requests() if wanted in {None, request.outcome}]
    return Answer(200, {"requests": requests})


def _clear_requests(fake: FakeEvolution, _command: Command) -> Answer:
    fake.clear_requests()
    return Answer(200, {"requests": []})


def _change_server(fake: FakeEvolution, command: Command) -> Answer:
    change = _SERVER_CHANGE.validate_python(command.body)
    with fake.locked():
        fake.version = change.version or fake.version
        fake.licensed = change.licensed
    return Answer(200, {"version": fake.version, "licensed": fake.licensed})


def _held(fake: FakeEvolution, _command: Command) -> Answer:
    return Answer(200, {"held": [asdict(held) for held in fake.held()]})


def _release(fake: FakeEvolution, command: Command) -> Answer:
    return Answer(
        200, {"released": fake.release(_RELEASE.validate_python(command.body).request_id)}
    )
