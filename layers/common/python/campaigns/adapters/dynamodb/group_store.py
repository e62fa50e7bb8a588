"""Groups in the table."""

from collections.abc import Sequence
from functools import partial
from itertools import batched
from typing import Final, cast

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.condition import Condition

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.contact_items import MemberItem
from campaigns.adapters.dynamodb.group_items import (
    GroupItem,
    group_sort_key,
    to_count,
    to_group,
    to_group_item,
)
from campaigns.adapters.dynamodb.table import Done, Key, Refused, Table
from campaigns.domain.errors import ConcurrentUpdate
from campaigns.domain.group import Group
from campaigns.services.ports import Concurrently, Listing
from campaigns.services.ports_groups import Counted

#: Deletes of one transaction, and transactions side by side.
_SWEPT_AT_ONCE: Final = 100
_SWEEPS: Final = 16


class GroupStore:
    """See :class:`campaigns.services.ports_groups.GroupBook`."""

    def __init__(self, table: Table, concurrently: Concurrently) -> None:
        self._table = table
        self._concurrently = concurrently

    def create(self, group: Group, *, token: str) -> None:
        item = to_group_item(group, token)
        self._table.put(item, GroupItem.pk.does_not_exist(), token=token)

    def read(self, tenant_id: str, group_id: str) -> Counted[Group] | None:
        item = self._table.get(GroupItem, keys.group(tenant_id, group_id), consistent=True)
        return _counted(item) if item and item.deleted_at is None else None

    def page(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[Counted[Group]]:
        found: list[Counted[Group]] = []
        # The index lags behind the table: what is gone meanwhile must not make an empty page.
        while True:
            wanted = limit - len(found)
            listed = self._table.query(
                GroupItem,
                keys.list_of(tenant_id, "GROUPS"),
                index="by_list",
                sort=partial(_behind, after) if after else None,
                limit=wanted + 1,
            ).items
            page = [item.key for item in listed[:wanted]]
            items = self._table.batch_get(GroupItem, page)
            found += [
                _counted(items[key])
                for key in page
                if key in items and items[key].deleted_at is None
            ]
            if len(listed) <= wanted:
                return Listing(found, None)
            after = listed[wanted - 1].list_sort
            if len(found) == limit:
                return Listing(found, after)

    def save(self, old: Group, new: Group, *, token: str) -> bool:
        result = self._table.update(
            GroupItem,
            keys.group(new.tenant_id, new.group_id),
            [
                GroupItem.name.set(new.name),
                GroupItem.description.set(new.description),
                GroupItem.updated_at.set(new.updated_at),
                GroupItem.list_sort.set(group_sort_key(new)),
                GroupItem.write_token.set(token),
            ],
            _stands(old),
            token=token,
        )
        return isinstance(result, Done)

    def delete(self, tenant_id: str, group_id: str, *, seen: Group | None, now: int) -> bool:
        key = keys.group(tenant_id, group_id)
        item = self._table.get(GroupItem, key, consistent=True)
        if item is None:
            return False
        if item.deleted_at is None:
            self._hide(seen or to_group(item), now)
        self.sweep(tenant_id, group_id)
        return True

    def _hide(self, group: Group, now: int) -> None:
        marks = [
            GroupItem.deleted_at.set(now),
            GroupItem.list_key.remove(),
            GroupItem.list_sort.remove(),
        ]
        key = keys.group(group.tenant_id, group.group_id)
        result = self._table.update(GroupItem, key, marks, _stands(group))
        # Hidden already is as good: by ourselves, where the answer was lost, or by somebody else.
        if isinstance(result, Refused) and result.item and result.item.deleted_at is None:
            raise ConcurrentUpdate

    def sweep(self, tenant_id: str, group_id: str) -> None:
        partition = keys.group_partition(tenant_id, group_id)
        while True:
            page = self._table.query(
                MemberItem,
                partition,
                sort=lambda path: path.startswith(keys.MEMBER_PREFIX),
                limit=_SWEPT_AT_ONCE * _SWEEPS,
                consistent=True,
            )
            pieces = batched((item.key for item in page.items), _SWEPT_AT_ONCE, strict=False)
            self._concurrently([partial(self._take_away, each) for each in pieces])
            if page.last_key is None:
                break
        is_deleted = GroupItem.deleted_at.exists()
        self._table.delete(GroupItem, keys.group(tenant_id, group_id), is_deleted)

    def _take_away(self, entries: Sequence[Key]) -> None:
        self._table.transact([("Delete", self._table.check_request(entry)) for entry in entries])


def _stands(group: Group) -> Condition:
    return cast(
        Condition,
        GroupItem.deleted_at.does_not_exist() & (GroupItem.updated_at == group.updated_at),
    )


def _behind(position: str, path: UnicodeAttribute) -> Condition:
    return cast(Condition, path > position)


def _counted(item: GroupItem) -> Counted[Group]:
    return Counted(to_group(item), to_count(item))
