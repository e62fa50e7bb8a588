"""What laying reads and writes beside the recipients: its lease, its sources, its progress."""

from collections.abc import Mapping

from pynamodb.expressions.condition import Condition

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.campaign_items import (
    HeadItem,
    stored_value_counts,
    to_campaign,
    to_log_item,
)
from campaigns.adapters.dynamodb.campaign_store import head_changes
from campaigns.adapters.dynamodb.source_items import SourceItem, to_source
from campaigns.adapters.dynamodb.table import Done, Table
from campaigns.domain.model import Campaign, LogEntry
from campaigns.domain.sources import Source


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

    def source(self, tenant_id: str, campaign_id: str, number: int) -> Source | None:
        key = keys.campaign_source(tenant_id, campaign_id, number)
        item = self._table.get(SourceItem, key, consistent=True)
        return to_source(item) if item else None

    def advance(self, old: Campaign, new: Campaign, values: Mapping[str, int]) -> bool:
        """Count what was laid, and the values its people have, in one write under the lease.

        A source that was walked to its end is dropped; the place in any other is in the head.
        """
        tenant_id, campaign_id = new.tenant_id, new.campaign_id
        head = keys.campaign_head(tenant_id, campaign_id)
        is_ours = _is_ours(old) & (HeadItem.next_source == old.next_source)
        writes = [("Update", self._table.update_request(head, head_changes(old, new), is_ours))]
        if new.next_source > old.next_source:
            source = keys.campaign_source(tenant_id, campaign_id, old.next_source)
            writes.append(("Delete", {"TableName": self._table.name, "Key": source.raw}))
        if values:
            key = keys.campaign_values(tenant_id, campaign_id)
            request = self._table.add_request(key, stored_value_counts(values), {})
            writes.append(("Update", request))
        return self._table.transact(writes) is None

    def finish(self, old: Campaign, new: Campaign, entry: LogEntry) -> bool:
        """Give the lease back; the campaign's recipients are ready, or failed."""
        tenant_id, campaign_id = new.tenant_id, new.campaign_id
        head = keys.campaign_head(tenant_id, campaign_id)
        is_ours = _is_ours(old)
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

    def held(self, campaign: Campaign) -> Campaign | None:
        """The head as it is now, while the lease is still the one of `campaign`."""
        key = keys.campaign_head(campaign.tenant_id, campaign.campaign_id)
        item = self._table.get(HeadItem, key, consistent=True)
        is_ours = item is not None and item.laying_token == campaign.laying_token
        return to_campaign(item) if item and is_ours else None

    def release(self, campaign: Campaign, now: int) -> None:
        """Give the lease back before its time."""
        self._table.update(
            HeadItem,
            keys.campaign_head(campaign.tenant_id, campaign.campaign_id),
            [HeadItem.laying_until.set(now)],
            HeadItem.laying_token == campaign.laying_token,
        )

    def forget(self, campaign: Campaign, now: int) -> bool:
        """Give the lease back where nothing is to be laid: no longer due."""
        tenant_id, campaign_id = campaign.tenant_id, campaign.campaign_id
        head = keys.campaign_head(tenant_id, campaign_id)
        freed = self._table.update_request(
            head, [HeadItem.laying_until.set(now)], _is_ours(campaign)
        )
        laying = keys.laying(tenant_id, campaign_id)
        writes = [("Update", freed), ("Delete", {"TableName": self._table.name, "Key": laying.raw})]
        return self._table.transact(writes) is None


def _is_ours(campaign: Campaign) -> Condition:
    """The lease is, and nobody has added sources since the head was read."""
    is_ours: Condition = (HeadItem.laying_token == campaign.laying_token) & (
        HeadItem.total_version == campaign.total_version
    )
    return is_ours
