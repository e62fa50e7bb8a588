"""Changes of whom a campaign is for, made once it exists."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.campaign_items import (
    HeadItem,
    LayingItem,
    stored_value_counts,
    to_log_item,
)
from campaigns.adapters.dynamodb.campaign_store import head_changes
from campaigns.adapters.dynamodb.lane_store import LaneItem, LaneStore
from campaigns.adapters.dynamodb.recipient_items import (
    MarkerItem,
    RecipientItem,
    to_item,
    to_tally,
)
from campaigns.adapters.dynamodb.source_items import to_source_items
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.model import Campaign, LaneKey, LogEntry, Recipient
from campaigns.domain.sources import RecipientTally, Source

type _Write = tuple[str, dict[str, object]]


class SourceStore:
    """See :class:`campaigns.services.ports_sources.CampaignSources`."""

    def __init__(self, table: Table, lanes: LaneStore) -> None:
        self._table = table
        self._lanes = lanes

    def add(
        self,
        old: Campaign,
        new: Campaign,
        sources: Sequence[Source],
        entry: LogEntry,
        *,
        wake: LaneKey | None,
    ) -> bool:
        """In one step with the head: a layer that is at work sees them, or counts nothing."""
        tenant_id, campaign_id = new.tenant_id, new.campaign_id
        laying = keys.laying(tenant_id, campaign_id)
        items = [
            *to_source_items(tenant_id, campaign_id, sources, first=old.sources),
            LayingItem(
                laying.pk,
                laying.sk,
                due_shard=self._lanes.shard_of(campaign_id),
                due_at=new.updated_at,
            ),
            to_log_item(tenant_id, campaign_id, entry),
        ]
        writes = [self._head_write(old, new)]
        writes += [("Put", self._table.put_request(item)) for item in items]
        if wake:
            awake = self._lanes.wake(new.updated_at, campaign_id)
            request = self._table.update_request(keys.lane(wake), awake, LaneItem.pk.exists())
            writes.append(("Update", request))
        return self._table.transact(writes) is None

    def tally(self, recipient: Recipient) -> RecipientTally | None:
        key = keys.recipient_marker(recipient.recipient_id)
        item = self._table.get(MarkerItem, key, consistent=True)
        return to_tally(item) if item else None

    def take_out(
        self,
        old: Campaign,
        new: Campaign,
        removed: Recipient,
        last: Recipient,
        values: Mapping[str, int],
    ) -> bool:
        """Recipient and marker of the removed one go, the last one's move to its sequence."""
        tenant_id, campaign_id = new.tenant_id, new.campaign_id
        marker = keys.recipient_marker(removed.recipient_id)
        writes: list[_Write] = [
            self._head_write(old, new),
            self._delete_last(last),
            ("Delete", {"TableName": self._table.name, "Key": marker.raw}),
        ]
        if removed.sequence != last.sequence:
            writes += self._move(last, removed, old.laying_epoch)
        if values:
            key = keys.campaign_values(tenant_id, campaign_id)
            request = self._table.add_request(key, stored_value_counts(values), {})
            writes.append(("Update", request))
        return self._table.transact(writes) is None

    def _head_write(self, old: Campaign, new: Campaign) -> _Write:
        key = keys.campaign_head(new.tenant_id, new.campaign_id)
        is_as_read = (HeadItem.status == old.status) & (HeadItem.total_version == old.total_version)
        return "Update", self._table.update_request(key, head_changes(old, new), is_as_read)

    def _delete_last(self, last: Recipient) -> _Write:
        key = keys.recipient(last.tenant_id, last.campaign_id, last.sequence)
        is_there = RecipientItem.recipient_id == last.recipient_id
        return "Delete", self._table.check_request(key, is_there)

    def _move(self, last: Recipient, removed: Recipient, laid_epoch: int) -> list[_Write]:
        """Under the newest fencing number: a layer that lost its lease finds the place taken."""
        moved = replace(last, sequence=removed.sequence)
        marker = self._table.update_request(
            keys.recipient_marker(last.recipient_id),
            [MarkerItem.sequence.set(moved.sequence), MarkerItem.laid_epoch.set(laid_epoch)],
            MarkerItem.pk.exists(),
        )
        is_there = RecipientItem.recipient_id == removed.recipient_id
        return [
            ("Put", self._table.put_request(to_item(moved, laid_epoch), is_there)),
            ("Update", marker),
        ]
