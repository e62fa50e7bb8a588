"""The person's gate: no two sends to one person within the gap, of any tenant, on each emulator."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from campaigns.adapters.dynamodb.gate_store import PersonStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.gates import Refusal, Shut
from campaigns.services.pass_gates import person_gap_ms
from campaigns.services.ports import Stamp
from tests.contract.lost_answers import losing_the_answer
from tests.contract.things import NOW, fresh

GAP_MS = person_gap_ms(20_000)


def stamp(table: Table, person: str, recipient_id: str, **fields: Any) -> Stamp | Shut:
    wanted: dict[str, Any] = {
        "tenant_id": "tn_1",
        "token": fresh("token"),
        "now": NOW,
        "gap_ms": GAP_MS,
        "own_is_free": True,
    }
    return PersonStore(table).stamp(person, stamped_by=recipient_id, **(wanted | fields))


def stamped(table: Table, person: str, recipient_id: str, **fields: Any) -> Stamp:
    answer = stamp(table, person, recipient_id, **fields)
    assert isinstance(answer, Stamp)
    return answer


def test_the_gap_is_a_minute_and_as_long_as_evolution_may_go_on_sending() -> None:
    assert GAP_MS == 80_000


def test_a_person_never_sent_to_is_free(table: Table) -> None:
    person = fresh("person")
    assert stamp(table, person, "rc_1", token="mine") == Stamp(person, "tn_1", "mine")


def test_another_send_within_the_gap_is_refused_and_told_when(table: Table) -> None:
    person = fresh("person")
    stamped(table, person, "rc_1")
    shut = Shut(Refusal.PERSON, NOW + GAP_MS)
    assert stamp(table, person, "rc_2") == shut
    assert stamp(table, person, "rc_2", now=NOW + GAP_MS - 1) == shut


def test_at_the_end_of_the_gap_she_is_free_again(table: Table) -> None:
    person = fresh("person")
    stamped(table, person, "rc_1")
    later = stamped(table, person, "rc_2", now=NOW + GAP_MS, token="later")
    assert later == Stamp(
        person, "tn_1", "later", before_at=NOW, before_by="rc_1", before_messaged_at=NOW
    )


def test_a_recipients_own_stamp_is_free_to_it_only_when_nothing_was_sent(table: Table) -> None:
    person = fresh("person")
    stamped(table, person, "rc_1")
    shut = stamp(table, person, "rc_1", now=NOW + 1, own_is_free=False)
    assert shut == Shut(Refusal.PERSON, NOW + GAP_MS)
    stamped(table, person, "rc_1", now=NOW + 1, own_is_free=True)


def test_an_undo_frees_a_person_who_was_free(table: Table) -> None:
    person = fresh("person")
    PersonStore(table).undo(stamped(table, person, "rc_1"))
    stamped(table, person, "rc_2", now=NOW + 1)


def test_an_undo_restores_the_stamp_that_was_there(table: Table) -> None:
    person = fresh("person")
    stamped(table, person, "rc_1")
    PersonStore(table).undo(stamped(table, person, "rc_2", now=NOW + GAP_MS))
    assert stamp(table, person, "rc_3", now=NOW + GAP_MS - 1) == Shut(Refusal.PERSON, NOW + GAP_MS)
    stamped(table, person, "rc_1", now=NOW + GAP_MS - 1)


def test_an_undo_leaves_alone_what_another_has_stamped_since(table: Table) -> None:
    person = fresh("person")
    first = stamped(table, person, "rc_1")
    stamped(table, person, "rc_2", now=NOW + GAP_MS)
    PersonStore(table).undo(first)
    assert isinstance(stamp(table, person, "rc_3", now=NOW + GAP_MS + 1), Shut)


def test_whoever_holds_the_stamp_may_renew_it_while_waiting_for_the_instance(table: Table) -> None:
    person = fresh("person")
    stamped(table, person, "rc_1", token="mine", own_is_free=False)
    stamped(table, person, "rc_1", token="mine", own_is_free=False, now=NOW + 4_000)
    assert stamp(table, person, "rc_2", now=NOW + GAP_MS) == Shut(
        Refusal.PERSON, NOW + 4_000 + GAP_MS
    )


def test_a_stamp_whose_answer_was_lost_is_ours_and_undone_to_ours(table: Table) -> None:
    person = fresh("person")
    with losing_the_answer(table, "UpdateItem"):
        mine = stamped(table, person, "rc_1", own_is_free=False)

    PersonStore(table).undo(mine)

    # What was before was not seen: she stays stamped, which hammers nobody.
    assert isinstance(stamp(table, person, "rc_2", now=NOW + 1), Shut)
    stamped(table, person, "rc_1", now=NOW + 1)


@pytest.mark.ministack
def test_of_many_stamps_at_once_one_gets_through(real_table: Table) -> None:
    person = fresh("person")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: stamp(real_table, person, f"rc_{n}"), range(16)))
    assert len([each for each in answers if isinstance(each, Stamp)]) == 1
