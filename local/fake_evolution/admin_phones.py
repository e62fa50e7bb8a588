"""The phones: what they show, who is on WhatsApp, behind which address, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ConfigDict, TypeAdapter

from local.fake_evolution.answers import Answer
from local.fake_evolution.commands import Command
from local.fake_evolution.core import FakeEvolution
from local.fake_evolution.model import Lid, Message, Phone, Reply, ReplyKind
from local.fake_evolution.numbers import is_well_formed


@dataclass(frozen=True, slots=True)
class _PhoneChange:
    __pydantic_config__ = ConfigDict(extra="forbid")

    on_whatsapp: bool | None = None
    lid: Lid | None = None


@dataclass(frozen=True, slots=True)
class _Written:
    """`quoting` is the id of a message that the phone got."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    text: str
    instance: str | None = None
    quoting: str | None = None
    kind: ReplyKind = ReplyKind.CONVERSATION
    lid: Lid | None = None
    group: str | None = None
    from_me: bool = False


_PHONE_CHANGE = TypeAdapter(_PhoneChange)
_WRITTEN = TypeAdapter(_Written)


def phones(fake: FakeEvolution, command: Command) -> Answer:
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


def clear_phones(fake: FakeEvolution, _command: Command) -> Answer:
    fake.clear_phones()
    return Answer(200, {"phones": []})


def change_phone(fake: FakeEvolution, command: Command) -> Answer:
    """What the body leaves out stays as it is; a `lid` of null takes it away."""
    number = command.path["phone"]
    change = _PHONE_CHANGE.validate_python(command.body)
    if change.on_whatsapp is not None:
        fake.set_on_whatsapp(number, change.on_whatsapp)
    if "lid" in command.body:
        fake.set_lid(number, change.lid)
    with fake.locked():
        lid, is_there = fake.phone_book.lid(number), fake.phone_book.on_whatsapp(number)
    return Answer(200, {"phone": number, "on_whatsapp": is_there, "lid": lid and lid.digits})


def write(fake: FakeEvolution, command: Command) -> Answer:
    """The phone's owner writes; without an instance, to the last that wrote to her."""
    number = command.path["phone"]
    written = _WRITTEN.validate_python(command.body)
    if not is_well_formed(number):
        raise ValueError("that is no phone")
    if written.instance is not None and written.instance not in fake.instances:
        raise ValueError(f"there is no instance {written.instance}")
    if not fake.instances:
        raise ValueError("there is no instance to write to")
    reply = fake.reply(
        number,
        written.text,
        instance=written.instance,
        quoting=_message(fake, number, written.quoting),
        as_lid=written.lid,
        kind=written.kind,
        group=written.group,
        from_me=written.from_me,
    )
    return Answer(201, _shown_reply(reply))


def _message(fake: FakeEvolution, number: str, message_id: str | None) -> Message | None:
    if message_id is None:
        return None
    found = next((each for each in fake.received(number) if each.id == message_id), None)
    if found is None:
        raise ValueError(f"that phone has no message {message_id}")
    return found


def _shown_phone(phone: Phone) -> dict[str, object]:
    return {
        "phone": phone.phone,
        "messages": [_shown_message(message) for message in phone.messages],
        "replies": [_shown_reply(reply) for reply in phone.replies],
    }


def _shown_message(message: Message) -> dict[str, object]:
    return {
        "id": message.id,
        "instance": message.instance,
        "text": message.text,
        "kind": message.kind,
        "received_at": message.received_at,
        "statuses": message.statuses,
    }


def _shown_reply(reply: Reply) -> dict[str, object]:
    return {
        "id": reply.key["id"],
        "instance": reply.instance,
        "text": reply.text,
        "kind": reply.kind,
        "written_at": reply.written_at,
        "from_me": reply.key["fromMe"],
    }
