"""Idempotency keys: the same request under the same key has one outcome, for a day.

Per tenant, key, method and path. The key is taken before the work and given its answer after it;
a process that dies in between holds it until its lock runs out.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

from campaigns.domain.errors import Conflict, ConflictCode, FieldError, ValidationFailed
from campaigns.domain.identity import new_token
from campaigns.domain.instants import MINUTE_MS
from campaigns.services.ports import Clock
from campaigns.services.ports_registry import IdempotencyRecords, StoredAnswer

KEPT_MS: Final = 24 * 60 * MINUTE_MS

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_TOO_MANY_REQUESTS: Final = 429
_FIRST_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Handle:
    """A taken key, as its holder knows it."""

    tenant_id: str
    digest: str
    token: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """The request has not been answered before: do it, then `finish` or `abandon` the handle."""

    handle: Handle


@dataclass(frozen=True, slots=True)
class Replay:
    """The answer that the first request had."""

    status: int
    headers: Mapping[str, str]
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """`lock_ms` is longer than any request runs."""

    records: IdempotencyRecords
    clock: Clock
    random: Random
    lock_ms: int

    def begin(
        self, tenant_id: str, key: str, method: str, path: str, body_digest: str
    ) -> Fresh | Replay:
        """Take the key, or say what its first request was answered with.

        Raises Conflict where that had another body, is still running, or was answered with a
        secret; ValidationFailed where the key is none.
        """
        if not _KEY.fullmatch(key):
            raise ValidationFailed([FieldError("Idempotency-Key", "invalid_key", "invalid_key")])
        digest = _digest(key, method, path)
        now, token = self.clock.now(), new_token(self.random)
        record = self.records.begin(
            tenant_id,
            digest,
            body_digest=body_digest,
            token=token,
            now=now,
            locked_until=now + self.lock_ms,
            expires_at=now + KEPT_MS,
        )
        if record is None:
            return Fresh(Handle(tenant_id, digest, token))
        if record.body_digest != body_digest:
            raise Conflict(ConflictCode.IDEMPOTENCY_KEY_REUSED)
        return _replay(record.answer)

    def finish(
        self,
        handle: Handle,
        status: int,
        headers: Mapping[str, str],
        body: str,
        secret_id: str | None = None,
    ) -> None:
        """Keep the answer; a fault of ours and "too many requests" are not kept.

        With `secret_id`, the id of what was created, the body holds a secret and is left out.
        """
        if status == _TOO_MANY_REQUESTS or status >= _FIRST_SERVER_ERROR:
            self.abandon(handle)
            return
        kept_body = body if secret_id is None else ""
        self.records.finish(
            handle.tenant_id,
            handle.digest,
            token=handle.token,
            answer=StoredAnswer(status, headers, kept_body, secret_id),
            expires_at=self.clock.now() + KEPT_MS,
        )

    def abandon(self, handle: Handle) -> None:
        """Give the key back: nothing came of the request."""
        self.records.abandon(handle.tenant_id, handle.digest, token=handle.token)


def _replay(answer: StoredAnswer | None) -> Replay:
    if answer is None:
        raise Conflict(ConflictCode.IDEMPOTENCY_IN_PROGRESS)
    if answer.secret_id is not None:
        raise Conflict(ConflictCode.ALREADY_CREATED, existing_id=answer.secret_id)
    return Replay(answer.status, answer.headers, answer.body)


def _digest(key: str, method: str, path: str) -> str:
    """A path is one with and without its trailing slash."""
    parts = "\x1f".join((method.upper(), path.rstrip("/"), key))
    return hashlib.sha256(parts.encode()).hexdigest()
