"""Connecting an instance to a phone, and letting go of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.errors import (
    ConcurrentUpdate,
    FieldError,
    GatewayRefused,
    NotFound,
    ValidationFailed,
)
from campaigns.domain.identity import Identity
from campaigns.domain.instance import connected_phone
from campaigns.domain.model import ConnectionState, Instance, InstanceGate
from campaigns.domain.phone import InvalidPhone, parse_phone
from campaigns.services.instance_views import InstanceView, InstanceViews
from campaigns.services.pause_campaign import PauseCampaign
from campaigns.services.ports import Clock, Vault
from campaigns.services.ports_evolution import AdminRefusal, Connection, GatewayAdmin, Pairing
from campaigns.services.ports_registry import InstanceBook, InstanceChange
from campaigns.services.provision_instance import ProvisionInstance

#: Evolution makes a pairing code a second or two after the QR code.
_ASK_AGAIN_MS: Final = 1_500
#: Evolution answers before it has let go.
_LETS_GO_MS: Final = 500
#: With what one more question may take, this stays within the 30 s that a call may last.
_PATIENCE_MS: Final = 12_000
_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class ShownPairing:
    """What a phone is to be shown, or nothing where the instance is connected."""

    state: ConnectionState
    pairing: Pairing


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectInstance:
    """Instances of a tenant at their servers. Raises Unavailable and GatewayRefused.

    `refresh` writes what Evolution says of an instance into its records.
    """

    instances: InstanceBook
    views: InstanceViews
    admin: GatewayAdmin
    vault: Vault
    provision: ProvisionInstance
    refresh: Callable[..., InstanceView]
    pause: PauseCampaign
    identity: Identity
    clock: Clock

    def show(
        self,
        tenant_id: str,
        instance_id: str,
        *,
        phone: str | None = None,
        domain: str | None = None,
    ) -> ShownPairing:
        """What is to be scanned now, and with `phone` typed on that phone.

        It changes every few seconds until the instance is connected. Raises ValidationFailed.
        """
        number = None if phone is None else _digits(phone)
        instance, gate = self.views.own(tenant_id, instance_id)
        told = self._pairing(instance, number)
        if told is AdminRefusal.UNKNOWN_INSTANCE and instance.created_on_server:
            instance = self.provision.put_back(instance, gate, domain)
            told = self._pairing(instance, number)
        if not isinstance(told, Pairing):
            state = self.refresh(tenant_id, instance_id, domain=domain).gate.connection_state
            return ShownPairing(state, Pairing())
        if gate.connection_state is not ConnectionState.CONNECTING:
            self.instances.note_state(instance_id, ConnectionState.CONNECTING, seen=gate)
        if number is None:
            # One that was asked for before is for a phone that is not told here.
            told = replace(told, pairing_code=None)
        return ShownPairing(ConnectionState.CONNECTING, told)

    def disconnect(self, tenant_id: str, instance_id: str) -> InstanceView:
        """The phone is let go of, and may be connected elsewhere; a campaign here is paused.

        The gate shuts first: from a second later no request leaves, also where the server does not
        answer. A repeat changes nothing.
        """
        instance, _ = self.views.own(tenant_id, instance_id)
        gate = self._shut(instance_id)
        if gate.live_campaign_id is not None:
            reason = AutoPauseReason.INSTANCE_DISCONNECTED
            self.pause.auto_pause(tenant_id, gate.live_campaign_id, reason)
        refusal = self.admin.logout(*self._place(instance))
        if refusal not in {None, AdminRefusal.UNKNOWN_INSTANCE}:
            raise GatewayRefused(reason=str(refusal))
        for _ in range(_ATTEMPTS):
            try:
                return self._let_go(tenant_id, instance_id)
            except ConcurrentUpdate:
                continue
        raise ConcurrentUpdate

    def _pairing(
        self, instance: Instance, number: str | None
    ) -> Pairing | Connection | AdminRefusal:
        place = self._place(instance)
        if number is None:
            return self.admin.connect(*place)
        ends_at = self.clock.now() + _PATIENCE_MS
        before = self.admin.connection(*place)
        if isinstance(before, AdminRefusal):
            return before
        pairing_for = self.identity.person(number)
        is_for_it = instance.pairing_for == pairing_for
        # It takes a number only where it begins.
        has_begun = before.state is ConnectionState.CONNECTING
        if has_begun and not is_for_it:
            self._stop(place, ends_at)
        told = self.admin.connect(*place, phone=number)
        if has_begun and is_for_it and _lacks_code(told):
            # It was begun anew since, for a QR code alone.
            self._stop(place, ends_at)
            told = self.admin.connect(*place, phone=number)
        if not is_for_it:
            self.instances.note_pairing(instance.instance_id, pairing_for)
        while _lacks_code(told) and self.clock.now() + _ASK_AGAIN_MS < ends_at:
            self.clock.sleep(_ASK_AGAIN_MS)
            told = self.admin.connect(*place, phone=number)
        return told

    def _stop(self, place: tuple[str, str, str], ends_at: int) -> None:
        """End a connecting that was begun: until it has ended, the server shows its code."""
        self.admin.logout(*place)
        while self.clock.now() + _LETS_GO_MS < ends_at:
            now = self.admin.connection(*place)
            if isinstance(now, AdminRefusal) or now.state is not ConnectionState.CONNECTING:
                return
            self.clock.sleep(_LETS_GO_MS)

    def _shut(self, instance_id: str) -> InstanceGate:
        gate = self.instances.note_state(instance_id, ConnectionState.CLOSE)
        if gate is None:
            raise NotFound
        return gate

    def _let_go(self, tenant_id: str, instance_id: str) -> InstanceView:
        # Once more: whoever asked the server before it let go comes too late with its answer.
        gate = self._shut(instance_id)
        instance, _ = self.views.own(tenant_id, instance_id)
        if instance.connected_phone is None:
            return self.views.of(instance, gate)
        change = InstanceChange(
            old=instance,
            new=replace(
                instance,
                connected_phone=None,
                updated_at=max(self.clock.now(), instance.updated_at + 1),
            ),
            old_gate=gate,
            new_gate=gate,
            given_back=connected_phone(instance.connected_phone, self.identity).places,
        )
        self.instances.change(change)
        return self.views.of(change.new, gate)

    def _place(self, instance: Instance) -> tuple[str, str, str]:
        """Server, name and key."""
        api_key = self.vault.decrypt(instance)
        return instance.evolution_url, instance.evolution_instance, api_key


def _lacks_code(told: Pairing | Connection | AdminRefusal) -> bool:
    return isinstance(told, Pairing) and told.pairing_code is None


def _digits(phone: str) -> str:
    try:
        return parse_phone(phone).e164.removeprefix("+")
    except InvalidPhone as refused:
        code = refused.code.value
        raise ValidationFailed([FieldError("phone", code, code)]) from None
