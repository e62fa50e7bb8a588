"""What the fake remembers: instances, what the phones received, and the requests it saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Any


class ConnectionState(StrEnum):
    """The state of an instance's connection to WhatsApp, in Evolution's words."""

    OPEN = auto()
    CONNECTING = auto()
    CLOSE = auto()


class ReplyKind(StrEnum):
    """What a person writes, in WhatsApp's words."""

    CONVERSATION = "conversation"
    EXTENDED_TEXT = "extendedTextMessage"
    IMAGE = "imageMessage"
    REACTION = "reactionMessage"


class Outcome(StrEnum):
    """How the request of a send ended, as the server sees it."""

    IN_FLIGHT = auto()
    ANSWERED = auto()
    CLIENT_GAVE_UP = auto()
    ANSWER_LOST = auto()
    CONNECTION_RESET = auto()


class AckStatus(StrEnum):
    """The status values of `messages.update` that the fake sends."""

    ERROR = "ERROR"
    SERVER_ACK = "SERVER_ACK"
    DELIVERY_ACK = "DELIVERY_ACK"
    READ = "READ"
    PLAYED = "PLAYED"


@dataclass(frozen=True, slots=True)
class AckStep:
    """A status that comes `after` to `after + spread` seconds from the send, by `probability`."""

    status: AckStatus
    after: float
    spread: float = 0.0
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where an instance's events go; `events` are Evolution's upper-case names."""

    url: str
    enabled: bool
    events: tuple[str, ...]
    headers: dict[str, str]
    by_events: bool = False
    base64: bool = False
    webhook_id: str = ""
    set_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Pairing:
    """What an instance shows to be scanned, the `count`th since it began; times in epoch seconds.

    With `phone` (digits) there is a code to be typed on that phone too.
    """

    code: str
    pairing_code: str | None
    phone: str | None
    count: int
    shown_at: float


@dataclass(slots=True)
class Instance:
    """A WhatsApp number held by the server.

    `state` None is left out of connectionState; `version` None is the server's. `cached` are the
    jids whose check succeeded: a closed instance fails later for them than for the others.
    """

    name: str
    api_key: str
    instance_id: str
    state: ConnectionState | None = ConnectionState.OPEN
    number: str | None = None
    version: str | None = None
    ever_connected: bool = True
    pairing: Pairing | None = None
    webhook: Webhook | None = None
    cached: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Message:
    """A message that reached a phone; `received_at` in epoch seconds.

    `id` is WhatsApp's, `row_id` the server's own; without `row` its database does not have it.
    `statuses` are the acks, in their order.
    """

    id: str
    row_id: str
    instance: str
    phone: str
    jid: str
    text: str
    content: dict[str, object]
    kind: str
    received_at: float
    row: bool = True
    statuses: list[AckStatus] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Lid:
    """The address behind which WhatsApp hides a phone from the business.

    Receipts and what is written there come from it; what is written has the phone's own beside it
    where `with_alternate`. With `in_answers` that of a send (201) has it in the phone's place too.
    """

    digits: str
    with_alternate: bool = True
    in_answers: bool = False

    @property
    def jid(self) -> str:
        return f"{self.digits}@lid"


@dataclass(frozen=True, slots=True)
class Reply:
    """What was written on a phone to an instance, or beside Evolution by the instance's own phone.

    `key` is the one that Evolution tells of it; `written_at` in epoch seconds.
    """

    row_id: str
    instance: str
    phone: str
    text: str
    kind: ReplyKind
    key: dict[str, object]
    content: dict[str, object]
    context: dict[str, object] | None
    written_at: float


@dataclass(frozen=True, slots=True)
class Phone:
    """What one person's phone shows, oldest first: the messages it got, and what it answered."""

    phone: str
    messages: tuple[Message, ...]
    replies: tuple[Reply, ...] = ()

    @property
    def latest_at(self) -> float:
        """When it last showed something new; a phone shows one thing at least."""
        return max(
            *(message.received_at for message in self.messages[-1:]),
            *(reply.written_at for reply in self.replies[-1:]),
            0.0,
        )


@dataclass(slots=True)
class SendRequest:
    """A request of a send that reached the server; times in epoch seconds.

    `answered_at` is when the server was done with it; `behaviour` is the rule's that acted.
    """

    request_id: str
    instance: str
    number: str
    phone: str
    arrived_at: float
    outcome: Outcome = Outcome.IN_FLIGHT
    answered_at: float | None = None
    status: int | None = None
    behaviour: str | None = None
    message_id: str | None = None
    #: The port on the client's side, by which its process can be found; None in process.
    client_port: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A send whose message is on the phone and whose answer is held back."""

    request_id: str
    instance: str
    phone: str
    message_id: str | None
    held_since: float


@dataclass(frozen=True, slots=True)
class Call:
    """A request to one instance, as it was read from HTTP."""

    instance: str
    api_key: str | None
    body: Mapping[str, Any]
    query: Mapping[str, str]
    client_port: int | None = None
