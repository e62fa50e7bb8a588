"""Bulk upserts of contacts: one bad row spoils no other.

A repeat inside the body meets what the rows before it made, just as if that had been in the store.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from campaigns.domain.contact import Birth, ContactDraft, check_contact, new_contact, put_over
from campaigns.domain.errors import ConflictCode, FieldError, ValidationFailed
from campaigns.domain.model import Contact
from campaigns.domain.phone import Phone


class OnDuplicate(StrEnum):
    """What becomes of a row whose person is there already."""

    UPDATE = "update"
    SKIP = "skip"
    ERROR = "error"


class RowOutcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    SKIPPED = "skipped"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that was refused before it could be read as a draft."""

    errors: tuple[FieldError, ...]


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row; an error has its `code`, and of wrong fields the list."""

    index: int
    result: RowOutcome
    id: str | None = None
    phone: str | None = field(default=None, repr=False)
    code: str | None = None
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A draft with its place in the body and the person whom its phone names."""

    index: int
    draft: ContactDraft
    phone: Phone
    birth: Birth


@dataclass(frozen=True, slots=True)
class Folded:
    """The contact after all rows of one person, and what became of each row."""

    contact: Contact | None
    results: tuple[RowResult, ...]


def refused(index: int, errors: Sequence[FieldError]) -> RowResult:
    """A row with wrong fields."""
    return RowResult(index, RowOutcome.ERROR, code=ValidationFailed.code, errors=tuple(errors))


def fold_rows(
    rows: Sequence[Row], stored: Contact | None, on_duplicate: OnDuplicate, now: int
) -> Folded:
    """The rows of one person in their order, each upon what the store and the rows before it made.

    The contact is `stored` itself where nothing of it changes.
    """
    contact = stored
    results = []
    for row in rows:
        contact, result = _fold_row(row, contact, on_duplicate, now)
        results.append(result)
    return Folded(contact, tuple(results))


def _fold_row(
    row: Row, there: Contact | None, on_duplicate: OnDuplicate, now: int
) -> tuple[Contact | None, RowResult]:
    if there is None:
        wanted = new_contact(row.draft, row.phone, row.birth, now)
        outcome = RowOutcome.CREATED
    elif on_duplicate is OnDuplicate.SKIP:
        return there, _result(row, RowOutcome.SKIPPED, there)
    elif on_duplicate is OnDuplicate.ERROR:
        code = ConflictCode.CONTACT_EXISTS.value
        return there, replace(_result(row, RowOutcome.ERROR, there), code=code)
    else:
        wanted = put_over(there, row.draft, now)
        outcome = RowOutcome.UPDATED
    errors = check_contact(wanted)
    if errors:
        return there, refused(row.index, errors)
    if there and replace(wanted, updated_at=there.updated_at) == there:
        return there, _result(row, outcome, there)
    return wanted, _result(row, outcome, wanted)


def _result(row: Row, outcome: RowOutcome, contact: Contact) -> RowResult:
    return RowResult(row.index, outcome, contact.contact_id, contact.phone)
