"""The records of an instance that is new: what is kept of it, and its gate."""

from random import Random

from campaigns.domain.identity import new_id
from campaigns.domain.instance import InstanceDraft, delay_ms
from campaigns.domain.model import ConnectionState, Instance, InstanceGate
from campaigns.services.ports_registry import KeyVault


def new_instance(
    tenant_id: str,
    draft: InstanceDraft,
    actor: str,
    *,
    vault: KeyVault,
    now: int,
    random: Random,
) -> tuple[Instance, InstanceGate]:
    """A checked draft as records, not connected; its key is encrypted. `now` in epoch ms."""
    instance_id = new_id("in", now, random)
    instance = Instance(
        instance_id=instance_id,
        tenant_id=tenant_id,
        name=draft.name,
        evolution_url=draft.evolution_url,
        evolution_instance=draft.evolution_instance,
        encrypted_api_key=vault.encrypt(tenant_id, instance_id, draft.api_key),
        config_version=1,
        created_at=now,
        updated_at=now,
        created_by=actor,
    )
    gate = InstanceGate(
        instance_id=instance_id,
        tenant_id=tenant_id,
        connection_state=ConnectionState.CLOSE,
        config_version=1,
        delay_min_ms=delay_ms(draft.delay_min_seconds),
        delay_max_ms=delay_ms(draft.delay_max_seconds),
        daily_limit=draft.daily_limit,
    )
    return instance, gate
