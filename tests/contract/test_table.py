"""What every store builds on: conditions, transactions, pages and indexes, on each emulator."""

import pytest
from botocore.exceptions import ClientError
from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from campaigns.adapters.dynamodb.table import Done, Item, Key, Refused, Table
from tests.contract.things import fresh


class Thing(Item):
    word = UnicodeAttribute(null=True)
    count = NumberAttribute(null=True)
    list_key = UnicodeAttribute(null=True)
    list_sort = UnicodeAttribute(null=True)


def put(table: Table, partition: str, sort: str, **fields: object) -> Key:
    table.put(Thing(partition, sort, **fields))
    return Key(partition, sort)


def words(table: Table, partition: str) -> dict[str, str]:
    return {item.sk: item.word for item in table.query_all(Thing, partition, consistent=True)}


def test_a_refused_transaction_leaves_nothing_behind_and_says_what_refused(table: Table) -> None:
    partition = fresh("things")
    old = put(table, partition, "old", word="before", list_key=partition, list_sort="a")
    going = put(table, partition, "going", word="stays")
    refusing = put(table, partition, "refusing", word="other")
    reasons = table.transact(
        [
            ("Put", table.put_request(Thing(partition, "new", word="never"))),
            (
                "Update",
                table.update_request(old, [Thing.word.set("after"), Thing.list_key.remove()]),
            ),
            ("Delete", table.check_request(going)),
            ("Update", table.update_request(refusing, [Thing.count.add(1)], Thing.word == "this")),
        ]
    )
    assert reasons is not None
    assert [bool(reason) for reason in reasons] == [False, False, False, True]
    assert words(table, partition) == {"old": "before", "going": "stays", "refusing": "other"}
    listed = table.query(Thing, partition, index="by_list")
    assert [item.key for item in listed.items] == [old]


def test_a_transaction_changes_every_item_and_its_place_in_the_indexes(table: Table) -> None:
    partition = fresh("things")
    old = put(table, partition, "old", word="old", list_key=partition, list_sort="b")
    going = put(table, partition, "going", list_key=partition, list_sort="a")
    done = table.transact(
        [
            ("Update", table.update_request(old, [Thing.list_sort.set("c")], Thing.word == "old")),
            ("Delete", table.check_request(going)),
            ("Put", table.put_request(Thing(partition, "new", list_key=partition, list_sort="b"))),
        ]
    )
    assert done is None
    listed = table.query(Thing, partition, index="by_list")
    assert [(item.sk, item.list_sort) for item in listed.items] == [("new", "b"), ("old", "c")]


def test_no_transaction_writes_one_item_twice(table: Table) -> None:
    key = put(table, fresh("things"), "one", word="before")
    write = ("Update", table.update_request(key, [Thing.word.set("after")]))
    with pytest.raises(ClientError):
        table.transact([write, write])
    assert words(table, key.pk) == {"one": "before"}


@pytest.mark.parametrize(
    ("word", "is_met"), [("a", False), ("b", True), (None, True)], ids=["same", "other", "missing"]
)
def test_what_is_missing_is_different_from_everything(
    table: Table, word: str | None, is_met: bool
) -> None:
    key = put(table, fresh("things"), "one", **({"word": word} if word else {}))
    result = table.update(Thing, key, [Thing.count.set(1)], Thing.word != "a")
    assert isinstance(result, Done if is_met else Refused)


def test_what_is_missing_is_neither_more_nor_less_than_anything(table: Table) -> None:
    key = put(table, fresh("things"), "one")
    for condition in (Thing.count < 1, Thing.count >= 1, Thing.count.between(0, 9)):
        assert isinstance(table.update(Thing, key, [Thing.word.set("x")], condition), Refused)


def test_numbers_are_compared_as_numbers_and_added_up_exactly(table: Table) -> None:
    key = put(table, fresh("things"), "one", count=9)
    result = table.update(Thing, key, [Thing.count.add(2)], Thing.count < 10, returning="ALL_NEW")
    assert isinstance(result, Done)
    assert result.item is not None
    assert result.item.count == 11


def test_pages_go_on_where_they_ended_in_both_directions(table: Table) -> None:
    partition = fresh("things")
    for number in range(5):
        put(table, partition, f"{number}", list_key=partition, list_sort=f"{9 - number}")
    for options, wanted in (
        ({}, "01234"),
        ({"newest_first": True}, "43210"),
        ({"index": "by_list"}, "43210"),
        ({"index": "by_list", "newest_first": True}, "01234"),
    ):
        found, after = "", None
        while True:
            page = table.query(Thing, partition, limit=2, after=after, **options)  # type: ignore[arg-type]
            found += "".join(item.sk for item in page.items)
            after = page.last_key
            if after is None:
                break
        assert found == wanted


def test_an_update_reads_what_was_there_before_it(table: Table) -> None:
    key = put(table, fresh("things"), "one", word="old", count=1)
    result = table.update(
        Thing,
        key,
        [Thing.count.set(Thing.count + 5), Thing.list_sort.set(Thing.word), Thing.word.remove()],
        returning="ALL_NEW",
    )
    assert isinstance(result, Done)
    assert result.item is not None
    assert (result.item.count, result.item.list_sort, result.item.word) == (6, "old", None)


def test_an_empty_value_for_a_key_of_an_index_is_refused(table: Table) -> None:
    partition = fresh("things")
    with pytest.raises(ClientError):
        put(table, partition, "one", list_key="", list_sort="a")
    assert words(table, partition) == {}
