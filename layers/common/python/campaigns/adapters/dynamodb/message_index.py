"""Whose message a WhatsApp id is: the index names the item, which is then read by its key."""

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.direct_items import DirectMessageItem, to_direct_message
from campaigns.adapters.dynamodb.recipient_items import RecipientItem, to_recipient
from campaigns.adapters.dynamodb.table import Item, Key, Table
from campaigns.domain.direct_message import DirectMessage
from campaigns.domain.model import Recipient

#: What tells a direct message from a recipient, whose sort key is a number.
_DIRECT = keys.direct_message("", "").sk


class MessageIndexStore:
    """See :class:`campaigns.services.ports_webhooks.MessageIndex`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, instance_id: str, whatsapp_message_id: str) -> Recipient | DirectMessage | None:
        wanted = keys.message_key(instance_id, whatsapp_message_id)
        # More than one is there only while one of them moves to another id.
        for named in self._table.query(Item, wanted, index="by_message").items:
            found = self._read(named.key, wanted)
            if found:
                return found
        return None

    def _read(self, key: Key, wanted: str) -> Recipient | DirectMessage | None:
        """The item, if it still has that id: the index follows its table after a moment."""
        if key.sk == _DIRECT:
            # Few and short-lived: one look that is right costs less than a second.
            direct = self._table.get(DirectMessageItem, key, consistent=True)
            return to_direct_message(direct) if direct and direct.message_key == wanted else None
        item = self._table.get(RecipientItem, key)
        return to_recipient(item) if item and item.message_key == wanted else None
