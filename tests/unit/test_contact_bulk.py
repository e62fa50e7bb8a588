"""Rows of one person, folded: each upon what the store and the rows before it made."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.contact import TAGS_LIMIT, Birth, ContactDraft, ContactSource
from campaigns.domain.contact_bulk import Folded, OnDuplicate, Row, RowOutcome, fold_rows, refused
from campaigns.domain.errors import FieldError
from campaigns.domain.model import Contact
from campaigns.domain.phone import parse_phone

NOW = 1_795_349_529_000
PHONE = "(11) 99000-0001"
BIRTH = Birth("ct_1", "tn_1", "person-1", ContactSource.IMPORT, "im_1")


def row(index: int, **fields: object) -> Row:
    draft = ContactDraft(PHONE, **fields)  # type: ignore[arg-type]
    return Row(index, draft, parse_phone(PHONE), BIRTH)


def fold(
    rows: list[Row],
    stored: Contact | None = None,
    on_duplicate: OnDuplicate = OnDuplicate.UPDATE,
    now: int = NOW,
) -> Folded:
    return fold_rows(rows, stored, on_duplicate, now)


def outcomes(folded: Folded) -> list[str]:
    return [each.result.value for each in folded.results]


def a_contact(**fields: object) -> Contact:
    contact = fold([row(0, name="Ana")]).contact
    assert contact is not None
    return replace(contact, **fields)  # type: ignore[arg-type]


def test_a_new_person_is_created_and_a_repeat_in_the_body_updates_her():
    folded = fold([row(3, name="Ana", tags=("vip",)), row(9, email="ana@example.com")])
    assert outcomes(folded) == ["created", "updated"]
    assert folded.contact is not None
    assert (folded.contact.name, folded.contact.email) == ("Ana", "ana@example.com")
    assert folded.contact.tags == ("vip",)
    assert [(each.index, each.id, each.phone) for each in folded.results] == [
        (3, "ct_1", "+5511990000001"),
        (9, "ct_1", "+5511990000001"),
    ]


def test_a_repeat_is_skipped_or_refused_where_that_is_asked_for():
    rows = [row(0, name="Ana"), row(1, name="Bia")]
    skipped = fold(rows, on_duplicate=OnDuplicate.SKIP)
    assert outcomes(skipped) == ["created", "skipped"]
    refused_ = fold(rows, on_duplicate=OnDuplicate.ERROR)
    assert outcomes(refused_) == ["created", "error"]
    assert refused_.results[1].code == "contact_exists"
    for folded in (skipped, refused_):
        assert folded.contact is not None
        assert folded.contact.name == "Ana"


@pytest.mark.parametrize("on_duplicate", OnDuplicate)
def test_a_bad_row_spoils_no_other(on_duplicate):
    folded = fold([row(0, name=""), row(1, name="Ana"), row(2, name="x" * 999)], None, on_duplicate)
    assert outcomes(folded)[:2] == ["error", "created"]
    assert folded.results[0] == refused(0, [FieldError("name", "required", "required")])
    assert folded.contact is not None
    assert folded.contact.name == "Ana"


def test_an_update_that_would_break_a_limit_leaves_the_contact_as_it_was():
    full = a_contact(tags=tuple(f"tag-{n}" for n in range(TAGS_LIMIT)))
    folded = fold([row(0, tags=("one-more",)), row(1, notes="fica")], full, now=NOW + 1)
    assert outcomes(folded) == ["error", "updated"]
    assert folded.contact == replace(full, notes="fica", updated_at=NOW + 1)


@pytest.mark.parametrize("on_duplicate", OnDuplicate)
def test_what_changes_nothing_gives_the_stored_contact_itself(on_duplicate):
    stored = a_contact(tags=("vip",))
    folded = fold([row(0, name="Ana", tags=("vip",))], stored, on_duplicate, NOW + 5)
    assert folded.contact is stored
    assert folded.results[0].id == "ct_1"


def test_no_rows_change_nothing():
    assert fold([]) == Folded(None, ())


def test_another_spelling_of_the_phone_does_not_replace_the_stored_one():
    stored = a_contact(phone="+551190000001")
    assert fold([row(0, name="Bia")], stored).contact == replace(stored, name="Bia")


VALUES = st.none() | st.sampled_from(["", "Ana", "Bia", "x" * 201])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "name": VALUES,
            "email": st.none() | st.sampled_from(["", "ana@example.com", "no mail"]),
            "tags": st.none() | st.sampled_from([(), ("vip",), ("vip", "natal"), ("",)]),
            "custom_vars": st.none() | st.just({"cidade": "Santos"}),
            "is_active": st.none() | st.booleans(),
        }
    ),
    max_size=5,
).map(lambda drafts: [row(index, **fields) for index, fields in enumerate(drafts)])


@given(ROWS, st.booleans(), st.sampled_from(OnDuplicate))
def test_rows_of_one_body_do_the_same_as_bodies_of_one_row(rows, is_stored, on_duplicate):
    stored = a_contact() if is_stored else None
    contact, results = stored, []
    for each in rows:
        alone = fold([each], contact, on_duplicate)
        contact, results = alone.contact, [*results, *alone.results]
    assert fold(rows, stored, on_duplicate) == Folded(contact, tuple(results))


@given(ROWS, st.booleans(), st.sampled_from(OnDuplicate))
def test_every_row_is_answered_for_in_its_order_and_at_most_one_creates(
    rows, is_stored, on_duplicate
):
    folded = fold(rows, a_contact() if is_stored else None, on_duplicate)
    assert [each.index for each in folded.results] == [each.index for each in rows]
    created = outcomes(folded).count(RowOutcome.CREATED)
    assert created == (folded.contact is not None and not is_stored)


@given(ROWS)
def test_a_person_is_in_no_repr(rows):
    folded = fold(rows)
    assert "99000" not in repr(folded)
