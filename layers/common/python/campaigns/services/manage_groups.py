"""Keeping a tenant's groups, who is in them, and the tags that its contacts have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Final

from campaigns.domain.errors import (
    UNKNOWN_IDS_NAMED,
    ConcurrentUpdate,
    FieldError,
    NotFound,
    ValidationFailed,
)
from campaigns.domain.group import (
    GROUPS_OF_A_CONTACT,
    Group,
    GroupOf,
    check_group,
    list_changes,
    tag_list,
)
from campaigns.domain.identity import new_id, new_token
from campaigns.domain.model import Contact
from campaigns.services.count_lists import CountLists
from campaigns.services.ports import Clock, Concurrently, Listing
from campaigns.services.ports_groups import Counted, GroupBook
from campaigns.services.ports_registry import ContactBook, Versioned
from campaigns.services.read_contacts import ReadContacts

#: How often a contact is put in or taken out again because somebody else wrote it meanwhile.
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group and how many contacts it has."""

    group: Group
    contacts_count: int


@dataclass(frozen=True, slots=True)
class TagView:
    """A tag as it was first written, and how many contacts have it."""

    tag: str
    contacts_count: int


@dataclass(frozen=True, slots=True)
class GroupChange:
    """How many contacts came in or went out, the ids that are nobody's, and how many are in it."""

    changed: int
    unknown: tuple[str, ...]
    total_contacts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageGroups:
    """Groups of a tenant. Times are epoch milliseconds."""

    groups: GroupBook
    contacts: ContactBook
    reading: ReadContacts
    counting: CountLists
    clock: Clock
    random: Random
    concurrently: Concurrently

    def create(self, tenant_id: str, name: str, description: str) -> GroupView:
        """Two groups may have one name: their ids tell them apart."""
        now = self.clock.now()
        group_id = new_id("gr", now, self.random)
        group = Group(group_id, tenant_id, name.strip(), description.strip(), now, now)
        _require_valid(group)
        self.groups.create(group, token=new_token(self.random))
        return GroupView(group, 0)

    def read(self, tenant_id: str, group_id: str) -> GroupView:
        """Raises NotFound."""
        return self._view(self._counted(tenant_id, group_id))

    def require(self, tenant_id: str, group_id: str) -> None:
        """Raises NotFound."""
        self._counted(tenant_id, group_id)

    def list(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[GroupView]:
        """By name."""
        page = self.groups.page(tenant_id, after=after, limit=limit)
        return Listing([self._view(each) for each in page.items], page.next)

    def edit(self, seen: GroupView, *, name: str, description: str) -> GroupView:
        """Raises ConcurrentUpdate where the group is no longer as it was `seen`."""
        old = seen.group
        new = replace(old, name=name.strip(), description=description.strip())
        _require_valid(new)
        if new == old:
            return seen
        new = replace(new, updated_at=max(self.clock.now(), old.updated_at + 1))
        if not self.groups.save(old, new, token=new_token(self.random)):
            raise ConcurrentUpdate
        return replace(seen, group=new)

    def delete(self, tenant_id: str, group_id: str, *, seen: GroupView | None = None) -> None:
        """The group is gone at once; its contacts stay. A deletion that was cut short is ended.

        Raises ConcurrentUpdate where the group is no longer as it was `seen`, and NotFound.
        """
        group, now = seen.group if seen else None, self.clock.now()
        if not self.groups.delete(tenant_id, group_id, seen=group, now=now):
            raise NotFound

    def add_contacts(
        self, tenant_id: str, group_id: str, contact_ids: Sequence[str]
    ) -> GroupChange:
        """Repeats, of ids and of calls, change nothing.

        Raises NotFound, and ValidationFailed where contacts are in too many groups already: then
        nothing is changed.
        """
        return self._change(tenant_id, group_id, contact_ids, is_in=True)

    def remove_contacts(
        self, tenant_id: str, group_id: str, contact_ids: Sequence[str]
    ) -> GroupChange:
        """Repeats, of ids and of calls, change nothing. Raises NotFound."""
        return self._change(tenant_id, group_id, contact_ids, is_in=False)

    def tags(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[TagView]:
        """The tags that somebody has, by their folded form."""
        found: list[TagView] = []
        while True:
            page = self.counting.counts.tags(tenant_id, after=after, limit=limit - len(found))
            views = [self._tag_view(tenant_id, each) for each in page.items]
            found += [view for view in views if view.contacts_count]
            after = page.next
            if after is None or len(found) == limit:
                return Listing(found, after)

    def _change(
        self, tenant_id: str, group_id: str, contact_ids: Sequence[str], *, is_in: bool
    ) -> GroupChange:
        of = GroupOf(group_id)
        group = self._counted(tenant_id, group_id)
        wanted = list(dict.fromkeys(contact_ids))
        stored = self.contacts.read_versions(tenant_id, wanted)
        waiting = {
            contact_id: each
            for contact_id, each in stored.items()
            if (group_id in each.value.groups) is not is_in
        }
        unknown = tuple(contact_id for contact_id in wanted if contact_id not in stored)
        if not waiting:
            return GroupChange(0, unknown, self._view(group).contacts_count)
        contacts = [each.value for each in waiting.values()]
        existing = self.reading.existing_groups(tenant_id, contacts)
        gone = {each for contact in contacts for each in contact.groups} - existing
        if is_in:
            _require_room(waiting, gone)
        with self.counting.changing(tenant_id, {of: group_id}) as change:
            if of not in change.gone:
                tasks = [
                    partial(self._put, each, group_id, gone, is_in=is_in)
                    for each in waiting.values()
                ]
                for before, after in self.concurrently(tasks):
                    change.amounts[of] += list_changes(before, after).get(of, 0)
        total = change.counts.get(of)
        if total is None:
            # Deleted meanwhile: what was put in after the sweep would lie there for nobody.
            self.groups.sweep(tenant_id, group_id)
            raise NotFound
        return GroupChange(abs(change.amounts[of]), unknown, max(0, total))

    def _put(
        self, there: Versioned[Contact] | None, group_id: str, gone: set[str], *, is_in: bool
    ) -> tuple[Contact | None, Contact | None]:
        """The contact before and after it was put in or taken out; it leaves what is gone."""
        for _ in range(_ATTEMPTS):
            if there is None or (group_id in there.value.groups) is is_in:
                return None, None
            left = gone | {group_id}
            others = tuple(each for each in there.value.groups if each not in left)
            groups = (*others, group_id) if is_in else others
            changed = replace(there.value, groups=groups)
            stale = self.contacts.save(changed, seen=there, token=new_token(self.random))
            if stale is None:
                return there.value, changed
            there = stale.current
        raise ConcurrentUpdate

    def _counted(self, tenant_id: str, group_id: str) -> Counted[Group]:
        found = self.groups.read(tenant_id, group_id)
        if found is None:
            raise NotFound
        return found

    def _view(self, found: Counted[Group]) -> GroupView:
        group = found.value
        of = GroupOf(group.group_id)
        return GroupView(group, self.counting.contacts_in(group.tenant_id, of, found.count))

    def _tag_view(self, tenant_id: str, found: Counted[str]) -> TagView:
        of = tag_list(found.value)
        return TagView(found.value, self.counting.contacts_in(tenant_id, of, found.count))


def _require_valid(group: Group) -> None:
    if errors := check_group(group.name, group.description):
        raise ValidationFailed(errors)


def _require_room(contacts: Mapping[str, Versioned[Contact]], gone: set[str]) -> None:
    full = [
        contact_id
        for contact_id, each in contacts.items()
        if len(set(each.value.groups) - gone) >= GROUPS_OF_A_CONTACT
    ]
    if full:
        params = {"limit": GROUPS_OF_A_CONTACT, "ids": full[:UNKNOWN_IDS_NAMED], "count": len(full)}
        raise ValidationFailed(
            [FieldError("contact_ids", "too_many_groups", "too_many_groups", params)]
        )
