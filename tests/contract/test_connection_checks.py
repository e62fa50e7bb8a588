"""Looks at connections: one at a time, none forgotten, on each emulator."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from campaigns.adapters.dynamodb.connection_check_store import ConnectionCheckStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.connection_check import (
    DEBOUNCE_MS,
    LOOK_MS,
    UNENDED_MS,
    ConnectionCheck,
    ConnectionCheckKey,
    Underway,
)
from tests.contract.lost_answers import losing_the_answer
from tests.contract.test_lane_store import SHARDS, lanes
from tests.contract.things import NOW

_NUMBERS = count()


@pytest.fixture
def instance_id() -> str:
    return f"in_{next(_NUMBERS)}"


def checks(table: Table) -> ConnectionCheckStore:
    return ConnectionCheckStore(table, SHARDS)


def began(table: Table, instance_id: str, now: int = NOW, who: str = "first") -> ConnectionCheck:
    begun = checks(table).begin(instance_id, token=who, now=now)
    assert isinstance(begun, ConnectionCheck)
    return begun


def end(table: Table, check: ConnectionCheck, **left: int | None) -> None:
    nothing: dict[str, int | None] = {"due_at": None, "unsettled_since": None, "failures": 0}
    checks(table).end(check, **nothing | left)  # type: ignore[arg-type]


def is_due(table: Table, instance_id: str, now: int) -> bool:
    key = ConnectionCheckKey(instance_id)
    return any(key in lanes(table).due(shard, now) for shard in range(SHARDS))


def test_a_look_is_taken_once_in_five_seconds(table: Table, instance_id: str) -> None:
    first = began(table, instance_id)
    end(table, first)
    refused = checks(table).begin(instance_id, token="second", now=NOW + DEBOUNCE_MS - 1)
    assert refused == Underway(NOW + DEBOUNCE_MS, None)
    began(table, instance_id, NOW + DEBOUNCE_MS, "third")


def test_while_a_look_goes_on_no_other_begins(table: Table, instance_id: str) -> None:
    began(table, instance_id)
    refused = checks(table).begin(instance_id, token="second", now=NOW + LOOK_MS - 1)
    assert refused == Underway(NOW + DEBOUNCE_MS, NOW + UNENDED_MS)
    began(table, instance_id, NOW + LOOK_MS, "third")


def test_a_look_whose_process_ended_is_due_again(table: Table, instance_id: str) -> None:
    check = began(table, instance_id)
    assert not is_due(table, instance_id, check.again_at - 1)
    assert is_due(table, instance_id, check.again_at)


def test_a_look_that_is_over_leaves_nothing_due(table: Table, instance_id: str) -> None:
    end(table, began(table, instance_id))
    assert not is_due(table, instance_id, NOW + 10 * UNENDED_MS)


def test_what_a_look_leaves_is_there_for_the_next_one(table: Table, instance_id: str) -> None:
    end(table, began(table, instance_id), due_at=NOW + 60_000, unsettled_since=NOW, failures=2)
    assert is_due(table, instance_id, NOW + 60_000)
    following = began(table, instance_id, NOW + 60_000, "second")
    assert (following.unsettled_since, following.failures) == (NOW, 2)
    end(table, following)
    last = began(table, instance_id, NOW + 120_000, "third")
    assert (last.unsettled_since, last.failures) == (None, 0)


@pytest.mark.parametrize("after", [1, DEBOUNCE_MS, LOOK_MS - 1])
def test_a_look_that_is_left_due_during_another_one_outlives_it(
    table: Table, instance_id: str, after: int
) -> None:
    check = began(table, instance_id)
    at = NOW + after + DEBOUNCE_MS
    checks(table).leave_due(instance_id, at)
    end(table, check, unsettled_since=NOW)
    assert is_due(table, instance_id, at)
    assert not is_due(table, instance_id, at - 1)
    # What the look learned is kept all the same, and the next one may begin.
    assert began(table, instance_id, at, "second").unsettled_since == NOW


def test_the_earliest_of_what_is_left_due_stands(table: Table, instance_id: str) -> None:
    for at in (NOW + 9_000, NOW + 5_000, NOW + 7_000):
        checks(table).leave_due(instance_id, at)
    assert is_due(table, instance_id, NOW + 5_000)
    assert not is_due(table, instance_id, NOW + 4_999)


def test_an_older_look_changes_nothing_of_a_newer_one(table: Table, instance_id: str) -> None:
    older = began(table, instance_id)
    newer = began(table, instance_id, NOW + LOOK_MS, "second")
    end(table, older, failures=7)
    assert is_due(table, instance_id, newer.again_at)
    assert isinstance(
        checks(table).begin(instance_id, token="third", now=newer.begun_at + 1), Underway
    )
    end(table, newer)
    assert not is_due(table, instance_id, newer.again_at)


def test_a_look_whose_answer_was_lost_is_taken_once(table: Table, instance_id: str) -> None:
    with losing_the_answer(table, "UpdateItem"):
        check = began(table, instance_id)
    assert check == ConnectionCheck(instance_id, "first", NOW)


def test_an_end_whose_answer_was_lost_leaves_what_it_said(table: Table, instance_id: str) -> None:
    check = began(table, instance_id)
    with losing_the_answer(table, "UpdateItem"):
        end(table, check, due_at=NOW + 60_000, failures=1)
    assert is_due(table, instance_id, NOW + 60_000)
    assert not is_due(table, instance_id, NOW + 59_999)
    assert began(table, instance_id, NOW + 60_000, "second").failures == 1


def test_what_is_forgotten_is_due_no_more(table: Table, instance_id: str) -> None:
    checks(table).leave_due(instance_id, NOW)
    checks(table).forget(instance_id)
    assert not is_due(table, instance_id, NOW + 10 * UNENDED_MS)


@pytest.mark.ministack
def test_of_many_events_at_once_one_looks(real_table: Table, instance_id: str) -> None:
    def ask(number: int) -> ConnectionCheck | Underway:
        return checks(real_table).begin(instance_id, token=f"{number}", now=NOW)

    with ThreadPoolExecutor(8) as threads:
        begun = list(threads.map(ask, range(16)))
    assert sum(isinstance(each, ConnectionCheck) for each in begun) == 1
