"""What keeping instances needs from Evolution servers, as protocols."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from campaigns.domain.model import ConnectionState


class AdminRefusal(StrEnum):
    """Why an instance cannot be used, as the server's own answer says."""

    WRONG_KEY = "wrong_key"
    UNKNOWN_INSTANCE = "unknown_instance"
    NOT_EVOLUTION = "not_evolution"
    UNSUPPORTED_VERSION = "unsupported_version"
    SERVER_KEY_REFUSED = "server_key_refused"
    NAME_TAKEN = "name_taken"
    STILL_CONNECTED = "still_connected"


@dataclass(frozen=True, slots=True)
class Connection:
    """What Evolution says of an instance; `phone` in digits, None where it says nothing of it."""

    state: ConnectionState
    phone: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Pairing:
    """What a phone is connected with, each of it None while the server is still making it.

    `code` is the text of a QR code, `image` its picture as a data URI, `pairing_code` is typed.
    """

    code: str | None = field(default=None, repr=False)
    pairing_code: str | None = field(default=None, repr=False)
    image: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a server sends an instance's events, which of them, and with which secret."""

    url: str
    secret: str = field(repr=False)
    events: frozenset[str]
    is_enabled: bool = True


class GatewayAdmin(Protocol):
    """Asks an Evolution server. Raises Unavailable, or GatewayRefused with its `status`."""

    def version(self, server: str) -> str | None:
        """What the server calls its version; None where it is no Evolution server's answer."""

    def connection(self, server: str, instance: str, api_key: str) -> Connection | AdminRefusal: ...

    def connect(
        self, server: str, instance: str, api_key: str, *, phone: str | None = None
    ) -> Pairing | Connection | AdminRefusal:
        """Begin to connect, or go on; a Connection where it is open already.

        With `phone` (digits) a pairing code for that phone, unless it began without one before.
        """

    def webhook(self, server: str, instance: str, api_key: str) -> Webhook | AdminRefusal | None:
        """The webhook that is set; None where there is none, or one of another shape than ours."""

    def set_webhook(
        self, server: str, instance: str, api_key: str, webhook: Webhook
    ) -> AdminRefusal | None:
        """Send the instance's events there from now on, and nowhere else. None when done."""

    def logout(self, server: str, instance: str, api_key: str) -> AdminRefusal | None:
        """Let go of the phone. None: it is let go of, now or before."""

    def create(
        self, server: str, server_key: str, instance: str, api_key: str
    ) -> str | AdminRefusal:
        """Make an instance that opens with `api_key`; the key that it opens with in fact."""

    def delete(self, server: str, instance: str, api_key: str) -> AdminRefusal | None:
        """Delete an instance that is not connected. None when done."""


class ServerKey(Protocol):
    """The key of the deployment's own Evolution server, which makes and opens every instance."""

    def read(self, *, anew: bool = False) -> str | None:
        """None where none is set. It is kept once read; `anew` asks for it as it is now."""


class Resolver(Protocol):
    def __call__(self, host: str, port: int) -> Sequence[str]:
        """The IP addresses of a name; none where it is not known."""
