"""Putting recipients back: the writes that go over head, gate, lane, recipient and log at once."""

from collections.abc import Sequence

from pynamodb.expressions.update import Action

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.campaign_items import HeadItem, to_log_item
from campaigns.adapters.dynamodb.campaign_store import head_changes
from campaigns.adapters.dynamodb.gate_items import GateItem
from campaigns.adapters.dynamodb.lane_store import LaneItem, LaneStore
from campaigns.adapters.dynamodb.recipient_store import RecipientStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.campaign import LIVE
from campaigns.domain.model import Campaign, LogEntry
from campaigns.services.ports import Guard
from campaigns.services.ports_reopening import Moved

type _Write = tuple[str, dict[str, object]]


class ReopeningStore:
    """See :class:`campaigns.services.ports_reopening.Reopenings`."""

    def __init__(self, table: Table, lanes: LaneStore, recipients: RecipientStore) -> None:
        self._table = table
        self._lanes = lanes
        self._recipients = recipients

    def put_back(
        self,
        old: Campaign,
        new: Campaign,
        entries: Sequence[LogEntry],
        moved: Moved | None = None,
    ) -> bool:
        writes = [self._head_write(old, new), self._lane_write(new, new.updated_at)]
        if old.status not in LIVE:
            writes.append(self._gate_write(new))
        writes += [self._log_write(new.tenant_id, new.campaign_id, each) for each in entries]
        if moved:
            writes.append(self._recipient_write(moved))
        return self._table.transact(writes) is None

    def resolve(
        self, campaign: Campaign, moved: Moved, entry: LogEntry, *, recount_at: int | None
    ) -> bool:
        log = self._log_write(campaign.tenant_id, campaign.campaign_id, entry)
        writes = [self._recipient_write(moved), log]
        if recount_at is not None:
            writes.append(self._lane_write(campaign, recount_at))
        return self._table.transact(writes) is None

    def _head_write(self, old: Campaign, new: Campaign) -> _Write:
        """The mark as it was read: the walk moves it and nothing else. An archiving in between
        moves only the head's time.
        """
        is_as_read = (
            (HeadItem.status == old.status)
            & (HeadItem.updated_at == old.updated_at)
            & (HeadItem.total_version == old.total_version)
            & (HeadItem.mark == old.mark)
        )
        key = keys.campaign_head(new.tenant_id, new.campaign_id)
        return "Update", self._table.update_request(key, head_changes(old, new), is_as_read)

    def _lane_write(self, campaign: Campaign, due_at: int) -> _Write:
        """Due, and its books with it: a booking that is cut short after this leaves no trace."""
        awake = self._lanes.wake(due_at, campaign.campaign_id)
        key = keys.lane(campaign.lane_key)
        actions = [*awake, LaneItem.recounted_at.set(0)]
        return "Update", self._table.update_request(key, actions, LaneItem.pk.exists())

    def _gate_write(self, campaign: Campaign) -> _Write:
        takes: list[Action] = [
            GateItem.live_campaign_id.set(campaign.campaign_id),
            GateItem.live_status.set(campaign.status),
        ]
        # A deleted instance has no gate.
        is_free = GateItem.pk.exists() & GateItem.live_campaign_id.does_not_exist()
        key = keys.instance_gate(campaign.instance_id)
        return "Update", self._table.update_request(key, takes, is_free)

    def _recipient_write(self, moved: Moved) -> _Write:
        before = moved.before
        guard = Guard(frozenset({before.status}), plan_number=before.plan_number)
        return "Update", self._recipients.save_request(before, moved.after, guard)

    def _log_write(self, tenant_id: str, campaign_id: str, entry: LogEntry) -> _Write:
        return "Put", self._table.put_request(to_log_item(tenant_id, campaign_id, entry))
