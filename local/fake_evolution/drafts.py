"""What the body of a send asks for, checked as Evolution's JSON schemas check it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.fake_evolution import answers
from local.fake_evolution.answers import Answer
from local.fake_evolution.model import Message

type Body = Mapping[str, Any]

_MEDIA_TYPES = ("image", "document", "video", "audio")


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that passed the schema; `delay` in seconds blocks the call before it is sent."""

    number: str
    text: str
    kind: str
    content: dict[str, object]
    delay: float
    wanted_id: str | None


def read_text(body: Body, version: tuple[int, int]) -> Draft | Answer:
    """The message of sendText; a 1.x server wants its text under `textMessage`."""
    speaks_v1 = version < (2, 0)
    text_property = "textMessage" if speaks_v1 else "text"
    problems = _type_errors(body) + _missing(body, "number", text_property)
    if problems:
        return answers.schema_error(problems)
    text = body["textMessage"]["text"] if speaks_v1 else body["text"]
    return _draft(body, text, "conversation", {"conversation": text})


def read_media(body: Body, _version: tuple[int, int]) -> Draft | Answer:
    """The message of sendMedia; its text is the caption."""
    problems = _type_errors(body)
    if "mediatype" in body and body["mediatype"] not in _MEDIA_TYPES:
        problems.append(f"mediatype is not one of enum values: {','.join(_MEDIA_TYPES)}")
    problems += _missing(body, "number", "mediatype")
    if problems:
        return answers.schema_error(problems)
    media = body.get("media")
    encoded = _is_base64(media)
    if encoded and not body.get("fileName") and body["mediatype"] == "document":
        return answers.bad_request("For base64 the file name must be informed.")
    if not encoded and not str(media).startswith(("http://", "https://")):
        return answers.bad_request("Owned media must be a url or base64")
    kind = f"{body['mediatype']}Message"
    described = {name: body[name] for name in ("caption", "fileName", "mimetype") if body.get(name)}
    if not encoded:
        described["url"] = media
    return _draft(body, body.get("caption", ""), kind, {kind: described})


type ReadDraft = Callable[[Body, tuple[int, int]], Draft | Answer]


def _draft(body: Body, text: str, kind: str, content: dict[str, object]) -> Draft:
    return Draft(
        number=body["number"],
        text=text,
        kind=kind,
        content=content,
        delay=body.get("delay", 0) / 1000,
        wanted_id=body.get("messageId"),
    )


def message_fields(message: Message, instance_id: str) -> dict[str, object]:
    """A message as the server shows it, in its answers, its rows and its events."""
    return {
        "key": {"remoteJid": message.jid, "fromMe": True, "id": message.id},
        "message": message.content,
        "messageType": message.kind,
        "messageTimestamp": int(message.received_at),
        "instanceId": instance_id,
        "source": "web",
    }


def _type_errors(body: Body) -> list[str]:
    errors = []
    if "number" in body and not isinstance(body["number"], str):
        errors.append("Invalid format")
    errors += [
        f"{name} is not of a type(s) string"
        for name in ("text", "mediatype", "media", "caption", "fileName", "messageId")
        if name in body and not isinstance(body[name], str)
    ]
    delay = body.get("delay", 0)
    if not isinstance(delay, int) or isinstance(delay, bool):
        errors.append("Enter a value in milliseconds")
    return errors


def _missing(body: Body, *required: str) -> list[str]:
    return [f'instance requires property "{name}"' for name in required if name not in body]


def _is_base64(media: object) -> bool:
    try:
        return bool(media) and bool(base64.b64decode(str(media), validate=True))
    except binascii.Error:
        return False
