"""What a server says of an instance's connection, written down, and followed by its campaign.

A phone other than the last one is another number: what is sent under its instance is a new version
of it, and no campaign goes on there by itself.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.errors import ConcurrentUpdate, Conflict, ConflictCode
from campaigns.domain.identity import Identity
from campaigns.domain.instance import connected_as, connected_phone
from campaigns.domain.model import Campaign, ConnectionState, Instance, InstanceGate
from campaigns.services.pause_campaign import PauseCampaign
from campaigns.services.ports import Campaigns, Clock
from campaigns.services.ports_evolution import Connection
from campaigns.services.ports_metrics import Count, Metrics
from campaigns.services.ports_registry import InstanceBook, InstanceChange, Registration

_log = logging.getLogger(__name__)

#: Why a campaign that is to go on by itself does not (its `last_error`).
OTHER_PHONE: Final = "other_phone_connected"

type Records = tuple[Instance, InstanceGate]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowConnection:
    """`resume` has a campaign go on; it raises nothing where somebody else moved it."""

    instances: InstanceBook
    campaigns: Campaigns
    pause: PauseCampaign
    resume: Callable[[Campaign], None]
    identity: Identity
    clock: Clock
    metrics: Metrics

    def __call__(
        self,
        instance: Instance,
        gate: InstanceGate,
        told: Connection,
        *,
        seen_at: int,
        server_version: str | None = None,
    ) -> Records:
        """Writes it over what was read before the server was asked (`seen_at`, epoch ms).

        Raises ConcurrentUpdate where somebody noted something newer since, and Conflict where the
        phone is registered to another instance: then nothing is sent through this one.
        """
        change = InstanceChange(
            old=instance,
            new=replace(instance, server_version=server_version or instance.server_version),
            old_gate=gate,
            new_gate=connected_as(gate, told.state),
        )
        if told.phone:
            change = with_phone(change, told.phone, self.identity)
        self.hold_back(change, seen_at=seen_at)
        if change.new != instance:
            change = replace(change, new=replace(change.new, updated_at=self._unseen(instance)))
        holder = self.instances.change(change)
        if holder:
            self.lose(gate, ConnectionState.UNKNOWN, seen_at=seen_at)
            raise already_registered(holder, instance.tenant_id)
        self._count_loss(gate, told.state)
        self.lead(change.new_gate, seen_at=seen_at)
        return change.new, change.new_gate

    def lose(
        self,
        gate: InstanceGate,
        state: ConnectionState,
        *,
        seen_at: int,
        reason: AutoPauseReason = AutoPauseReason.INSTANCE_DISCONNECTED,
    ) -> None:
        """The instance is of no use: its gate is shut, and its campaign paused with the reason.

        Raises ConcurrentUpdate as above.
        """
        if gate.connection_state is not state:
            noted = self.instances.note_state(gate.instance_id, state, seen=gate)
            if noted is None:
                raise ConcurrentUpdate
            self._count_loss(gate, state)
            gate = noted
        self.stop(gate, seen_at=seen_at, reason=reason)

    def stop(
        self,
        gate: InstanceGate,
        *,
        seen_at: int,
        reason: AutoPauseReason = AutoPauseReason.INSTANCE_DISCONNECTED,
    ) -> None:
        """Pause the campaign that is active there, if one is."""
        if gate.live_campaign_id is not None and gate.live_status is CampaignStatus.ACTIVE:
            self.pause.auto_pause(gate.tenant_id, gate.live_campaign_id, reason, seen_at=seen_at)

    def give_up(self, gate: InstanceGate, *, seen_at: int) -> None:
        """It has been connecting for too long: no campaign waits for it any more."""
        self._note_loss(gate)
        self.stop(gate, seen_at=seen_at)

    def _count_loss(self, gate: InstanceGate, state: ConnectionState) -> None:
        """`gate` is what was known before. One that was never connected is not lost."""
        was_open = gate.connection_state is ConnectionState.OPEN
        was_coming_back = (
            gate.connection_state is ConnectionState.CONNECTING
            and gate.live_status is CampaignStatus.ACTIVE
        )
        is_gone = state in {ConnectionState.CLOSE, ConnectionState.UNKNOWN}
        if is_gone and (was_open or was_coming_back):
            self._note_loss(gate)

    def _note_loss(self, gate: InstanceGate) -> None:
        self.metrics.count(Count.INSTANCES_DISCONNECTED)
        _log.warning("instance_lost", extra={"instance_id": gate.instance_id})

    def hold_back(self, change: InstanceChange, *, seen_at: int) -> None:
        """With another phone no campaign goes on by itself; one that is active there is paused.

        Before the phone is written: whoever repeats this after a crash has to find the last one.
        """
        last = _last_place(change.old, self.identity)
        if last in {None, change.new.last_phone}:
            return
        self.stop(change.old_gate, seen_at=seen_at)
        if campaign := self._paused(change.old_gate):
            self.campaigns.note_error(campaign, OTHER_PHONE)

    def lead(self, gate: InstanceGate, *, seen_at: int) -> None:
        """Have the campaign there follow what the gate says by now."""
        if gate.connection_state is ConnectionState.CLOSE:
            self.stop(gate, seen_at=seen_at)
        if gate.connection_state is not ConnectionState.OPEN:
            return
        campaign = self._paused(gate)
        if campaign and campaign.goes_on_when_connected and campaign.last_error != OTHER_PHONE:
            self.resume(campaign)

    def _paused(self, gate: InstanceGate) -> Campaign | None:
        """The campaign here, where the system paused it since its instance was disconnected."""
        if gate.live_campaign_id is None:
            return None
        campaign = self.campaigns.head(gate.tenant_id, gate.live_campaign_id, consistent=True)
        return campaign if campaign and campaign.waits_for_its_instance else None

    def _unseen(self, instance: Instance) -> int:
        """A time that tells this version from the one before, also within a millisecond."""
        return max(self.clock.now(), instance.updated_at + 1)


def with_phone(change: InstanceChange, digits: str | None, identity: Identity) -> InstanceChange:
    """The change with the phone that is connected, and the places that come and go with it."""
    old = connected_phone(change.old.connected_phone, identity)
    phone = connected_phone(digits, identity)
    place = next(iter(phone.places), None)
    last = _last_place(change.old, identity)
    new = replace(change.new, connected_phone=phone.e164, last_phone=place or last)
    change = replace(change, new=new)
    if None not in {place, last} and place != last:
        change = _as_another(change)
    if phone.places == old.places:
        return change
    return replace(
        change,
        taken=(*change.taken, *phone.places),
        given_back=(*change.given_back, *old.places),
    )


def _last_place(instance: Instance, identity: Identity) -> str | None:
    """Records of an earlier version of the software name only the phone that is connected."""
    connected = connected_phone(instance.connected_phone, identity)
    return instance.last_phone or next(iter(connected.places), None)


def _as_another(change: InstanceChange) -> InstanceChange:
    """A version of its own, unless the change makes one already."""
    version = change.old.config_version + 1
    return replace(
        change,
        new=replace(change.new, config_version=version),
        new_gate=replace(change.new_gate, config_version=version),
    )


def already_registered(holder: Registration, tenant_id: str) -> Conflict:
    """Only a tenant's own record is named."""
    own_id = holder.instance_id if holder.tenant_id == tenant_id else None
    return Conflict(ConflictCode.ALREADY_REGISTERED, existing_id=own_id)
