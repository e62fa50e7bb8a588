"""Contacts in lists: the services over fakes or a table, and what a table holds of the lists."""

from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import boto3

from campaigns.adapters.dynamodb.choice_store import ChoiceStore
from campaigns.adapters.dynamodb.contact_store import ContactStore, SuppressionStore
from campaigns.adapters.dynamodb.group_store import GroupStore
from campaigns.adapters.dynamodb.member_store import ListCountStore, MemberStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.contact import ContactDraft, ContactValues, name_sort_key, tag_key
from campaigns.domain.group import TagOf, lists_of
from campaigns.domain.identity import Identity
from campaigns.domain.model import Contact
from campaigns.services.bulk_contacts import BulkContacts
from campaigns.services.choose_for_contact import ChooseForContact
from campaigns.services.count_lists import CountLists
from campaigns.services.manage_contacts import ManageContacts
from campaigns.services.manage_groups import ManageGroups
from campaigns.services.ports import Concurrently
from campaigns.services.ports_choices import Choices
from campaigns.services.ports_groups import ListCounts, Memberships
from campaigns.services.ports_registry import ContactBook, SuppressionBook
from campaigns.services.read_contacts import ContactFilter, ReadContacts
from tests.fakes.clock import FakeClock
from tests.fakes.contacts import (
    FakeActivities,
    FakeChoices,
    FakeContactBook,
    FakeListCounts,
    FakeMemberships,
    FakeSuppressionBook,
)
from tests.fakes.side_by_side import one_after_the_other

TENANT = "tn_a"
IDENTITY = Identity(b"s" * 32)


def manage(
    contacts: ContactBook | None = None,
    suppressions: SuppressionBook | None = None,
    *,
    memberships: Memberships | None = None,
    counts: ListCounts | None = None,
    random: Random | None = None,
    concurrently: Concurrently = one_after_the_other,
    choices: Choices | None = None,
) -> ManageContacts:
    book = contacts or FakeContactBook()
    if memberships is None:
        assert isinstance(book, FakeContactBook)
        memberships = FakeMemberships(book)
    shared: dict[str, Any] = {
        "contacts": book,
        "reading": ReadContacts(
            contacts=book,
            suppressions=suppressions or FakeSuppressionBook(),
            memberships=memberships,
            activities=FakeActivities(),
            random=random or Random(1),
        ),
        "counting": CountLists(
            counts=counts or FakeListCounts(),
            clock=FakeClock(),
            random=random or Random(1),
            concurrently=concurrently,
        ),
        "identity": IDENTITY,
        "clock": FakeClock(),
        "random": random or Random(1),
    }
    book_of_suppressions = shared["reading"].suppressions
    return ManageContacts(
        **shared,
        choose=ChooseForContact(
            choices=choices or FakeChoices(book_of_suppressions),
            clock=FakeClock(),
            random=shared["random"],
        ),
        bulk=BulkContacts(**shared, concurrently=concurrently),
    )


def on_table(table: Table, *, concurrently: Concurrently = one_after_the_other) -> ManageContacts:
    return manage(
        ContactStore(table),
        SuppressionStore(table),
        memberships=MemberStore(table),
        counts=ListCountStore(table),
        concurrently=concurrently,
        choices=ChoiceStore(table),
    )


@dataclass
class Book:
    """Contacts and groups of one tenant over a table, as the API has them."""

    table: Table
    concurrently: Concurrently = one_after_the_other
    clock: FakeClock = field(default_factory=FakeClock)
    seed: int = 1
    #: Ids of the groups that were made, in their order.
    made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        random = Random(self.seed)
        made = on_table(self.table, concurrently=self.concurrently)
        counting = replace(made.counting, clock=self.clock, random=random)
        bulk = replace(made.bulk, clock=self.clock, random=random, counting=counting)
        self.contacts: ManageContacts = replace(
            made, clock=self.clock, random=random, counting=counting, bulk=bulk
        )
        self.groups = ManageGroups(
            groups=GroupStore(self.table, self.concurrently),
            contacts=made.contacts,
            reading=made.reading,
            counting=counting,
            clock=self.clock,
            random=random,
            concurrently=self.concurrently,
        )

    def add(self, number: int, name: str = "Ana", **fields: Any) -> str:
        draft = ContactDraft(f"(11) 99000-{number:04}", name=name, **fields)
        return self.contacts.create(TENANT, draft).contact.contact_id

    def rename(self, contact_id: str, name: str) -> None:
        self.edit(contact_id, name=name)

    def edit(self, contact_id: str, **fields: Any) -> None:
        seen = self.contacts.read(TENANT, contact_id)
        values = ContactValues(seen.contact.phone, seen.contact.name, tags=seen.contact.tags)
        self.contacts.edit(TENANT, seen, replace(values, **fields))

    def group(self, name: str = "Osasco") -> str:
        self.made.append(self.groups.create(TENANT, name, "").group.group_id)
        return self.made[-1]

    def names(self, **wanted: Any) -> list[str]:
        return [contact.name for contact in self.listed(**wanted)]

    def listed(self, limit: int = 50, **wanted: Any) -> list[Contact]:
        found: list[Contact] = []
        after: str | None = None
        while True:
            page = self.contacts.list(TENANT, ContactFilter(**wanted), after=after, limit=limit)
            found += [view.contact for view in page.items]
            assert page.items or page.next is None, "an empty page with a cursor"
            after = page.next
            if after is None:
                return found

    def tags(self, limit: int = 50) -> dict[str, int]:
        found: dict[str, int] = {}
        after: str | None = None
        while True:
            page = self.groups.tags(TENANT, after=after, limit=limit)
            found |= {view.tag: view.contacts_count for view in page.items}
            after = page.next
            if after is None:
                return found

    def count(self, group_id: str) -> int:
        return self.groups.read(TENANT, group_id).contacts_count


def stored(table: Table) -> list[dict[str, Any]]:
    client = boto3.client("dynamodb", endpoint_url=table.connection.client.meta.endpoint_url)
    items: list[dict[str, Any]] = []
    for page in client.get_paginator("scan").paginate(TableName=table.name):
        items += page["Items"]
    return items


def entries(table: Table) -> Counter[tuple[str, str]]:
    """The entries that lie in the table: list and place."""
    return Counter(
        (item["pk"]["S"], item["sk"]["S"].removeprefix("MEMBER#"))
        for item in stored(table)
        if item["sk"]["S"].startswith("MEMBER#")
    )


def entries_told(contacts: list[Contact]) -> Counter[tuple[str, str]]:
    """The entries that there should be, by what the contacts say of themselves."""
    return Counter(
        (
            f"TENANT#{TENANT}#"
            + (f"TAG#{each.tag}" if isinstance(each, TagOf) else f"GROUP#{each.group_id}"),
            name_sort_key(contact.name, contact.contact_id),
        )
        for contact in contacts
        for each in lists_of(contact)
    )


def assert_exact(book: Book) -> None:
    """Entries and counts are those that the contacts say, once nothing is under way."""
    contacts = book.listed()
    told = entries_told(contacts)
    assert entries(book.table) == told
    by_tag = Counter(tag_key(tag) for contact in contacts for tag in contact.tags)
    assert {tag_key(tag): count for tag, count in book.tags().items()} == by_tag
    for view in book.groups.list(TENANT, after=None, limit=50).items:
        inside = sum(view.group.group_id in contact.groups for contact in contacts)
        assert view.contacts_count == inside
