"""What laying reads and writes beside the recipients: its lease, its sources, its progress."""

from collections.abc import Mapping, Sequence

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.campaign_items import (
    HeadItem,
    LayingItem,
    SourceItem,
    to_campaign,
    to_log_item,
)
from campaigns.adapters.dynamodb.campaign_store import head_changes
from campaigns.adapters.dynamodb.table import Done, Table
from campaigns.domain.model import Campaign, LogEntry


class LayingStore:
    """See :class:`campaigns.services.ports.Layings`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def lease(
        self, tenant_id: str, campaign_id: str, *, token: str, now: int, until: int
    ) -> Campaign | None:
        """Become the one layer, with a fencing number higher than any before; the head, or None.

        A repeat after a lost answer is ours already, under a number that is higher once more.
        """
        is_free = (
            HeadItem.laying_until.does_not_exist()
            | (HeadItem.laying_until <= now)
            | (HeadItem.laying_token == token)
        )
        result = self._table.update(
            HeadItem,
            keys.campaign_head(tenant_id, campaign_id),
            [
                HeadItem.laying_token.set(token),
                HeadItem.laying_until.set(until),
                HeadItem.laying_epoch.set(HeadItem.laying_epoch + 1),
            ],
            HeadItem.pk.exists() & is_free,
            returning="ALL_NEW",
        )
        return to_campaign(result.item) if isinstance(result, Done) and result.item else None

    def source(self, tenant_id: str, campaign_id: str, number: int) -> Sequence[str]:
        key = keys.campaign_source(tenant_id, campaign_id, number)
        item = self._table.get(SourceItem, key, consistent=True)
        return tuple(map(str, item.contact_ids)) if item else ()

    def advance(self, old: Campaign, new: Campaign, values: Mapping[str, int]) -> bool:
        """Count what was laid, and the values its people have, in one write under the lease."""
        tenant_id, campaign_id = new.tenant_id, new.campaign_id
        head = keys.campaign_head(tenant_id, campaign_id)
        is_ours = (
            (HeadItem.laying_token == old.laying_token)
            & (HeadItem.next_source == old.next_source)
            & (HeadItem.total_version == old.total_version)
        )
        source = keys.campaign_source(tenant_id, campaign_id, old.next_source)
        writes = [
            ("Update", self._table.update_request(head, head_changes(old, new), is_ours)),
            ("Delete", {"TableName": self._table.name, "Key": source.raw}),
        ]
        if values:
            request = self._table.add_request(
                keys.campaign_values(tenant_id, campaign_id), values, {}
            )
            writes.append(("Update", request))
        return self._table.transact(writes) is None

    def finish(self, old: Campaign, new: Campaign, entry: LogEntry) -> bool:
        """Give the lease back; the campaign's recipients are ready, or failed."""
        tenant_id, campaign_id = new.tenant_id, new.campaign_id
        head = keys.campaign_head(tenant_id, campaign_id)
        is_ours = HeadItem.laying_token == old.laying_token
        laying = keys.laying(tenant_id, campaign_id)
        return (
            self._table.transact(
                [
                    ("Update", self._table.update_request(head, head_changes(old, new), is_ours)),
                    ("Delete", {"TableName": self._table.name, "Key": laying.raw}),
                    ("Put", self._table.put_request(to_log_item(tenant_id, campaign_id, entry))),
                ]
            )
            is None
        )

    def release(self, campaign: Campaign, now: int) -> None:
        """Give the lease back before its time."""
        self._table.update(
            HeadItem,
            keys.campaign_head(campaign.tenant_id, campaign.campaign_id),
            [HeadItem.laying_until.set(now)],
            HeadItem.laying_token == campaign.laying_token,
        )

    def forget(self, tenant_id: str, campaign_id: str) -> None:
        """Nothing is to be laid here: no longer due."""
        self._table.delete(LayingItem, keys.laying(tenant_id, campaign_id))
