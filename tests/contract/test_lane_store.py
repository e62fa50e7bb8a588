"""Lanes: one planner's write at a time, and the index of what is due, on each emulator."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import SystemRandom

import pytest

from campaigns.adapters.dynamodb.lane_store import LaneStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.model import Lane, PlannedRun
from tests.contract.lost_answers import losing_the_answer
from tests.contract.things import NOW, a_campaign, a_lane

SHARDS = 2


def lanes(table: Table) -> LaneStore:
    return LaneStore(table, SystemRandom(), SHARDS)


def kept(table: Table, **fields: object) -> Lane:
    lane = a_lane(a_campaign(), **fields)
    table.put(lanes(table).to_item(lane))
    return lane


def is_due(table: Table, lane: Lane, now: int) -> bool:
    store = lanes(table)
    return any(lane.key in store.due(shard, now) for shard in range(SHARDS))


def advanced(lane: Lane, cursor: int) -> Lane:
    run = PlannedRun(cursor, last_slot=NOW + 1_000 * cursor, retries=1)
    return replace(lane, cursor=cursor, next_slot_at=run.last_slot, history=(*lane.history, run))


def test_a_write_changes_the_lane_and_raises_its_version(table: Table) -> None:
    lane = kept(table)
    saved = lanes(table).save(lane, advanced(lane, 2))
    assert saved == replace(advanced(lane, 2), version=1)
    assert lanes(table).read(lane.key) == saved


def test_who_read_an_older_version_writes_nothing(table: Table) -> None:
    lane = kept(table)
    saved = lanes(table).save(lane, advanced(lane, 2))
    assert lanes(table).save(lane, advanced(lane, 3)) is None
    assert lanes(table).read(lane.key) == saved


def test_there_is_no_write_to_a_lane_that_is_not_there(table: Table) -> None:
    lane = a_lane(a_campaign())
    assert lanes(table).save(lane, advanced(lane, 1)) is None
    assert lanes(table).read(lane.key) is None


def test_a_write_whose_answer_was_lost_is_ours_and_happened_once(table: Table) -> None:
    lane = kept(table)
    with losing_the_answer(table, "UpdateItem"):
        saved = lanes(table).save(lane, advanced(lane, 2))
    assert saved == replace(advanced(lane, 2), version=1)
    assert lanes(table).read(lane.key) == saved


def test_a_lane_is_due_from_its_time_on(table: Table) -> None:
    lane = kept(table, due_at=NOW + 60_000)
    assert not is_due(table, lane, NOW + 59_999)
    assert is_due(table, lane, NOW + 60_000)


def test_a_lane_without_a_time_is_in_no_index_and_comes_back_with_one(table: Table) -> None:
    lane = kept(table)
    asleep = lanes(table).save(lane, replace(lane, due_at=None))
    assert asleep is not None
    assert not is_due(table, lane, NOW + 10**9)
    assert lanes(table).save(asleep, replace(asleep, due_at=NOW + 5))
    assert is_due(table, lane, NOW + 5)


@pytest.mark.ministack
def test_of_many_planners_at_once_one_writes(real_table: Table) -> None:
    lane = kept(real_table)
    with ThreadPoolExecutor(8) as threads:
        saved = list(
            threads.map(lambda n: lanes(real_table).save(lane, advanced(lane, n)), range(1, 9))
        )
    (winner,) = [each for each in saved if each]
    assert lanes(real_table).read(lane.key) == winner
