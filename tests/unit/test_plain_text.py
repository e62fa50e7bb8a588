"""Texts that people read."""

import pytest

from campaigns.domain.plain_text import has_controls, is_blank


@pytest.mark.parametrize("text", ["", " ", "\u200b\u2060", "\u3164", "\u2800 \ufeff", "\x00"])
def test_a_text_of_which_nothing_is_seen_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", "\u200b.", "❤️", "👩‍👧", "é", "ana\u0301"])
def test_a_text_of_which_anything_is_seen_is_not(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize("letter", ["\x00", "\x1b", "\x7f", "\x85"])
def test_control_characters_are_found_anywhere(letter: str) -> None:
    assert has_controls(f"a{letter}b", lines=True)


def test_ends_of_lines_are_controls_only_where_there_is_one_line() -> None:
    assert has_controls("a\nb", lines=False)
    assert not has_controls("a\r\n\tb", lines=True)
