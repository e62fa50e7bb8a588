"""The audit trail in the table."""

from pynamodb.attributes import JSONAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Item, Table
from campaigns.domain.audit import AuditEntry, AuditObject, Change
from campaigns.services.ports import Listing


class AuditItem(Item):
    """One change. Its author and what it changed are ids; of fields only names."""

    entry_id = UnicodeAttribute()
    actor = UnicodeAttribute()
    action = UnicodeAttribute()
    object_kind = UnicodeAttribute()
    object_id = UnicodeAttribute(null=True)
    parent_kind = UnicodeAttribute(null=True)
    parent_id = UnicodeAttribute(null=True)
    fields = ListAttribute(of=UnicodeAttribute)
    counts = JSONAttribute()
    created_at = NumberAttribute()


class AuditStore:
    """See :class:`campaigns.services.ports_audit.AuditLog`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def put(self, entry: AuditEntry) -> None:
        self._table.put(_to_item(entry))

    def page(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[AuditEntry]:
        page = self._table.query(
            AuditItem,
            keys.audit_entry(tenant_id, "").pk,
            sort=(lambda path: path < after) if after else None,
            newest_first=True,
            limit=limit + 1,
            consistent=True,
        )
        entries = [_to_entry(tenant_id, item) for item in page.items]
        following = entries[limit - 1].entry_id if len(entries) > limit else None
        return Listing(entries[:limit], following)


def _to_item(entry: AuditEntry) -> AuditItem:
    key = keys.audit_entry(entry.tenant_id, entry.entry_id)
    change = entry.change
    return AuditItem(
        key.pk,
        key.sk,
        entry_id=entry.entry_id,
        actor=entry.actor,
        action=change.action,
        object_kind=change.object.kind,
        object_id=change.object.id,
        parent_kind=change.parent.kind if change.parent else None,
        parent_id=change.parent.id if change.parent else None,
        fields=list(change.fields),
        counts=dict(change.counts),
        created_at=entry.created_at,
    )


def _to_entry(tenant_id: str, item: AuditItem) -> AuditEntry:
    parent = AuditObject(item.parent_kind, item.parent_id) if item.parent_kind else None
    return AuditEntry(
        entry_id=item.entry_id,
        tenant_id=tenant_id,
        actor=item.actor,
        change=Change(
            action=item.action,
            object=AuditObject(item.object_kind, item.object_id),
            parent=parent,
            fields=tuple(str(name) for name in item.fields),
            counts=item.counts,
        ),
        created_at=int(item.created_at),
    )
