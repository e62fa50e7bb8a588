"""A tenant keeps an owner key, whatever is deleted at once, on each emulator."""

from collections.abc import Callable
from functools import partial
from random import SystemRandom
from typing import Any

import pytest

from campaigns.adapters.clock import Threads
from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.key_store import KeyStore
from campaigns.adapters.dynamodb.table import Page, Table
from campaigns.adapters.dynamodb.tenant_items import BearerKeyItem, TenantItem
from campaigns.adapters.dynamodb.tenant_store import TenantStore
from campaigns.domain.bearer_key import new_key
from campaigns.domain.identity import new_id
from campaigns.domain.model import Key, Role, Tenant
from campaigns.services.ports_keys import KeyRefusal
from tests.contract.lost_answers import losing_the_answer
from tests.contract.things import NOW

RANDOM = SystemRandom()


class Safe:
    """A tenant with its keys."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.keys = KeyStore(table)
        self.tenant_id = new_id("tn", NOW, RANDOM)
        self.first = self._key(Role.OWNER)
        tenant = Tenant(self.tenant_id, "Loja", "UTC", "en", "21:00", "08:00", ("STOP",), NOW, NOW)
        TenantStore(table).create(tenant, self.first)

    def add(self, role: Role) -> Key:
        key = self._key(role)
        assert self.keys.create(key)
        return key

    def owners(self) -> int:
        """What the tenant counts."""
        item = self.table.get(TenantItem, keys.tenant(self.tenant_id), consistent=True)
        assert item is not None
        return int(item.owner_keys)

    def _key(self, role: Role) -> Key:
        return new_key(self.tenant_id, role, role.value, NOW, RANDOM).key


@pytest.fixture
def safe(table: Table) -> Safe:
    return Safe(table)


@pytest.fixture
def real_safe(real_table: Table) -> Safe:
    return Safe(real_table)


def test_the_last_owner_key_stays(safe: Safe) -> None:
    safe.add(Role.OPERATOR)
    assert safe.keys.delete(safe.first) is KeyRefusal.LAST_OWNER
    assert safe.keys.read(safe.first.key_id) == safe.first


@pytest.mark.parametrize("first_goes_first", [True, False])
def test_of_the_last_two_owner_keys_the_one_deleted_later_stays(
    safe: Safe, first_goes_first: bool
) -> None:
    pair = [safe.first, safe.add(Role.OWNER)]
    gone, kept = pair if first_goes_first else reversed(pair)
    assert safe.keys.delete(gone) is None
    assert safe.keys.delete(kept) is KeyRefusal.LAST_OWNER
    assert safe.keys.read(gone.key_id) is None
    assert safe.owners() == 1


def test_a_key_deleted_twice_is_gone_and_counts_once(safe: Safe) -> None:
    other = safe.add(Role.OWNER)
    safe.add(Role.OWNER)
    assert safe.keys.delete(other) is None
    assert safe.keys.delete(other) is KeyRefusal.GONE
    assert safe.owners() == 2


def test_other_roles_are_not_counted(safe: Safe) -> None:
    viewer = safe.add(Role.VIEWER)
    assert safe.owners() == 1
    assert safe.keys.delete(viewer) is None
    assert safe.owners() == 1


def test_no_key_is_made_for_a_tenant_that_is_not_there(safe: Safe) -> None:
    for role in Role:
        key = new_key("tn_none", role, "x", NOW, RANDOM).key
        assert not safe.keys.create(key)
        assert safe.keys.read(key.key_id) is None


def test_a_page_is_not_empty_because_the_index_still_lists_what_was_deleted(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [safe.add(Role.VIEWER) for _ in range(3)]
    listed = sorted([safe.first, *others], key=lambda key: key.key_id)
    query = safe.table.query
    places = query(BearerKeyItem, keys.list_of(safe.tenant_id, "KEYS"), index="by_list").items

    def late(*_: object, limit: int, sort: Any = None, **__: object) -> Page[BearerKeyItem]:
        """The index as it was before the deletions."""
        after = sort(_Place()) if sort else ""
        return Page([item for item in places if item.list_sort > after][:limit], None)

    for key in others[:2]:
        safe.keys.delete(key)
    monkeypatch.setattr(safe.table, "query", late)
    left = [key for key in listed if key not in others[:2]]
    assert walked(safe) == left


class _Place:
    """Stands for the sort key of an index: tells what it is compared with."""

    def __gt__(self, other: str) -> str:  # type: ignore[override]
        return other


def walked(safe: Safe) -> list[Key]:
    """All keys, one on a page, none of which is empty."""
    found: list[Key] = []
    after: str | None = None
    while True:
        page = safe.keys.page(safe.tenant_id, after=after, limit=1)
        found += page.items
        if page.next is None:
            return found
        assert page.items
        after = page.next


@pytest.mark.ministack
def test_deletions_of_all_owner_keys_at_once_leave_one(real_safe: Safe) -> None:
    owners = [real_safe.first, *(real_safe.add(Role.OWNER) for _ in range(3))]
    tasks: list[Callable[[], KeyRefusal | None]] = [
        partial(real_safe.keys.delete, key) for key in owners
    ]
    refusals = Threads(len(owners))(tasks)
    assert sorted(map(str, refusals)) == ["None", "None", "None", str(KeyRefusal.LAST_OWNER)]
    assert real_safe.owners() == 1


@pytest.mark.ministack
def test_a_deletion_whose_answer_was_lost_is_done_and_counts_once(real_safe: Safe) -> None:
    other = real_safe.add(Role.OWNER)
    with losing_the_answer(real_safe.table, "TransactWriteItems"):
        assert real_safe.keys.delete(other) is None
    assert real_safe.owners() == 1


@pytest.mark.ministack
def test_a_creation_whose_answer_was_lost_is_done_and_counts_once(real_safe: Safe) -> None:
    with losing_the_answer(real_safe.table, "TransactWriteItems"):
        real_safe.add(Role.OWNER)
    assert real_safe.owners() == 2
