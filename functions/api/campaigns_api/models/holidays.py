"""Holidays as the API reads and shows them."""

from datetime import date
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from campaigns.domain.holiday_calendar import Holiday, HolidaySource
from campaigns_api.models.base import Answer, Body, NextCursor, NumberIn, Query, omitted

NAME_LIMIT: Final = 200
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2100


def day_of(value: object) -> date:
    """A day as ``YYYY-MM-DD``, in a year that the calendar knows."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None or value != day.isoformat() or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise PydanticCustomError("invalid_date", "not a day")
    return day


_Day = Annotated[
    date,
    BeforeValidator(day_of),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-12-24"]}),
]
_Name = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT, examples=["Véspera de Natal"])]


class HolidayIn(Body):
    """An own entry; on a national date it replaces the national one."""

    date: _Day
    name: _Name
    is_active: Annotated[bool, Field(description="False makes the day an ordinary one.")] = True


class HolidayPut(Body):
    """An own entry as it is to be."""

    name: _Name
    is_active: bool = True


class HolidayPatch(Body):
    """Changes to an own entry; whatever is left out stays."""

    name: _Name = omitted()
    is_active: bool = omitted()


class HolidayQuery(Query):
    """Which year."""

    year: Annotated[
        NumberIn | None,
        Field(ge=FIRST_YEAR, le=LAST_YEAR, description="This year, where left out."),
    ] = None


class HolidayOut(Answer):
    """A day on which campaigns that skip holidays do not send."""

    versioned_by = frozenset({"name", "is_active"})

    id: Annotated[str, Field(description="The date again: there is one entry a day.")]
    date: Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
    name: str
    is_active: bool
    source: HolidaySource

    @classmethod
    def of(cls, holiday: Holiday) -> Self:
        day = holiday.day.isoformat()
        return cls(
            id=day,
            date=day,
            name=holiday.name,
            is_active=holiday.is_active,
            source=holiday.source,
        )


class HolidayList(Answer):
    """A year's holidays by date: always one page."""

    results: list[HolidayOut]
    next: NextCursor
