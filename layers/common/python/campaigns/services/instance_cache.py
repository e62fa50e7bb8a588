"""Instances as the sender needs them, kept per process until their gate says they changed."""

from threading import Lock

from campaigns.domain.errors import NotFound
from campaigns.domain.model import Instance
from campaigns.services.ports import Instances


class InstanceCache:
    """An instance is read once. A gate with another `config_version` makes its user forget it, and
    so does a server that does not answer."""

    def __init__(self, instances: Instances) -> None:
        self._instances = instances
        self._kept: dict[str, Instance] = {}
        self._lock = Lock()

    def of(self, instance_id: str) -> Instance:
        """Raises :class:`NotFound` where there is no such instance."""
        with self._lock:
            kept = self._kept.get(instance_id)
        if kept:
            return kept
        instance = self._instances.read(instance_id)
        if instance is None:
            raise NotFound
        with self._lock:
            self._kept[instance_id] = instance
        return instance

    def forget(self, instance_id: str) -> None:
        with self._lock:
            self._kept.pop(instance_id, None)
