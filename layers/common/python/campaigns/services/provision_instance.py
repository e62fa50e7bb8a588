"""Making an instance on the deployment's own Evolution server, and taking it off again.

The record comes first and the server second: whatever stands on the server belongs to a record, so
that its owner can go on with it or delete it, wherever a process ended. An attempt that is repeated
under its idempotency key finds what it left and goes on from there.
"""

import logging
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from campaigns.domain.errors import (
    ConcurrentUpdate,
    Conflict,
    ConflictCode,
    GatewayRefused,
    Unavailable,
    ValidationFailed,
)
from campaigns.domain.identity import Identity, new_token
from campaigns.domain.instance import InstanceDraft, check_instance, server_digest
from campaigns.domain.instance_name import name_on_server
from campaigns.domain.model import Instance, InstanceGate
from campaigns.services.idempotency import KEPT_MS
from campaigns.services.instance_views import InstanceView, InstanceViews
from campaigns.services.new_instance import new_instance
from campaigns.services.ports import Clock, Gates
from campaigns.services.ports_evolution import AdminRefusal, GatewayAdmin, ServerKey
from campaigns.services.ports_registry import (
    InstanceBook,
    InstanceChange,
    KeyVault,
    Registration,
)
from campaigns.services.probe_instance import ProbeInstance
from campaigns.services.set_webhook import SetWebhook

_log = logging.getLogger(__name__)

_KEY_BITS: Final = 192
#: Of one tenant on our server, where each takes memory and all share it: a loop that makes
#: instances must end. Many at once may pass it by a few.
_MOST: Final = 100
#: Those that were registered lie in the same list.
_LISTED: Final = 1_000
#: Evolution answers a logout before it has let go, and deletes nothing that is connected.
_LETS_GO_MS: Final = (300, 700, 1_500, 3_000)
_GONE: Final = frozenset({None, AdminRefusal.UNKNOWN_INSTANCE})

