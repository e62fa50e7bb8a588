"""Keys to the API: a text that is shown once, and a hash that is kept."""

from collections.abc import Callable
from random import SystemRandom

import pytest

from campaigns.domain.bearer_key import new_key, prefix_of, read_bearer
from campaigns.domain.model import Role

NEW = new_key("tn_1", Role.VIEWER, "Caixa", 1_795_000_000_000, SystemRandom())


def test_the_text_of_a_key_opens_it_and_no_other():
    bearer = read_bearer(NEW.text)
    assert bearer is not None
    assert bearer.key_id == NEW.key.key_id
    assert bearer.opens(NEW.key)
    other = new_key("tn_1", Role.VIEWER, "Caixa", 1_795_000_000_000, SystemRandom())
    assert not bearer.opens(other.key)


def test_a_key_begins_with_its_prefix_and_its_secret_shows_nowhere():
    prefix, secret = NEW.text.rsplit("_", 1)
    assert prefix == prefix_of(NEW.key)
    for shown in (repr(NEW), repr(NEW.key), str(read_bearer(NEW.text))):
        assert secret not in shown
        assert NEW.key.secret_hash not in shown


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:0],
        lambda text: text[:3],
        str.upper,
        lambda text: text + "\n",
        lambda text: text[:-1],
        lambda text: f"Bearer {text}",
    ],
)
def test_what_has_no_keys_form_is_none(spoil: Callable[[str], str]):
    assert read_bearer(spoil(NEW.text)) is None
