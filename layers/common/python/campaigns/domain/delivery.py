"""Delivery: what an answer of Evolution proves about a send.

A message may be tried again only where its not having been sent is *proven*. So the table names
the answers that prove it, word by word, and everything else is `Unknown`: Evolution goes on sending
after its client gave up, and its error handler passes on the status of whatever was thrown, before
the send or after it. Source: Evolution API 2.3.6 and 2.3.7.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from campaigns.domain.recipient import RecipientErrorCode as Code

LOG_LIMIT = 2_000
_MESSAGE_ID_LIMIT = 200


class TransportFault(StrEnum):
    """Why a request brought no answer."""

    # Before any of the request went out.
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    CONNECT_REFUSED = "connect_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    DNS = "dns"
    POOL_TIMEOUT = "pool_timeout"
    #: In the handshake only; a broken connection later is `CONNECTION_LOST`.
    TLS_HANDSHAKE = "tls_handshake"
    # After some or all of it went out.
    CONNECTION_LOST = "connection_lost"
    PROTOCOL_ERROR = "protocol_error"
    READ_TIMEOUT = "read_timeout"
    WRITE_ERROR = "write_error"


@dataclass(frozen=True, slots=True, repr=False)
class HttpAnswer:
    """An answer as it came: `body` is the parsed JSON, None where it is none; `text` the raw body.

    Without a repr of its own, because an answer can hold a phone.
    """

    status: int
    body: object = None
    text: str = ""


type GatewayAnswer = HttpAnswer | TransportFault


class OutcomeKind(StrEnum):
    """The five outcomes, as logs and metrics call them."""

    SENT = "sent"
    PERMANENT_FAILURE = "permanent_failure"
    INSTANCE_FAULT = "instance_fault"
    TRANSIENT = "transient"
    UNKNOWN = "unknown"


class AutoPauseReason(StrEnum):
    """Why the system paused a campaign by itself (closed list of the contract)."""

    INSTANCE_DISCONNECTED = "instance_disconnected"
    INSTANCE_UNAUTHORIZED = "instance_unauthorized"
    INSTANCE_NOT_FOUND = "instance_not_found"
    LICENCE_REQUIRED = "licence_required"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    MANY_FAILURES = "many_failures"
    MESSAGES_REFUSED = "messages_refused"
    NO_RECEIPTS = "no_receipts"
    RESTORED = "restored_from_backup"


@dataclass(frozen=True, slots=True)
class Sent:
    """Handed to WhatsApp's socket, not yet delivered. The jid may differ from the number."""

    kind: ClassVar = OutcomeKind.SENT
    whatsapp_message_id: str
    remote_jid: str | None

    def honours(self, whatsapp_message_id: str) -> bool:
        """The server used the id we gave it; 2.3 ignores the field in silence and makes its own."""
        return self.whatsapp_message_id == whatsapp_message_id


@dataclass(frozen=True, slots=True)
class PermanentFailure:
    """Not sent, and no further try would be."""

    kind: ClassVar = OutcomeKind.PERMANENT_FAILURE
    error_code: Code


@dataclass(frozen=True, slots=True)
class InstanceFault:
    """Not sent, and nobody's message will be until someone mends the instance."""

    kind: ClassVar = OutcomeKind.INSTANCE_FAULT
    error_code: Code
    pause_reason: AutoPauseReason


