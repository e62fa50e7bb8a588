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
from campaigns.adapters.dynamodb.table import Item, Key, Raw, Table
from campaigns.domain.errors import ConcurrentUpdate
from campaigns.domain.model import Instance, InstanceGate
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
)
#: Of the gate only these are written here; the rest belongs to whoever sends.
_GATE_SETTINGS = ("config_version", "delay_min_ms", "delay_max_ms", "daily_limit")

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
        writes = [self._take(digest, change.new) for digest in change.taken]
        writes += [self._give_back(digest, change.new) for digest in change.given_back]
        for key, actions, condition in (_instance_write(change), _gate_write(change)):
            if actions:
                writes.append(("Update", self._table.update_request(key, actions, condition)))
        return self._write(writes, change.taken) if writes else None

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


def _registration(digest: str, raw: Raw) -> Registration:
    item = RegistrationItem.from_raw_data(raw)
    return Registration(digest, item.instance_id, item.tenant_id)


def _instance_write(change: InstanceChange) -> tuple[Key, list[Action], Condition]:
    condition = (InstanceItem.config_version == change.old.config_version) & (
        InstanceItem.updated_at == change.old.updated_at
    )
    actions = _differences(InstanceItem, change.old, change.new, _INSTANCE_FIELDS)
    return keys.instance(change.new.instance_id), actions, condition


def _gate_write(change: InstanceChange) -> tuple[Key, list[Action], Condition]:
    """Everything that the new settings were judged by still stands."""
    old = change.old_gate
    condition = (
        (GateItem.config_version == old.config_version)
        & (GateItem.delay_min_ms == old.delay_min_ms)
        & (GateItem.delay_max_ms == old.delay_max_ms)
    )
    fields = (*_GATE_SETTINGS, "connection_state")
    return (
        keys.instance_gate(change.new.instance_id),
        _differences(GateItem, old, change.new_gate, fields),
        condition,
    )


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
