"""What an Evolution server reports: one envelope in, one event that matters out.

Anybody's message can stand in an envelope, so nothing in it is trusted: what does not have the
shape of an event is none, and never an error. Source: Evolution API 2.3.6 and 2.3.7.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import ConnectionState


class AckStatus(StrEnum):
    """How far a message has come, by WhatsApp's own words."""

    ERROR = "ERROR"
    PENDING = "PENDING"
    SERVER_ACK = "SERVER_ACK"
    DELIVERY_ACK = "DELIVERY_ACK"
    READ = "READ"
    PLAYED = "PLAYED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Ack:
    """What became of a message of ours. The jid may be an `@lid` alias."""

    whatsapp_message_id: str
    status: AckStatus
    remote_jid: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Inbound:
    """What somebody wrote to us. `written_at` is epoch ms, by the server.

    `quoted_id` is the message that it replies to. `is_answer`: she wrote something, where a
    reaction or an edit of the protocol is nothing written.
    """

    whatsapp_message_id: str
    remote_jid: str = field(repr=False)
    alternate_jid: str | None = field(default=None, repr=False)
    quoted_id: str | None = None
    text: str | None = field(default=None, repr=False)
    written_at: int | None = None
    push_name: str | None = field(default=None, repr=False)
    is_answer: bool = True


@dataclass(frozen=True, slots=True)
class ConnectionChange:
    """The socket of an instance has changed, or is said to: such events come late and by the
    hundred. `reason` is WhatsApp's code."""

    state: ConnectionState | None = None
    reason: int | None = None


type WebhookEvent = Ack | Inbound | ConnectionChange

#: Longer than any id or address of WhatsApp's; they become parts of keys.
_ID_LIMIT: Final = 256
#: Groups, lists, status messages and channels: nobody is written to there.
_NOT_A_PERSON: Final = ("@g.us", "@broadcast", "@newsletter")
#: What surrounds a message: the same message is inside.
_WRAPPERS: Final = (
    "deviceSentMessage",
    "documentWithCaptionMessage",
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
)
_DEEPEST_WRAPPER: Final = 4
#: Stand beside a message, or instead of one.
_NOTHING_WRITTEN: Final = frozenset(
    {
        "albumMessage",
        "encReactionMessage",
        "editedMessage",
        "keepInChatMessage",
        "messageContextInfo",
        "messageHistoryNotice",
        "pinInChatMessage",
        "protocolMessage",
        "reactionMessage",
        "senderKeyDistributionMessage",
    }
)
#: Where the text of a message stands, by its kind.
_TEXT_OF: Final[Mapping[str, str]] = {
    "extendedTextMessage": "text",
    "imageMessage": "caption",
    "videoMessage": "caption",
    "documentMessage": "caption",
    "buttonsResponseMessage": "selectedDisplayText",
    "templateButtonReplyMessage": "selectedDisplayText",
    "listResponseMessage": "title",
}
#: Characters that WhatsApp lets somebody write at once. What is kept has to fit into an item.
_TEXT_LIMIT: Final = 65_536
_NAME_LIMIT: Final = 256
#: Seconds of the year 5138, in which messages are no more.
_SECONDS_LIMIT: Final = 10**11
_CODE_LIMIT: Final = 10_000


def read_event(envelope: object) -> WebhookEvent | None:
    """What an envelope reports; None where that is nothing of ours. Never raises.

    Not ours: what we wrote ourselves, groups, lists and channels, receipts of others' messages,
    and every event that is not asked for.
    """
    name, data = _field(envelope, "event"), _field(envelope, "data")
    if not isinstance(name, str):
        return None
    match name.lower().replace("_", ".").replace("-", "."):
        case "messages.update":
            return _ack(data)
        case "messages.upsert":
            return _inbound(data)
        case "connection.update":
            return _connection_change(data)
    return None


def _ack(data: object) -> Ack | None:
    message_id, status = _id(_field(data, "keyId")), _field(data, "status")
    jid = _id(_field(data, "remoteJid"))
    is_ours = _field(data, "fromMe") is not False and not _is_no_person(jid)
    if message_id is None or not is_ours or not isinstance(status, str):
        return None
    if status not in AckStatus:
        return None
    return Ack(message_id, AckStatus(status), jid)


def _inbound(data: object) -> Inbound | None:
    key = _field(data, "key")
    message_id, jid = _id(_field(key, "id")), _id(_field(key, "remoteJid"))
    if message_id is None or jid is None or _is_no_person(jid):
        return None
    if _field(key, "fromMe") is True:
        return None
    message = _unwrapped(_field(data, "message"))
    return Inbound(
        whatsapp_message_id=message_id,
        remote_jid=jid,
        alternate_jid=_id(_field(key, "remoteJidAlt")),
        quoted_id=_quoted_id(data, message),
        text=_text(message),
        written_at=_moment(_field(data, "messageTimestamp")),
        push_name=_words(_field(data, "pushName"), _NAME_LIMIT),
        is_answer=bool(frozenset(message) - _NOTHING_WRITTEN),
    )


def _connection_change(data: object) -> ConnectionChange:
    state = _field(data, "state")
    is_known = isinstance(state, str) and state in ConnectionState
    return ConnectionChange(
        ConnectionState(str(state)) if is_known else None,
        _whole(_field(data, "statusReason"), _CODE_LIMIT),
    )


def _unwrapped(message: object) -> Mapping[str, object]:
    """The message itself: in a chat whose messages disappear it stands inside another."""
    for _ in range(_DEEPEST_WRAPPER):
        inside = next(
            (found for each in _WRAPPERS if (found := _field(_field(message, each), "message"))),
            None,
        )
        if inside is None:
            break
        message = inside
    return message if isinstance(message, dict) else {}


def _text(message: Mapping[str, object]) -> str | None:
    plain = _words(message.get("conversation"))
    if plain is not None:
        return plain
    texts = (_words(_field(message.get(kind), name)) for kind, name in _TEXT_OF.items())
    return next((text for text in texts if text is not None), None)


def _quoted_id(data: object, message: Mapping[str, object]) -> str | None:
    contexts = [_field(data, "contextInfo")]
    contexts += [_field(content, "contextInfo") for content in message.values()]
    ids = (_id(_field(context, "stanzaId")) for context in contexts)
    return next((each for each in ids if each is not None), None)


def _moment(value: object) -> int | None:
    """Seconds as a number, as digits, or as the halves of a long integer."""
    seconds = _whole(_field(value, "low") if isinstance(value, dict) else value, _SECONDS_LIMIT)
    return seconds * SECOND_MS if seconds else None


def _whole(value: object, limit: int) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        # Thousands of digits are no number that Python makes.
        value = int(value) if len(value) <= len(str(limit)) else limit
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < limit else None


def _id(value: object) -> str | None:
    """An id or an address: visible ASCII, since it becomes part of a key."""
    if not isinstance(value, str) or not 0 < len(value) <= _ID_LIMIT:
        return None
    return value if value.isascii() and value.isprintable() and " " not in value else None


def _words(value: object, limit: int = _TEXT_LIMIT) -> str | None:
    """Written by anybody: halves of characters, which JSON can spell, are none that can be kept."""
    if not isinstance(value, str) or not value:
        return None
    return value[:limit].encode(errors="replace").decode()


def _is_no_person(jid: str | None) -> bool:
    return jid is not None and jid.endswith(_NOT_A_PERSON)


def _field(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None
