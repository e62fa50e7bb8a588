"""What is written on a phone, on its way to the instance and its webhook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.fake_evolution.model import Instance, Lid, Message, Reply, ReplyKind
from local.fake_evolution.numbers import canonical_phone, jid_of

if TYPE_CHECKING:
    from local.fake_evolution.core import FakeEvolution

_OF_BUSINESS = "551130000000"


@dataclass(frozen=True, slots=True)
class Writing:
    """A text of a phone's owner; `group` (digits) is where it was written, None to the business.

    `from_me`: written by the business itself, on the instance's own phone.
    """

    phone: str
    text: str
    quoting: Message | None = None
    as_lid: Lid | None = None
    kind: ReplyKind = ReplyKind.CONVERSATION
    group: str | None = None
    from_me: bool = False


def write(fake: FakeEvolution, instance: Instance, writing: Writing) -> Reply:
    """Keep it with the phone and tell the instance's webhook."""
    now = fake.clock()
    context = None if writing.kind is ReplyKind.REACTION else _context(instance, writing.quoting)
    reply = Reply(
        row_id=fake.new_row_id(),
        instance=instance.name,
        phone=canonical_phone(writing.phone),
        text=writing.text,
        kind=writing.kind,
        key={**_key(fake, writing), "id": fake.new_phone_message_id()},
        content=_content(writing, context),
        context=context,
        written_at=now,
    )
    fake.phone_book.write(reply)
    fake.touch()
    fake.tell(instance, "messages.upsert", told(reply, instance), now, reply.phone)
    return reply


def told(reply: Reply, instance: Instance) -> dict[str, object]:
    """A reply as the server tells of it, in its event and its rows."""
    return {
        "key": reply.key,
        "pushName": f"Cliente {reply.phone[-4:]}",
        "status": "SERVER_ACK" if reply.key["fromMe"] else "DELIVERY_ACK",
        "message": reply.content,
        **({"contextInfo": reply.context} if reply.context else {}),
        "messageType": reply.kind,
        "messageTimestamp": int(reply.written_at),
        "instanceId": instance.instance_id,
        "source": "android",
    }


def _key(fake: FakeEvolution, writing: Writing) -> dict[str, object]:
    lid = writing.as_lid or fake.phone_book.lid(writing.phone)
    jid = lid.jid if lid else jid_of(writing.phone)
    hidden: dict[str, object] = {"addressingMode": "lid"} if lid else {}
    if writing.group is not None:
        alternate = {"participantAlt": jid_of(writing.phone)} if lid and lid.with_alternate else {}
        group = f"{writing.group}@g.us"
        return {"remoteJid": group, "fromMe": False, "participant": jid, **alternate, **hidden}
    alternate = {"remoteJidAlt": jid_of(writing.phone)} if lid and lid.with_alternate else {}
    return {"remoteJid": jid, "fromMe": writing.from_me, **alternate, **hidden}


def _content(writing: Writing, context: dict[str, object] | None) -> dict[str, object]:
    match writing.kind:
        case ReplyKind.CONVERSATION:
            return {"conversation": writing.text}
        case ReplyKind.EXTENDED_TEXT:
            inner = {"contextInfo": context} if context else {}
            return {writing.kind: {"text": writing.text, **inner}}
        case ReplyKind.IMAGE:
            return {writing.kind: {"caption": writing.text, "mimetype": "image/jpeg"}}
        case ReplyKind.REACTION:
            to = writing.quoting
            key = {"remoteJid": to.jid, "fromMe": True, "id": to.id} if to else {}
            return {writing.kind: {"key": key, "text": writing.text}}


def _context(instance: Instance, quoting: Message | None) -> dict[str, object] | None:
    if quoting is None:
        return None
    return {
        "stanzaId": quoting.id,
        "participant": jid_of(instance.number or _OF_BUSINESS),
        "quotedMessage": quoting.content,
    }
