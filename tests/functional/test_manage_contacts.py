"""Contacts as the API keeps them."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.adapters.clock import Threads
from campaigns.domain.contact import (
    Birth,
    ContactDraft,
    ContactSource,
    check_contact,
    new_contact,
    put_over,
)
from campaigns.domain.contact_bulk import OnDuplicate, RowError, RowOutcome, RowResult
from campaigns.domain.errors import Conflict, FieldError, NotFound, ValidationFailed
from campaigns.domain.model import Contact
from campaigns.domain.phone import InvalidPhone, parse_phone
from campaigns.services.manage_contacts import ManageContacts
from campaigns.services.ports_registry import Versioned
from campaigns.services.read_contacts import ContactFilter
from tests.fakes.aws import ministack_table, model_table
from tests.fakes.clock import FakeClock
from tests.fakes.contact_lists import IDENTITY, TENANT, manage, on_table
from tests.fakes.contacts import FakeContactBook

ANA = "(11) 99000-1234"
ANA_BEFORE_2012 = "11 9000-1234"
BIA = "(11) 99000-5678"


def results(rows: Sequence[RowResult]) -> list[str]:
    return [row.result.value for row in rows]


def names(service: ManageContacts, search: str | None = None, limit: int = 50) -> list[str]:
    found: list[str] = []
    after: str | None = None
    while True:
        wanted = ContactFilter(search=search)
        page = service.list(TENANT, wanted, after=after, limit=limit)
        found += [view.contact.name for view in page.items]
        after = page.next
        if after is None:
            return found


def test_a_created_contact_is_read_with_its_phone_in_e164() -> None:
    service = manage()
    created = service.create(TENANT, ContactDraft(ANA, name=" Ana ", tags=("vip",)))
    assert (created.contact.name, created.contact.phone) == ("Ana", "+5511990001234")
    assert service.read(TENANT, created.contact.contact_id) == created


def test_another_spelling_of_a_phone_is_the_same_person() -> None:
    service = manage()
    first = service.create(TENANT, ContactDraft(ANA, name="Ana"))
    with pytest.raises(Conflict) as conflict:
        service.create(TENANT, ContactDraft(ANA_BEFORE_2012, name="Ana Maria"))
    assert conflict.value.code == "contact_exists"
    assert conflict.value.existing_id == first.contact.contact_id


def test_two_tenants_may_know_one_person_under_different_ids() -> None:
    service = manage()
    ours = service.create(TENANT, ContactDraft(ANA, name="Ana")).contact
    theirs = service.create("tn_b", ContactDraft(ANA, name="Ana")).contact
    assert ours.person == theirs.person
    assert ours.contact_id != theirs.contact_id
    with pytest.raises(NotFound):
        service.read(TENANT, theirs.contact_id)
    with pytest.raises(NotFound):
        service.delete(TENANT, theirs.contact_id)
    with pytest.raises(NotFound):
        service.opt_out(TENANT, theirs.contact_id, reason=None, source="api")


def test_wrong_fields_are_told_and_nothing_is_stored() -> None:
    book = FakeContactBook()
    with pytest.raises(ValidationFailed) as failed:
        manage(book).create(TENANT, ContactDraft(ANA, name="", email="x"))
    assert {error.field for error in failed.value.errors} == {"name", "email"}
    with pytest.raises(ValidationFailed) as failed:
        manage(book).create(TENANT, ContactDraft("990", name="Ana"))
    assert [error.code for error in failed.value.errors] == ["phone_too_short"]
    assert book.stored == {}


def test_an_opt_out_is_repeatable_and_the_first_one_stands() -> None:
    service = manage()
    contact_id = service.create(TENANT, ContactDraft(ANA, name="Ana")).contact.contact_id
    first = service.opt_out(TENANT, contact_id, reason="pediu", source="api")
    again = service.opt_out(TENANT, contact_id, reason="de novo", source="webhook")
    assert first.suppression is not None
    assert again == first


def test_an_opt_in_takes_the_opt_out_back() -> None:
    service = manage()
    contact_id = service.create(TENANT, ContactDraft(ANA, name="Ana")).contact.contact_id
    service.opt_out(TENANT, contact_id, reason=None, source="api")
    assert service.opt_in(TENANT, contact_id).suppression is None
    assert service.opt_in(TENANT, contact_id).suppression is None


def test_an_opt_out_outlives_its_contact() -> None:
    service = manage()
    contact_id = service.create(TENANT, ContactDraft(ANA, name="Ana")).contact.contact_id
    service.opt_out(TENANT, contact_id, reason=None, source="api")
    service.delete(TENANT, contact_id)
    with pytest.raises(NotFound):
        service.read(TENANT, contact_id)
    created_again = service.create(TENANT, ContactDraft(ANA, name="Ana"))
    assert created_again.contact.contact_id == contact_id
    assert created_again.suppression is not None
    [listed] = service.list(TENANT, ContactFilter(), after=None, limit=10).items
    assert listed == created_again


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_a_search_finds_beginnings_of_names_and_of_phones(limit: int) -> None:
    service = manage()
    service.bulk(
        TENANT,
        [
            ContactDraft("(11) 99000-0001", name="João"),
            ContactDraft("(11) 99000-0002", name="joana"),
            ContactDraft("(21) 99000-0003", name="Maria"),
            ContactDraft("(31) 99000-0004", name="2199 Bar"),
        ],
    )
    assert names(service, "JO", limit) == ["joana", "João"]
    assert names(service, "(11) 99", limit) == ["João", "joana"]
    assert names(service, "2199", limit) == ["2199 Bar", "Maria"]
    assert names(service, "silva", limit) == []
    assert names(service, None, limit) == ["2199 Bar", "joana", "João", "Maria"]


def test_a_contact_found_by_name_and_by_phone_is_listed_once() -> None:
    service = manage()
    service.create(TENANT, ContactDraft(ANA, name="11 Irmãos"))
    assert names(service, "11", 1) == ["11 Irmãos"]


@pytest.mark.parametrize("after", ["9:", "x", "0:zzz", "-1:"])
def test_a_cursor_of_another_search_is_refused(after: str) -> None:
    service = manage()
    with pytest.raises(ValidationFailed) as failed:
        service.list(TENANT, ContactFilter(search="ana"), after=after, limit=10)
    assert [error.code for error in failed.value.errors] == ["invalid_cursor"]


# Bulk


def test_one_bad_row_spoils_no_other() -> None:
    service = manage()
    unread = RowError((FieldError("name", "invalid_type", "invalid_type"),))
    rows = service.bulk(
        TENANT,
        [
            ContactDraft(ANA, name="Ana"),
            ContactDraft("990", name="Fragmento"),
            unread,
            ContactDraft(BIA, name=""),
            ContactDraft("(11) 99000-7777", name="Cid"),
        ],
    )
    assert results(rows) == ["created", "error", "error", "error", "created"]
    assert [row.index for row in rows] == [0, 1, 2, 3, 4]
    assert [row.code for row in rows][1:4] == ["validation_failed"] * 3
    assert [row.errors[0].code for row in rows[1:4]] == [
        "phone_too_short",
        "invalid_type",
        "required",
    ]
    assert names(service) == ["Ana", "Cid"]


@pytest.mark.parametrize(
    ("on_duplicate", "result", "name", "tags"),
    [
        (OnDuplicate.UPDATE, "updated", "Ana Maria", ("vip", "novo")),
        (OnDuplicate.SKIP, "skipped", "Ana", ("vip",)),
        (OnDuplicate.ERROR, "error", "Ana", ("vip",)),
    ],
)
def test_a_repeat_in_the_body_is_treated_as_against_the_store(
    on_duplicate: OnDuplicate, result: str, name: str, tags: tuple[str, ...]
) -> None:
    first = ContactDraft(ANA, name="Ana", tags=("vip",))
    repeat = ContactDraft(ANA_BEFORE_2012, name="Ana Maria", tags=("novo",))
    in_one_body = manage()
    rows = in_one_body.bulk(TENANT, [first, repeat], on_duplicate)
    assert results(rows) == ["created", result]
    assert rows[0].id == rows[1].id
    in_two = manage()
    in_two.bulk(TENANT, [first], on_duplicate)
    assert results(in_two.bulk(TENANT, [repeat], on_duplicate)) == [result]
    for service in (in_one_body, in_two):
        contact = service.read(TENANT, rows[0].id or "").contact
        assert (contact.name, contact.tags) == (name, tags)


def test_a_repeat_that_is_an_error_names_the_contact_that_is_there() -> None:
    rows = manage().bulk(
        TENANT, [ContactDraft(ANA, name="Ana"), ContactDraft(ANA, name="B")], OnDuplicate.ERROR
    )
    assert (rows[1].code, rows[1].id) == ("contact_exists", rows[0].id)


def test_an_update_that_breaks_a_limit_leaves_the_contact_as_it_was() -> None:
    service = manage()
    first = ContactDraft(ANA, name="Ana", tags=tuple(f"a{number}" for number in range(50)))
    rows = service.bulk(TENANT, [first, ContactDraft(ANA, tags=("b",))])
    assert results(rows) == ["created", "error"]
    assert len(service.read(TENANT, rows[0].id or "").contact.tags) == 50


def test_a_second_import_of_the_same_rows_writes_nothing() -> None:
    book = FakeContactBook()
    service = manage(book)
    rows = [ContactDraft(ANA, name="Ana", tags=("vip",)), ContactDraft(BIA, name="Bia")]
    service.bulk(TENANT, rows)
    stored, saves = dict(book.stored), book.saves
    assert results(service.bulk(TENANT, rows)) == ["updated", "updated"]
    assert (book.stored, book.saves) == (stored, saves)


def test_a_write_in_between_is_built_upon_and_not_lost() -> None:
    book = FakeContactBook()
    service = manage(book)
    somebody_else = manage(book, random=Random(2))

    def meanwhile() -> None:
        somebody_else.create(TENANT, ContactDraft(ANA, name="Ana", notes="de outro"))

    book.before_save = meanwhile
    rows = service.bulk(TENANT, [ContactDraft(ANA, name="Ana Maria")])
    assert results(rows) == ["updated"]
    contact = service.read(TENANT, rows[0].id or "").contact
    assert (contact.name, contact.notes) == ("Ana Maria", "de outro")


def test_a_fault_of_the_store_is_passed_on_after_every_person_was_tried() -> None:
    class Failing(FakeContactBook):
        def save(self, contact: Contact, *, seen: Versioned[Contact] | None, token: str):
            if contact.name == "Ana":
                raise ConnectionError
            return super().save(contact, seen=seen, token=token)

    book = Failing()
    service = manage(book)
    with pytest.raises(ConnectionError):
        service.bulk(TENANT, [ContactDraft(ANA, name="Ana"), ContactDraft(BIA, name="Bia")])
    assert names(service) == ["Bia"]


@dataclass
class SimpleStore:
    """The contract's words, row after row, in the plainest way."""

    contacts: dict[str, Contact]

    def put(self, draft: ContactDraft, on_duplicate: OnDuplicate) -> RowOutcome:
        try:
            phone = parse_phone(draft.phone)
        except InvalidPhone:
            return RowOutcome.ERROR
        there = self.contacts.get(phone.person_key)
        if there and on_duplicate is not OnDuplicate.UPDATE:
            is_error = on_duplicate is OnDuplicate.ERROR
            return RowOutcome.ERROR if is_error else RowOutcome.SKIPPED
        person = IDENTITY.person(phone.person_key)
        contact_id = IDENTITY.contact_id(TENANT, person)
        birth = Birth(contact_id, TENANT, person, ContactSource.IMPORT)
        now = FakeClock().now()
        wanted = put_over(there, draft, now) if there else new_contact(draft, phone, birth, now)
        if check_contact(wanted):
            return RowOutcome.ERROR
        self.contacts[phone.person_key] = wanted
        return RowOutcome.UPDATED if there else RowOutcome.CREATED


