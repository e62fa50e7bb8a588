"""Who is in a group or has a tag: entries sorted by name, and how many there are."""

from collections.abc import Sequence
from typing import Final

from pynamodb.expressions.update import Action

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.contact_items import MemberItem
from campaigns.adapters.dynamodb.group_items import GroupItem, TagItem, to_count
from campaigns.adapters.dynamodb.table import Done, Item, Key, Refused, Table
from campaigns.domain.group import ContactList, Count, GroupOf, TagOf, tag_list
from campaigns.services.ports import Listing
from campaigns.services.ports_groups import Counted

#: Tags read at once: some of them may have nobody left.
_TAGS_AT_ONCE: Final = 200


class MemberStore:
    """See :class:`campaigns.services.ports_groups.Memberships`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def members(
        self,
        tenant_id: str,
        of: GroupOf | TagOf,
        *,
        after: str | None,
        limit: int,
        since: int | None = None,
    ) -> Listing[str]:
        if isinstance(of, GroupOf) and not self.existing_groups(tenant_id, [of.group_id]):
            # Entries of a deleted group may still be on their way out.
            return Listing([], None)
        partition = _partition(tenant_id, of)
        start = Key(partition, keys.MEMBER_PREFIX + after).raw if after else None
        found: list[MemberItem] = []
        while True:
            # One more than wanted: only so is it known that something follows.
            page = self._table.query(
                MemberItem,
                partition,
                sort=lambda path: path.startswith(keys.MEMBER_PREFIX),
                limit=limit + 1 if since is None else None,
                after=start,
                consistent=True,
            )
            found += [each for each in page.items if since is None or each.updated_at >= since]
            start = page.last_key
            if start is None or len(found) > limit:
                break
        entries = found[:limit]
        position = entries[-1].sk.removeprefix(keys.MEMBER_PREFIX) if len(found) > limit else None
        return Listing([entry.contact_id for entry in entries], position)

    def existing_groups(self, tenant_id: str, group_ids: Sequence[str]) -> set[str]:
        wanted = [keys.group(tenant_id, group_id) for group_id in group_ids]
        items = self._table.batch_get(GroupItem, wanted, consistent=True).values()
        return {item.group_id for item in items if item.deleted_at is None}


class ListCountStore:
    """See :class:`campaigns.services.ports_groups.ListCounts`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def announce(self, tenant_id: str, of: ContactList, name: str, *, announcement: str) -> bool:
        model, key = _counted_item(tenant_id, of)
        actions: list[Action] = [model.announced.add({announcement})]
        if isinstance(of, TagOf):
            actions += [
                TagItem.tag.set(TagItem.tag | name),
                TagItem.contacts.add(0),
                TagItem.moves.add(0),
            ]
            self._table.update(TagItem, key, actions)
            return True
        is_there = GroupItem.pk.exists() & GroupItem.deleted_at.does_not_exist()
        return isinstance(self._table.update(GroupItem, key, actions, is_there), Done)

    def book(
        self, tenant_id: str, of: ContactList, amount: int, *, announcement: str
    ) -> int | None:
        model, key = _counted_item(tenant_id, of)
        result = self._table.update(
            model,
            key,
            [
                model.contacts.add(amount),
                model.moves.add(1),
                model.announced.delete({announcement}),
            ],
            model.announced.contains(announcement),
            returning="ALL_NEW",
        )
        # Refused: booked before, and only its answer was lost; or counted anew meanwhile.
        item = result.item
        if item is None or (isinstance(item, GroupItem) and item.deleted_at is not None):
            return None
        count = to_count(item)
        if isinstance(of, TagOf) and _is_over(count):
            self._forget(key)
        return count.contacts

    def recount(self, tenant_id: str, of: ContactList, seen: Count) -> int | None:
        model, key = _counted_item(tenant_id, of)
        contacts = self._entries(_partition(tenant_id, of))
        result = self._table.update(
            model,
            key,
            [model.contacts.set(contacts), model.moves.add(1), model.announced.remove()],
            (model.moves == seen.moves) & (model.announced == set(seen.announced)),
        )
        if isinstance(result, Refused):
            return None
        if isinstance(of, TagOf) and not contacts:
            self._forget(key)
        return contacts

    def tags(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[Counted[str]]:
        found: list[TagItem] = []
        partition = keys.tags_of(tenant_id)
        start = Key(partition, after).raw if after else None
        while len(found) <= limit:
            page = self._table.query(
                TagItem, partition, limit=_TAGS_AT_ONCE, after=start, consistent=True
            )
            found += [item for item in page.items if not _is_over(to_count(item))]
            start = page.last_key
            if start is None:
                break
        following = found[limit - 1].sk if len(found) > limit else None
        return Listing([Counted(item.tag, to_count(item)) for item in found[:limit]], following)

    def _entries(self, partition: str) -> int:
        counted, start = 0, None
        while True:
            answer = self._table.connection.query(
                self._table.name,
                partition,
                range_key_condition=Item.sk.startswith(keys.MEMBER_PREFIX),
                select="COUNT",
                exclusive_start_key=start,
                consistent_read=True,
            )
            counted += int(answer["Count"])
            start = answer.get("LastEvaluatedKey")
            if not start:
                return counted

    def _forget(self, key: Key) -> None:
        """A tag that nobody has any more is none, unless it is coming back."""
        is_over = (TagItem.contacts <= 0) & TagItem.announced.does_not_exist()
        self._table.delete(TagItem, key, is_over)


def _is_over(count: Count) -> bool:
    return count.contacts <= 0 and not count.announced


def _partition(tenant_id: str, of: ContactList) -> str:
    match of:
        case GroupOf(group_id):
            return keys.group_partition(tenant_id, group_id)
        case TagOf(tag):
            return keys.tag_partition(tenant_id, tag_list(tag).tag)


def _counted_item(tenant_id: str, of: ContactList) -> tuple[type[GroupItem] | type[TagItem], Key]:
    match of:
        case GroupOf(group_id):
            return GroupItem, keys.group(tenant_id, group_id)
        case TagOf(tag):
            return TagItem, keys.tag(tenant_id, tag)
