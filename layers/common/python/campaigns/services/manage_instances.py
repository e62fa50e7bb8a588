"""Keeping a tenant's instances: proved before they are kept, one record per number."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from campaigns.domain.errors import (
    ConcurrentUpdate,
    FieldError,
    GatewayRefused,
    ValidationFailed,
)
from campaigns.domain.identity import Identity
from campaigns.domain.instance import (
    InstanceDraft,
    check_instance,
    connected_as,
    connected_phone,
    delay_ms,
    server_digest,
)
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import ConnectionState, Instance, InstanceGate
from campaigns.services.follow_connection import (
    FollowConnection,
    already_registered,
    with_phone,
)
from campaigns.services.instance_views import InstanceView, InstanceViews
from campaigns.services.new_instance import new_instance
from campaigns.services.ports import Clock, Concurrently, Listing
from campaigns.services.ports_registry import (
    InstanceBook,
    InstanceChange,
    KeyVault,
)
from campaigns.services.probe_instance import Probe, ProbeInstance
from campaigns.services.set_webhook import SetWebhook

_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageInstances:
    """Instances of a tenant. Times are epoch milliseconds.

    `domain` is the one by which this API is being called: its webhooks are called by the same.
    """

    instances: InstanceBook
    views: InstanceViews
    vault: KeyVault
    probe: ProbeInstance
    follow: FollowConnection
    webhooks: SetWebhook
    identity: Identity
    clock: Clock
    random: Random
    concurrently: Concurrently

    def create(
        self, tenant_id: str, draft: InstanceDraft, actor: str, *, domain: str | None = None
    ) -> InstanceView:
        """Registers an instance that exists, once its key has proved valid.

        Raises ValidationFailed, Unavailable, GatewayRefused, or Conflict where this server's
        instance or its connected phone is registered already.
        """
        draft = self._checked(draft)
        probe = self.probe.prove(draft)
        phone = connected_phone(probe.connection.phone, self.identity)
        instance, gate = new_instance(
            tenant_id, draft, actor, vault=self.vault, now=self.clock.now(), random=self.random
        )
        instance = replace(
            instance,
            connected_phone=phone.e164,
            last_phone=next(iter(phone.places), None),
            server_version=probe.server_version,
        )
        gate = replace(gate, connection_state=probe.connection.state)
        place = server_digest(draft.evolution_url, draft.evolution_instance)
        holder = self.instances.create(instance, gate, [place, *phone.places])
        if holder:
            raise already_registered(holder, tenant_id)
        return self.views.of(self.webhooks.set(instance, domain), gate)

    def read(self, tenant_id: str, instance_id: str) -> InstanceView:
        return self.views.of(*self.views.own(tenant_id, instance_id))

    def list(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[InstanceView]:
        """In the order in which they were created."""
        page = self.instances.page(tenant_id, after=after, limit=limit)
        gates = self.instances.gates([each.instance_id for each in page.items])
        tasks = [
            lambda each=each: self.views.of(each, gates[each.instance_id])
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
        domain: str | None = None,
    ) -> InstanceView:
        """Changes fields of :class:`InstanceDraft`. A new server, instance or key is proved first.

        A new server is told no key that was given for another: it wants `api_key` again. Raises
        ConcurrentUpdate where the instance was changed since it was `seen`.
        """
        instance, gate = self.views.own(tenant_id, instance_id)
        if seen and seen.instance.updated_at != instance.updated_at:
            raise ConcurrentUpdate
        before = self._draft(instance, gate)
        after = self._checked(replace(before, **changes), before)
        if after.evolution_url != before.evolution_url and "api_key" not in changes:
            raise ValidationFailed([FieldError("api_key", "required", "key_wanted_again")])
        if after == before:
            return self.views.of(instance, gate)
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
        if after.reaches_as(before):
            return self._changed(change)
        seen_at = self.clock.now()
        change = self._reconnected(change, before, after, self.probe.prove(after))
        self.follow.hold_back(change, seen_at=seen_at)
        changed = self._changed(change)
        self.follow.lead(changed.gate, seen_at=seen_at)
        if (after.evolution_url, after.evolution_instance) != (
            before.evolution_url,
            before.evolution_instance,
        ):
            self.webhooks.end(instance)
        return self._as_it_stands(self.webhooks.check(changed.instance, domain))

    def refresh(
        self, tenant_id: str, instance_id: str, *, domain: str | None = None
    ) -> InstanceView:
        """Asks Evolution how the instance is now.

        The gate is shut where the instance cannot be used any more (GatewayRefused with a
        `reason`) or its phone is registered to another one (Conflict). Nothing changes where the
        server is in trouble (Unavailable, or GatewayRefused with its `status`). Where its
        connection was changed meanwhile, what was said before may be old: it is asked again. A
        campaign here is paused or goes on as `FollowConnection` says, and the webhook is set again
        where it is not as it should be.
        """
        for _ in range(_ATTEMPTS):
            try:
                return self._refreshed(tenant_id, instance_id, domain)
            except ConcurrentUpdate:
                continue
        raise ConcurrentUpdate

    def rotate_webhook_secret(
        self, tenant_id: str, instance_id: str, *, domain: str
    ) -> InstanceView:
        """Its webhook gets a new secret; the one before is valid for 24 h more.

        Raises as `SetWebhook.rotate` does.
        """
        instance, gate = self.views.own(tenant_id, instance_id)
        return self.views.of(self.webhooks.rotate(instance, domain), gate)

    def _refreshed(self, tenant_id: str, instance_id: str, domain: str | None) -> InstanceView:
        instance, gate = self.views.own(tenant_id, instance_id)
        seen_at, api_key = self.clock.now(), self.vault.decrypt(instance)
        server, name = instance.evolution_url, instance.evolution_instance
        try:
            probe = self.probe.look_again(server, name, api_key)
        except GatewayRefused as refused:
            if "reason" in refused.context:
                self.instances.note_state(instance_id, ConnectionState.UNKNOWN, seen=gate)
            raise
        instance, _ = self.follow(
            instance,
            gate,
            probe.connection,
            seen_at=seen_at,
            server_version=probe.server_version,
        )
        return self._as_it_stands(self.webhooks.check(instance, domain))

    def _as_it_stands(self, instance: Instance) -> InstanceView:
        """Its campaign may have been paused, or have gone on."""
        _, gate = self.views.own(instance.tenant_id, instance.instance_id)
        return self.views.of(instance, gate)

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
        old_place = server_digest(before.evolution_url, before.evolution_instance)
        new_place = server_digest(after.evolution_url, after.evolution_instance)
        change = replace(
            change,
            new=replace(
                new,
                evolution_url=after.evolution_url,
                evolution_instance=after.evolution_instance,
                encrypted_api_key=api_key,
                config_version=version,
                server_version=probe.server_version,
                created_on_server=new.created_on_server and new_place == old_place,
            ),
            new_gate=connected_as(
                replace(change.new_gate, config_version=version), probe.connection.state
            ),
        )
        if new_place != old_place:
            change = replace(change, taken=(new_place,), given_back=(old_place,))
        return with_phone(change, probe.connection.phone, self.identity)

    def _changed(self, change: InstanceChange) -> InstanceView:
        holder = self.instances.change(change)
        if holder:
            raise already_registered(holder, change.new.tenant_id)
        return self.views.of(change.new, change.new_gate)
