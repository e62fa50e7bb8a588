"""Addresses of WhatsApp, and what they tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.jid import bare_jid, is_alias, phone_of


@pytest.mark.parametrize(
    "jid",
    [
        "5511990001234@s.whatsapp.net",
        "551190001234@s.whatsapp.net",
        "5511990001234:12@s.whatsapp.net",
        "5511990001234_1:12@s.whatsapp.net",
        "5511990001234@c.us",
    ],
)
def test_every_address_of_a_phone_is_that_person(jid: str) -> None:
    phone = phone_of(jid)
    assert phone is not None
    assert (phone.e164, phone.person_key) == ("+5511990001234", "5511990001234")


def test_a_landline_is_somebody_else() -> None:
    with_nine, without = (
        phone_of(f"{digits}@s.whatsapp.net") for digits in ("5511930001234", "551130001234")
    )
    assert with_nine is not None
    assert without is not None
    assert with_nine.person_key != without.person_key


@pytest.mark.parametrize(
    "jid",
    [
        "",
        "5511990001234",
        "@s.whatsapp.net",
        "1@s.whatsapp.net",
        "12345678901234567890123@s.whatsapp.net",
        "184467440737095@lid",
        "120363041234567890@g.us",
        "status@broadcast",
        "120363041234567890@newsletter",
        "5511990001234@s.whatsapp.net.evil.example",
        "٥٥١١٩٩٠٠٠١٢٣٤@s.whatsapp.net",
    ],
)
def test_what_is_no_phones_address_tells_none(jid: str) -> None:
    assert phone_of(jid) is None


def test_all_devices_of_an_alias_are_one_address() -> None:
    assert bare_jid("184467440737095:3@lid") == bare_jid("184467440737095@lid")
    assert is_alias("184467440737095:3@lid")
    assert not is_alias("5511990001234@s.whatsapp.net")
    assert not is_alias("lid")


@given(st.text(max_size=40))
def test_no_text_is_an_error(text: str) -> None:
    assert bare_jid(bare_jid(text)) == bare_jid(text)
    assert phone_of(text) is None or not is_alias(text)
