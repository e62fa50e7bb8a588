"""Instances in the table, each with its gate and with the places that it alone holds."""

from collections.abc import Sequence
from typing import Any, cast

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.gate_items import GateItem, to_gate
from campaigns.adapters.dynamodb.instance_items import (
    InstanceItem,
    RegistrationItem,
    to_gate_item,
    to_instance,
    to_instance_item,
)
from campaigns.adapters.dynamodb.table import Done, Item, Key, Raw, Refused, Table
from campaigns.domain.errors import ConcurrentUpdate
from campaigns.domain.model import ConnectionState, Instance, InstanceGate
from campaigns.services.ports import Listing
from campaigns.services.ports_registry import InstanceChange, Registration

_INSTANCE_FIELDS = (
    "name",
    "evolution_url",
    "evolution_instance",
    "encrypted_api_key",
    "config_version",
    "updated_at",
    "connected_phone",
    "server_version",
    "created_on_server",
    "last_phone",
)
_WEBHOOK_FIELDS = (
    "webhook_url",
    "webhook_state",
    "webhook_set_at",
    "webhook_version",
    "webhook_rotated_at",
)
#: Of the gate only these are written here; the rest belongs to whoever sends.
_GATE_FIELDS = (
    "config_version",
    "delay_min_ms",
    "delay_max_ms",
    "daily_limit",
    "connection_state",
    "connection_version",
)

type _Write = tuple[str, dict[str, Any]]