DRAFTS = st.builds(
    ContactDraft,
    phone=st.sampled_from([ANA, ANA_BEFORE_2012, "+5511990001234", BIA, "990", "(21) 3000-1234"]),
    name=st.sampled_from([None, "", "Ana", "Bia", "n" * 201]),
    email=st.sampled_from([None, "", "a@example.com", "x"]),
    tags=st.sampled_from([None, (), ("vip",), ("novo", "vip")]),
    custom_vars=st.sampled_from([None, {"Cor": "azul"}, {"cor": "verde"}, {"nome": "x"}]),
    is_active=st.sampled_from([None, True, False]),
)


@given(st.lists(st.lists(DRAFTS, max_size=6), max_size=3), st.sampled_from(OnDuplicate))
def test_bulk_is_what_a_simple_model_says(
    bodies: list[list[ContactDraft]], on_duplicate: OnDuplicate
) -> None:
    book = FakeContactBook()
    service, model = manage(book), SimpleStore({})
    for drafts in bodies:
        rows = service.bulk(TENANT, drafts, on_duplicate)
        assert [row.result for row in rows] == [model.put(draft, on_duplicate) for draft in drafts]
    # Which call created a contact is not the model's to know.
    stored = {
        found.value.contact_id: replace(found.value, import_id=None)
        for found in book.stored.values()
    }
    assert stored == {contact.contact_id: contact for contact in model.contacts.values()}


