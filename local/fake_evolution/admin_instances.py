"""The instances: made and changed, paired, and shaken."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from pydantic import ConfigDict, TypeAdapter

from local.fake_evolution.answers import Answer
from local.fake_evolution.commands import Command
from local.fake_evolution.core import FakeEvolution
from local.fake_evolution.model import ConnectionState, Instance
from local.fake_evolution.numbers import digits_of, is_well_formed
from local.fake_evolution.pairing import picture

# Area code and subscriber, with the ninth digit or without.
_NATIONAL_DIGITS = (10, 11)


@dataclass(frozen=True, slots=True)
class _InstanceChange:
    __pydantic_config__ = ConfigDict(extra="forbid")

    api_key: str = ""
    state: ConnectionState | None = ConnectionState.OPEN
    number: str | None = None
    version: str | None = None
    ever_connected: bool = True


@dataclass(frozen=True, slots=True)
class _Scan:
    __pydantic_config__ = ConfigDict(extra="forbid")

    phone: str


@dataclass(frozen=True, slots=True)
class _Storm:
    __pydantic_config__ = ConfigDict(extra="forbid")

    events: int = 200
    seconds: float = 10.0
    ending: ConnectionState = ConnectionState.OPEN


_INSTANCE_CHANGE = TypeAdapter(_InstanceChange)
_SCAN = TypeAdapter(_Scan)
_STORM = TypeAdapter(_Storm)


def put_instance(fake: FakeEvolution, command: Command) -> Answer:
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


def instances(fake: FakeEvolution, _command: Command) -> Answer:
    with fake.locked():
        return Answer(200, {"instances": [_shown_instance(i) for i in fake.instances.values()]})


def _shown_instance(instance: Instance) -> dict[str, object]:
    shown, webhook = instance.pairing, instance.webhook
    return {
        "name": instance.name,
        "state": instance.state,
        "number": instance.number,
        "has_webhook": webhook is not None and webhook.enabled,
        "pairing": shown
        and {
            "image": picture(shown),
            "pairing_code": shown.pairing_code,
            "phone": shown.phone,
            "count": shown.count,
        },
    }


def scan(fake: FakeEvolution, command: Command) -> Answer:
    """A phone is connected; a number without its country is a Brazilian one."""
    name, number = _known(fake, command), digits_of(_SCAN.validate_python(command.body).phone)
    if len(number) in _NATIONAL_DIGITS:
        number = f"55{number}"
    if not is_well_formed(number):
        raise ValueError("that is no phone")
    return Answer(200, _shown_instance(fake.scan(name, number)))


def storm(fake: FakeEvolution, command: Command) -> Answer:
    name, wanted = _known(fake, command), _STORM.validate_python(command.body)
    fake.storm(name, wanted.events, wanted.seconds, wanted.ending)
    return Answer(202, {"name": name, **asdict(wanted)})


def _known(fake: FakeEvolution, command: Command) -> str:
    name = command.path["name"]
    if name not in fake.instances:
        raise ValueError(f"there is no instance {name}")
    return name
