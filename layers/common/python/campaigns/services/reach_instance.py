"""Reach an instance's server before anything is taken for a send, as it is registered now."""

from campaigns.domain.delivery import GatewayAnswer
from campaigns.domain.model import Instance
from campaigns.services.instance_cache import InstanceCache
from campaigns.services.ports import Gateway


class ReachInstance:
    """A server that does not answer may be one that its instance has left: only the gate tells that
    what is kept is old, and a fault here never gets that far. So the instance is read anew."""

    def __init__(self, gateway: Gateway, instances: InstanceCache) -> None:
        self._gateway = gateway
        self._instances = instances

    def __call__(self, instance_id: str) -> Instance | GatewayAnswer:
        """The instance, with a connection made ahead, or the fault. Raises NotFound."""
        instance = self._instances.of(instance_id)
        fault = self._gateway.prepare(instance)
        if fault is None:
            return instance
        self._instances.forget(instance_id)
        newest = self._instances.of(instance_id)
        if newest.config_version == instance.config_version:
            return fault
        return self._gateway.prepare(newest) or newest
