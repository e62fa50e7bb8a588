"""A try found an instance to be of no use: its gate says so, so that nothing else starts there."""

import logging

from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.model import ConnectionState, InstanceGate
from campaigns.services.ports_metrics import Count, Metrics
from campaigns.services.ports_registry import InstanceBook

_log = logging.getLogger(__name__)


class ShutInstance:
    """Shuts the gate until somebody asks the server again, by a refresh or since it reconnects."""

    def __init__(self, instances: InstanceBook, metrics: Metrics) -> None:
        self._instances = instances
        self._metrics = metrics

    def __call__(self, gate: InstanceGate, reason: AutoPauseReason) -> None:
        """`gate` is the one that the try passed: what was noted since is newer, and stays."""
        is_disconnected = reason is AutoPauseReason.INSTANCE_DISCONNECTED
        state = ConnectionState.CLOSE if is_disconnected else ConnectionState.UNKNOWN
        noted = self._instances.note_state(gate.instance_id, state, seen=gate)
        if noted is not None and gate.connection_state is ConnectionState.OPEN:
            self._metrics.count(Count.INSTANCES_DISCONNECTED)
            _log.warning(
                "instance_lost",
                extra={"instance_id": gate.instance_id, "reason": reason.value},
            )
