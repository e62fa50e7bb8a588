"""Direct messages in the table, written only under a guard."""

from random import Random
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.direct_items import (
    DirectMessageItem,
    to_direct_item,
    to_direct_message,
)
from campaigns.adapters.dynamodb.table import Done, Key, Table
from campaigns.domain.direct_message import DirectMessage, DirectStatus
from campaigns.domain.errors import ConcurrentUpdate
from campaigns.domain.identity import new_token
from campaigns.services.ports_direct import DirectGuard

#: What a step may change; each is written as it is, so that nothing of an older state stays.
_STATE = (
    "status",
    "updated_at",
    "attempts",
    "lease_token",
    "lease_until",
    "whatsapp_message_id",
    "remote_jid",
    "error_code",
    "sent_at",
)


class DirectMessageStore:
    """See :class:`campaigns.services.ports_direct.DirectMessages`."""

    def __init__(self, table: Table, random: Random) -> None:
        self._table = table
        self._random = random

    def create(self, message: DirectMessage) -> None:
        token = new_token(self._random)
        is_new = DirectMessageItem.pk.does_not_exist()
        result = self._table.put(to_direct_item(message, token), is_new, token=token)
        if not isinstance(result, Done):
            raise ConcurrentUpdate

    def withdraw(self, message: DirectMessage) -> bool:
        is_queued = DirectMessageItem.status == DirectStatus.QUEUED
        result = self._table.delete(DirectMessageItem, _key(message), is_queued)
        # Where nothing stands any more, an earlier answer of this very delete was lost.
        return isinstance(result, Done) or result.item is None

    def read(self, tenant_id: str, direct_message_id: str) -> DirectMessage | None:
        key = keys.direct_message(tenant_id, direct_message_id)
        item = self._table.get(DirectMessageItem, key, consistent=True)
        return to_direct_message(item) if item else None

    def save(self, message: DirectMessage, guard: DirectGuard) -> bool:
        token = new_token(self._random)
        actions: list[Action] = [
            DirectMessageItem.write_token.set(token),
            DirectMessageItem.message_key.set(
                keys.message_key(message.instance_id, message.whatsapp_message_id)
            ),
            *(_written(name, getattr(message, name)) for name in _STATE),
        ]
        result = self._table.update(
            DirectMessageItem, _key(message), actions, _holds(guard), token=token
        )
        return isinstance(result, Done)


def _key(message: DirectMessage) -> Key:
    return keys.direct_message(message.tenant_id, message.direct_message_id)


def _written(name: str, value: object) -> Action:
    attribute: Any = getattr(DirectMessageItem, name)
    action: Action = attribute.remove() if value is None else attribute.set(value)
    return action


def _holds(guard: DirectGuard) -> Condition:
    condition = DirectMessageItem.status.is_in(*sorted(guard.statuses))
    if guard.lease_token is not None:
        condition &= DirectMessageItem.lease_token == guard.lease_token
    if guard.wanted_at is not None:
        condition &= DirectMessageItem.give_up_at > guard.wanted_at
    return condition
