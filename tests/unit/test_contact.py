"""What makes a whole contact of a draft, and how contacts are ordered and searched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.contact import (
    Birth,
    ContactDraft,
    ContactSource,
    ContactValues,
    check_contact,
    contact_id_of,
    edited,
    fold_text,
    name_prefix,
    name_sort_key,
    new_contact,
    phone_prefixes,
    phone_sort_key,
    put_over,
    read_phone,
    tag_key,
)
from campaigns.domain.errors import FieldError
from campaigns.domain.model import Contact
from campaigns.domain.phone import parse_phone

PHONE = parse_phone("(11) 99000-1234")
BIRTH = Birth("ct_a", "tn_a", "person-a", ContactSource.API)


def contact(**given_values: object) -> Contact:
    draft = ContactDraft("(11) 99000-1234", **{"name": "Ana", **given_values})
    return new_contact(draft, PHONE, BIRTH, 1_000)


def codes(errors: tuple[FieldError, ...]) -> set[tuple[str, str]]:
    return {(error.field, error.code) for error in errors}


def test_a_contact_within_all_limits_is_valid() -> None:
    whole = contact(
        name="n" * 200,
        email="ana@example.com",
        quem_indicou="q" * 200,
        tags=tuple(f"{number:060}" for number in range(50)),
        custom_vars={f"var{number}": "v" * 500 for number in range(50)},
        notes="o" * 2_000,
        consent={"given_at": "2026-11-01T12:00:00Z", "channel": "loja", "text": "sim"},
    )
    assert check_contact(whole) == ()


@pytest.mark.parametrize(
    ("given_values", "field", "code"),
    [
        ({"name": "  "}, "name", "required"),
        ({"name": None}, "name", "required"),
        ({"name": "n" * 201}, "name", "too_long"),
        ({"quem_indicou": "q" * 201}, "quem_indicou", "too_long"),
        ({"notes": "o" * 2_001}, "notes", "too_long"),
        ({"email": "ana"}, "email", "invalid_email"),
        ({"email": "a" * 250 + "@b.co"}, "email", "too_long"),
        ({"tags": tuple(str(number) for number in range(51))}, "tags", "too_many"),
        ({"tags": ("t" * 61,)}, "tags", "too_long"),
        ({"tags": (" ",)}, "tags", "blank"),
        ({"tags": ("\u0301",)}, "tags", "blank"),
        ({"tags": ("v\nip",)}, "tags", "invalid_text"),
        ({"email": "a\x00@b.co"}, "email", "invalid_text"),
        ({"custom_vars": {"cor\x1b": "azul"}}, "custom_vars", "invalid_text"),
        ({"consent": {"channel": "loja\x07"}}, "consent.channel", "invalid_text"),
        ({"consent": {"text": "sim\x00"}}, "consent.text", "invalid_text"),
        ({"custom_vars": {"Nome": "x"}}, "custom_vars.Nome", "shadows_built_in"),
        ({"custom_vars": {"cor": "v" * 501}}, "custom_vars.cor", "too_long"),
        ({"consent": {"text": "t" * 2_001}}, "consent.text", "too_long"),
        ({"consent": {"who": "me"}}, "consent", "unknown_field"),
        ({"consent": {"channel": "loja"}}, "consent.given_at", "required"),
        ({"consent": {"given_at": "2026-11-01", "channel": " "}}, "consent.channel", "required"),
    ],
)
def test_each_limit_is_told_on_its_field(
    given_values: dict[str, object], field: str, code: str
) -> None:
    assert (field, code) in codes(check_contact(contact(**given_values)))


def test_all_faults_are_told_at_once() -> None:
    faulty = contact(name="", email="x", tags=("",))
    assert len(check_contact(faulty)) == 3


def test_given_values_replace_and_tags_unite() -> None:
    stored = contact(
        email="ana@example.com", tags=("vip", "lead"), custom_vars={"Cor": "azul", "time": "A"}
    )
    draft = ContactDraft(
        "x", quem_indicou="Bia", tags=("lead", "novo"), custom_vars={"cor": "verde"}
    )
    updated = put_over(stored, draft, 2_000)
    assert (updated.name, updated.email, updated.quem_indicou) == ("Ana", "ana@example.com", "Bia")
    assert updated.tags == ("vip", "lead", "novo")
    assert updated.custom_vars == {"time": "A", "cor": "verde"}
    assert (updated.created_at, updated.updated_at) == (1_000, 2_000)


def test_spellings_of_a_tag_are_one_and_the_first_stays() -> None:
    stored = contact(tags=("São Paulo", "VIP"))
    updated = put_over(stored, ContactDraft("x", tags=("vip", " sao  paulo ", "Novo", "NOVO")), 2)
    assert updated.tags == ("São Paulo", "VIP", "Novo")


def test_an_edit_replaces_every_value_whole() -> None:
    stored = contact(email="ana@example.com", tags=("vip",), custom_vars={"cor": "azul"}, notes="x")
    values = ContactValues("(11) 99000-1234", " Ana Maria ", tags=("novo", "Novo"), notes=" ")
    changed = edited(stored, values, PHONE, 2_000)
    assert (changed.name, changed.email, changed.notes) == ("Ana Maria", None, None)
    assert (changed.tags, changed.custom_vars) == (("novo",), {})
    assert (changed.created_at, changed.updated_at) == (1_000, 2_000)
    assert (changed.source, changed.contact_id) == (stored.source, stored.contact_id)


def test_an_edit_that_changes_nothing_gives_the_stored_contact_itself() -> None:
    stored = contact(tags=("vip",), consent={"channel": "loja"})
    values = ContactValues("11 99000 1234", "Ana", tags=("vip", "VIP"), consent={"channel": "loja"})
    assert edited(stored, values, PHONE, 2_000) is stored


#: Each of these letters folds to words of 33 bytes, so that a tag of them has to be cut.
LONG_WHEN_FOLDED = st.text("\ufdfa\ufdfba ", max_size=60)


@given(st.text(max_size=60) | LONG_WHEN_FOLDED)
def test_a_folded_tag_folds_to_itself_and_fits_into_a_key(tag: str) -> None:
    folded = tag_key(tag)
    assert tag_key(folded) == folded
    assert len(folded.encode()) <= 1_024


def test_an_empty_text_takes_a_value_away() -> None:
    stored = contact(email="ana@example.com", notes="x")
    updated = put_over(stored, ContactDraft("x", email="", notes=" "), 2_000)
    assert (updated.email, updated.notes) == (None, None)


def test_a_fragment_is_refused_on_the_field_phone() -> None:
    refusal = read_phone("99000-1234")
    assert isinstance(refusal, FieldError)
    assert (refusal.field, refusal.code) == ("phone", "phone_no_area_code")


def test_neither_name_nor_phone_shows_in_a_repr() -> None:
    shown = repr((contact(notes="segredo"), ContactDraft("(11) 99000-1234", name="Ana"), PHONE))
    assert not any(part in shown for part in ("Ana", "99000", "segredo"))


def test_case_accents_and_width_of_gaps_do_not_matter() -> None:
    assert fold_text("  JOSÉ   da\tSILVA ") == fold_text("jose da silva") == "jose da silva"


def test_a_short_name_comes_before_a_longer_one_that_begins_with_it() -> None:
    names = ["Ana Maria", "Anabela", "Ana", "ana #2", "Álvaro"]
    ordered = sorted(names, key=lambda name: name_sort_key(name, "ct_a"))
    assert ordered == ["Álvaro", "Ana", "ana #2", "Ana Maria", "Anabela"]


@given(st.text(max_size=200), st.integers(0, 200))
def test_a_name_is_found_by_the_beginning_of_its_folded_form(name: str, length: int) -> None:
    sort_key = name_sort_key(name, "ct_a")
    assert len(sort_key.encode()) <= 1_024
    assert contact_id_of(sort_key) == "ct_a"
    folded = fold_text(name)
    assert sort_key.startswith(name_prefix(folded[:length].strip()))


@pytest.mark.parametrize(
    "typed", ["+55 11 99000", "11 99000", "(11) 99000-12", "011 99000", "1199"]
)
def test_a_phone_is_found_by_its_beginning_as_people_type_it(typed: str) -> None:
    sort_key = phone_sort_key(PHONE.e164, "ct_a")
    assert any(sort_key.startswith(prefix) for prefix in phone_prefixes(typed))


def test_a_whole_phone_is_one_prefix_in_any_spelling() -> None:
    spellings = ["11 9000-1234", "(11) 99000-1234", "+5511990001234"]
    assert {phone_prefixes(spelling) for spelling in spellings} == {("5511990001234",)}


@pytest.mark.parametrize("typed", ["", "Ana", "+", "0", "11 ana", "1" * 20])
def test_what_is_no_beginning_of_a_phone_searches_no_phone(typed: str) -> None:
    assert phone_prefixes(typed) == ()


@given(st.text("0123456789+", max_size=12))
def test_no_phone_lies_under_two_prefixes(typed: str) -> None:
    prefixes = phone_prefixes(typed)
    for one in prefixes:
        for other in prefixes:
            assert one == other or not one.startswith(other)