# On the table


def test_a_large_body_takes_few_requests() -> None:
    with model_table() as table:
        service = on_table(table)
        calls: Counter[str] = Counter()
        table.connection.client.meta.events.register(
            "before-call.dynamodb", lambda model, **_: calls.update([model.name])
        )
        drafts = [ContactDraft(f"(11) 99000-{number:04}", name="Ana") for number in range(250)]
        assert results(service.bulk(TENANT, drafts)) == ["created"] * 250
        # Contacts, and the suppressions after them.
        assert calls == {"BatchGetItem": 3 + 3, "PutItem": 250}
        calls.clear()
        assert results(service.bulk(TENANT, drafts)) == ["updated"] * 250
        assert calls == {"BatchGetItem": 3 + 3}
        calls.clear()
        tagged = [replace(draft, tags=("vip",)) for draft in drafts[:9]]
        assert results(service.bulk(TENANT, tagged)) == ["updated"] * 9
        assert calls == {"BatchGetItem": 1 + 1, "TransactWriteItems": 9, "UpdateItem": 2}


@pytest.mark.ministack
def test_of_many_creates_of_one_person_at_once_one_wins(ministack_url: str) -> None:
    with ministack_table(ministack_url, "contacts-race") as table:
        service = on_table(table, concurrently=Threads(4))

        def create(number: int) -> str:
            phone = ANA if number % 2 else ANA_BEFORE_2012
            try:
                created = service.create(TENANT, ContactDraft(phone, name=f"Ana {number}"))
            except Conflict as conflict:
                return f"{conflict.code} {conflict.existing_id}"
            return created.contact.contact_id

        with ThreadPoolExecutor(8) as threads:
            answers = Counter(threads.map(create, range(16)))
        [contact] = service.list(TENANT, ContactFilter(), after=None, limit=10).items
        contact_id = contact.contact.contact_id
        assert answers == {contact_id: 1, f"contact_exists {contact_id}": 15}
