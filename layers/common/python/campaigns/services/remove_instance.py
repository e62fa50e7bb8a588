"""Deleting an instance: never under a campaign that needs it, and as a whole."""

from collections.abc import Callable
from dataclasses import dataclass

from campaigns.domain.errors import Conflict, ConflictCode, NotFound
from campaigns.domain.identity import Identity
from campaigns.domain.instance import connected_phone, server_digest
from campaigns.domain.model import Instance, InstanceGate
from campaigns.services.instance_views import InstanceView, InstanceViews
from campaigns.services.ports import Gates
from campaigns.services.ports_connection import ConnectionChecks
from campaigns.services.ports_registry import InstanceBook
from campaigns.services.provision_instance import ProvisionInstance
from campaigns.services.set_webhook import SetWebhook


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveInstance:
    """The gate goes first, in one write with the places that the instance held.

    Whoever starts or schedules a campaign there writes that same gate: of a deletion and a start at
    once one wins, and the other is told. One that we made is then deleted on its server; a deletion
    that ended in between is finished by the next one.
    """

    instances: InstanceBook
    gates: Gates
    views: InstanceViews
    provision: ProvisionInstance
    webhooks: SetWebhook
    checks: ConnectionChecks
    identity: Identity

    def remove(
        self, tenant_id: str, instance_id: str, *, approve: Callable[[InstanceView], None]
    ) -> None:
        """`approve` sees it as it stands, and raises to keep it.

        Raises NotFound, Conflict while a live or scheduled campaign needs it, and ConcurrentUpdate
        where it was changed since it was seen.
        """
        instance = self.instances.read(instance_id)
        if instance is None or instance.tenant_id != tenant_id:
            raise NotFound
        gate = self.gates.read(instance_id, consistent=True)
        if gate is not None:
            approve(self.views.of(instance, gate))
            self._retire(instance)
            self.checks.forget(instance_id)
        if instance.created_on_server:
            self.provision.take_off(instance)
            self.instances.forget(instance)
        else:
            self.webhooks.end(instance)

    def _retire(self, instance: Instance) -> None:
        places = (
            server_digest(instance.evolution_url, instance.evolution_instance),
            *connected_phone(instance.connected_phone, self.identity).places,
        )
        # The record of one that we made tells, until it is done, what is to be deleted on a server.
        whole = not instance.created_on_server
        if needed := self.instances.retire(instance, places, whole=whole):
            raise _in_use(needed)


def _in_use(gate: InstanceGate) -> Conflict:
    """By which campaign, or by how many that wait for their time."""
    if gate.live_campaign_id is not None:
        return Conflict(ConflictCode.INSTANCE_IN_USE, campaign_id=gate.live_campaign_id)
    return Conflict(ConflictCode.INSTANCE_IN_USE, scheduled_campaigns=gate.scheduled)