@dataclass(frozen=True, slots=True)
class Transient:
    """Not sent, and worth a further try; `hard_backoff` asks for a much longer wait."""

    kind: ClassVar = OutcomeKind.TRANSIENT
    error_code: Code
    hard_backoff: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been sent. `log_whole`: the table does not know this answer (see `loggable`)."""

    kind: ClassVar = OutcomeKind.UNKNOWN
    error_code: Code
    log_whole: bool = False


type Outcome = Sent | PermanentFailure | InstanceFault | Transient | Unknown

_UNRECOGNISED = Unknown(Code.UNRECOGNISED_ANSWER, log_whole=True)

_FAULTS: Mapping[TransportFault, Outcome] = {
    TransportFault.ADDRESS_NOT_ALLOWED: InstanceFault(
        Code.ADDRESS_NOT_ALLOWED, AutoPauseReason.ADDRESS_NOT_ALLOWED
    ),
    TransportFault.CONNECT_REFUSED: Transient(Code.CONNECT_FAILED),
    TransportFault.CONNECT_TIMEOUT: Transient(Code.CONNECT_FAILED),
    TransportFault.DNS: Transient(Code.CONNECT_FAILED),
    TransportFault.POOL_TIMEOUT: Transient(Code.CONNECT_FAILED),
    TransportFault.TLS_HANDSHAKE: Transient(Code.CONNECT_FAILED),
    TransportFault.CONNECTION_LOST: Unknown(Code.CONNECTION_LOST),
    TransportFault.PROTOCOL_ERROR: Unknown(Code.CONNECTION_LOST),
    TransportFault.READ_TIMEOUT: Unknown(Code.READ_TIMEOUT),
    TransportFault.WRITE_ERROR: Unknown(Code.CONNECTION_LOST),
}

#: What Evolution's look-up of the number throws, before the send: the whole message, as a string.
_CHECK_FAILED: Mapping[str, Outcome] = {
    "Cannot read properties of undefined (reading 'onWhatsApp')": InstanceFault(
        Code.INSTANCE_NEVER_CONNECTED, AutoPauseReason.INSTANCE_DISCONNECTED
    ),
    "Connection Closed": Transient(Code.CONNECTION_CLOSED),
    "Timed Out": Transient(Code.CHECK_TIMED_OUT),
    "rate-overlimit": Transient(Code.RATE_OVERLIMIT, hard_backoff=True),
}


def classify(answer: GatewayAnswer) -> Outcome:
    """Anything that does not prove that the message was sent, or was not, is `Unknown`."""
    if isinstance(answer, TransportFault):
        return _FAULTS[answer]
    if 200 <= answer.status < 300:
        return _success(answer.body)
    message = _message(answer.body)
    match answer.status:
        case 400:
            return _bad_request(message)
        case 401 if message == "Unauthorized":
            return InstanceFault(Code.INSTANCE_UNAUTHORIZED, AutoPauseReason.INSTANCE_UNAUTHORIZED)
        case 404 if _is_instance_missing(message):
            return InstanceFault(Code.INSTANCE_NOT_FOUND, AutoPauseReason.INSTANCE_NOT_FOUND)
        case 500 if isinstance(message, str):
            return _server_error(message)
        case 503 if _field(answer.body, "code") == "LICENSE_REQUIRED":
            return InstanceFault(Code.LICENCE_REQUIRED, AutoPauseReason.LICENCE_REQUIRED)
        case 502 | 504:
            return Unknown(Code.PROXY_ERROR)
    return _UNRECOGNISED


def loggable(answer: HttpAnswer, secrets: Collection[str] = ()) -> str:
    """The answer without the given secrets and whatever looks like a key or a phone.

    Cut to `LOG_LIMIT` characters, after everything was struck out: half a key is one too many.
    """
    text = answer.text
    for secret in filter(None, secrets):
        text = text.replace(secret, "[secret]")
    # Keys first: a run of digits inside one must not be taken for a phone and the rest be left.
    text = _LONG_WORD.sub(lambda word: "[key]" if _DIGIT.search(word[0]) else word[0], text)
    return f"{answer.status} {_PHONE_LIKE.sub('[number]', text)[:LOG_LIMIT]}"


_PHONE_LIKE = re.compile(r"\+?\d[\d\s().-]{6,}\d")
#: Longer than a message id, no longer than a key.
_LONG_WORD = re.compile(r"[\w-]{24,}")
_DIGIT = re.compile(r"\d")


def _success(body: object) -> Outcome:
    key = _field(body, "key")
    message_id, remote_jid = _field(key, "id"), _field(key, "remoteJid")
    # One that no index could hold is none: the settlement would be refused by the table for ever.
    if not isinstance(message_id, str) or not 0 < len(message_id) <= _MESSAGE_ID_LIMIT:
        return _UNRECOGNISED
    return Sent(message_id, remote_jid if isinstance(remote_jid, str) else None)


def _bad_request(message: object) -> Outcome:
    match message:
        case [_, *_] if all(_field(item, "exists") is False for item in message):
            return PermanentFailure(Code.NUMBER_NOT_ON_WHATSAPP)
        case [[str(first), *_]] if first.startswith("instance requires property "):
            return PermanentFailure(Code.SCHEMA_ERROR)
        case [str()]:
            return Unknown(Code.SEND_THREW)
    return _UNRECOGNISED


def _server_error(message: str) -> Outcome:
    if message.startswith("Cannot read properties of ") and message.endswith("(reading 'find')"):
        return Transient(Code.CHECK_EMPTY)
    return _CHECK_FAILED.get(message, _UNRECOGNISED)


def _is_instance_missing(message: object) -> bool:
    match message:
        case [str(text)]:
            return text.startswith('The "') and text.endswith('" instance does not exist')
    return False


def _message(body: object) -> object:
    """The X of Evolution's envelope ``{"status", "error", "response": {"message": X}}``."""
    return _field(_field(body, "response"), "message")


def _field(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None