type _Records = tuple[Instance, InstanceGate]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionInstance:
    """`server` is the URL of the deployment's own server in its stored form, "" for none."""

    instances: InstanceBook
    gates: Gates
    views: InstanceViews
    vault: KeyVault
    admin: GatewayAdmin
    probe: ProbeInstance
    webhooks: SetWebhook
    server: str
    server_key: ServerKey
    identity: Identity
    clock: Clock
    random: Random

    def create(
        self,
        tenant_id: str,
        draft: InstanceDraft,
        actor: str,
        *,
        attempt: str | None = None,
        domain: str | None = None,
    ) -> InstanceView:
        """A new instance on our own server; its name there begins with the draft's.

        Of the draft, URL and key are ours to choose; `domain` is the one by which this API is being
        called. The same `attempt` with the same draft makes one instance, however often it is
        repeated. Raises ValidationFailed, Conflict where there is no server or the tenant has
        enough, Unavailable or GatewayRefused; then nothing is left of it, or, where the server does
        not say so, an instance that is not connected.
        """
        self._require_key()
        self._require_room(tenant_id)
        # Without its key, which is not there yet.
        wanted = f"{attempt}\x1f{draft!r}" if attempt else new_token(self.random)
        draft = replace(
            draft,
            name=draft.name.strip(),
            evolution_url=self.server,
            api_key=f"{self.random.getrandbits(_KEY_BITS):048X}",
        )
        version = self.probe.require_version(self.server)
        for mark in (wanted, new_token(self.random)):
            new = self._new(tenant_id, draft, actor, mark, version)
            holder = self.instances.create(*new, _places(new[0]))
            if holder is None:
                instance, gate = self._finished(*new)
            elif begun := self._begun(holder):
                instance, gate = self._put_on_server(*begun)
            else:
                continue
            return self.views.of(self.webhooks.set(instance, domain), gate)
        raise ConcurrentUpdate

    def put_back(self, instance: Instance, gate: InstanceGate, domain: str | None) -> Instance:
        """Make an instance anew that its server has lost; servers forget those never connected.

        Raises GatewayRefused where it was not made by us, or on a server that is ours no more.
        """
        if not instance.created_on_server or instance.evolution_url != self.server:
            raise GatewayRefused(reason=AdminRefusal.UNKNOWN_INSTANCE.value)
        return self.webhooks.set(self._put_on_server(instance, gate)[0], domain)

    def take_off(self, instance: Instance) -> None:
        """Delete it on its server, as far as that lets us: it may be gone for good."""
        place = (instance.evolution_url, instance.evolution_instance, self.vault.decrypt(instance))
        refusal: AdminRefusal | str | None = None
        for step in (self.admin.logout, self._delete):
            try:
                refusal = step(*place)
            except (Unavailable, GatewayRefused) as fault:
                refusal = fault.code
        if refusal not in _GONE:
            _tell_left(instance, str(refusal))

    def _delete(self, *place: str) -> AdminRefusal | None:
        for pause in _LETS_GO_MS:
            refusal = self.admin.delete(*place)
            if refusal is not AdminRefusal.STILL_CONNECTED:
                return refusal
            self.clock.sleep(pause)
        return self.admin.delete(*place)

    def _require_key(self, *, anew: bool = False) -> str:
        key = self.server_key.read(anew=anew) if self.server else None
        if key is None:
            raise Conflict(ConflictCode.NO_SERVER_CONFIGURED)
        return key

    def _require_room(self, tenant_id: str) -> None:
        listed = self.instances.page(tenant_id, after=None, limit=_LISTED).items
        if sum(each.created_on_server for each in listed) >= _MOST:
            raise Conflict(ConflictCode.TOO_MANY_INSTANCES, limit=_MOST)

    def _new(
        self, tenant_id: str, draft: InstanceDraft, actor: str, mark: str, version: str
    ) -> _Records:
        name = name_on_server(
            draft.evolution_instance or draft.name, self.identity.instance_mark(tenant_id, mark)
        )
        draft = replace(draft, evolution_instance=name)
        if errors := check_instance(draft):
            raise ValidationFailed(errors)
        instance, gate = new_instance(
            tenant_id, draft, actor, vault=self.vault, now=self.clock.now(), random=self.random
        )
        return replace(instance, server_version=version, created_on_server=True), gate

    def _finished(self, instance: Instance, gate: InstanceGate) -> _Records:
        try:
            return self._put_on_server(instance, gate)
        except Exception:
            self._undo(instance)
            raise

    def _begun(self, holder: Registration) -> _Records | None:
        """What this attempt left when it was made before; None if that is longer ago than a day."""
        instance = self.instances.read(holder.instance_id)
        gate = self.gates.read(holder.instance_id, consistent=True)
        if instance is None or gate is None:
            raise ConcurrentUpdate
        is_recent = self.clock.now() - instance.created_at < KEPT_MS
        return (instance, gate) if is_recent else None

    def _put_on_server(self, instance: Instance, gate: InstanceGate) -> _Records:
        """It stands there from then on, and opens with the key that is kept of it."""
        api_key = self.vault.decrypt(instance)
        made = self._make(instance.evolution_instance, api_key)
        if made == api_key:
            return instance, gate
        version = instance.config_version + 1
        change = InstanceChange(
            old=instance,
            new=replace(
                instance,
                encrypted_api_key=self.vault.encrypt(
                    instance.tenant_id, instance.instance_id, made
                ),
                config_version=version,
                updated_at=max(self.clock.now(), instance.updated_at + 1),
            ),
            old_gate=gate,
            new_gate=replace(gate, config_version=version),
        )
        self.instances.change(change)
        return change.new, change.new_gate

    def _make(self, name: str, api_key: str) -> str:
        """The key that it opens with: not each server takes the one that it is given."""
        made = self._ask_to_make(name, api_key)
        if made is AdminRefusal.NAME_TAKEN:
            # By this very attempt: nobody else comes to its name.
            if not isinstance(self.admin.connection(self.server, name, api_key), AdminRefusal):
                return api_key
            self.admin.delete(self.server, name, self._require_key())
            made = self._ask_to_make(name, api_key)
        if isinstance(made, AdminRefusal):
            raise GatewayRefused(reason=made.value)
        return made

    def _ask_to_make(self, name: str, api_key: str) -> str | AdminRefusal:
        made = self.admin.create(self.server, self._require_key(), name, api_key)
        if made is AdminRefusal.SERVER_KEY_REFUSED:
            # It may have been changed since this process read it.
            made = self.admin.create(self.server, self._require_key(anew=True), name, api_key)
        return made

    def _undo(self, instance: Instance) -> None:
        """Nothing stays of an attempt that failed, if the server says that nothing is there."""
        key = self.server_key.read() or self.vault.decrypt(instance)
        try:
            refusal = self.admin.delete(self.server, instance.evolution_instance, key)
        except (Unavailable, GatewayRefused) as fault:
            _tell_left(instance, fault.code)
            return
        if refusal in _GONE:
            self.instances.retire(instance, _places(instance), whole=True)
        else:
            _tell_left(instance, str(refusal))


def _places(instance: Instance) -> list[str]:
    return [server_digest(instance.evolution_url, instance.evolution_instance)]


def _tell_left(instance: Instance, reason: str) -> None:
    _log.warning(
        "instance_may_be_left_on_server",
        extra={
            "instance_id": instance.instance_id,
            "evolution_instance": instance.evolution_instance,
            "reason": reason,
        },
    )
