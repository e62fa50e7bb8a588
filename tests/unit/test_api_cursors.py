"""Cursors hold wherever they are opened, and only there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.errors import ValidationFailed
from campaigns_api.cursors import Cursors

MINE = Cursors(b"secret", "tn_1", "/list", {"search": "ana"})


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_position_comes_back_from_its_cursor(position: str):
    cursor = MINE.seal(position)
    assert MINE.open(cursor) == position
    assert cursor.isascii()


@pytest.mark.parametrize(
    "other",
    [
        Cursors(b"another", "tn_1", "/list", {"search": "ana"}),
        Cursors(b"secret", "tn_2", "/list", {"search": "ana"}),
        Cursors(b"secret", "tn_1", "/other", {"search": "ana"}),
        Cursors(b"secret", "tn_1", "/list", {"search": "bia"}),
        Cursors(b"secret", "tn_1", "/list", {}),
    ],
)
def test_a_cursor_opens_nowhere_else(other: Cursors):
    with pytest.raises(ValidationFailed):
        other.open(MINE.seal("5"))


@given(st.text(max_size=60))
def test_whatever_is_no_cursor_is_refused(text: str):
    with pytest.raises(ValidationFailed):
        MINE.open(text)
