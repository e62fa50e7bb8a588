"""Looks at how instances are connected: who may ask now, and which are due."""

import zlib

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Item, Refused, Table
from campaigns.domain.connection_check import (
    DEBOUNCE_MS,
    LOOK_MS,
    ConnectionCheck,
    Underway,
)


class ConnectionCheckItem(Item):
    """When an instance was last looked at; apart from the gate, which has every send to serve."""

    looked_at = NumberAttribute(null=True)
    # While a look is under way.
    look_until = NumberAttribute(null=True)
    unsettled_since = NumberAttribute(null=True)
    failures = NumberAttribute(default=0)
    write_token = UnicodeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)


class ConnectionCheckStore:
    """See :class:`campaigns.services.ports_connection.ConnectionChecks`."""

    def __init__(self, table: Table, shards: int) -> None:
        self._table = table
        self._shards = shards

    def begin(self, instance_id: str, *, token: str, now: int) -> ConnectionCheck | Underway:
        began = ConnectionCheck(instance_id, token, now)
        looked_at, look_until = ConnectionCheckItem.looked_at, ConnectionCheckItem.look_until
        is_free = (looked_at.does_not_exist() | (looked_at <= now - DEBOUNCE_MS)) & (
            look_until.does_not_exist() | (look_until <= now)
        )
        result = self._table.update(
            ConnectionCheckItem,
            keys.connection_check(instance_id),
            [
                looked_at.set(now),
                look_until.set(now + LOOK_MS),
                ConnectionCheckItem.write_token.set(token),
                *self._due(instance_id, began.again_at),
            ],
            is_free,
            token=token,
            returning="ALL_NEW",
        )
        item = result.item
        if item is None:
            # Deleted in the same moment.
            return Underway(now + DEBOUNCE_MS, None)
        if isinstance(result, Refused):
            until = int(item.looked_at or 0) + DEBOUNCE_MS
            return Underway(until, None if item.due_at is None else int(item.due_at))
        return ConnectionCheck(
            instance_id,
            token,
            now,
            None if item.unsettled_since is None else int(item.unsettled_since),
            int(item.failures),
        )

    def leave_due(self, instance_id: str, at: int) -> None:
        self._table.update(
            ConnectionCheckItem,
            keys.connection_check(instance_id),
            self._due(instance_id, at),
            ConnectionCheckItem.due_at.does_not_exist() | (ConnectionCheckItem.due_at > at),
        )

    def end(
        self,
        check: ConnectionCheck,
        *,
        due_at: int | None,
        unsettled_since: int | None,
        failures: int,
    ) -> None:
        since = ConnectionCheckItem.unsettled_since
        ended: list[Action] = [
            ConnectionCheckItem.look_until.remove(),
            ConnectionCheckItem.failures.set(failures),
            since.remove() if unsettled_since is None else since.set(unsettled_since),
        ]
        is_own = ConnectionCheckItem.write_token == check.token
        was_left_alone = is_own & (ConnectionCheckItem.due_at == check.again_at)
        key = keys.connection_check(check.instance_id)
        due = self._due(check.instance_id, due_at)
        done = self._table.update(ConnectionCheckItem, key, [*ended, *due], was_left_alone)
        if isinstance(done, Refused):
            self._table.update(ConnectionCheckItem, key, ended, is_own)

    def forget(self, instance_id: str) -> None:
        self._table.delete(ConnectionCheckItem, keys.connection_check(instance_id))

    def _due(self, instance_id: str, at: int | None) -> list[Action]:
        due_at, due_shard = ConnectionCheckItem.due_at, ConnectionCheckItem.due_shard
        if at is None:
            return [due_at.remove(), due_shard.remove()]
        shard = zlib.crc32(instance_id.encode()) % self._shards
        return [due_at.set(at), due_shard.set(keys.due_shard(shard))]
