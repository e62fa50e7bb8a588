"""Shapes of instances and of the places of which a deployment has one."""

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
)

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.gate_items import GateItem
from campaigns.adapters.dynamodb.table import Item
from campaigns.domain.model import Instance, InstanceGate, WebhookState


class InstanceItem(Item):
    """What is rarely written of an instance; the gate is an item of its own."""

    instance_id = UnicodeAttribute()
    tenant_id = UnicodeAttribute()
    name = UnicodeAttribute()
    evolution_url = UnicodeAttribute()
    evolution_instance = UnicodeAttribute()
    encrypted_api_key = BinaryAttribute(legacy_encoding=False)
    config_version = NumberAttribute()
    created_at = NumberAttribute()
    updated_at = NumberAttribute()
    connected_phone = UnicodeAttribute(null=True)
    server_version = UnicodeAttribute(null=True)
    created_by = UnicodeAttribute(null=True)
    created_on_server = BooleanAttribute(default=False)
    pairing_for = UnicodeAttribute(null=True)
    last_phone = UnicodeAttribute(null=True)
    webhook_url = UnicodeAttribute(null=True)
    webhook_state = UnicodeAttribute(default=WebhookState.UNSET)
    webhook_set_at = NumberAttribute(null=True)
    webhook_version = NumberAttribute(default=1)
    webhook_rotated_at = NumberAttribute(null=True)
    list_key = UnicodeAttribute(null=True)
    list_sort = UnicodeAttribute(null=True)


class RegistrationItem(Item):
    """Who holds a server's instance, or a connected phone."""

    instance_id = UnicodeAttribute()
    tenant_id = UnicodeAttribute()


def to_instance(item: InstanceItem) -> Instance:
    return Instance(
        instance_id=item.instance_id,
        tenant_id=item.tenant_id,
        name=item.name,
        evolution_url=item.evolution_url,
        evolution_instance=item.evolution_instance,
        encrypted_api_key=item.encrypted_api_key,
        config_version=int(item.config_version),
        created_at=int(item.created_at),
        updated_at=int(item.updated_at),
        connected_phone=item.connected_phone,
        server_version=item.server_version,
        created_by=item.created_by,
        created_on_server=item.created_on_server,
        pairing_for=item.pairing_for,
        last_phone=item.last_phone,
        webhook_url=item.webhook_url,
        webhook_state=WebhookState(item.webhook_state),
        webhook_set_at=_number(item.webhook_set_at),
        webhook_version=int(item.webhook_version),
        webhook_rotated_at=_number(item.webhook_rotated_at),
    )


def to_instance_item(instance: Instance) -> InstanceItem:
    key = keys.instance(instance.instance_id)
    return InstanceItem(
        key.pk,
        key.sk,
        instance_id=instance.instance_id,
        tenant_id=instance.tenant_id,
        name=instance.name,
        evolution_url=instance.evolution_url,
        evolution_instance=instance.evolution_instance,
        encrypted_api_key=instance.encrypted_api_key,
        config_version=instance.config_version,
        created_at=instance.created_at,
        updated_at=instance.updated_at,
        connected_phone=instance.connected_phone,
        server_version=instance.server_version,
        created_by=instance.created_by,
        created_on_server=instance.created_on_server,
        last_phone=instance.last_phone,
        webhook_state=instance.webhook_state,
        webhook_version=instance.webhook_version,
        list_key=keys.list_of(instance.tenant_id, "INSTANCES"),
        list_sort=instance.instance_id,
    )


def to_gate_item(gate: InstanceGate) -> GateItem:
    """The gate of an instance that nobody holds yet."""
    key = keys.instance_gate(gate.instance_id)
    return GateItem(
        key.pk,
        key.sk,
        tenant_id=gate.tenant_id,
        connection_state=gate.connection_state,
        connection_version=gate.connection_version,
        config_version=gate.config_version,
        delay_min_ms=gate.delay_min_ms,
        delay_max_ms=gate.delay_max_ms,
        daily_limit=gate.daily_limit,
        last_left_at=gate.last_left_at,
        day_count=gate.day_count,
    )


def _number(value: float | None) -> int | None:
    return None if value is None else int(value)
