"""Requests under an idempotency key, in the table."""

import zlib

from pynamodb.attributes import BinaryAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Done, Item, Table
from campaigns.domain.errors import ConcurrentUpdate
from campaigns.domain.instants import SECOND_MS
from campaigns.services.ports_registry import IdempotencyRecord, StoredAnswer


class IdempotencyItem(Item):
    """Running until it has a status. The body is compressed: an item holds 400 KB."""

    body_digest = UnicodeAttribute()
    locked_until = NumberAttribute()
    status = NumberAttribute(null=True)
    headers = JSONAttribute(null=True)
    body = BinaryAttribute(null=True, legacy_encoding=False)
    secret_id = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()
    write_token = UnicodeAttribute()


class IdempotencyStore:
    """See :class:`campaigns.services.ports_registry.IdempotencyRecords`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def begin(
        self,
        tenant_id: str,
        digest: str,
        *,
        body_digest: str,
        token: str,
        now: int,
        locked_until: int,
        expires_at: int,
    ) -> IdempotencyRecord | None:
        key = keys.idempotency(tenant_id, digest)
        item = IdempotencyItem(
            key.pk,
            key.sk,
            body_digest=body_digest,
            locked_until=locked_until,
            expires_at=expires_at // SECOND_MS,
            write_token=token,
        )
        died_on_the_way = (
            IdempotencyItem.status.does_not_exist()
            & (IdempotencyItem.locked_until <= now)
            & (IdempotencyItem.body_digest == body_digest)
        )
        # TTL deletes late, so what has expired gives way here.
        is_free = (
            IdempotencyItem.pk.does_not_exist()
            | (IdempotencyItem.expires_at <= now // SECOND_MS)
            | died_on_the_way
        )
        result = self._table.put(item, is_free, token=token)
        if isinstance(result, Done):
            return None
        if result.item is None:
            raise ConcurrentUpdate
        return _to_record(result.item)

    def finish(
        self, tenant_id: str, digest: str, *, token: str, answer: StoredAnswer, expires_at: int
    ) -> None:
        actions = [
            IdempotencyItem.status.set(answer.status),
            IdempotencyItem.headers.set(dict(answer.headers)),
            IdempotencyItem.body.set(zlib.compress(answer.body.encode())),
            IdempotencyItem.expires_at.set(expires_at // SECOND_MS),
        ]
        if answer.secret_id is not None:
            actions.append(IdempotencyItem.secret_id.set(answer.secret_id))
        self._table.update(
            IdempotencyItem,
            keys.idempotency(tenant_id, digest),
            actions,
            IdempotencyItem.write_token == token,
        )

    def abandon(self, tenant_id: str, digest: str, *, token: str) -> None:
        self._table.delete(
            IdempotencyItem,
            keys.idempotency(tenant_id, digest),
            (IdempotencyItem.write_token == token) & IdempotencyItem.status.does_not_exist(),
        )


def _to_record(item: IdempotencyItem) -> IdempotencyRecord:
    # A record that is not whole has no answer to repeat.
    if item.status is None or item.body is None:
        return IdempotencyRecord(item.body_digest, None)
    answer = StoredAnswer(
        status=int(item.status),
        headers=item.headers or {},
        body=zlib.decompress(item.body).decode(),
        secret_id=item.secret_id,
    )
    return IdempotencyRecord(item.body_digest, answer)
