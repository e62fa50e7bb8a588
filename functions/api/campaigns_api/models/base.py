"""What the models share: how strict they are, and how times and omitted fields look."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from campaigns.domain.instants import to_iso, to_ms

#: Moments outside are typing errors, and arithmetic with them ends at the end of the calendar.
_YEARS: Final = range(2000, 2101)
_DIGITS: Final = 10
_DATE_TIME: Final = {"type": "string", "format": "date-time", "examples": ["2026-12-01T12:00:00Z"]}


class Answer(BaseModel):
    """What goes out. Built by us, so nothing in it is converted."""

    # Validators are built on first use: a start-up pays for the models of its first request only.
    model_config = ConfigDict(defer_build=True, hide_input_in_errors=True)

    #: The fields whose change makes another version of the thing, for `ETag` and `If-Match`.
    versioned_by: ClassVar[frozenset[str]] = frozenset()
    #: Fields that move by themselves: sent back, they are neither compared nor stored. A field of
    #: a field has both names.
    made_on_reading: ClassVar[frozenset[str]] = frozenset()
    #: It shows a secret this once: a repeat under its Idempotency-Key is refused, naming its `id`.
    holds_secret: ClassVar[bool] = False


def _without_null_defaults(schema: dict[str, Any]) -> None:
    """To leave a field out is not to give null; the document says so by naming no default."""
    for field in schema.get("properties", {}).values():
        if "default" in field and field["default"] is None:
            del field["default"]


class Body(BaseModel):
    """What comes in as JSON: no unknown field, no conversion between types."""

    model_config = ConfigDict(
        defer_build=True,
        hide_input_in_errors=True,
        extra="forbid",
        strict=True,
        json_schema_extra=_without_null_defaults,
    )

    #: Fields of the creation that an edit does not take: they are told to be read-only.
    given_once: ClassVar[frozenset[str]] = frozenset()


class Query(BaseModel):
    """What comes in as query parameters: texts, read as the types that the fields have."""

    model_config = ConfigDict(defer_build=True, hide_input_in_errors=True, extra="forbid")

    is_query: ClassVar[bool] = True


def _number(value: object) -> int:
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < _DIGITS:
        return int(value)
    raise PydanticCustomError("invalid_type", "not a number")


#: A whole number in a query: digits, nothing else.
NumberIn = Annotated[int, BeforeValidator(_number)]


def _flag(value: object) -> bool:
    flags = {"true": True, "false": False}
    if not isinstance(value, str) or value not in flags:
        raise PydanticCustomError("invalid_choice", "no flag", {"expected": ", ".join(flags)})
    return flags[value]


#: Yes or no in a query: `true` or `false`, nothing else.
FlagIn = Annotated[bool, BeforeValidator(_flag)]


class PagedQuery(Query):
    """A part of something that is told in parts."""

    cursor: Annotated[
        str | None,
        Field(max_length=4096, description="The `next` of the page before, with the same filters."),
    ] = None

    def filters(self) -> dict[str, object]:
        """What was given beside the page."""
        given = self.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
        return {name: str(value) for name, value in given.items()}


class ListQuery(PagedQuery):
    """A page of a list."""

    #: Filters of which one may be given at a time.
    exclusive: ClassVar[tuple[str, ...]] = ()

    limit: Annotated[NumberIn, Field(ge=1, le=200, description="Entries of a page at most.")] = 50


#: What every list ends with.
NextCursor = Annotated[
    str | None, Field(description="The cursor of the next page; null where this is the last.")
]


def iso_or_none(ms: int | None) -> str | None:
    return None if ms is None else to_iso(ms)


def omitted(**options: Any) -> Any:
    """A field that may be left out, which is something else than null: see `model_fields_set`."""
    return Field(default=None, **options)


def _epoch_ms(value: object) -> int:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.utcoffset() is not None and moment.year in _YEARS:
            return to_ms(moment)
    except (ValueError, OverflowError):
        pass
    raise PydanticCustomError("invalid_moment", "not a moment")


#: A moment in an answer.
Moment = Annotated[str, WithJsonSchema(_DATE_TIME)]
#: A moment in a request, as epoch milliseconds.
MomentIn = Annotated[int, BeforeValidator(_epoch_ms), WithJsonSchema(_DATE_TIME)]
