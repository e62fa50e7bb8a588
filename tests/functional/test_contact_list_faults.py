"""Contacts in lists under crashes, lost answers and races: lists stay whole, counts come right."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

import pytest

from campaigns.adapters.dynamodb.choice_store import ChoiceStore
from campaigns.adapters.dynamodb.contact_store import ContactStore
from campaigns.adapters.dynamodb.member_store import ListCountStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.contact import ContactDraft
from campaigns.domain.errors import NotFound
from campaigns.domain.group import GroupOf, TagOf
from campaigns.domain.model import Contact
from campaigns.domain.phone import parse_phone
from tests.fakes.aws import model_table
from tests.fakes.contact_lists import (
    IDENTITY,
    TENANT,
    Book,
    assert_exact,
    entries,
    entries_told,
    stored,
)


@pytest.fixture
def book() -> Iterator[Book]:
    with model_table() as table:
        yield Book(table)


class Cut(Exception):
    """The process is gone."""


@contextmanager
def cut_at(table: Table, number: int, *, after_effect: bool) -> Iterator[Counter[str]]:
    """The request of that number (from 0) is the last: it is made, or it is not."""
    dispatch = table.connection.dispatch
    calls: Counter[str] = Counter()

    def cut(operation: str, request: dict[str, Any]) -> Any:
        place = calls.total()
        calls[operation] += 1
        if place > number:
            raise Cut
        if place < number:
            return dispatch(operation, request)
        if after_effect:
            dispatch(operation, request)
        raise Cut

    table.connection.dispatch = cut
    try:
        yield calls
    finally:
        table.connection.dispatch = dispatch


def contact_of(number: int) -> str:
    phone = parse_phone(f"(11) 99000-{number:04}")
    return IDENTITY.contact_id(TENANT, IDENTITY.person(phone.person_key))


ANA, BIA = contact_of(1), contact_of(2)
#: Everything that moves contacts in lists; each may be repeated.
WAYS: dict[str, Callable[[Book], object]] = {
    "bulk": lambda book: book.contacts.bulk(
        TENANT,
        [
            ContactDraft(f"(11) 99000-{number:04}", name="Nova", tags=("vip", "novo"))
            for number in (1, 7)
        ],
    ),
    "edit": lambda book: book.edit(ANA, name="Zoé", tags=("novo",)),
    "delete": lambda book: book.contacts.delete(TENANT, ANA),
    "add": lambda book: book.groups.add_contacts(TENANT, book.made[0], [ANA, BIA]),
    "remove": lambda book: book.groups.remove_contacts(TENANT, book.made[0], [ANA]),
    "opt_out": lambda book: book.contacts.opt_out(TENANT, ANA, reason=None, source="operator"),
    "delete group": lambda book: book.groups.delete(TENANT, book.made[0]),
}


def emptied(table: Table) -> Book:
    """Two contacts and a group that one of them is in, and nothing else."""
    client = table.connection.client
    for item in stored(table):
        client.delete_item(TableName=table.name, Key={"pk": item["pk"], "sk": item["sk"]})
    book = Book(table)
    ana = book.add(1, "Ana", tags=("vip", "cliente"))
    book.add(2, "Bia", tags=("vip",))
    book.groups.add_contacts(TENANT, book.group(), [ana])
    return book


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_a_crash_anywhere_loses_nothing_and_counts_come_right(way: str, after_effect: bool) -> None:
    with model_table() as table:
        for number in count():
            book = emptied(table)
            act = partial(WAYS[way], book)
            with cut_at(table, number, after_effect=after_effect) as calls, suppress(Cut):
                act()
            if calls.total() <= number:
                return
            # Whatever is left of a deleted group is for nobody to see.
            is_whole = way != "delete group"
            if is_whole:
                assert entries(table) == entries_told(book.listed())
            # The repeat of whoever had no answer, then the time after which a count is in doubt.
            with suppress(NotFound):
                act()
            book.clock.sleep(120_000)
            if is_whole:
                assert_exact(book)
            else:
                tags = [replace(contact, groups=()) for contact in book.listed()]
                assert entries(table) == entries_told(tags)
            if way == "opt_out":
                assert book.names(opted_out=True) == ["Ana"]


def test_a_count_in_doubt_is_left_alone_while_something_is_under_way(book: Book) -> None:
    counts = ListCountStore(book.table)
    book.add(1, tags=("vip",))
    of, now = TagOf("vip"), book.clock.now()
    counts.announce(TENANT, of, "vip", announcement=f"{now}.dead")
    book.clock.sleep(100_000)
    counts.announce(TENANT, of, "vip", announcement=f"{book.clock.now()}.alive")
    book.clock.sleep(60_000)
    assert book.tags() == {"vip": 1}
    counts.book(TENANT, of, 5, announcement=f"{now + 100_000}.alive")
    [seen] = counts.tags(TENANT, after=None, limit=1).items
    assert (seen.count.contacts, seen.count.is_doubtful(book.clock.now())) == (6, True)
    assert book.tags() == {"vip": 1}
    assert counts.recount(TENANT, of, seen.count) is None


def test_a_booking_whose_answer_was_lost_is_booked_once(book: Book) -> None:
    counts = ListCountStore(book.table)
    counts.announce(TENANT, TagOf("vip"), "vip", announcement="1.a")
    assert counts.book(TENANT, TagOf("vip"), 3, announcement="1.a") == 3
    assert counts.book(TENANT, TagOf("vip"), 3, announcement="1.a") == 3
    assert counts.book(TENANT, GroupOf("gr_gone"), 3, announcement="1.a") is None
    assert counts.announce(TENANT, GroupOf("gr_gone"), "", announcement="1.a") is False


def test_a_tag_that_came_back_while_it_was_forgotten_keeps_its_count(book: Book) -> None:
    counts, dispatch = ListCountStore(book.table), book.table.connection.dispatch
    counts.announce(TENANT, TagOf("vip"), "vip", announcement="1.a")

    def twice(operation: str, request: dict[str, Any]) -> Any:
        """The answer of the deletion is lost, and it is repeated when somebody has the tag."""
        if operation == "DeleteItem":
            dispatch(operation, deepcopy(request))
            book.table.connection.dispatch = dispatch
            book.add(1, tags=("vip",))
        return dispatch(operation, request)

    book.table.connection.dispatch = twice
    counts.book(TENANT, TagOf("vip"), 0, announcement="1.a")
    assert book.tags() == {"vip": 1}


def test_a_tag_that_a_crash_left_with_nobody_is_forgotten_where_it_is_seen(book: Book) -> None:
    ListCountStore(book.table).announce(TENANT, TagOf("vip"), "vip", announcement="1.a")
    assert book.tags() == {}
    assert stored(book.table) == []


def test_a_deletion_whose_answer_was_lost_is_done(book: Book) -> None:
    contact_id, dispatch = book.add(1), book.table.connection.dispatch

    def twice(operation: str, request: dict[str, Any]) -> Any:
        if operation == "DeleteItem":
            dispatch(operation, deepcopy(request))
        return dispatch(operation, request)

    book.table.connection.dispatch = twice
    book.contacts.delete(TENANT, contact_id)
    assert stored(book.table) == []


def test_an_opt_out_that_meets_an_opt_in_is_listed_as_it_ends(book: Book) -> None:
    contact_id = book.add(1)
    book.contacts.opt_out(TENANT, contact_id, reason=None, source="operator")

    class Meanwhile(ChoiceStore):
        def choose_over(self, *given: Any, **seen: Any) -> Any:
            if not came_back:
                came_back.append(book.contacts.opt_in(TENANT, contact_id))
            return super().choose_over(*given, **seen)

    came_back: list[object] = []
    late = replace(
        book.contacts, choose=replace(book.contacts.choose, choices=Meanwhile(book.table))
    )
    assert late.opt_out(TENANT, contact_id, reason=None, source="operator").suppression
    assert book.names(opted_out=True) == ["Ana"]


def test_an_opt_in_that_meets_the_listing_of_an_opt_out_is_listed_as_it_ends(book: Book) -> None:
    contact_id = book.add(1)

    class Meanwhile(ContactStore):
        def save(self, contact: Contact, **seen: Any) -> Any:
            if contact.opted_out:
                book.contacts.opt_in(TENANT, contact_id)
            return super().save(contact, **seen)

    reading = replace(book.contacts.reading, contacts=Meanwhile(book.table))
    early = replace(book.contacts, reading=reading)
    early.opt_out(TENANT, contact_id, reason=None, source="operator")
    assert book.contacts.contacts.read(TENANT, contact_id) == book.listed(opted_out=False)[0]


def test_who_was_just_put_into_a_list_is_found_in_it(book: Book) -> None:
    class Lagging(ContactStore):
        """What is read inconsistently is from before the last second."""

        def read_many(self, *wanted: Any, consistent: bool = False) -> dict[str, Contact]:
            return super().read_many(*wanted, consistent=True) if consistent else {}

    reading = replace(book.contacts.reading, contacts=Lagging(book.table))
    book.contacts = replace(book.contacts, reading=reading)
    group_id, contact_id = book.group(), book.add(1, tags=("vip",))
    book.groups.add_contacts(TENANT, group_id, [contact_id])
    assert book.names(tag="vip") == book.names(group_id=group_id) == ["Ana"]


def test_who_is_put_in_while_the_group_is_deleted_lies_there_for_nobody(book: Book) -> None:
    group_id, contact_id = book.group(), book.add(1)
    plain = book.contacts.contacts.save

    class Meanwhile(ContactStore):
        def save(self, contact: Contact, **seen: Any) -> Any:
            book.groups.delete(TENANT, group_id)
            return plain(contact, **seen)

    groups = replace(book.groups, contacts=Meanwhile(book.table))
    with pytest.raises(NotFound):
        groups.add_contacts(TENANT, group_id, [contact_id])
    assert entries(book.table) == Counter()
    assert book.contacts.read(TENANT, contact_id).groups_count == 0
