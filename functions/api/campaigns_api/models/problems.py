"""The one body of every error (RFC 9457), as the document describes it."""

from typing import Annotated

from pydantic import ConfigDict, Field

from campaigns.services.start_conditions import StartCheck
from campaigns_api.catalogue import field_codes
from campaigns_api.models.base import Answer
from campaigns_api.problems import problem_codes


class FieldProblem(Answer):
    """A wrong field."""

    field: Annotated[str, Field(description="Its path in the body.", examples=["phone"])]
    code: Annotated[str, Field(json_schema_extra={"enum": field_codes()})]
    message: Annotated[str, Field(description="In the caller's language.")]


class ProblemEntry(Answer):
    """One of several things that are wrong: a field, or a start condition that does not hold."""

    model_config = ConfigDict(extra="allow")

    code: Annotated[str, Field(json_schema_extra={"enum": [*field_codes(), *StartCheck]})]
    message: Annotated[str, Field(description="In the caller's language.")]
    field: Annotated[str | None, Field(description="A field's path; not for conditions.")] = None


class ProblemOut(Answer):
    """What went wrong. `code` is stable; `title` and `detail` are for people."""

    model_config = ConfigDict(extra="allow")

    type: Annotated[str, Field(examples=["urn:alrea-campaigns:problem:not_found"])]
    title: Annotated[str, Field(examples=["Não encontrado"])]
    status: int
    detail: Annotated[str, Field(examples=["Não encontrado."])]
    code: Annotated[str, Field(json_schema_extra={"enum": problem_codes()}, examples=["not_found"])]
    errors: Annotated[
        list[ProblemEntry] | None,
        Field(
            description=(
                "All faults that were seen together. Values are looked at once names and types "
                "are right, and ids once the values are."
            )
        ),
    ] = None
