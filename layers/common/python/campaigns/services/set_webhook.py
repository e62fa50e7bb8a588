"""Having Evolution tell us of receipts, answers and connections, and of nothing else.

An instance without a webhook still sends; only what becomes of its messages is not heard of. So a
server that cannot be told leaves the instance as it is, and says so on it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from campaigns.domain.errors import ConcurrentUpdate, GatewayRefused, Unavailable
from campaigns.domain.identity import Identity
from campaigns.domain.model import Instance, WebhookState
from campaigns.services.ports import Clock, Vault
from campaigns.services.ports_evolution import AdminRefusal, GatewayAdmin, Webhook
from campaigns.services.ports_registry import InstanceBook

_log = logging.getLogger(__name__)

#: Each event is a request that is paid for: a send tells by itself what `SEND_MESSAGE` would.
EVENTS: Final = frozenset({"MESSAGES_UPSERT", "MESSAGES_UPDATE", "CONNECTION_UPDATE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWebhook:
    """`public_url` is this API's own address, "" where that is the domain it is called by."""

    instances: InstanceBook
    admin: GatewayAdmin
    vault: Vault
    identity: Identity
    clock: Clock
    public_url: str

    def set(self, instance: Instance, domain: str | None) -> Instance:
        """The instance with its webhook set, or with how that failed; raises nothing of a server.

        `domain` is the one by which this API is being called, None where nobody calls it.
        """
        wanted = self._wanted(instance, domain)
        if wanted is None:
            return instance
        trouble = _trouble(lambda: self.admin.set_webhook(*self._place(instance), wanted))
        noted = self._noted(instance, wanted, trouble)
        newest = self.instances.read(instance.instance_id)
        if newest is None or newest.webhook_version == instance.webhook_version:
            return noted
        # Rotated meanwhile: the server must not be left with a secret that ends within a day.
        return self.set(newest, domain)

    def check(self, instance: Instance, domain: str | None) -> Instance:
        """As `set`, but the server is told only what it does not say already."""
        wanted = self._wanted(instance, domain)
        if wanted is not None and self._standing(instance) == wanted:
            return self._noted(instance, wanted, None)
        return self.set(instance, domain)

    def end(self, instance: Instance) -> None:
        """Have its server tell us no more of an instance that is gone, or has moved away, as far as
        that lets us.

        What people write would be sent on to nobody. A webhook that is not ours stays.
        """
        standing = self._standing(instance)
        if standing is None or standing.url != instance.webhook_url:
            return
        ended = replace(standing, is_enabled=False)
        trouble = _trouble(lambda: self.admin.set_webhook(*self._place(instance), ended))
        if trouble:
            _log.warning(
                "webhook_left_behind",
                extra={"instance_id": instance.instance_id, "reason": trouble},
            )

    def rotate(self, instance: Instance, domain: str) -> Instance:
        """A new secret; the one before is valid for 24 h more. The instance from then on.

        Raises Unavailable or GatewayRefused where the server could not be told, and
        ConcurrentUpdate where it is being rotated at the same time. The secret before then stays
        valid until a repeat, or a refresh, has told it.
        """
        place = self._place(instance)
        standing = self.admin.webhook(*place)
        _require_taken(standing if isinstance(standing, AdminRefusal) else None)
        wanted = self._wanted(instance, domain)
        assert wanted is not None, "a caller has a domain"
        rotated = instance
        # A rotation that ended half-way is finished first: of three secrets only two are valid.
        if not (isinstance(standing, Webhook) and self._is_before(standing.secret, instance)):
            rotated = self._raised(instance)
            wanted = replace(wanted, secret=self._secret(rotated))
        try:
            _require_taken(self.admin.set_webhook(*place, wanted))
        except (Unavailable, GatewayRefused):
            # Perhaps it was told, and only the answer is missing. It may also take it later: the
            # new secret is not taken back.
            if self._standing(instance) != wanted:
                raise
        return self._noted(rotated, wanted, None)

    def _is_before(self, secret: str, instance: Instance) -> bool:
        version = instance.webhook_version - 1
        return secret == self.identity.webhook_secret(instance.instance_id, version)

    def _raised(self, instance: Instance) -> Instance:
        """Both secrets are valid from here on: whichever the server is left with is known."""
        version = instance.webhook_version + 1
        raised = replace(instance, webhook_version=version, webhook_rotated_at=None)
        if not self.instances.note_webhook(instance, raised):
            raise ConcurrentUpdate
        return raised

    def _standing(self, instance: Instance) -> Webhook | None:
        """What the server says; None where it says nothing of use."""
        try:
            told = self.admin.webhook(*self._place(instance))
        except (Unavailable, GatewayRefused):
            return None
        return told if isinstance(told, Webhook) else None

    def _noted(self, instance: Instance, wanted: Webhook, trouble: str | None) -> Instance:
        is_known = (instance.webhook_state, instance.webhook_url) == (WebhookState.SET, wanted.url)
        noted = replace(
            instance,
            webhook_state=WebhookState.SET,
            webhook_url=wanted.url,
            webhook_set_at=instance.webhook_set_at if is_known else self.clock.now(),
        )
        if instance.webhook_version > 1 and instance.webhook_rotated_at is None:
            noted = replace(noted, webhook_rotated_at=self.clock.now())
        if trouble:
            _log.warning(
                "webhook_not_set", extra={"instance_id": instance.instance_id, "reason": trouble}
            )
            noted = replace(instance, webhook_state=WebhookState.FAILED, webhook_url=None)
        if noted != instance:
            self.instances.note_webhook(instance, noted)
        return noted

    def _wanted(self, instance: Instance, domain: str | None) -> Webhook | None:
        address = self.public_url or (f"https://{domain}" if domain else None)
        url = instance.webhook_url
        if address is not None:
            url = f"{address.rstrip('/')}/api/webhooks/evolution/{instance.instance_id}/"
        return None if url is None else Webhook(url, self._secret(instance), EVENTS)

    def _secret(self, instance: Instance) -> str:
        return self.identity.webhook_secret(instance.instance_id, instance.webhook_version)

    def _place(self, instance: Instance) -> tuple[str, str, str]:
        api_key = self.vault.decrypt(instance)
        return instance.evolution_url, instance.evolution_instance, api_key


def _require_taken(refusal: AdminRefusal | None) -> None:
    if refusal is not None:
        raise GatewayRefused(reason=refusal.value)


def _trouble(ask: Callable[[], AdminRefusal | None]) -> str | None:
    try:
        refusal = ask()
    except (Unavailable, GatewayRefused) as fault:
        return fault.code
    return refusal.value if refusal else None
