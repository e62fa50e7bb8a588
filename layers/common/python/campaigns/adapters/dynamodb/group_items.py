"""Shapes of groups and tags."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Item
from campaigns.domain.contact import name_sort_key
from campaigns.domain.group import Count, Group


class GroupItem(Item):
    """A group; listed by name until it is deleted."""

    tenant_id = UnicodeAttribute()
    group_id = UnicodeAttribute()
    name = UnicodeAttribute()
    description = UnicodeAttribute()
    created_at = NumberAttribute()
    updated_at = NumberAttribute()
    contacts = NumberAttribute()
    moves = NumberAttribute()
    announced = UnicodeSetAttribute(null=True)
    deleted_at = NumberAttribute(null=True)
    list_key = UnicodeAttribute(null=True)
    list_sort = UnicodeAttribute(null=True)
    write_token = UnicodeAttribute()


class TagItem(Item):
    """A tag that some contact has, or had."""

    tag = UnicodeAttribute()
    contacts = NumberAttribute()
    moves = NumberAttribute()
    announced = UnicodeSetAttribute(null=True)


#: A list of contacts that says how many they are.
type CountedItem = GroupItem | TagItem


def to_count(item: CountedItem) -> Count:
    return Count(
        contacts=int(item.contacts or 0),
        moves=int(item.moves or 0),
        announced=frozenset(item.announced or ()),
    )


def to_group(item: GroupItem) -> Group:
    return Group(
        group_id=item.group_id,
        tenant_id=item.tenant_id,
        name=item.name,
        description=item.description,
        created_at=int(item.created_at),
        updated_at=int(item.updated_at),
    )


def to_group_item(group: Group, write_token: str) -> GroupItem:
    key = keys.group(group.tenant_id, group.group_id)
    return GroupItem(
        key.pk,
        key.sk,
        tenant_id=group.tenant_id,
        group_id=group.group_id,
        name=group.name,
        description=group.description,
        created_at=group.created_at,
        updated_at=group.updated_at,
        contacts=0,
        moves=0,
        list_key=keys.list_of(group.tenant_id, "GROUPS"),
        list_sort=group_sort_key(group),
        write_token=write_token,
    )


def group_sort_key(group: Group) -> str:
    """Groups lie like contacts: in the order of their folded names, then of their ids."""
    return name_sort_key(group.name, group.group_id)
