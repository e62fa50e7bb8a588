"""Campaigns as their owner keeps them: created, listed, edited in draft, and their log read."""

from collections.abc import Sequence
from functools import partial

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.condition import Condition

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.campaign_items import (
    AboutItem,
    HeadItem,
    LayingItem,
    LogItem,
    TextItem,
    to_campaign,
    to_head,
    to_log_entry,
    to_log_item,
    to_text_item,
)
from campaigns.adapters.dynamodb.campaign_store import CampaignStore, head_changes
from campaigns.adapters.dynamodb.lane_store import LaneStore
from campaigns.adapters.dynamodb.source_items import to_source_items
from campaigns.adapters.dynamodb.table import Item, Table
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.model import Campaign, LogEntry, MessageText
from campaigns.domain.sources import Source
from campaigns.services.ports import CampaignFilter, CampaignView, Concurrently, Listing

_HEADS_AT_ONCE = 100


class ListedItem(Item):
    """What the list index says: only keys."""

    list_key = UnicodeAttribute()
    list_sort = UnicodeAttribute()


class CatalogStore:
    """See :class:`campaigns.services.ports.CampaignCatalog`."""

    def __init__(
        self, table: Table, campaigns: CampaignStore, lanes: LaneStore, concurrently: Concurrently
    ) -> None:
        self._table = table
        self._campaigns = campaigns
        self._lanes = lanes
        self._concurrently = concurrently

    def create(
        self,
        campaign: Campaign,
        description: str,
        texts: Sequence[MessageText],
        sources: Sequence[Source],
        entry: LogEntry,
    ) -> None:
        """All of a draft at once, and the note that its recipients are to be laid."""
        tenant_id, campaign_id = campaign.tenant_id, campaign.campaign_id
        about, laying = (
            keys.campaign_about(tenant_id, campaign_id),
            keys.laying(tenant_id, campaign_id),
        )
        items: list[Item] = [
            AboutItem(about.pk, about.sk, description=description),
            LayingItem(
                laying.pk,
                laying.sk,
                due_shard=self._lanes.shard_of(campaign_id),
                due_at=campaign.created_at,
            ),
            to_log_item(tenant_id, campaign_id, entry),
        ]
        items += [to_text_item(tenant_id, campaign_id, text) for text in texts]
        items += to_source_items(tenant_id, campaign_id, sources, first=0)
        head = self._table.put_request(to_head(campaign), HeadItem.pk.does_not_exist())
        self._table.transact(
            [("Put", head), *(("Put", self._table.put_request(item)) for item in items)]
        )

    def list(
        self, tenant_id: str, wanted: CampaignFilter, *, after: str | None, limit: int
    ) -> Listing[CampaignView]:
        """Newest first. Heads are read until the page is full or nothing is left."""
        found: list[Campaign] = []
        while len(found) <= limit:
            heads, after, is_last = self._heads(tenant_id, after)
            found += [campaign for campaign in heads if wanted.matches(campaign)]
            if is_last:
                break
        page = found[:limit]
        views = self._concurrently(
            [partial(self._campaigns.view, tenant_id, each.campaign_id) for each in page]
        )
        following = page[-1].campaign_id if len(found) > limit else None
        return Listing([view for view in views if view], following)

    def edit(self, old: Campaign, new: Campaign, description: str | None) -> bool:
        """Change what differs, and the description where one is given, if `old` still stands."""
        tenant_id, campaign_id = new.tenant_id, new.campaign_id
        head = keys.campaign_head(tenant_id, campaign_id)
        is_as_read = (HeadItem.status == old.status) & (HeadItem.updated_at == old.updated_at)
        changes = self._table.update_request(head, head_changes(old, new), is_as_read)
        writes = [("Update", changes)]
        if description is not None:
            key = keys.campaign_about(tenant_id, campaign_id)
            about = AboutItem(key.pk, key.sk, description=description)
            writes.append(("Put", self._table.put_request(about)))
        if new.instance_id != old.instance_id:
            # A draft that was on schedule has a lane, which belongs to its former instance.
            lane = keys.lane(old.lane_key)
            writes.append(("Delete", {"TableName": self._table.name, "Key": lane.raw}))
        return self._table.transact(writes) is None

    def save_text(self, campaign: Campaign, text: MessageText, now: int) -> bool:
        """Write a wording while the campaign is a draft."""
        item = to_text_item(campaign.tenant_id, campaign.campaign_id, text)
        return self._in_draft(campaign, ("Put", self._table.put_request(item)), now)

    def delete_text(self, campaign: Campaign, message_id: str, now: int) -> bool:
        """Remove a wording while the campaign is a draft."""
        key = keys.campaign_text(campaign.tenant_id, campaign.campaign_id, message_id)
        request = self._table.check_request(key, TextItem.pk.exists())
        return self._in_draft(campaign, ("Delete", request), now)

    def logs(
        self, tenant_id: str, campaign_id: str, *, after: str | None, limit: int
    ) -> Listing[LogEntry]:
        """The campaign's own events, newest first; `after` is the last log id seen."""

        def older(path: UnicodeAttribute) -> Condition:
            upper = f"{keys.LOG_PREFIX}{after}" if after else f"{keys.LOG_PREFIX}~"
            return path.between(keys.LOG_PREFIX, upper)

        page = self._table.query(
            LogItem,
            keys.campaign_partition(tenant_id, campaign_id),
            sort=older,
            newest_first=True,
            limit=limit + 2,
        )
        entries = [to_log_entry(item) for item in page.items]
        entries = [entry for entry in entries if entry.log_id != after]
        following = entries[limit - 1].log_id if len(entries) > limit else None
        return Listing(entries[:limit], following)

    def _heads(
        self, tenant_id: str, after: str | None
    ) -> tuple[Sequence[Campaign], str | None, bool]:
        page = self._table.query(
            ListedItem,
            keys.list_of(tenant_id, "CAMPAIGNS"),
            index="by_list",
            sort=(lambda path: path < after) if after else None,
            newest_first=True,
            limit=_HEADS_AT_ONCE,
        )
        wanted = [item.key for item in page.items]
        items = self._table.batch_get(HeadItem, wanted)
        heads = [to_campaign(items[key]) for key in wanted if key in items]
        last = page.items[-1].list_sort if page.items else after
        return heads, last, page.last_key is None

    def _in_draft(self, campaign: Campaign, write: tuple[str, dict[str, object]], now: int) -> bool:
        """Together with the head: of two edits that saw the same wordings one is refused."""
        unseen = max(now, campaign.updated_at + 1)
        head = self._table.update_request(
            keys.campaign_head(campaign.tenant_id, campaign.campaign_id),
            [HeadItem.updated_at.set(unseen)],
            (HeadItem.status == CampaignStatus.DRAFT)
            & (HeadItem.updated_at == campaign.updated_at),
        )
        return self._table.transact([("Update", head), write]) is None
