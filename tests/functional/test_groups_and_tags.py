"""Groups and tags over the table: whatever happens to contacts, every list is what they say."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from campaigns.adapters.dynamodb.member_store import MemberStore
from campaigns.domain.contact import ContactDraft
from campaigns.domain.errors import ConcurrentUpdate, NotFound, ValidationFailed
from campaigns.domain.group import GroupOf, TagOf
from campaigns.services.ports import Listing
from campaigns.services.read_contacts import ContactFilter
from tests.fakes.aws import ministack_table, model_table
from tests.fakes.capacity import count_capacity
from tests.fakes.contact_lists import TENANT, Book, assert_exact, entries, stored


@pytest.fixture
def book() -> Iterator[Book]:
    with model_table() as table:
        yield Book(table)


@pytest.fixture(params=["moto", pytest.param("ministack", marks=pytest.mark.ministack)])
def either(request: pytest.FixtureRequest) -> Iterator[Book]:
    if request.param == "moto":
        yield request.getfixturevalue("book")
        return
    url = request.getfixturevalue("ministack_url")
    with ministack_table(url, "groups-and-tags") as table:
        yield Book(table)


# Filters


def test_each_filter_finds_its_contacts_by_name(either: Book) -> None:
    book = either
    group_id = book.group()
    zoe = book.add(1, "Zoé", tags=("VIP", "São Paulo"))
    ana = book.add(2, "ana", tags=("vip",), is_active=False)
    bia = book.add(3, "Bia")
    book.groups.add_contacts(TENANT, group_id, [zoe, bia])
    book.contacts.opt_out(TENANT, bia, reason=None, source="operator")
    assert book.names() == ["ana", "Bia", "Zoé"]
    assert book.names(tag="víp") == ["ana", "Zoé"]
    assert book.names(tag="SAO  PAULO") == ["Zoé"]
    assert book.names(tag="lead") == []
    assert book.names(group_id=group_id) == ["Bia", "Zoé"]
    assert book.names(group_id="gr_unknown") == []
    assert book.names(is_active=False) == ["ana"]
    assert book.names(is_active=True) == ["Bia", "Zoé"]
    assert book.names(opted_out=True) == ["Bia"]
    assert book.names(opted_out=False) == ["ana", "Zoé"]
    for wanted in ({}, {"tag": "vip"}, {"opted_out": False}, {"search": "1"}):
        assert book.names(limit=1, **wanted) == book.names(**wanted)
    assert ana != zoe


def test_nobody_finds_another_tenants_groups_and_tags(book: Book) -> None:
    group_id = book.group()
    contact_id = book.add(1, tags=("vip",))
    book.groups.add_contacts(TENANT, group_id, [contact_id])
    other = "tn_b"
    wanted = (ContactFilter(tag="vip"), ContactFilter(group_id=group_id), ContactFilter())
    for each in wanted:
        assert book.contacts.list(other, each, after=None, limit=9).items == []
    assert book.groups.tags(other, after=None, limit=9).items == []
    assert book.groups.list(other, after=None, limit=9).items == []
    for call in (
        lambda: book.groups.read(other, group_id),
        lambda: book.groups.add_contacts(other, group_id, [contact_id]),
        lambda: book.groups.delete(other, group_id),
    ):
        with pytest.raises(NotFound):
            call()
    own = book.groups.create(other, "Deles", "").group.group_id
    assert book.groups.add_contacts(other, own, [contact_id]).unknown == (contact_id,)
    assert book.count(group_id) == 1


def test_an_opt_out_moves_a_contact_in_the_list_and_an_opt_in_moves_it_back(book: Book) -> None:
    contact_id = book.add(1)
    for _ in range(2):
        book.contacts.opt_out(TENANT, contact_id, reason=None, source="operator")
        assert (book.names(opted_out=True), book.names(opted_out=False)) == (["Ana"], [])
    for _ in range(2):
        book.contacts.opt_in(TENANT, contact_id)
        assert (book.names(opted_out=True), book.names(opted_out=False)) == ([], ["Ana"])


@pytest.mark.parametrize("again", ["create", "bulk"])
def test_who_comes_back_after_an_opt_out_is_listed_among_those_who_are_out(
    book: Book, again: str
) -> None:
    contact_id = book.add(1)
    book.contacts.opt_out(TENANT, contact_id, reason=None, source="operator")
    book.contacts.delete(TENANT, contact_id)
    if again == "create":
        book.add(1)
    else:
        book.contacts.bulk(TENANT, [ContactDraft("(11) 99000-0001", name="Ana")])
    assert (book.names(opted_out=True), book.names(opted_out=False)) == (["Ana"], [])


def test_a_contact_that_is_listed_wrongly_is_mended_where_it_is_seen(book: Book) -> None:
    contact = book.contacts.read(TENANT, book.add(1)).contact
    # As a crash between the suppression and the contact leaves it.
    book.contacts.choose.out(TENANT, contact.person, source="webhook", reason=None)
    assert book.names(opted_out=False) == []
    assert book.names(opted_out=True) == ["Ana"]


# Membership


def test_members_are_told_by_name_page_by_page(book: Book) -> None:
    group_id = book.group()
    ids = {name: book.add(n, name, tags=("vip",)) for n, name in enumerate(["Zoé", "ana", "Bia"])}
    book.groups.add_contacts(TENANT, group_id, [*ids.values()])
    members = MemberStore(book.table)
    for of in (GroupOf(group_id), TagOf("VIP")):
        first = members.members(TENANT, of, after=None, limit=2)
        assert first.items == [ids["ana"], ids["Bia"]]
        rest = members.members(TENANT, of, after=first.next, limit=2)
        assert (rest.items, rest.next) == ([ids["Zoé"]], None)
        whole = members.members(TENANT, of, after=None, limit=3)
        assert (len(whole.items), whole.next) == (3, None)
    assert members.existing_groups(TENANT, [group_id, "gr_unknown"]) == {group_id}
    assert members.existing_groups("tn_b", [group_id]) == set()


def test_members_are_told_who_came_or_moved_since_an_instant(book: Book) -> None:
    names = ["Ana", "Bia", "Caio", "Davi"]
    ana, bia, caio, davi = (
        book.add(number, name, tags=("vip",)) for number, name in enumerate(names)
    )
    book.clock.sleep(1_000)
    since = book.clock.now()
    book.rename(bia, "Zilda")
    book.rename(davi, "Abel")
    book.edit(caio, notes="The same name.")
    eva = book.add(9, "Eva", tags=("VIP",))
    members = MemberStore(book.table)

    def asked(after: str | None, limit: int, since: int | None = since) -> Listing[str]:
        return members.members(TENANT, TagOf("vip"), after=after, limit=limit, since=since)

    first = asked(None, 2)
    assert first.items == [davi, eva]
    assert asked(first.next, 1) == Listing([bia], None)
    assert asked(None, 3) == Listing([davi, eva, bia], None)
    assert asked(None, 9, since + 1).items == []
    assert asked(None, 9, None).items == [davi, ana, caio, eva, bia]


def test_repeats_change_nothing_and_unknown_ids_are_named(book: Book) -> None:
    group_id = book.group()
    ana, bia = book.add(1), book.add(2, "Bia")
    first = book.groups.add_contacts(TENANT, group_id, [ana, "ct_x", ana, bia, "ct_x"])
    assert (first.changed, first.unknown, first.total_contacts) == (2, ("ct_x",), 2)
    again = book.groups.add_contacts(TENANT, group_id, [bia])
    assert (again.changed, again.unknown, again.total_contacts) == (0, (), 2)
    out = book.groups.remove_contacts(TENANT, group_id, [ana, ana, "ct_y"])
    assert (out.changed, out.unknown, out.total_contacts) == (1, ("ct_y",), 1)
    assert book.groups.remove_contacts(TENANT, group_id, [ana]).changed == 0
    assert_exact(book)


def test_a_new_name_moves_a_contact_in_all_her_lists(book: Book) -> None:
    group_id = book.group()
    ana, bia = book.add(1, tags=("vip",)), book.add(2, "Bia", tags=("vip",))
    book.groups.add_contacts(TENANT, group_id, [ana, bia])
    book.rename(ana, "Zoé")
    assert book.names(group_id=group_id) == book.names(tag="vip") == ["Bia", "Zoé"]
    assert_exact(book)


def test_a_deleted_contact_leaves_nothing_of_her_in_any_list(book: Book) -> None:
    group_id = book.group()
    contact_id = book.add(1, "Ana Inconfundível", tags=("vip",))
    book.groups.add_contacts(TENANT, group_id, [contact_id])
    book.contacts.delete(TENANT, contact_id)
    assert (book.count(group_id), book.tags()) == (0, {})
    assert "inconfund" not in str(stored(book.table)).lower()


def test_a_tag_is_shown_as_it_was_first_written_and_is_gone_with_its_last_contact(
    book: Book,
) -> None:
    first, second = book.add(1, tags=("São Paulo",)), book.add(2, tags=("SAO PAULO", "b", "a"))
    assert book.tags() == book.tags(limit=1) == {"a": 1, "b": 1, "São Paulo": 2}
    book.edit(first, tags=())
    assert book.tags() == {"a": 1, "b": 1, "São Paulo": 1}
    book.edit(second, tags=("b",))
    assert book.tags() == {"b": 1}
    book.edit(first, tags=("sao paulo",))
    assert book.tags() == {"b": 1, "sao paulo": 1}


def in_groups(book: Book, contact_id: str, count: int) -> list[str]:
    """Put a contact into so many new groups, at once."""
    groups = [book.group(f"g{number}") for number in range(count)]
    seen = book.contacts.contacts.read_versions(TENANT, [contact_id])[contact_id]
    with book.groups.counting.changing(TENANT, {GroupOf(each): each for each in groups}) as change:
        after = replace(seen.value, groups=tuple(groups))
        assert book.contacts.contacts.save(after, seen=seen, token="t") is None
        change.note(seen.value, after)
    return groups


def test_a_contact_with_very_many_lists_is_renamed_retagged_and_deleted(book: Book) -> None:
    contact_id = book.add(1, tags=tuple(f"t{number}" for number in range(50)))
    in_groups(book, contact_id, 30)
    book.edit(contact_id, name="Bia", tags=tuple(f"u{number}" for number in range(50)))
    assert_exact(book)
    view = book.contacts.read(TENANT, contact_id)
    assert (view.groups_count, len(view.contact.tags)) == (30, 50)
    book.contacts.delete(TENANT, contact_id)
    assert_exact(book)
    assert entries(book.table) == Counter()


def test_a_contact_is_in_a_hundred_groups_at_most(book: Book) -> None:
    contact_id, other = book.add(1), book.add(2)
    groups, one_more = in_groups(book, contact_id, 100), book.group()
    with pytest.raises(ValidationFailed) as failed:
        book.groups.add_contacts(TENANT, one_more, [other, contact_id])
    [error] = failed.value.errors
    assert (error.code, error.params["ids"]) == ("too_many_groups", [contact_id])
    assert book.count(one_more) == 0
    book.groups.delete(TENANT, groups[0])
    assert book.groups.add_contacts(TENANT, one_more, [other, contact_id]).changed == 2


def test_a_tag_of_nothing_that_counts_is_refused_and_spoils_no_other_row(book: Book) -> None:
    rows = book.contacts.bulk(
        TENANT,
        [
            ContactDraft("(11) 99000-0001", name="Ana", tags=("\u0301",)),
            ContactDraft("(11) 99000-0002", name="Bia", tags=("vip",)),
        ],
    )
    assert [row.result for row in rows] == ["error", "created"]
    assert book.tags() == {"vip": 1}
    assert_exact(book)


def test_a_refused_spelling_names_no_tag(book: Book) -> None:
    rows = book.contacts.bulk(
        TENANT,
        [
            ContactDraft("(11) 99000-0001", name="Ana", tags=("sao\npaulo",)),
            ContactDraft("(11) 99000-0001", name="Ana", tags=("São Paulo",)),
            ContactDraft("(11) 99000-0002", name="Bia", tags=("vip",)),
            ContactDraft("(11) 99000-0002", name="", tags=("são\tpaulo",)),
        ],
    )
    assert [row.result for row in rows] == ["error", "created", "created", "error"]
    assert book.tags() == {"São Paulo": 1, "vip": 1}
    assert_exact(book)


# Groups


def test_groups_are_listed_by_name_page_by_page(book: Book) -> None:
    for name in ("Zona Sul", "ângela", "Bairro"):
        book.group(name)
    found, after = [], None
    while True:
        page = book.groups.list(TENANT, after=after, limit=2)
        found += [view.group.name for view in page.items]
        after = page.next
        if after is None:
            break
    assert found == ["ângela", "Bairro", "Zona Sul"]


def test_two_groups_may_have_one_name(book: Book) -> None:
    assert book.group("Osasco") != book.group("Osasco")
    assert len(book.groups.list(TENANT, after=None, limit=9).items) == 2


def test_a_group_is_changed_only_as_it_was_seen(book: Book) -> None:
    seen = book.groups.read(TENANT, book.group())
    renamed = book.groups.edit(seen, name=" Barueri ", description="x")
    assert (renamed.group.name, renamed.group.description) == ("Barueri", "x")
    assert book.groups.edit(renamed, name="Barueri", description="x") is renamed
    with pytest.raises(ConcurrentUpdate):
        book.groups.edit(seen, name="Carapicuíba", description="")
    with pytest.raises(ConcurrentUpdate):
        book.groups.delete(TENANT, seen.group.group_id, seen=seen)
    assert [v.group.name for v in book.groups.list(TENANT, after=None, limit=9).items] == [
        "Barueri"
    ]


def test_a_deleted_group_is_gone_and_its_contacts_stay(book: Book) -> None:
    group_id, other = book.group(), book.group("Barueri")
    contact_id = book.add(1)
    for each in (group_id, other):
        book.groups.add_contacts(TENANT, each, [contact_id])
    book.groups.delete(TENANT, group_id)
    assert book.names() == ["Ana"]
    assert book.names(group_id=group_id) == []
    assert book.contacts.read(TENANT, contact_id).groups_count == 1
    assert [v.group.group_id for v in book.groups.list(TENANT, after=None, limit=9).items] == [
        other
    ]
    for call in (
        lambda: book.groups.read(TENANT, group_id),
        lambda: book.groups.delete(TENANT, group_id),
        lambda: book.groups.remove_contacts(TENANT, group_id, [contact_id]),
    ):
        with pytest.raises(NotFound):
            call()
    assert not [item for item in stored(book.table) if group_id in item["pk"]["S"]]
    book.rename(contact_id, "Bia")
    assert book.contacts.read(TENANT, contact_id).contact.groups == (other,)
    assert_exact(book)


# Counts


def test_an_import_books_each_tag_once_however_many_contacts_get_it(book: Book) -> None:
    drafts = [
        ContactDraft(f"(11) 99000-{n:04}", name=f"Ana {n}", tags=("cliente", f"t{n % 2}"))
        for n in range(20)
    ]
    calls: Counter[str] = Counter()
    book.table.connection.client.meta.events.register(
        "before-call.dynamodb", lambda model, **_: calls.update([model.name])
    )
    book.contacts.bulk(TENANT, drafts)
    assert calls["UpdateItem"] == 2 * 3
    assert calls["TransactWriteItems"] == 20
    assert book.tags() == {"cliente": 20, "t0": 10, "t1": 10}
    calls.clear()
    book.contacts.bulk(TENANT, drafts)
    assert calls.keys() == {"BatchGetItem"}
    assert_exact(book)


# Cost


def test_a_filtered_page_costs_little_beyond_its_matches(book: Book) -> None:
    group_id = book.group()
    drafts = [
        ContactDraft(
            f"(11) 99000-{number:04}",
            name=f"Cliente {number:04}",
            tags=("raro",) if number % 50 == 49 else None,
            is_active=number % 50 != 48,
        )
        for number in range(400)
    ]
    rows = book.contacts.bulk(TENANT, drafts)
    book.groups.add_contacts(TENANT, group_id, [str(row.id) for row in rows[:7]])
    for row in rows[10:15]:
        book.contacts.opt_out(TENANT, str(row.id), reason=None, source="operator")
    capacity = count_capacity(book.table)
    for wanted, matches in (
        ({"tag": "raro"}, 8),
        ({"group_id": group_id}, 7),
        ({"is_active": False}, 8),
        ({"opted_out": True}, 5),
        ({"search": "cliente 001"}, 10),
    ):
        capacity.forget()
        page = book.contacts.list(TENANT, ContactFilter(**wanted), after=None, limit=50)
        assert (len(page.items), page.next) == (matches, None)
        assert sum(capacity.read.values()) <= 10
    capacity.forget()
    book.contacts.list(TENANT, ContactFilter(is_active=True), after=None, limit=200)
    assert sum(capacity.read.values()) <= 20
