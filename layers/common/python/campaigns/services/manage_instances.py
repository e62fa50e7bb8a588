"""Keeping a tenant's instances: proved before they are kept, one record per number."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.errors import (
    ConcurrentUpdate,
    Conflict,
    ConflictCode,
    FieldError,
    GatewayRefused,
    NotFound,
    ValidationFailed,
)
from campaigns.domain.identity import Identity, new_id
from campaigns.domain.instance import (
    InstanceDraft,
    check_instance,
    connected_phone,
    delay_ms,
    next_allowed_at,
    server_digest,
)
from campaigns.domain.instants import SECOND_MS, day_of, next_midnight
from campaigns.domain.model import ConnectionState, Instance, InstanceGate
from campaigns.services.ports import (
    Campaigns,
    Clock,
    Concurrently,
    Gates,
    Listing,
    Tenants,
)
from campaigns.services.ports_registry import (
    AdminRefusal,
    InstanceBook,
    InstanceChange,
    KeyVault,
    Registration,
)
from campaigns.services.probe_instance import Probe, ProbeInstance


@dataclass(frozen=True, slots=True)
class ActiveCampaign:
    """The campaign that holds an instance."""

    id: str
    name: str
    status: CampaignStatus


@dataclass(frozen=True, slots=True)
class InstanceView:
    """An instance as it stands. `next_allowed_at` None: a request may leave now."""

    instance: Instance
    gate: InstanceGate
    sent_today: int
    next_allowed_at: int | None
    active_campaign: ActiveCampaign | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageInstances:
    """Instances of a tenant. Times are epoch milliseconds."""

    instances: InstanceBook
    gates: Gates
    campaigns: Campaigns
    tenants: Tenants
    vault: KeyVault
    probe: ProbeInstance
    identity: Identity
    clock: Clock
    random: Random
    concurrently: Concurrently

    def create(self, tenant_id: str, draft: InstanceDraft, actor: str) -> InstanceView:
        """Registers an instance that exists, once its key has proved valid.

        Raises ValidationFailed, Unavailable, GatewayRefused, or Conflict where this server's
        instance or its connected phone is registered already.
        """
        draft = self._checked(draft)
        probe = self.probe.prove(draft)
        now = self.clock.now()
        instance_id = new_id("in", now, self.random)
        phone = connected_phone(probe.connection.phone, self.identity)
        instance = Instance(
            instance_id=instance_id,
            tenant_id=tenant_id,
            name=draft.name,
            evolution_url=draft.evolution_url,
            evolution_instance=draft.evolution_instance,
            encrypted_api_key=self.vault.encrypt(tenant_id, instance_id, draft.api_key),
            config_version=1,
            created_at=now,
            updated_at=now,
            connected_phone=phone.e164,
            server_version=probe.server_version,
            created_by=actor,
        )
        gate = InstanceGate(
            instance_id=instance_id,
            tenant_id=tenant_id,
            connection_state=probe.connection.state,
            config_version=1,
            delay_min_ms=delay_ms(draft.delay_min_seconds),
            delay_max_ms=delay_ms(draft.delay_max_seconds),
            daily_limit=draft.daily_limit,
        )
        place = server_digest(draft.evolution_url, draft.evolution_instance)
        holder = self.instances.create(instance, gate, [place, *phone.places])
        if holder:
            raise _already_registered(holder, tenant_id)
        return self._view(instance, gate)

    def read(self, tenant_id: str, instance_id: str) -> InstanceView:
        return self._view(*self._own(tenant_id, instance_id))

    def list(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[InstanceView]:
        """In the order in which they were created."""
        page = self.instances.page(tenant_id, after=after, limit=limit)
        gates = self.instances.gates([each.instance_id for each in page.items])
        tasks = [
            lambda each=each: self._view(each, gates[each.instance_id])
            for each in page.items
            if each.instance_id in gates
        ]
        return Listing(self.concurrently(tasks), page.next)

    def patch(
        self,
        tenant_id: str,
        instance_id: str,
        changes: Mapping[str, Any],
        *,
        seen: InstanceView | None = None,
    ) -> InstanceView:
        """Changes fields of :class:`InstanceDraft`. A new server, instance or key is proved first.

        A new server is told no key that was given for another: it wants `api_key` again. Raises
        ConcurrentUpdate where the instance was changed since it was `seen`.
        """
        instance, gate = self._own(tenant_id, instance_id)
        if seen and seen.instance.updated_at != instance.updated_at:
            raise ConcurrentUpdate
        before = self._draft(instance, gate)
        after = self._checked(replace(before, **changes), before)
        if after.evolution_url != before.evolution_url and "api_key" not in changes:
            raise ValidationFailed([FieldError("api_key", "required", "key_wanted_again")])
        change = InstanceChange(
            old=instance,
            new=replace(instance, name=after.name, updated_at=self._unseen(instance)),
            old_gate=gate,
            new_gate=replace(
                gate,
                delay_min_ms=delay_ms(after.delay_min_seconds),
                delay_max_ms=delay_ms(after.delay_max_seconds),
                daily_limit=after.daily_limit,
            ),
        )
        if not after.reaches_as(before):
            change = self._reconnected(change, before, after, self.probe.prove(after))
        return self._changed(change)

    def refresh(self, tenant_id: str, instance_id: str) -> InstanceView:
        """Asks Evolution how the instance is now.

        The gate is shut where the instance cannot be used any more (GatewayRefused with a
        `reason`) or its phone is registered to another one (Conflict). Nothing changes where the
        server is in trouble (Unavailable, or GatewayRefused with its `status`).
        """
        instance, gate = self._own(tenant_id, instance_id)
        api_key = self.vault.decrypt(instance)
        probe = self.probe.look_again(instance.evolution_url, instance.evolution_instance, api_key)
        if isinstance(probe, AdminRefusal):
            self._shut(instance, gate)
            raise GatewayRefused(reason=probe.value)
        change = InstanceChange(
            old=instance,
            new=replace(instance, server_version=probe.server_version),
            old_gate=gate,
            new_gate=replace(gate, connection_state=probe.connection.state),
        )
        if probe.connection.phone:
            change = self._with_phone(change, probe.connection.phone)
        if change.new != instance:
            change = replace(change, new=replace(change.new, updated_at=self._unseen(instance)))
        try:
            return self._changed(change)
        except Conflict:
            self._shut(instance, gate)
            raise

    def _own(self, tenant_id: str, instance_id: str) -> tuple[Instance, InstanceGate]:
        """Another tenant's instance reads exactly like none."""
        instance = self.instances.read(instance_id)
        if instance is None or instance.tenant_id != tenant_id:
            raise NotFound
        gate = self.gates.read(instance_id, consistent=True)
        if gate is None:
            raise NotFound
        return instance, gate

    def _unseen(self, instance: Instance) -> int:
        """A time that tells this version from the one before, also within a millisecond."""
        return max(self.clock.now(), instance.updated_at + 1)

    def _checked(self, draft: InstanceDraft, before: InstanceDraft | None = None) -> InstanceDraft:
        """The draft with name and URL in their stored form; all its faults are told at once."""
        errors = list(check_instance(draft))
        server: str | FieldError = draft.evolution_url
        if before is None or draft.evolution_url != before.evolution_url:
            server = self.probe.server(draft.evolution_url)
        if isinstance(server, FieldError):
            raise ValidationFailed([server, *errors])
        if errors:
            raise ValidationFailed(errors)
        return replace(draft, name=draft.name.strip(), evolution_url=server)

    def _draft(self, instance: Instance, gate: InstanceGate) -> InstanceDraft:
        return InstanceDraft(
            name=instance.name,
            evolution_url=instance.evolution_url,
            evolution_instance=instance.evolution_instance,
            api_key=self.vault.decrypt(instance),
            delay_min_seconds=gate.delay_min_ms // SECOND_MS,
            delay_max_seconds=gate.delay_max_ms // SECOND_MS,
            daily_limit=gate.daily_limit,
        )

    def _reconnected(
        self, change: InstanceChange, before: InstanceDraft, after: InstanceDraft, probe: Probe
    ) -> InstanceChange:
        """A connection that changed is a new version: whoever knows the old one looks again."""
        new = change.new
        version = new.config_version + 1
        api_key = self.vault.encrypt(new.tenant_id, new.instance_id, after.api_key)
        change = replace(
            change,
            new=replace(
                new,
                evolution_url=after.evolution_url,
                evolution_instance=after.evolution_instance,
                encrypted_api_key=api_key,
                config_version=version,
                server_version=probe.server_version,
            ),
            new_gate=replace(
                change.new_gate,
                config_version=version,
                connection_state=probe.connection.state,
            ),
        )
        old_place = server_digest(before.evolution_url, before.evolution_instance)
        new_place = server_digest(after.evolution_url, after.evolution_instance)
        if new_place != old_place:
            change = replace(change, taken=(new_place,), given_back=(old_place,))
        return self._with_phone(change, probe.connection.phone)

    def _with_phone(self, change: InstanceChange, digits: str | None) -> InstanceChange:
        old = connected_phone(change.old.connected_phone, self.identity)
        phone = connected_phone(digits, self.identity)
        new = replace(change.new, connected_phone=phone.e164)
        if phone.places == old.places:
            return replace(change, new=new)
        return replace(
            change,
            new=new,
            taken=(*change.taken, *phone.places),
            given_back=(*change.given_back, *old.places),
        )

    def _changed(self, change: InstanceChange) -> InstanceView:
        holder = self.instances.change(change)
        if holder:
            raise _already_registered(holder, change.new.tenant_id)
        return self._view(change.new, change.new_gate)

    def _shut(self, instance: Instance, gate: InstanceGate) -> None:
        shut = replace(gate, connection_state=ConnectionState.UNKNOWN)
        self.instances.change(InstanceChange(instance, instance, gate, shut))

    def _view(self, instance: Instance, gate: InstanceGate) -> InstanceView:
        now = self.clock.now()
        zone = self.tenants.rules(instance.tenant_id).tenant.zone
        day = day_of(now, zone)
        return InstanceView(
            instance=instance,
            gate=gate,
            sent_today=gate.sent_on(day),
            next_allowed_at=next_allowed_at(gate, now, day, next_midnight(now, zone)),
            active_campaign=self._active_campaign(gate),
        )

    def _active_campaign(self, gate: InstanceGate) -> ActiveCampaign | None:
        if gate.live_campaign_id is None:
            return None
        campaign = self.campaigns.head(gate.tenant_id, gate.live_campaign_id)
        if campaign is None:
            return None
        return ActiveCampaign(campaign.campaign_id, campaign.name, campaign.status)


def _already_registered(holder: Registration, tenant_id: str) -> Conflict:
    """Only a tenant's own record is named."""
    own_id = holder.instance_id if holder.tenant_id == tenant_id else None
    return Conflict(ConflictCode.ALREADY_REGISTERED, existing_id=own_id)
