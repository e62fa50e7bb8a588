"""What is left of deleted drafts: noted in the write that takes the head, swept in pieces."""

from functools import partial

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.campaign_items import HeadItem
from campaigns.adapters.dynamodb.lane_store import LaneStore
from campaigns.adapters.dynamodb.recipient_items import MarkerItem, RecipientItem
from campaigns.adapters.dynamodb.table import Item, Table
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.model import Campaign
from campaigns.domain.removal import Removal, RemovalKey
from campaigns.services.ports import Concurrently

#: Items removed in one piece.
_PIECE = 500


class RemovalItem(Item):
    """Makes a campaign whose head is gone due, until nothing of it is left."""

    total = NumberAttribute()
    block = NumberAttribute(default=0)
    due_shard = UnicodeAttribute()
    due_at = NumberAttribute()


class RemovalStore:
    """See :class:`campaigns.services.ports_removal.Removals`."""

    def __init__(self, table: Table, lanes: LaneStore, concurrently: Concurrently) -> None:
        self._table = table
        self._lanes = lanes
        self._concurrently = concurrently

    def begin(self, draft: Campaign, due_at: int) -> bool:
        tenant_id, campaign_id = draft.tenant_id, draft.campaign_id
        is_as_read = (HeadItem.status == CampaignStatus.DRAFT) & (
            HeadItem.updated_at == draft.updated_at
        )
        head, key = keys.campaign_head(tenant_id, campaign_id), keys.removal(tenant_id, campaign_id)
        laying = keys.laying(tenant_id, campaign_id)
        item = RemovalItem(
            key.pk,
            key.sk,
            total=draft.total,
            due_shard=self._lanes.shard_of(campaign_id),
            due_at=due_at,
        )
        writes = [
            ("Delete", self._table.check_request(head, is_as_read)),
            ("Delete", {"TableName": self._table.name, "Key": laying.raw}),
            ("Put", self._table.put_request(item)),
        ]
        return self._table.transact(writes) is None

    def read(self, key: RemovalKey) -> Removal | None:
        place = keys.removal(key.tenant_id, key.campaign_id)
        item = self._table.get(RemovalItem, place, consistent=True)
        return Removal(key, int(item.total), int(item.block)) if item else None

    def sweep(self, removal: Removal) -> Removal | None:
        key = removal.key
        block = keys.recipient_block(key.tenant_id, key.campaign_id, removal.block)
        page = self._table.query(RecipientItem, block, limit=_PIECE, consistent=True)
        if page.items:
            self._concurrently([partial(self._remove_recipient, item) for item in page.items])
            return removal
        # A layer that was cut short has left recipients behind `total`, within a block of it.
        if removal.block <= (removal.total + keys.BLOCK) // keys.BLOCK:
            return Removal(key, removal.total, removal.block + 1)
        return None if self._is_cleared(key) else removal

    def save(self, removal: Removal) -> None:
        place = keys.removal(removal.key.tenant_id, removal.key.campaign_id)
        self._table.update(
            RemovalItem,
            place,
            [RemovalItem.block.set(removal.block)],
            RemovalItem.block <= removal.block,
        )

    def _remove_recipient(self, recipient: RecipientItem) -> None:
        """Its marker first: the recipient alone says where that is."""
        self._table.delete(MarkerItem, keys.recipient_marker(recipient.recipient_id))
        self._table.delete(RecipientItem, recipient.key)

    def _is_cleared(self, key: RemovalKey) -> bool:
        """Remove a piece of the campaign's own partition, what makes it due last of all."""
        partition = keys.campaign_partition(key.tenant_id, key.campaign_id)
        page = self._table.query(Item, partition, limit=_PIECE, consistent=True)
        own = keys.removal(key.tenant_id, key.campaign_id)
        others = [item for item in page.items if item.key != own]
        self._concurrently([partial(self._table.delete, Item, item.key) for item in others])
        if page.last_key is not None:
            return False
        self._table.delete(RemovalItem, own)
        return True
