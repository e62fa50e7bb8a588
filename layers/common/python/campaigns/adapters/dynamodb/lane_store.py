"""Lanes: how far a live campaign is planned, and the sparse index of what is due."""

import zlib
from random import Random

from pynamodb.attributes import ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Item, Key, Refused, Table
from campaigns.domain.connection_check import ConnectionCheckKey
from campaigns.domain.identity import new_token
from campaigns.domain.model import Lane, LaneKey, LayingKey, PlannedRun
from campaigns.domain.removal import RemovalKey
from campaigns.services.ports import DueWork


class RunMap(MapAttribute[str, object]):
    # Short names: fifteen runs must leave the lane under 1 KB, or each write costs two units.
    cursor = NumberAttribute(attr_name="c")
    last_slot = NumberAttribute(attr_name="l")
    retries = NumberAttribute(attr_name="r", default=0)
    first_slot = NumberAttribute(attr_name="f", default=0)


class LaneItem(Item):
    """A lane. `due_at` stays put while the lane is awake: moving it would cost two index writes."""

    cursor = NumberAttribute()
    laid_through = NumberAttribute()
    next_slot_at = NumberAttribute()
    history = ListAttribute(of=RunMap, default=list)
    version = NumberAttribute(default=0)
    recounted_at = NumberAttribute(default=0)
    write_token = UnicodeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)


class DueItem(Item):
    """What the index of due work says: only keys."""

    due_shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)


class LaneStore:
    """See :class:`campaigns.services.ports.Lanes`."""

    def __init__(self, table: Table, random: Random, shards: int) -> None:
        self._table = table
        self._random = random
        self.shards = shards

    def due(self, shard: int, now: int) -> list[DueWork]:
        items = self._table.query_all(
            DueItem, keys.due_shard(shard), index="by_due", sort=lambda path: path <= now
        )
        return [_work(item.key) for item in items]

    def read(self, key: LaneKey) -> Lane | None:
        item = self._table.get(LaneItem, keys.lane(key), consistent=True)
        return to_lane(item) if item else None

    def save(self, old: Lane, new: Lane) -> Lane | None:
        token = new_token(self._random)
        result = self._table.update(
            LaneItem,
            keys.lane(old.key),
            [*self._changes(old, new), LaneItem.write_token.set(token)],
            LaneItem.version == old.version,
            token=token,
            returning="ALL_NEW",
        )
        if isinstance(result, Refused) or result.item is None:
            return None
        return to_lane(result.item)

    def to_item(self, lane: Lane) -> LaneItem:
        key = keys.lane(lane.key)
        return LaneItem(
            key.pk,
            key.sk,
            cursor=lane.cursor,
            laid_through=lane.laid_through,
            next_slot_at=lane.next_slot_at,
            version=lane.version,
            due_at=lane.due_at,
            due_shard=self.shard_of(lane.key.campaign_id) if lane.due_at is not None else None,
        )

    def wake(self, due_at: int, campaign_id: str) -> list[Action]:
        """The lane's part of a write that makes it due."""
        return [
            LaneItem.due_at.set(due_at),
            LaneItem.due_shard.set(self.shard_of(campaign_id)),
            LaneItem.version.set(LaneItem.version + 1),
        ]

    def shard_of(self, campaign_id: str) -> str:
        return keys.due_shard(zlib.crc32(campaign_id.encode()) % self.shards)

    def _changes(self, old: Lane, new: Lane) -> list[Action]:
        actions: list[Action] = [LaneItem.version.set(old.version + 1)]
        actions += [
            getattr(LaneItem, name).set(getattr(new, name))
            for name in ("cursor", "laid_through", "next_slot_at", "recounted_at")
            if getattr(old, name) != getattr(new, name)
        ]
        if old.history != new.history:
            actions.append(LaneItem.history.set(list(map(_to_run, new.history))))
        if old.due_at != new.due_at:
            if new.due_at is None:
                actions += [LaneItem.due_at.remove(), LaneItem.due_shard.remove()]
            else:
                shard = self.shard_of(old.key.campaign_id)
                actions += [LaneItem.due_at.set(new.due_at), LaneItem.due_shard.set(shard)]
        return actions


def _to_run(run: PlannedRun) -> RunMap:
    return RunMap(  # type: ignore[no-untyped-call]
        cursor=run.cursor,
        last_slot=run.last_slot,
        retries=run.retries,
        first_slot=run.first_slot,
    )


def _work(key: Key) -> DueWork:
    kind, first_id, *_ = key.pk.split("#")
    if kind == "INSTANCE":
        return ConnectionCheckKey(first_id)
    _, tenant_id, _, campaign_id = key.pk.split("#")
    if key.sk.startswith(keys.LANE_PREFIX):
        return LaneKey(tenant_id, campaign_id, key.sk.removeprefix(keys.LANE_PREFIX))
    if key.sk == keys.removal(tenant_id, campaign_id).sk:
        return RemovalKey(tenant_id, campaign_id)
    return LayingKey(tenant_id, campaign_id)


def to_lane(item: LaneItem) -> Lane:
    _, tenant_id, _, campaign_id = item.pk.split("#")
    return Lane(
        key=LaneKey(tenant_id, campaign_id, item.sk.removeprefix(keys.LANE_PREFIX)),
        cursor=int(item.cursor),
        laid_through=int(item.laid_through),
        next_slot_at=int(item.next_slot_at),
        history=tuple(
            PlannedRun(int(run.cursor), int(run.last_slot), int(run.retries), int(run.first_slot))
            for run in item.history
        ),
        version=int(item.version),
        due_at=None if item.due_at is None else int(item.due_at),
        recounted_at=int(item.recounted_at),
    )
