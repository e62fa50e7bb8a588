"""What taking webhooks needs from outside, as a protocol."""

from typing import Protocol

from campaigns.domain.direct_message import DirectMessage
from campaigns.domain.model import Recipient


class MessageIndex(Protocol):
    def find(self, instance_id: str, whatsapp_message_id: str) -> Recipient | DirectMessage | None:
        """Whose message went out under that id through that instance.

        From an index, and then by its key. A recipient may be read as it was a moment ago, and who
        was claimed within the last second may be missing.
        """
