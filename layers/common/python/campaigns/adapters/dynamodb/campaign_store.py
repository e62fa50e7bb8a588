"""A campaign's head and what hangs on it: reads, counters, transitions that hold its instance."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.campaign_items import (
    PLAIN_FIELDS,
    AboutItem,
    HeadItem,
    TextItem,
    stored_schedule,
    to_campaign,
    to_log_item,
    to_text,
    to_value_counts,
)
from campaigns.adapters.dynamodb.gate_items import GateItem
from campaigns.adapters.dynamodb.lane_store import LaneItem, LaneStore, to_lane
from campaigns.adapters.dynamodb.table import Item, Raw, Table, numbers_in
from campaigns.domain.books import LAST_SEND_AT
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.model import Campaign, ConnectionState, Lane, LogEntry, MessageText
from campaigns.services.ports import CampaignView, TransitionRefusal

#: Raised by each change of the counters, so that a recount sees whether they moved meanwhile.
_MOVES = "moves"
_CHANGED_AT = "changed_at"

#: Counted on the gate, so that an instance is not deleted under a campaign that waits for it.
_WAITS = GateItem.scheduled.add(1)
_WAITS_NO_MORE = GateItem.scheduled.add(-1)
#: What failed before a start or a resume does not stop what comes after it.
_BEGINS_ANEW = GateItem.failures_in_row.set(0)

type _Write = tuple[str, dict[str, object]]


class CampaignStore:
    """See :class:`campaigns.services.ports.Campaigns`."""

    def __init__(self, table: Table, lanes: LaneStore) -> None:
        self._table = table
        self._lanes = lanes

    def head(
        self, tenant_id: str, campaign_id: str, *, consistent: bool = False
    ) -> Campaign | None:
        key = keys.campaign_head(tenant_id, campaign_id)
        item = self._table.get(HeadItem, key, consistent=consistent)
        return to_campaign(item) if item else None

    def view(self, tenant_id: str, campaign_id: str) -> CampaignView | None:
        partition = keys.campaign_partition(tenant_id, campaign_id)
        raws = self._table.query_raw(partition, keys.VIEW, consistent=True)
        by_sort = {raw["sk"]["S"]: raw for raw in raws}
        head = by_sort.get(keys.campaign_head(tenant_id, campaign_id).sk)
        if head is None:
            return None
        about = by_sort.get(keys.campaign_about(tenant_id, campaign_id).sk)
        texts = [
            to_text(TextItem.from_raw_data(raw))
            for sort, raw in by_sort.items()
            if sort.startswith(keys.TEXT_PREFIX)
        ]
        campaign = to_campaign(HeadItem.from_raw_data(head))
        lane = by_sort.get(keys.lane(campaign.lane_key).sk)
        return CampaignView(
            campaign=campaign,
            description=AboutItem.from_raw_data(about).description if about else "",
            messages=tuple(sorted(texts, key=lambda text: text.order)),
            counters=numbers_in(by_sort.get(keys.campaign_counters(tenant_id, campaign_id).sk, {})),
            lane=to_lane(LaneItem.from_raw_data(lane)) if lane else None,
            values=to_value_counts(
                by_sort.get(keys.campaign_values(tenant_id, campaign_id).sk, {})
            ),
        )

    def texts(self, tenant_id: str, campaign_id: str) -> tuple[MessageText, ...]:
        items = self._table.query_all(
            TextItem,
            keys.campaign_partition(tenant_id, campaign_id),
            sort=lambda path: path.startswith(keys.TEXT_PREFIX),
        )
        return tuple(sorted(map(to_text, items), key=lambda text: text.order))

    def advance_mark(self, campaign: Campaign, mark: int) -> None:
        self._table.update(
            HeadItem,
            keys.campaign_head(campaign.tenant_id, campaign.campaign_id),
            [HeadItem.mark.set(mark)],
            (HeadItem.mark == campaign.mark) & (HeadItem.total_version == campaign.total_version),
        )

    def book(
        self,
        tenant_id: str,
        campaign_id: str,
        changes: Mapping[str, int],
        now: int,
        *,
        last_send_at: int | None = None,
    ) -> None:
        amounts = {name: change for name, change in changes.items() if change} | {_MOVES: 1}
        also = {_CHANGED_AT: now}
        if last_send_at is not None:
            also[LAST_SEND_AT] = last_send_at
        self._table.add(keys.campaign_counters(tenant_id, campaign_id), amounts, also)

    def counters(self, tenant_id: str, campaign_id: str) -> dict[str, int]:
        return self._table.numbers(keys.campaign_counters(tenant_id, campaign_id), consistent=True)

    def correct(
        self,
        tenant_id: str,
        campaign_id: str,
        seen: Mapping[str, int],
        counted: Mapping[str, int],
    ) -> bool:
        return self._table.replace_numbers(
            keys.campaign_counters(tenant_id, campaign_id),
            counted,
            version=_MOVES,
            was=seen.get(_MOVES, 0),
        )

    def log(self, tenant_id: str, campaign_id: str, entry: LogEntry) -> None:
        self._table.put(to_log_item(tenant_id, campaign_id, entry))

    def note_error(self, campaign: Campaign, error: str) -> None:
        self._table.update(
            HeadItem,
            keys.campaign_head(campaign.tenant_id, campaign.campaign_id),
            [HeadItem.last_error.set(error)],
            HeadItem.status == campaign.status,
        )

    def start(
        self, old: Campaign, new: Campaign, lane: Lane, entry: LogEntry
    ) -> TransitionRefusal | None:
        takes: list[Action] = [
            GateItem.live_campaign_id.set(new.campaign_id),
            GateItem.live_status.set(CampaignStatus.ACTIVE),
            _BEGINS_ANEW,
        ]
        if old.status is CampaignStatus.SCHEDULED:
            takes.append(_WAITS_NO_MORE)
        is_free = GateItem.live_campaign_id.does_not_exist() & (
            GateItem.connection_state == ConnectionState.OPEN
        )
        return self._transition(
            self._head_write(old, new, _is_as_checked(old)),
            self._gate_write(new, takes, is_free),
            ("Put", self._table.put_request(self._lanes.to_item(lane))),
            self._log_write(new, entry),
        )

    def schedule(
        self, old: Campaign, new: Campaign, lane: Lane, entry: LogEntry
    ) -> TransitionRefusal | None:
        return self._transition(
            self._head_write(old, new, _is_as_checked(old)),
            # A deleted instance has no gate.
            self._gate_write(new, [_WAITS], GateItem.pk.exists()),
            ("Put", self._table.put_request(self._lanes.to_item(lane))),
            self._log_write(new, entry),
        )

    def unschedule(
        self, old: Campaign, new: Campaign, lane: Lane, entry: LogEntry
    ) -> TransitionRefusal | None:
        asleep = self._table.update_request(
            keys.lane(lane.key), [LaneItem.due_at.remove(), LaneItem.due_shard.remove()]
        )
        return self._transition(
            self._head_write(old, new, HeadItem.status == old.status),
            self._gate_write(new, [_WAITS_NO_MORE], GateItem.pk.exists()),
            ("Update", asleep),
            self._log_write(new, entry),
        )

    def pause(self, old: Campaign, new: Campaign, entry: LogEntry) -> TransitionRefusal | None:
        return self._transition(
            self._head_write(old, new, HeadItem.status == old.status),
            self._gate_write(new, [GateItem.live_status.set(CampaignStatus.PAUSED)], _holds(new)),
            self._log_write(new, entry),
        )

    def resume(
        self, old: Campaign, new: Campaign, lane: Lane, entry: LogEntry, *, begins_anew: bool
    ) -> TransitionRefusal | None:
        assert lane.due_at is not None
        actions: list[Action] = [GateItem.live_status.set(CampaignStatus.ACTIVE)]
        if begins_anew:
            actions.append(_BEGINS_ANEW)
        is_connected = GateItem.connection_state == ConnectionState.OPEN
        wake = self._table.update_request(
            keys.lane(lane.key), self._lanes.wake(lane.due_at, new.campaign_id)
        )
        return self._transition(
            self._head_write(old, new, _is_paused_as_read(old)),
            self._gate_write(new, actions, _holds(new) & is_connected),
            ("Update", wake),
            self._log_write(new, entry),
        )

    def end(
        self, old: Campaign, new: Campaign, lane: Lane | None, entry: LogEntry
    ) -> TransitionRefusal | None:
        is_as_read: Condition = HeadItem.status == old.status
        if new.status is CampaignStatus.COMPLETED:
            is_as_read &= HeadItem.total_version == old.total_version
        writes = [self._head_write(old, new, is_as_read)]
        if old.status is CampaignStatus.SCHEDULED:
            writes.append(self._gate_write(new, [_WAITS_NO_MORE], GateItem.pk.exists()))
        else:
            frees = [GateItem.live_campaign_id.remove(), GateItem.live_status.remove()]
            writes.append(self._gate_write(new, frees, _holds(new)))
        if lane:
            actions: list[Action] = [
                LaneItem.due_at.remove(),
                LaneItem.due_shard.remove(),
                LaneItem.version.set(LaneItem.version + 1),
            ]
            if lane.due_at is not None:
                actions = self._lanes.wake(lane.due_at, new.campaign_id)
            writes.append(("Update", self._table.update_request(keys.lane(lane.key), actions)))
        return self._transition(*writes, self._log_write(new, entry))

    def _transition(self, *writes: _Write) -> TransitionRefusal | None:
        refusing = self._table.transact(writes)
        if refusing is None:
            return None
        for raw in refusing:
            if raw is not None:
                return _refusal(raw)
        return TransitionRefusal.STATE

    def _head_write(self, old: Campaign, new: Campaign, condition: Condition) -> _Write:
        """The instance is the one whose gate is written with it: as a draft it may have changed."""
        key = keys.campaign_head(new.tenant_id, new.campaign_id)
        is_as_read = condition & (HeadItem.instance_id == old.instance_id)
        return "Update", self._table.update_request(key, head_changes(old, new), is_as_read)

    def _gate_write(
        self, campaign: Campaign, actions: Sequence[Action], condition: Condition
    ) -> _Write:
        key = keys.instance_gate(campaign.instance_id)
        return "Update", self._table.update_request(key, actions, condition)

    def _log_write(self, campaign: Campaign, entry: LogEntry) -> _Write:
        item: Item = to_log_item(campaign.tenant_id, campaign.campaign_id, entry)
        return "Put", self._table.put_request(item)


def head_changes(old: Campaign, new: Campaign) -> list[Action]:
    """An action for each field of the head that differs; its time always."""
    actions: list[Action] = [HeadItem.updated_at.set(new.updated_at)]
    for each in fields(Campaign):
        name, value = each.name, getattr(new, each.name)
        if name == "updated_at" or value == getattr(old, name):
            continue
        if name == "schedule":
            actions.append(HeadItem.schedule.set(stored_schedule(new.schedule)))
        elif name == "recipients":
            actions.append(HeadItem.recipients.set(asdict(new.recipients)))
        elif name == "active_message_ids":
            actions.append(HeadItem.active_message_ids.set(list(value)))
        elif name in PLAIN_FIELDS:
            attribute = getattr(HeadItem, name)
            actions.append(attribute.remove() if value is None else attribute.set(value))
    return actions


def _is_as_checked(campaign: Campaign) -> Condition:
    """An edit of name or wordings moves the head's time, laying the total's version as well."""
    is_as_checked: Condition = (
        (HeadItem.status == campaign.status)
        & (HeadItem.updated_at == campaign.updated_at)
        & (HeadItem.total_version == campaign.total_version)
    )
    return is_as_checked


def _is_paused_as_read(campaign: Campaign) -> Condition:
    """A pause by a person in between is not undone by what was to go on by itself."""
    by, reason = HeadItem.auto_pause_reason, campaign.auto_pause_reason
    is_as_read: Condition = HeadItem.status == campaign.status
    is_as_read &= by.does_not_exist() if reason is None else by == reason
    return is_as_read


def _holds(campaign: Campaign) -> Condition:
    return GateItem.live_campaign_id == campaign.campaign_id


def _refusal(raw: Raw) -> TransitionRefusal:
    """What the first refusing item says: the head, or the instance's gate."""
    if "connection_state" not in raw:
        return TransitionRefusal.STATE
    if raw["connection_state"]["S"] != ConnectionState.OPEN:
        return TransitionRefusal.DISCONNECTED
    return TransitionRefusal.TAKEN
