"""The fake's own side, under `/_fake/`: what it is told, and what it shows.

Everything is JSON but the page for people. A command that makes no sense is answered by 422 and
`{"error": …}`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import werkzeug.routing
from pydantic import ConfigDict, TypeAdapter, ValidationError

from local.fake_evolution.answers import HTML, Answer
from local.fake_evolution.behaviours import UNREACHABLE, Rule
from local.fake_evolution.core import FakeEvolution
from local.fake_evolution.model import AckStep, ConnectionState, Instance, Message, Phone
from local.fake_evolution.numbers import digits_of, is_well_formed
from local.fake_evolution.pairing import picture

_PAGE = Path(__file__).with_name("page.html")
# Area code and subscriber, with the ninth digit or without.
_NATIONAL_DIGITS = (10, 11)


@dataclass(frozen=True, slots=True)
class Command:
    """A request to the fake's own side."""

    body: Any
    path: Mapping[str, str]
    query: Mapping[str, str]
    in_process: bool


@dataclass(frozen=True, slots=True)
class Route:
    """One command of the fake's own side."""

    run: Callable[[FakeEvolution, Command], Answer]

    def answer(self, fake: FakeEvolution, command: Command) -> Answer:
        try:
            return self.run(fake, command)
        except (ValidationError, ValueError) as error:
            return Answer(422, {"error": str(error)})


def routes() -> list[werkzeug.routing.Rule]:
    table = (
        ("GET", "/_fake/", _page),
        ("GET", "/_fake/phones", _phones),
        ("DELETE", "/_fake/phones", _clear_phones),
        ("PUT", "/_fake/phones/<phone>", _change_phone),
        ("GET", "/_fake/requests", _requests),
        ("DELETE", "/_fake/requests", _clear_requests),
        ("GET", "/_fake/rules", _rules),
        ("POST", "/_fake/rules", _add_rule),
        ("DELETE", "/_fake/rules", _clear_rules),
        ("DELETE", "/_fake/rules/<rule_id>", _clear_rules),
        ("GET", "/_fake/instances", _instances),
        ("PUT", "/_fake/instances/<name>", _put_instance),
        ("POST", "/_fake/instances/<name>/scan", _scan),
        ("PUT", "/_fake/server", _change_server),
        ("PUT", "/_fake/acks", _set_acks),
        ("GET", "/_fake/held", _held),
        ("POST", "/_fake/held/release", _release),
    )
    return [
        werkzeug.routing.Rule(path, methods=[method], endpoint=Route(run))
        for method, path, run in table
    ]


@dataclass(frozen=True, slots=True)
class _InstanceChange:
    __pydantic_config__ = ConfigDict(extra="forbid")

    api_key: str = ""
    state: ConnectionState | None = ConnectionState.OPEN
    number: str | None = None
    version: str | None = None
    ever_connected: bool = True


@dataclass(frozen=True, slots=True)
class _ServerChange:
    __pydantic_config__ = ConfigDict(extra="forbid")

    version: str = ""
    licensed: bool = True


@dataclass(frozen=True, slots=True)
class _PhoneChange:
    __pydantic_config__ = ConfigDict(extra="forbid")

    on_whatsapp: bool


@dataclass(frozen=True, slots=True)
class _Scan:
    __pydantic_config__ = ConfigDict(extra="forbid")

    phone: str


@dataclass(frozen=True, slots=True)
class _Release:
    __pydantic_config__ = ConfigDict(extra="forbid")

    request_id: str | None = None


_RULE = TypeAdapter(Rule)
_INSTANCE_CHANGE = TypeAdapter(_InstanceChange)
_SERVER_CHANGE = TypeAdapter(_ServerChange)
_PHONE_CHANGE = TypeAdapter(_PhoneChange)
_SCAN = TypeAdapter(_Scan)
_RELEASE = TypeAdapter(_Release)
_ACKS = TypeAdapter(tuple[AckStep, ...])


def _page(_fake: FakeEvolution, _command: Command) -> Answer:
    return Answer(200, _PAGE.read_text(encoding="utf-8"), HTML)


def _phones(fake: FakeEvolution, command: Command) -> Answer:
    """Latest first; `latest=n` shows that many, and the totals count all."""
    phones = fake.phones()
    shown = phones[: int(command.query["latest"])] if "latest" in command.query else phones
    return Answer(
        200,
        {
            "phones": [_shown_phone(phone) for phone in shown],
            "total_phones": len(phones),
            "total_messages": sum(len(phone.messages) for phone in phones),
        },
    )


