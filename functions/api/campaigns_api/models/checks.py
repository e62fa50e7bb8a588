"""What is to be known before a start, as the API shows it."""

from typing import Annotated

from pydantic import ConfigDict, Field

from campaigns.domain.start_warnings import StartWarning
from campaigns.services.start_conditions import StartCheck
from campaigns_api.models.base import Answer, Moment


class CheckOut(Answer):
    """A start condition; one that does not hold says why, with what explains it."""

    model_config = ConfigDict(extra="allow")

    code: StartCheck
    ok: bool
    message: Annotated[str | None, Field(description="What is wrong; null where it holds.")]


class WarningOut(Answer):
    """What an owner should know before a start, with the figures that explain it.

    Nothing here keeps her from starting.
    """

    model_config = ConfigDict(extra="allow")

    code: StartWarning
    message: str


class ForecastDayOut(Answer):
    """How many messages leave on a day."""

    date: Annotated[
        str, Field(description="By the tenant's calendar.", json_schema_extra={"format": "date"})
    ]
    messages: int


class ChecksOut(Answer):
    """Every start condition with its state, warnings, and the forecast: were it started now."""

    can_be_started: bool
    checks: list[CheckOut]
    warnings: list[WarningOut]
    next_scheduled_send: Annotated[
        Moment | None, Field(description="When the first message leaves.")
    ]
    estimated_seconds: Annotated[int | None, Field(description="Until the last message.")]
    estimated_completion_at: Annotated[
        Moment | None, Field(description="When the last message leaves.")
    ]
    daily_forecast: list[ForecastDayOut]
