"""When a campaign may send and how: as options, and as the API takes them."""

from enum import StrEnum
from typing import Annotated

import typer

from campaigns_cli.api import Api, Json
from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import t
from campaigns_cli.typed_time import typed_moment, typed_window
from campaigns_cli.wording import utc_now
from campaigns_cli.zones import zone_of

_WHEN = t("Quando", "When")


class ScheduleType(StrEnum):
    """When a campaign may send."""

    IMMEDIATE = "immediate"
    BUSINESS_DAYS = "business_days"
    BUSINESS_HOURS = "business_hours"
    CUSTOM_PERIOD = "custom_period"


ScheduleTypeOption = Annotated[
    ScheduleType | None,
    typer.Option(
        rich_help_panel=_WHEN,
        help=t(
            "immediate; business_days (segunda a sexta, 9h às 18h, sem feriados); business_hours "
            "(9h às 18h); custom_period, que --morning e --afternoon já dizem.",
            "immediate; business_days (Monday to Friday, 9-18, no holidays); business_hours "
            "(9-18); custom_period, which --morning and --afternoon say already.",
        ),
    ),
]
MorningOption = Annotated[
    str | None,
    typer.Option(
        metavar="HH:MM-HH:MM",
        rich_help_panel=_WHEN,
        help=t("Horário da manhã, como 9h-12h.", "Hours in the morning, such as 9:00-12:00."),
    ),
]
AfternoonOption = Annotated[
    str | None,
    typer.Option(
        metavar="HH:MM-HH:MM",
        rich_help_panel=_WHEN,
        help=t("Horário da tarde, como 14h-18h.", "Hours in the afternoon, such as 14:00-18:00."),
    ),
]
WeekendsOption = Annotated[
    bool | None,
    typer.Option(
        "--skip-weekends/--with-weekends",
        rich_help_panel=_WHEN,
        help=t("No horário próprio: fim de semana.", "With hours of your own: weekends."),
    ),
]
HolidaysOption = Annotated[
    bool | None,
    typer.Option(
        "--skip-holidays/--with-holidays",
        rich_help_panel=_WHEN,
        help=t("No horário próprio: feriados.", "With hours of your own: holidays."),
    ),
]
TimezoneOption = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=_WHEN,
        help=t("Fuso, como America/Manaus.", "Time zone, such as America/Manaus."),
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--at",
        rich_help_panel=_WHEN,
        help=t(
            "Quando começar: 25/12/2026 9h, amanhã 14:00, sexta 9h; agora tira a data.",
            "When to begin: 2026-12-25 09:00, tomorrow 14:00, friday 9:00; now takes the date off.",
        ),
    ),
]
QuietOption = Annotated[
    bool | None,
    typer.Option(
        "--ignore-quiet-hours/--respect-quiet-hours",
        rich_help_panel=_WHEN,
        help=t("Envia também no horário de silêncio.", "Sends during quiet hours too."),
    ),
]
MissingOption = Annotated[
    bool | None,
    typer.Option(
        "--allow-missing/--require-values",
        help=t(
            "Aceita contatos sem valor para alguma variável.",
            "Accepts contacts without a value for some variable.",
        ),
    ),
]
ReconnectOption = Annotated[
    bool | None,
    typer.Option(
        "--resume-on-reconnect/--stay-paused",
        help=t(
            "Retoma por si quando o WhatsApp reconecta.",
            "Goes on by itself when WhatsApp is connected again.",
        ),
    ),
]
DescriptionOption = Annotated[str | None, typer.Option(help=t("Uma descrição.", "A description."))]


def hours_of(
    schedule_type: ScheduleType | None, morning: str | None, afternoon: str | None
) -> Json:
    """Hours of one's own are a custom period; another kind of schedule has none."""
    if morning is None and afternoon is None:
        if schedule_type is None:
            return {}
        none = dict.fromkeys(("morning_start", "morning_end", "afternoon_start", "afternoon_end"))
        own = schedule_type is ScheduleType.CUSTOM_PERIOD
        return {"schedule_type": schedule_type.value, **({} if own else none)}
    if schedule_type not in {None, ScheduleType.CUSTOM_PERIOD}:
        raise UnusableInput(
            t(
                "--morning e --afternoon são um horário próprio: use sem --schedule-type.",
                "--morning and --afternoon are hours of your own: leave out --schedule-type.",
            )
        )
    start, end = typed_window(morning) if morning else (None, None)
    later_start, later_end = typed_window(afternoon) if afternoon else (None, None)
    return {
        "schedule_type": ScheduleType.CUSTOM_PERIOD.value,
        "morning_start": start,
        "morning_end": end,
        "afternoon_start": later_start,
        "afternoon_end": later_end,
    }


def start_of(api: Api, at: str | None, timezone: str | None, campaign: Json | None) -> Json:
    if at is None:
        return {}
    moment = typed_moment(at, zone_of(api, campaign, timezone), utc_now())
    if moment and moment <= utc_now():
        # Taken as it is, everybody would be messaged at once.
        raise UnusableInput(
            t(
                f"{moment:%d/%m/%Y %H:%M} já passou. Diga um momento que está por vir, ou --at "
                "agora para não esperar.",
                f"{moment:%Y-%m-%d %H:%M} is over. Give a time that is still to come, or --at now "
                "for no waiting.",
            )
        )
    return {"scheduled_at": moment.isoformat() if moment else None}
