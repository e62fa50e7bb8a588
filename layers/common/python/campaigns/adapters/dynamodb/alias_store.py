"""Aliases in the table: whose an address is that tells no phone."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Item, Table


class AliasItem(Item):
    """The person behind an alias, as one tenant knows her. The key is a hash of the address."""

    person = UnicodeAttribute()
    updated_at = NumberAttribute()


class AliasStore:
    """See :class:`campaigns.services.ports_aliases.AliasBook`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, tenant_id: str, alias: str, *, consistent: bool = False) -> str | None:
        item = self._table.get(AliasItem, keys.alias(tenant_id, alias), consistent=consistent)
        return item.person if item else None

    def put(self, tenant_id: str, alias: str, person: str, now: int) -> None:
        # Without a condition: what was learned last is what holds, and twice the same is once.
        key = keys.alias(tenant_id, alias)
        self._table.put(AliasItem(key.pk, key.sk, person=person, updated_at=now))
