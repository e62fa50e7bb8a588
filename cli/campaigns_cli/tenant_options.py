"""What can be changed of a tenant, by its owner and by whoever runs the deployment."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import t
from campaigns_cli.session import given
from campaigns_cli.typed_time import typed_window


class Locale(StrEnum):
    """The language of the API's answers."""

    PORTUGUESE = "pt-BR"
    ENGLISH = "en"


NameOption = Annotated[str | None, typer.Option(help=t("O nome.", "The name."))]
ZoneOption = Annotated[
    str | None,
    typer.Option(help=t("O fuso, como America/Sao_Paulo.", "Such as America/Sao_Paulo.")),
]
LocaleOption = Annotated[
    Locale | None, typer.Option(help=t("O idioma das respostas.", "The language of answers."))
]
KeywordsOption = Annotated[
    list[str] | None,
    typer.Option(
        help=t(
            "Uma palavra para sair; repita: as ditas ficam no lugar das de antes.",
            "A word that opts out; repeat it: those given replace those before.",
        )
    ),
]
QuietHoursOption = Annotated[
    str | None,
    typer.Option(
        metavar="HH:MM-HH:MM",
        help=t("Em que horas nada sai, como 21:00-08:00.", "When nothing leaves: 21:00-08:00."),
    ),
]


def tenant_changes(
    name: str | None,
    timezone: str | None,
    locale: Locale | None,
    keywords: list[str] | None,
    quiet_hours: str | None,
) -> dict[str, Any]:
    """The fields that were given, at least one."""
    start, end = (None, None) if quiet_hours is None else typed_window(quiet_hours)
    changes = given(
        name=name,
        timezone=timezone,
        locale=locale and locale.value,
        opt_out_keywords=keywords,
        quiet_hours_start=start,
        quiet_hours_end=end,
    )
    if not changes:
        raise UnusableInput(t("Diga o que mudar: veja --help.", "Say what to change: see --help."))
    return changes
