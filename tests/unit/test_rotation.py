from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.rotation import message_for

MESSAGES = st.lists(st.uuids().map(str), min_size=1, max_size=5, unique=True)


def test_the_messages_take_turns_in_their_order():
    assert [message_for(n, ["a", "b", "c"]) for n in range(7)] == [
        "a",
        "b",
        "c",
        "a",
        "b",
        "c",
        "a",
    ]


@given(MESSAGES, st.integers(0, 10**6), st.integers(0, 400))
def test_over_any_run_of_recipients_every_message_is_used_equally_to_within_one(
    messages, first, length
):
    uses = Counter(dict.fromkeys(messages, 0))
    uses.update(message_for(n, messages) for n in range(first, first + length))
    assert sum(uses.values()) == length
    assert max(uses.values()) - min(uses.values()) <= 1


@given(MESSAGES, st.integers(0, 10**6))
def test_the_next_recipient_gets_another_message_where_there_are_several(messages, sequence):
    same = message_for(sequence, messages) == message_for(sequence + 1, messages)
    assert same == (len(messages) == 1)


def test_a_campaign_without_active_messages_has_nothing_to_rotate_over():
    with pytest.raises(ValueError, match="at least one"):
        message_for(0, [])
