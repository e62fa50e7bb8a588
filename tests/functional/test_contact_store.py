"""The stores of contacts and suppressions; the fakes keep the same promises."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from campaigns.adapters.dynamodb.contact_items import ContactItem, to_contact_item
from campaigns.adapters.dynamodb.contact_store import ContactStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.contact import check_contact, name_sort_key
from campaigns.domain.errors import Throttled
from campaigns.domain.group import lists_of
from campaigns.domain.model import Contact
from campaigns.services.ports_registry import (
    ContactBook,
    ContactOrder,
    ContactScan,
    Stale,
    Versioned,
)
from tests.fakes.aws import model_table
from tests.fakes.contacts import FakeContactBook

TENANT = "tn_a"
BY_NAME = ContactScan(ContactOrder.NAME)


def contact(number: int, name: str, **changes: object) -> Contact:
    made = Contact(
        contact_id=f"ct_{number}",
        tenant_id=TENANT,
        person=f"person-{number}",
        name=name,
        phone=f"+55119900000{number:02}",
        created_at=1_000,
        updated_at=1_000,
    )
    return replace(made, **changes)


def stored(book: ContactBook, contact_id: str) -> Versioned[Contact]:
    return book.read_versions(TENANT, [contact_id])[contact_id]


@pytest.fixture
def table() -> Iterator[Table]:
    with model_table() as table:
        yield table


@pytest.fixture(params=["table", "fake"])
def book(request: pytest.FixtureRequest) -> ContactBook:
    if request.param == "fake":
        return FakeContactBook()
    return ContactStore(request.getfixturevalue("table"))


def test_a_contact_is_read_as_it_was_saved(book: ContactBook) -> None:
    whole = contact(
        1,
        "Ana",
        email="ana@example.com",
        quem_indicou="Bia",
        tags=("vip", "lead"),
        custom_vars={"Cidade": "São Paulo"},
        notes="x",
        is_active=False,
        consent={"channel": "loja"},
    )
    book.save(whole, seen=None, token="t1")
    assert book.read(TENANT, "ct_1") == whole
    assert book.read("tn_b", "ct_1") is None
    assert book.read_many(TENANT, ["ct_1", "ct_2"]) == {"ct_1": whole}


def test_of_two_first_writes_the_second_is_told_what_stands_there(book: ContactBook) -> None:
    first, second = contact(1, "Ana"), contact(1, "Bia")
    assert book.save(first, seen=None, token="t1") is None
    stale = book.save(second, seen=None, token="t2")
    assert stale is not None
    assert stale.current is not None
    assert (stale.current.value, stale.current.version) == (first, "t1")


def test_a_write_whose_answer_was_lost_is_done(book: ContactBook) -> None:
    book.save(contact(1, "Ana"), seen=None, token="t1")
    assert book.save(contact(1, "Ana"), seen=None, token="t1") is None


def test_a_write_with_entries_whose_answer_was_lost_is_done(book: ContactBook) -> None:
    tagged = contact(1, "Ana", tags=("vip",), groups=("gr_1",))
    for _ in range(2):
        assert book.save(tagged, seen=None, token="t1") is None
    seen = stored(book, "ct_1")
    for _ in range(2):
        assert book.save(contact(1, "Bia", tags=("vip",)), seen=seen, token="t2") is None
    assert book.read(TENANT, "ct_1") == contact(1, "Bia", tags=("vip",))


def test_a_part_of_the_list_is_of_those_who_are_so(book: ContactBook) -> None:
    for number, is_active, is_out in ((1, True, False), (2, False, False), (3, True, True)):
        state = {"is_active": is_active, "opted_out": is_out}
        book.save(contact(number, f"Ana {number}", **state), seen=None, token=f"t{number}")
    by_name = ContactOrder.NAME
    assert pages(book, ContactScan(by_name, is_active=True), 1) == [["Ana 1"], ["Ana 3"]]
    assert pages(book, ContactScan(by_name, opted_out=False), 9) == [["Ana 1", "Ana 2"]]
    assert pages(book, ContactScan(by_name, is_active=False, opted_out=True), 9) == [[]]
    assert pages(book, ContactScan(by_name, "ana 3", opted_out=True), 9) == [["Ana 3"]]


def test_a_write_upon_a_version_that_is_gone_is_refused(book: ContactBook) -> None:
    book.save(contact(1, "Ana"), seen=None, token="t1")
    first = stored(book, "ct_1")
    assert book.save(contact(1, "Bia"), seen=first, token="t2") is None
    assert book.save(contact(1, "Cid"), seen=first, token="t3") is not None
    second = stored(book, "ct_1")
    book.delete(second)
    stale = book.save(contact(1, "Cid"), seen=second, token="t4")
    assert stale is not None
    assert stale.current is None


def test_only_the_version_that_was_seen_is_deleted(book: ContactBook) -> None:
    book.save(contact(1, "Ana"), seen=None, token="t1")
    seen = stored(book, "ct_1")
    stale = book.delete(replace(seen, version="t0"))
    assert stale is not None
    assert stale.current is not None
    assert stale.current.version == "t1"
    assert book.delete(seen) is None
    assert book.read(TENANT, "ct_1") is None
    assert book.delete(seen) == Stale(None)


def pages(book: ContactBook, scan: ContactScan, limit: int) -> list[list[str]]:
    found: list[list[str]] = []
    after: str | None = None
    while True:
        page = book.page(TENANT, scan, after=after, limit=limit)
        found.append([each.name for each in page.items])
        after = page.next
        if after is None:
            return found


def test_contacts_are_listed_by_name_page_by_page(book: ContactBook) -> None:
    names = ["Zé", "ana", "Ângela", "Bia", "Ana Maria"]
    for number, name in enumerate(names):
        book.save(contact(number, name), seen=None, token=f"t{number}")
    assert pages(book, BY_NAME, 2) == [["ana", "Ana Maria"], ["Ângela", "Bia"], ["Zé"]]
    assert pages(book, BY_NAME, 5) == [["ana", "Ana Maria", "Ângela", "Bia", "Zé"]]


def test_another_tenants_contacts_are_not_listed(book: ContactBook) -> None:
    book.save(contact(1, "Ana"), seen=None, token="t1")
    assert book.page("tn_b", BY_NAME, after=None, limit=10).items == []


def test_a_prefix_names_a_part_of_the_list(book: ContactBook) -> None:
    for number, name in enumerate(["Ana", "Anabela", "Bia"]):
        book.save(contact(number, name), seen=None, token=f"t{number}")
    assert pages(book, ContactScan(ContactOrder.NAME, "ana"), 1) == [["Ana"], ["Anabela"]]
    by_phone = ContactScan(ContactOrder.PHONE, "551199000002")
    assert pages(book, by_phone, 10) == [[]]
    by_phone = ContactScan(ContactOrder.PHONE, "551199000000")
    assert pages(book, by_phone, 2) == [["Ana", "Anabela"], ["Bia"]]


def test_a_new_name_moves_a_contact_in_the_list(book: ContactBook) -> None:
    book.save(contact(1, "Ana"), seen=None, token="t1")
    book.save(contact(2, "Bia"), seen=None, token="t2")
    book.save(contact(1, "Cid"), seen=stored(book, "ct_1"), token="t3")
    assert pages(book, BY_NAME, 10) == [["Bia", "Cid"]]


def test_a_position_outside_the_scan_is_refused(book: ContactBook) -> None:
    with pytest.raises(ValueError, match="outside"):
        book.page(TENANT, ContactScan(ContactOrder.NAME, "b"), after="ana\x1fct_1", limit=1)


def test_what_the_index_still_names_but_the_table_lost_makes_no_empty_page(table: Table) -> None:
    book = ContactStore(table)
    for number in range(6):
        book.save(contact(number, f"Ana {number}"), seen=None, token=f"t{number}")

    class Lagging(ContactStore):
        """Its index names contacts that are gone from the table."""

        def read_many(self, tenant_id: str, contact_ids: object, **_: object) -> dict[str, Contact]:
            found = super().read_many(tenant_id, contact_ids)  # type: ignore[arg-type]
            return {key: value for key, value in found.items() if key not in {"ct_0", "ct_1"}}

    page = Lagging(table).page(TENANT, BY_NAME, after=None, limit=2)
    assert [each.name for each in page.items] == ["Ana 2", "Ana 3"]
    assert page.next is not None


def test_a_contact_fits_into_an_item_however_long_it_is() -> None:
    letter = "\U0001f4ce"
    name = letter * 200
    longest = contact(
        1,
        name,
        quem_indicou=name,
        tags=tuple(letter * 57 + f"{number:03}" for number in range(50)),
        custom_vars={letter * 97 + f"{number:03}": letter * 500 for number in range(50)},
        notes=letter * 2_000,
        consent=dict.fromkeys(("given_at", "channel", "text"), letter * 2_000),
        groups=tuple(f"gr_{number:026}" for number in range(100)),
    )
    assert check_contact(replace(longest, consent=None)) == ()
    behind = dict.fromkeys(lists_of(longest), name_sort_key(name, longest.contact_id))
    item = to_contact_item(longest, "t" * 30, behind).serialize()
    assert len(json.dumps(item, ensure_ascii=False).encode()) < 400 * 1024


def test_an_item_shows_nothing_of_what_it_holds() -> None:
    item: ContactItem = to_contact_item(contact(1, "Ana"), "t1", {})
    assert not any(part in repr(item) for part in ("Ana", "99000"))


def test_keys_that_stay_unprocessed_to_the_end_are_a_throttled_call(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unprocessed(_operation: str, request: dict[str, object]) -> dict[str, object]:
        return {"UnprocessedKeys": request["RequestItems"]}

    monkeypatch.setattr(table, "_call", unprocessed)
    with pytest.raises(Throttled) as thrown:
        ContactStore(table).read_many(TENANT, ["ct_1"])
    assert thrown.value.retry_after == 1
