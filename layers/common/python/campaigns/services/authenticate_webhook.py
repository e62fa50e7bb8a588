"""Authenticate a webhook: by the secret alone, without a read; then by what its instance says."""

from collections.abc import Callable
from typing import Final

from campaigns.domain.errors import Unauthenticated
from campaigns.domain.identity import Identity
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import Instance
from campaigns.domain.webhook_secret import is_valid, version_of
from campaigns.services.ports import Clock, Instances

#: For so long an instance that was read is taken as it was; it is read for its secret's version.
KEPT_MS: Final = MINUTE_MS
#: A token does not tell the version of the secret that it is signed with: so many are tried.
VERSIONS_TRIED: Final = 20
_KEPT: Final = 1_000


class AuthenticateWebhook:
    """`is_signed` judges a token by a key and the time: (token, key, epoch ms)."""

    def __init__(
        self,
        *,
        identity: Identity,
        instances: Instances,
        is_signed: Callable[[str, str, int], bool],
        clock: Clock,
    ) -> None:
        self._identity = identity
        self._instances = instances
        self._is_signed = is_signed
        self._clock = clock
        self._kept: dict[str, tuple[int, Instance]] = {}

    def version(self, instance_id: str, *, secret: str | None, token: str | None) -> int:
        """The version of the secret that came, or with which the token is signed.

        Raises :class:`Unauthenticated`: also for an instance that never was, which has no secret.
        """
        version = version_of(secret, self._identity, instance_id) if secret else None
        if version is None and token:
            version = self._signed_with(instance_id, token)
        if version is None:
            raise Unauthenticated
        return version

    def instance(self, instance_id: str, version: int) -> Instance | None:
        """The instance, at most a minute old; None where it was deleted.

        Raises :class:`Unauthenticated` for a secret that was rotated away.
        """
        now = self._clock.now()
        kept_at, kept = self._kept.get(instance_id, (0, None))
        if kept and 0 <= now - kept_at < KEPT_MS and is_valid(version, kept, now):
            return kept
        instance = self._instances.read(instance_id)
        if instance is None:
            self._kept.pop(instance_id, None)
            return None
        if not is_valid(version, instance, now):
            raise Unauthenticated
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[instance_id] = (now, instance)
        return instance

    def _signed_with(self, instance_id: str, token: str) -> int | None:
        now = self._clock.now()
        for version in range(1, VERSIONS_TRIED + 1):
            if self._is_signed(token, self._identity.webhook_secret(instance_id, version), now):
                return version
        return None