class InstanceStore:
    """See :class:`campaigns.services.ports_registry.InstanceBook`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, instance_id: str) -> Instance | None:
        item = self._table.get(InstanceItem, keys.instance(instance_id), consistent=True)
        return to_instance(item) if item else None

    def gates(self, instance_ids: Sequence[str]) -> dict[str, InstanceGate]:
        wanted = [keys.instance_gate(instance_id) for instance_id in instance_ids]
        gates = [to_gate(item) for item in self._table.batch_get(GateItem, wanted).values()]
        return {gate.instance_id: gate for gate in gates}

    def page(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[Instance]:
        listed = self._table.query(
            InstanceItem,
            keys.list_of(tenant_id, "INSTANCES"),
            index="by_list",
            sort=(lambda path: path > after) if after else None,
            limit=limit + 1,
        )
        wanted = [item.key for item in listed.items[:limit]]
        found = self._table.batch_get(InstanceItem, wanted)
        instances = [to_instance(found[key]) for key in wanted if key in found]
        following = listed.items[limit - 1].list_sort if len(listed.items) > limit else None
        return Listing(instances, following)

    def create(
        self, instance: Instance, gate: InstanceGate, taken: Sequence[str]
    ) -> Registration | None:
        is_new = Item.pk.does_not_exist()
        writes: list[_Write] = [
            *(self._take(digest, instance) for digest in taken),
            ("Put", self._table.put_request(to_instance_item(instance), is_new)),
            ("Put", self._table.put_request(to_gate_item(gate), is_new)),
        ]
        return self._write(writes, taken)

    def change(self, change: InstanceChange) -> Registration | None:
        places = [self._take(digest, change.new) for digest in change.taken]
        places += [self._give_back(digest, change.new) for digest in change.given_back]
        items = (_instance_write(change), _gate_write(change))
        if not places and not any(actions for _, actions, _ in items):
            return None
        return self._write([*places, *(self._change(*item) for item in items)], change.taken)

    def note_state(
        self, instance_id: str, state: ConnectionState, *, seen: InstanceGate | None = None
    ) -> InstanceGate | None:
        result = self._table.update(
            GateItem,
            keys.instance_gate(instance_id),
            [GateItem.connection_state.set(state), GateItem.connection_version.add(1)],
            GateItem.pk.exists() if seen is None else _is_connected_as_read(seen),
            returning="ALL_NEW",
        )
        if isinstance(result, Refused) or result.item is None:
            return None
        return to_gate(result.item)

    def note_pairing(self, instance_id: str, pairing_for: str) -> None:
        self._table.update(
            InstanceItem,
            keys.instance(instance_id),
            [InstanceItem.pairing_for.set(pairing_for)],
            InstanceItem.pk.exists(),
        )

    def note_webhook(self, old: Instance, new: Instance) -> bool:
        result = self._table.update(
            InstanceItem,
            keys.instance(new.instance_id),
            _differences(InstanceItem, old, new, _WEBHOOK_FIELDS),
            _has_webhook_version(old),
            returning="ALL_OLD",
        )
        if isinstance(result, Done) or result.item is None:
            return isinstance(result, Done)
        # The SDK repeats a write whose answer was lost.
        return _webhook_of(to_instance(result.item)) == _webhook_of(new)

    def retire(
        self, instance: Instance, given_back: Sequence[str], *, whole: bool
    ) -> InstanceGate | None:
        key, is_as_read = keys.instance(instance.instance_id), _is_as_read(instance)
        record: _Write = ("Delete", self._table.check_request(key, is_as_read))
        if not whole:
            unlist = [InstanceItem.list_key.remove(), InstanceItem.list_sort.remove()]
            record = ("Update", self._table.update_request(key, unlist, is_as_read))
        gate_key = keys.instance_gate(instance.instance_id)
        gate = ("Delete", self._table.check_request(gate_key, _is_needed_by_nobody()))
        places = [self._give_back(digest, instance) for digest in given_back]
        refusals = self._table.transact([gate, record, *places])
        if refusals is None:
            return None
        if refusals[0]:
            return to_gate(GateItem.from_raw_data(refusals[0]))
        raise ConcurrentUpdate

    def forget(self, instance: Instance) -> None:
        self._table.delete(InstanceItem, keys.instance(instance.instance_id))

    def _change(self, key: Key, actions: list[Action], condition: Condition) -> _Write:
        """What stays as it is was judged too: it still has to be so."""
        if not actions:
            return "ConditionCheck", self._table.check_request(key, condition)
        return "Update", self._table.update_request(key, actions, condition)

    def _take(self, digest: str, instance: Instance) -> _Write:
        key = keys.registration(digest)
        item = RegistrationItem(
            key.pk, key.sk, instance_id=instance.instance_id, tenant_id=instance.tenant_id
        )
        return "Put", self._table.put_request(item, _is_free_for(instance))

    def _give_back(self, digest: str, instance: Instance) -> _Write:
        key = keys.registration(digest)
        return "Delete", self._table.check_request(key, _is_free_for(instance))

    def _write(self, writes: Sequence[_Write], taken: Sequence[str]) -> Registration | None:
        refusals = self._table.transact(writes)
        if refusals is None:
            return None
        for digest, refusal in zip(taken, refusals, strict=False):
            if refusal:
                return _registration(digest, refusal)
        raise ConcurrentUpdate


def _is_free_for(instance: Instance) -> Condition:
    is_own = RegistrationItem.instance_id == instance.instance_id
    return cast(Condition, RegistrationItem.pk.does_not_exist() | is_own)


def _is_needed_by_nobody() -> Condition:
    is_free = GateItem.live_campaign_id.does_not_exist()
    return cast(
        Condition, is_free & (GateItem.scheduled.does_not_exist() | (GateItem.scheduled < 1))
    )


def _is_as_read(instance: Instance) -> Condition:
    return cast(
        Condition,
        (InstanceItem.config_version == instance.config_version)
        & (InstanceItem.updated_at == instance.updated_at),
    )


def _webhook_of(instance: Instance) -> tuple[object, ...]:
    return tuple(getattr(instance, name) for name in _WEBHOOK_FIELDS)


def _has_webhook_version(instance: Instance) -> Condition:
    is_as_read: Condition = InstanceItem.webhook_version == instance.webhook_version
    if instance.webhook_version == 1:
        # Records of an earlier version of the software have none.
        is_as_read |= InstanceItem.pk.exists() & InstanceItem.webhook_version.does_not_exist()
    return is_as_read


def _is_connected_as_read(gate: InstanceGate) -> Condition:
    is_as_read = GateItem.connection_version == gate.connection_version
    if not gate.connection_version:
        # Gates of an earlier version of the software have none.
        has_none = GateItem.pk.exists() & GateItem.connection_version.does_not_exist()
        is_as_read |= has_none
    return cast(Condition, is_as_read)


def _registration(digest: str, raw: Raw) -> Registration:
    item = RegistrationItem.from_raw_data(raw)
    return Registration(digest, item.instance_id, item.tenant_id)


def _instance_write(change: InstanceChange) -> tuple[Key, list[Action], Condition]:
    actions = _differences(InstanceItem, change.old, change.new, _INSTANCE_FIELDS)
    return keys.instance(change.new.instance_id), actions, _is_as_read(change.old)


def _gate_write(change: InstanceChange) -> tuple[Key, list[Action], Condition]:
    """Everything that the new settings were judged by still stands."""
    old = change.old_gate
    condition = (
        (GateItem.config_version == old.config_version)
        & (GateItem.delay_min_ms == old.delay_min_ms)
        & (GateItem.delay_max_ms == old.delay_max_ms)
        & _is_connected_as_read(old)
    )
    actions = _differences(GateItem, old, change.new_gate, _GATE_FIELDS)
    if change.new_gate.config_version != old.config_version:
        # What the server before did with the ids of messages says nothing of this one.
        actions.append(GateItem.honours_message_id.remove())
    return keys.instance_gate(change.new.instance_id), actions, condition


def _differences(
    model: type[Item], old: object, new: object, fields: Sequence[str]
) -> list[Action]:
    actions = []
    for name in fields:
        value = getattr(new, name)
        if value == getattr(old, name):
            continue
        path = getattr(model, name)
        actions.append(path.remove() if value is None else path.set(value))
    return actions
