"""The deployment's keyed-hash secret in the table, encrypted."""

from pynamodb.attributes import BinaryAttribute

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Done, Item, Table
from campaigns.domain.errors import ConcurrentUpdate


class SecretItem(Item):
    encrypted_secret = BinaryAttribute(legacy_encoding=False)


class SecretStore:
    """Keeps one secret for good: the first one that is put stands."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self) -> bytes | None:
        item = self._table.get(SecretItem, keys.deployment_secret(), consistent=True)
        return bytes(item.encrypted_secret) if item else None

    def put_once(self, encrypted_secret: bytes) -> bytes:
        """The secret that stands: this one, or the one that was there before."""
        key = keys.deployment_secret()
        item = SecretItem(key.pk, key.sk, encrypted_secret=encrypted_secret)
        result = self._table.put(item, SecretItem.pk.does_not_exist())
        if isinstance(result, Done):
            return encrypted_secret
        if result.item is None:
            raise ConcurrentUpdate
        return bytes(result.item.encrypted_secret)
