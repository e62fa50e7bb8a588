"""What looking for a message on its server needs from outside, as a protocol."""

from collections.abc import Sequence
from typing import Protocol

from campaigns.domain.model import Instance
from campaigns.domain.reconciling import Row


class MessageLookup(Protocol):
    """Asks an Evolution server. Raises Unavailable for whatever is no answer to the question.

    An empty answer proves nothing: a row is written after the send.
    """

    def version(self, server: str) -> str | None:
        """What the server calls its version, now."""

    def by_id(
        self, instance: Instance, api_key: str, whatsapp_message_id: str
    ) -> Sequence[Row]: ...

    def by_address(
        self, instance: Instance, api_key: str, remote_jid: str, *, since: int, until: int
    ) -> Sequence[Row]:
        """What the instance sent to that address between the two (epoch ms)."""
