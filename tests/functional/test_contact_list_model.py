"""Contacts, tags and groups against plain dicts, and many writers against each other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from campaigns.adapters.clock import Threads
from campaigns.domain.contact import ContactDraft, tag_key
from campaigns.domain.errors import ConcurrentUpdate
from tests.fakes.aws import ministack_table, model_table
from tests.fakes.contact_lists import TENANT, Book, assert_exact

NUMBERS = st.integers(0, 4)
NAMES = st.sampled_from(["Ana", "ana", "Bia", "Zoé"])
TAGS = st.lists(st.sampled_from(["vip", "VIP", "São Paulo", "sao paulo", "x"]), max_size=3)


class Lists(RuleBasedStateMachine):
    """Contacts, tags and groups against plain dicts."""

    def __init__(self) -> None:
        super().__init__()
        self._opened = model_table()
        self.book = Book(self._opened.__enter__())
        self.people: dict[str, tuple[str, set[str], set[str]]] = {}
        self.groups: list[str] = []

    def teardown(self) -> None:
        self._opened.__exit__(None, None, None)

    def some(self, number: int) -> str:
        return sorted(self.people)[number % len(self.people)]

    @rule(number=NUMBERS, name=NAMES, tags=TAGS)
    def import_row(self, number: int, name: str, tags: list[str]) -> None:
        draft = ContactDraft(f"(11) 99000-{number:04}", name=name, tags=tuple(tags))
        [row] = self.book.contacts.bulk(TENANT, [draft])
        _, had, groups = self.people.get(str(row.id), ("", set(), set()))
        self.people[str(row.id)] = (name, had | set(map(tag_key, tags)), groups)

    @precondition(lambda self: self.people)
    @rule(number=NUMBERS, name=NAMES, tags=TAGS)
    def edit(self, number: int, name: str, tags: list[str]) -> None:
        contact_id = self.some(number)
        self.book.edit(contact_id, name=name, tags=tuple(tags))
        _, _, groups = self.people[contact_id]
        self.people[contact_id] = (name, set(map(tag_key, tags)), groups)

    @precondition(lambda self: self.people)
    @rule(number=NUMBERS)
    def delete(self, number: int) -> None:
        contact_id = self.some(number)
        self.book.contacts.delete(TENANT, contact_id)
        del self.people[contact_id]

    @precondition(lambda self: len(self.groups) < 3)
    @rule()
    def make_group(self) -> None:
        self.groups.append(self.book.group())

    @precondition(lambda self: self.groups and self.people)
    @rule(which=NUMBERS, numbers=st.lists(NUMBERS, min_size=1), is_in=st.booleans())
    def change_group(self, which: int, numbers: list[int], is_in: bool) -> None:
        group_id = self.groups[which % len(self.groups)]
        ids = {self.some(number) for number in numbers}
        act = self.book.groups.add_contacts if is_in else self.book.groups.remove_contacts
        change = act(TENANT, group_id, [*ids, "ct_x"])
        moved = {each for each in ids if (group_id in self.people[each][2]) is not is_in}
        for each in ids:
            groups = self.people[each][2]
            (groups.add if is_in else groups.discard)(group_id)
        assert change.changed == len(moved)
        assert change.unknown == ("ct_x",)
        assert change.total_contacts == sum(group_id in each[2] for each in self.people.values())

    @precondition(lambda self: self.groups)
    @rule(which=NUMBERS)
    def delete_group(self, which: int) -> None:
        group_id = self.groups.pop(which % len(self.groups))
        self.book.groups.delete(TENANT, group_id)
        for _, _, groups in self.people.values():
            groups.discard(group_id)

    def ids(self, **wanted: Any) -> set[str]:
        found = [contact.contact_id for contact in self.book.listed(limit=2, **wanted)]
        assert len(set(found)) == len(found)
        return set(found)

    @invariant()
    def lists_are_what_the_model_says(self) -> None:
        assert self.ids() == self.people.keys()
        tags = {tag for _, had, _ in self.people.values() for tag in had}
        counts = {tag_key(tag): count for tag, count in self.book.tags().items()}
        assert counts.keys() == tags
        for tag in tags:
            having = {each for each, (_, had, _) in self.people.items() if tag in had}
            assert self.ids(tag=tag) == having
            assert counts[tag] == len(having)
        for group_id in self.groups:
            inside = {each for each, (_, _, groups) in self.people.items() if group_id in groups}
            assert self.ids(group_id=group_id) == inside
            assert self.book.count(group_id) == len(inside)
        for contact in self.book.listed():
            assert self.book.contacts.read(TENANT, contact.contact_id).groups_count == len(
                self.people[contact.contact_id][2]
            )


TestLists = Lists.TestCase
TestLists.settings = settings(
    max_examples=6,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.ministack
def test_many_writers_at_once_leave_exact_lists_and_counts(ministack_url: str) -> None:
    with ministack_table(ministack_url, "lists-race") as table:
        book = Book(table)
        ids = [book.add(n, f"Ana {n}", tags=("vip",)) for n in range(3)]
        groups = [book.group(), book.group()]

        def write(seed: int) -> None:
            # A source of tokens of its own: two that draw alike would take each other's versions
            # for theirs.
            mine, random = Book(table, concurrently=Threads(2), seed=100 + seed), Random(seed)
            for _ in range(6):
                contact_id, group_id = random.choice(ids), random.choice(groups)
                acts: list[Callable[[], object]] = [
                    partial(mine.groups.add_contacts, TENANT, group_id, ids),
                    partial(mine.groups.remove_contacts, TENANT, group_id, [contact_id]),
                    partial(mine.edit, contact_id, name=f"Bia {seed}", tags=("novo",)),
                    partial(mine.edit, contact_id, tags=("vip", f"t{seed}")),
                ]
                try:
                    random.choice(acts)()
                except ConcurrentUpdate:
                    continue

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(write, range(4)))
        book.clock.sleep(120_000)
        assert_exact(book)
