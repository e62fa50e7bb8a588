"""Groups, tags, and when the count of one is in doubt."""

from dataclasses import replace

import pytest

from campaigns.domain.group import (
    Count,
    GroupOf,
    announcement,
    check_group,
    list_changes,
    lists_of,
    tag_list,
)
from campaigns.domain.model import Contact

ANA = Contact("ct_1", "tn_1", "person-1", "Ana", "+5511990000001", 1_000, 1_000)
NOW = 1_795_000_000_000


def test_spellings_of_a_tag_are_one_list() -> None:
    assert tag_list("São  PAULO") == tag_list("sao paulo")
    tagged = replace(ANA, tags=("São Paulo",), groups=("gr_1",))
    assert lists_of(tagged) == {tag_list("sao paulo"): "São Paulo", GroupOf("gr_1"): "gr_1"}


def test_a_change_moves_the_counts_of_the_lists_that_it_enters_and_leaves() -> None:
    before = replace(ANA, tags=("VIP", "novo"), groups=("gr_1",))
    after = replace(ANA, name="Bia", tags=("vip", "lead"), groups=("gr_1", "gr_2"))
    assert list_changes(before, after) == {
        tag_list("novo"): -1,
        tag_list("lead"): 1,
        GroupOf("gr_2"): 1,
    }
    assert list_changes(None, after) == dict.fromkeys(lists_of(after), 1)
    assert list_changes(before, None) == dict.fromkeys(lists_of(before), -1)
    assert list_changes(None, None) == {}


def test_a_count_is_in_doubt_once_nothing_is_under_way_and_something_was_announced() -> None:
    left_over = announcement(NOW - 120_000, "a")
    under_way = announcement(NOW - 119_999, "b")
    assert not Count(7).is_doubtful(NOW)
    assert not Count(7, announced=frozenset({under_way})).is_doubtful(NOW)
    assert not Count(7, announced=frozenset({under_way, left_over})).is_doubtful(NOW)
    assert Count(7, announced=frozenset({left_over})).is_doubtful(NOW)


@pytest.mark.parametrize(
    ("name", "description", "faults"),
    [
        ("g" * 100, "d" * 2_000, set()),
        (" \u200b", "", {("name", "required")}),
        ("g" * 101, "d" * 2_001, {("name", "too_long"), ("description", "too_long")}),
        ("a\nb", "c\nd", {("name", "invalid_text")}),
        ("a", "\x1b[2J", {("description", "invalid_text")}),
    ],
)
def test_a_group_has_a_name_of_one_line(
    name: str, description: str, faults: set[tuple[str, str]]
) -> None:
    errors = check_group(name, description)
    assert {(error.field, error.code) for error in errors} == faults