def _shown_phone(phone: Phone) -> dict[str, object]:
    return {"phone": phone.phone, "messages": [_shown_message(m) for m in phone.messages]}


def _shown_message(message: Message) -> dict[str, object]:
    return {
        "id": message.id,
        "instance": message.instance,
        "text": message.text,
        "kind": message.kind,
        "received_at": message.received_at,
        "statuses": message.statuses,
    }


def _clear_phones(fake: FakeEvolution, _command: Command) -> Answer:
    fake.clear_phones()
    return Answer(200, {"phones": []})


def _change_phone(fake: FakeEvolution, command: Command) -> Answer:
    change = _PHONE_CHANGE.validate_python(command.body)
    fake.set_on_whatsapp(command.path["phone"], change.on_whatsapp)
    return Answer(200, {"phone": command.path["phone"], "on_whatsapp": change.on_whatsapp})


def _requests(fake: FakeEvolution, command: Command) -> Answer:
    wanted = command.query.get("outcome")
    requests = [asdict(request) for request in fake.requests() if wanted in {None, request.outcome}]
    return Answer(200, {"requests": requests})


def _clear_requests(fake: FakeEvolution, _command: Command) -> Answer:
    fake.clear_requests()
    return Answer(200, {"requests": []})


def _rules(fake: FakeEvolution, _command: Command) -> Answer:
    counted = [
        {**asdict(entry.rule), "fitted": entry.fitted, "used": entry.used} for entry in fake.rules()
    ]
    return Answer(200, {"rules": counted})


def _add_rule(fake: FakeEvolution, command: Command) -> Answer:
    rule = _RULE.validate_python(command.body)
    if rule.behaviour in UNREACHABLE and not command.in_process:
        raise ValueError(f"a server that answers cannot play {rule.behaviour}: stop it instead")
    return Answer(201, asdict(fake.add_rule(rule)))


def _clear_rules(fake: FakeEvolution, command: Command) -> Answer:
    fake.clear_rules(command.path.get("rule_id"))
    return _rules(fake, command)


def _put_instance(fake: FakeEvolution, command: Command) -> Answer:
    """Make or change an instance; what the body leaves out stays as it is."""
    name = command.path["name"]
    given = asdict(_INSTANCE_CHANGE.validate_python(command.body))
    known = fake.instances.get(name)
    if known is None and not given["api_key"]:
        raise ValueError("a new instance needs an api_key")
    if known is not None:
        given = {key: given[key] if key in command.body else getattr(known, key) for key in given}
    instance = fake.register_instance(name, **given)
    return Answer(
        200,
        {
            "name": name,
            "instance_id": instance.instance_id,
            **{key: getattr(instance, key) for key in given if key != "api_key"},
        },
    )


def _instances(fake: FakeEvolution, _command: Command) -> Answer:
    with fake.locked():
        return Answer(200, {"instances": [_shown_instance(i) for i in fake.instances.values()]})


def _shown_instance(instance: Instance) -> dict[str, object]:
    shown = instance.pairing
    return {
        "name": instance.name,
        "state": instance.state,
        "number": instance.number,
        "pairing": shown
        and {
            "image": picture(shown),
            "pairing_code": shown.pairing_code,
            "phone": shown.phone,
            "count": shown.count,
        },
    }


def _scan(fake: FakeEvolution, command: Command) -> Answer:
    """A phone is connected; a number without its country is a Brazilian one."""
    name, number = command.path["name"], digits_of(_SCAN.validate_python(command.body).phone)
    if name not in fake.instances:
        raise ValueError(f"there is no instance {name}")
    if len(number) in _NATIONAL_DIGITS:
        number = f"55{number}"
    if not is_well_formed(number):
        raise ValueError("that is no phone")
    return Answer(200, _shown_instance(fake.scan(name, number)))


def _change_server(fake: FakeEvolution, command: Command) -> Answer:
    change = _SERVER_CHANGE.validate_python(command.body)
    with fake.locked():
        fake.version = change.version or fake.version
        fake.licensed = change.licensed
    return Answer(200, {"version": fake.version, "licensed": fake.licensed})


def _set_acks(fake: FakeEvolution, command: Command) -> Answer:
    fake.set_acks(_ACKS.validate_python(command.body))
    return Answer(200, [asdict(step) for step in fake.acks])


def _held(fake: FakeEvolution, _command: Command) -> Answer:
    return Answer(200, {"held": [asdict(held) for held in fake.held()]})


def _release(fake: FakeEvolution, command: Command) -> Answer:
    return Answer(
        200, {"released": fake.release(_RELEASE.validate_python(command.body).request_id)}
    )
