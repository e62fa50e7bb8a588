"""A person's choices: the newest one holds, and her suppression never says anything else."""

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest

from campaigns.adapters.dynamodb.choice_store import ChoiceStore
from campaigns.adapters.dynamodb.contact_store import SuppressionStore
from campaigns.adapters.dynamodb.gate_store import PersonStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.model import Suppression
from campaigns.domain.opt_out import Choice, ChoiceKind
from campaigns.services.ports import Stamp
from tests.contract.lost_answers import losing_the_answer
from tests.contract.things import NOW, fresh

ANA, BIA = "tn_ana", "tn_bia"
OUT, IN = ChoiceKind.OUT, ChoiceKind.IN


def choice(kind: ChoiceKind, second: int, by: str = "M1") -> Choice:
    return Choice(kind, NOW + second * 1_000, by, "reply", "SAIR" if kind is OUT else "VOLTAR")


def out_of(table: Table, person: str, tenant_id: str = ANA) -> Suppression | None:
    return SuppressionStore(table).read(tenant_id, person)


def test_whoever_opts_out_is_out_of_that_tenant_alone(table: Table) -> None:
    person = fresh("person")
    chosen = ChoiceStore(table).choose(ANA, person, choice(OUT, 1))
    expected = Suppression(ANA, person, NOW + 1_000, "reply", "SAIR", said_in="M1")
    assert (chosen.is_in_force, chosen.suppression) == (True, expected)
    assert out_of(table, person) == expected
    assert out_of(table, person, BIA) is None
    assert ChoiceStore(table).newest(BIA, person) is None


def test_whoever_comes_back_is_back_and_a_later_opt_out_is_a_new_one(table: Table) -> None:
    person, store = fresh("person"), ChoiceStore(table)
    store.choose(ANA, person, choice(OUT, 1))
    assert store.choose(ANA, person, choice(IN, 2, "M2")).suppression is None
    assert out_of(table, person) is None
    again = store.choose(ANA, person, choice(OUT, 3, "M3")).suppression
    assert again is not None
    assert (again.said_in, again.opted_out_at) == ("M3", NOW + 3_000)


def test_the_first_opt_out_stands(table: Table) -> None:
    person, store = fresh("person"), ChoiceStore(table)
    first = store.choose(ANA, person, choice(OUT, 1)).suppression
    second = store.choose(ANA, person, choice(OUT, 5, "M2"))
    assert (second.is_in_force, second.suppression) == (True, first)
    assert out_of(table, person) == first


def test_in_whatever_order_choices_come_the_newest_of_them_holds(table: Table) -> None:
    said = [choice(OUT, 1, "M1"), choice(IN, 2, "M2"), choice(OUT, 3, "M3"), choice(IN, 4, "M4")]
    for count in (2, 3, 4):
        for order in permutations(said[:count]):
            person = fresh("person")
            for each in [*order, order[0]]:
                ChoiceStore(table).choose(ANA, person, each)
            newest = said[count - 1]
            assert ChoiceStore(table).newest(ANA, person) == newest.mark
            assert (out_of(table, person) is not None) is newest.is_out


def test_at_the_same_second_being_out_wins(table: Table) -> None:
    for order in permutations([choice(OUT, 1, "M1"), choice(IN, 1, "M2")]):
        person = fresh("person")
        for each in order:
            ChoiceStore(table).choose(ANA, person, each)
        assert out_of(table, person) is not None


def test_a_repeat_changes_nothing_and_is_known_as_one(table: Table) -> None:
    person, store = fresh("person"), ChoiceStore(table)
    first = store.choose(ANA, person, choice(OUT, 1))
    assert store.choose(ANA, person, choice(OUT, 1)) == first


def test_an_older_choice_is_told_what_holds(table: Table) -> None:
    person, store = fresh("person"), ChoiceStore(table)
    store.choose(ANA, person, choice(IN, 2, "M2"))
    late = store.choose(ANA, person, choice(OUT, 1))
    assert (late.is_in_force, late.suppression) == (False, None)


def test_what_is_entered_holds_over_what_was_seen_and_over_nothing_else(table: Table) -> None:
    person, store = fresh("person"), ChoiceStore(table)
    store.choose(ANA, person, choice(OUT, 9))
    seen = store.newest(ANA, person)
    back = choice(IN, 9, "entry.1")
    assert store.choose_over(ANA, person, back, seen=None).is_in_force is False
    assert store.choose_over(ANA, person, back, seen=seen).is_in_force is True
    assert out_of(table, person) is None
    assert store.choose_over(ANA, person, choice(OUT, 9, "entry.2"), seen=seen).is_in_force is False


def test_a_message_was_heard_when_it_came_first(table: Table) -> None:
    message = fresh("message")
    store = ChoiceStore(table)
    assert [store.heard_at(ANA, message, at) for at in (NOW, NOW + 5, NOW - 5)] == [NOW] * 3
    assert store.heard_at(BIA, message, NOW + 7) == NOW + 7
    with losing_the_answer(table, "PutItem"):
        assert store.heard_at(ANA, fresh("message"), NOW + 9) == NOW + 9


def test_a_choice_whose_answer_was_lost_is_made_once(table: Table) -> None:
    person, store = fresh("person"), ChoiceStore(table)
    with losing_the_answer(table, "TransactWriteItems"):
        chosen = store.choose(ANA, person, choice(OUT, 1))
    assert chosen.is_in_force
    assert chosen.suppression == out_of(table, person)


def test_a_choice_leaves_the_stamp_alone_and_a_stamp_the_choice(table: Table) -> None:
    person, store = fresh("person"), ChoiceStore(table)
    store.choose(ANA, person, choice(OUT, 1))
    gates = PersonStore(table)
    stamp = gates.stamp(
        person,
        tenant_id=ANA,
        stamped_by="rc_1",
        token="t",
        now=NOW,
        gap_ms=80_000,
        own_is_free=False,
    )
    assert isinstance(stamp, Stamp)
    store.choose(ANA, person, choice(IN, 2, "M2"))
    gates.undo(stamp)
    assert store.newest(ANA, person) == choice(IN, 2, "M2").mark


@pytest.mark.ministack
def test_of_choices_at_once_the_newest_holds(real_table: Table) -> None:
    for _ in range(5):
        person = fresh("person")
        said = [choice(OUT if n % 2 else IN, n, f"M{n}") for n in range(8)]
        with ThreadPoolExecutor(8) as threads:
            list(
                threads.map(
                    lambda each, person=person: ChoiceStore(real_table).choose(ANA, person, each),
                    said,
                )
            )
        assert ChoiceStore(real_table).newest(ANA, person) == said[-1].mark
        assert out_of(real_table, person) is not None
