"""Opt-outs that wait, and aliases: one entry a message, found by its alias and by its tenant."""

from campaigns.adapters.dynamodb.alias_store import AliasStore
from campaigns.adapters.dynamodb.review_store import ReviewItem, ReviewStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.identity import Identity
from campaigns.domain.opt_out_review import OptOutReview, review_id_of
from tests.contract.lost_answers import losing_the_answer
from tests.contract.things import NOW, fresh

IDENTITY = Identity(b"s" * 32)


def review(tenant_id: str, *, jid: str = "7@lid", message: str = "M1", at: int = NOW):
    alias = IDENTITY.alias(tenant_id, jid)
    return OptOutReview(
        review_id=review_id_of(alias, IDENTITY.inbound("in_1", message)),
        tenant_id=tenant_id,
        alias=alias,
        instance_id="in_1",
        whatsapp_message_id=message,
        keyword="SAIR",
        text="Sair!",
        push_name=None,
        said_at=at,
        received_at=at,
    )


def test_an_entry_reads_as_it_was_added_once_per_message(table: Table) -> None:
    store, tenant_id = ReviewStore(table), fresh("tn")
    first = review(tenant_id)
    with losing_the_answer(table, "PutItem"):
        store.add(first)
    store.add(review(tenant_id, at=NOW + 5))
    assert store.read(tenant_id, first.review_id) == first
    assert store.page(tenant_id, after=None, limit=5).items == [first]
    assert store.read(fresh("tn"), first.review_id) is None
    assert store.read(tenant_id, "no such id") is None


def test_entries_are_found_by_their_alias(table: Table) -> None:
    store, aliases, tenant_id = ReviewStore(table), AliasStore(table), fresh("tn")
    mine = [review(tenant_id, message=f"M{n}") for n in range(3)]
    for each in [*mine, review(tenant_id, jid="8@lid")]:
        store.add(each)
    # The alias itself lies there too.
    aliases.put(tenant_id, mine[0].alias, "person", NOW)
    found = store.waiting(tenant_id, mine[0].alias)
    assert sorted(each.review_id for each in found) == sorted(each.review_id for each in mine)


def test_one_that_is_settled_is_gone_for_everybody_and_does_not_come_back(table: Table) -> None:
    store, tenant_id = ReviewStore(table), fresh("tn")
    entry = review(tenant_id)
    store.add(entry)
    for _ in range(2):
        store.settle(entry, NOW)
    store.add(entry)
    assert store.read(tenant_id, entry.review_id) is None
    assert list(store.waiting(tenant_id, entry.alias)) == []
    assert store.page(tenant_id, after=None, limit=5).items == []
    kept = table.query(ReviewItem, f"TENANT#{tenant_id}#ALIAS#{entry.alias}").items
    assert [(each.text, each.push_name) for each in kept] == [(None, None)]


def test_one_that_never_was_is_not_made_by_settling_it(table: Table) -> None:
    store, tenant_id = ReviewStore(table), fresh("tn")
    entry = review(tenant_id)
    store.settle(entry, NOW)
    store.add(entry)
    assert store.read(tenant_id, entry.review_id) == entry


def test_pages_are_newest_first_and_end(table: Table) -> None:
    store, tenant_id = ReviewStore(table), fresh("tn")
    entries = [review(tenant_id, message=f"M{n}", at=NOW + n) for n in range(5)]
    for each in entries:
        store.add(each)
    store.settle(entries[2], NOW)
    first = store.page(tenant_id, after=None, limit=3)
    assert first.items == [entries[4], entries[3], entries[1]]
    rest = store.page(tenant_id, after=first.next, limit=3)
    assert (rest.items, rest.next) == ([entries[0]], None)


def test_an_alias_is_whose_it_was_learned_to_be_last(table: Table) -> None:
    store, tenant_id = AliasStore(table), fresh("tn")
    assert store.read(tenant_id, "alias") is None
    for person in ("first", "second"):
        store.put(tenant_id, "alias", person, NOW)
    assert store.read(tenant_id, "alias", consistent=True) == "second"
    assert store.read(fresh("tn"), "alias") is None
