"""What TLC says is read as it is meant: no silence is taken for a yes."""

import shutil

import pytest

from tests.model.checker import CannotCheck, check, configured, judged

_WHOLE = """\
Model checking completed. No error has been found.
255024 states generated, 55056 distinct states found, 0 states left on queue.
The depth of the complete state graph search is 45.
"""
_BROKEN = """\
Error: Invariant NeverHammered is violated.
Error: The behavior up to this point is:
State 1: <Initial predicate>
State 2: <PlanReads line 122, col 3 to line 132, col 95 of module Delivery>

12 states generated, 9 distinct states found, 3 states left on queue.
"""


def test_a_model_that_was_explored_whole_holds() -> None:
    checked = judged(_WHOLE)
    assert (checked.broken, checked.distinct, checked.depth) == (None, 55_056, 45)


def test_a_broken_property_is_named_with_the_length_of_the_way_to_it() -> None:
    checked = judged(_BROKEN)
    assert (checked.broken, checked.distinct, checked.depth) == ("NeverHammered", 9, 2)


def test_a_broken_temporal_property_is_broken() -> None:
    assert judged("Error: Temporal properties were violated.\n").broken == "Temporal properties"


@pytest.mark.parametrize("output", ["", "Error: Parsing or semantic analysis failed.\n"])
def test_what_says_neither_yes_nor_no_is_no_answer(output: str) -> None:
    with pytest.raises(CannotCheck):
        judged(output)


def test_a_guard_that_cannot_be_switched_off_is_not_passed_over() -> None:
    with pytest.raises(CannotCheck):
        configured("Off = {1}\nINVARIANTS NeverTwice\n", ["claim"], None)


def test_one_property_is_checked_alone() -> None:
    config = configured("Off = {}\nINVARIANTS A B\nPROPERTIES C\n", ["claim"], "B")
    assert 'Off = {"claim"}' in config
    assert config.split("\n")[-2:] == ["INVARIANTS B", ""]
    assert "PROPERTIES" not in config


def test_a_machine_without_java_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(CannotCheck, match="Java"):
        check("doubt")
