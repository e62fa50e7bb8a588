"""An event says that a connection may have changed; what it is, its server is asked.

The one look that an event takes and the looks that are due each minute are the same.
"""

import logging
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from random import Random
from typing import Final

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.clock_skew import ALLOWED_SKEW_MS
from campaigns.domain.connection_check import (
    DEBOUNCE_MS,
    SETTLES_WITHIN_MS,
    ConnectionCheck,
    Underway,
    retry_look_at,
)
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.errors import ConcurrentUpdate, Conflict, GatewayRefused, Unavailable
from campaigns.domain.identity import new_token
from campaigns.domain.model import ConnectionState, Instance, InstanceGate
from campaigns.domain.webhook_event import ConnectionChange
from campaigns.services.follow_connection import FollowConnection
from campaigns.services.ports import Clock, Gates, Instances, Vault
from campaigns.services.ports_connection import ConnectionChecks
from campaigns.services.ports_evolution import AdminRefusal, Connection, GatewayAdmin

_log = logging.getLogger(__name__)

#: A campaign is told what of its instance the server refused.
_PAUSED_FOR: Final = {
    AdminRefusal.WRONG_KEY: AutoPauseReason.INSTANCE_UNAUTHORIZED,
    AdminRefusal.UNKNOWN_INSTANCE: AutoPauseReason.INSTANCE_NOT_FOUND,
}
_ATTEMPTS: Final = 2


class _Found(Enum):
    """How a look ended."""

    #: Open, closed, or of no more use: there is nothing to come back for.
    SETTLED = auto()
    #: Neither open nor closed.
    UNSETTLED = auto()
    #: The server is in trouble, or too slow to be believed.
    NOTHING = auto()
    #: Somebody noted something newer while the server was asked.
    STALE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchConnection:
    """Asks one instance's server at a time, once in five seconds. A server in trouble raises
    nothing: the look stays due."""

    checks: ConnectionChecks
    instances: Instances
    gates: Gates
    admin: GatewayAdmin
    vault: Vault
    follow: FollowConnection
    clock: Clock
    random: Random
    #: Until when this process knows that a look is due: the rest of a storm costs nothing.
    _quiet_until: dict[str, int] = field(default_factory=dict)

    def __call__(self, instance: Instance, _event: ConnectionChange) -> None:
        """What the event says itself is not taken: it may be minutes old, or one of hundreds."""
        instance_id, now = instance.instance_id, self.clock.now()
        if now < self._quiet_until.get(instance_id, 0):
            return
        begun = self.checks.begin(instance_id, token=new_token(self.random), now=now)
        if isinstance(begun, ConnectionCheck):
            self._look(begun)
        else:
            self._leave_due(instance_id, begun, now)

    def when_due(self, instance_id: str) -> None:
        """The look that was left behind, unless another one is under way."""
        token = new_token(self.random)
        begun = self.checks.begin(instance_id, token=token, now=self.clock.now())
        if isinstance(begun, ConnectionCheck):
            self._look(begun)

    def _leave_due(self, instance_id: str, underway: Underway, now: int) -> None:
        at = now + DEBOUNCE_MS
        if underway.due_at is None or underway.due_at > at:
            self.checks.leave_due(instance_id, at)
        self._quiet_until[instance_id] = underway.until - ALLOWED_SKEW_MS

    def _look(self, check: ConnectionCheck) -> None:
        for attempt in range(_ATTEMPTS):
            instance = self.instances.read(check.instance_id)
            gate = self.gates.read(check.instance_id, consistent=True)
            if instance is None or gate is None:
                # Deleted since.
                self.checks.forget(check.instance_id)
                return
            found = self._ask(check, instance, gate)
            if found is not _Found.STALE or attempt + 1 == _ATTEMPTS:
                self._end(check, gate, found)
                return

    def _ask(self, check: ConnectionCheck, instance: Instance, gate: InstanceGate) -> _Found:
        place = (instance.evolution_url, instance.evolution_instance, self.vault.decrypt(instance))
        try:
            told = self.admin.connection(*place)
        except (Unavailable, GatewayRefused) as fault:
            _log.warning(
                "connection_not_told",
                extra={"instance_id": instance.instance_id, "reason": fault.code},
            )
            return _Found.NOTHING
        if check.is_too_old(self.clock.now()):
            return _Found.NOTHING
        try:
            return self._follow(check, instance, gate, told)
        except Conflict:
            return _Found.SETTLED
        except ConcurrentUpdate:
            return _Found.STALE

    def _follow(
        self,
        check: ConnectionCheck,
        instance: Instance,
        gate: InstanceGate,
        told: Connection | AdminRefusal,
    ) -> _Found:
        seen_at = check.begun_at
        if isinstance(told, AdminRefusal):
            reason = _PAUSED_FOR[told]
            self.follow.lose(gate, ConnectionState.UNKNOWN, seen_at=seen_at, reason=reason)
            return _Found.SETTLED
        if told.state is ConnectionState.UNKNOWN:
            # Evolution leaves the state out where it has no socket yet, as after its own start.
            told = replace(told, state=ConnectionState.CONNECTING)
        version = None
        if told.state is ConnectionState.OPEN and gate.connection_state is not told.state:
            version = self._version(instance)
        self.follow(instance, gate, told, seen_at=seen_at, server_version=version)
        is_settled = told.state is not ConnectionState.CONNECTING
        return _Found.SETTLED if is_settled else _Found.UNSETTLED

    def _version(self, instance: Instance) -> str | None:
        """A server that was away may have come back as another version."""
        try:
            return self.admin.version(instance.evolution_url)
        except (Unavailable, GatewayRefused):
            return None

    def _end(self, check: ConnectionCheck, gate: InstanceGate, found: _Found) -> None:
        """Leaves the next look due where this one did not settle it."""
        now = self.clock.now()
        has_failed = found is _Found.NOTHING
        is_unsettled = found is _Found.UNSETTLED or (
            has_failed and gate.connection_state is ConnectionState.CONNECTING
        )
        failures = check.failures + 1 if has_failed else 0
        since = None
        if is_unsettled:
            # Where somebody found it open since, it begins anew.
            goes_on = gate.connection_state is ConnectionState.CONNECTING
            since = (check.unsettled_since if goes_on else None) or check.begun_at
        due_at = retry_look_at(failures, now) if has_failed else None
        if found is _Found.STALE:
            due_at = now
        if since is not None and gate.live_status is CampaignStatus.ACTIVE:
            settles_by = since + SETTLES_WITHIN_MS
            if now >= settles_by:
                self.follow.give_up(gate, seen_at=check.begun_at)
            else:
                due_at = settles_by
        self.checks.end(check, due_at=due_at, unsettled_since=since, failures=failures)
