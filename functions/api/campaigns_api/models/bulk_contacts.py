"""Many contacts in one call, as the API reads them and answers."""

from typing import Annotated, Any, Final, Self

from pydantic import Field, WithJsonSchema

from campaigns.domain.contact_bulk import OnDuplicate, RowOutcome, RowResult
from campaigns_api.models.base import Answer, Body
from campaigns_api.models.problems import FieldProblem

BULK_LIMIT: Final = 1_000


class BulkIn(Body):
    """Rows to create or update. Each row is judged alone."""

    contacts: Annotated[
        list[Annotated[Any, WithJsonSchema({"type": "object", "additionalProperties": True})]],
        Field(min_length=1, max_length=BULK_LIMIT, description="Rows, each a `ContactRow`."),
    ]
    on_duplicate: Annotated[
        OnDuplicate, Field(strict=False, description="What becomes of a person who is there.")
    ] = OnDuplicate.UPDATE


class BulkError(Answer):
    """A row that was refused."""

    index: int
    code: str
    errors: list[FieldProblem]


class BulkContact(Answer):
    """A row that was taken."""

    index: int
    id: str
    phone: str
    result: RowOutcome

    @classmethod
    def of(cls, row: RowResult) -> Self:
        return cls(index=row.index, id=row.id or "", phone=row.phone or "", result=row.result)


class BulkOut(Answer):
    """What became of each row: 201 if any was created, 422 if every row is bad, else 200."""

    created: int
    updated: int
    skipped: int
    errors: list[BulkError]
    contacts: list[BulkContact]
