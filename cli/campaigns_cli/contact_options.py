"""What is told of a contact on the command line, and what the API is given of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from campaigns_cli.api import Json
from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import t
from campaigns_cli.session import given
from campaigns_cli.typed_time import typed_past_day

TagsOption = Annotated[
    list[str] | None,
    typer.Option("--tag", help=t("Uma tag; repita para mais.", "A tag; repeat it for more.")),
]
VarsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--var",
        metavar="NAME=VALUE",
        help=t(
            "Uma variável da mensagem, como cidade=Osasco; repita para mais.",
            "A variable of the message, such as cidade=Osasco; repeat it for more.",
        ),
    ),
]
EmailOption = Annotated[str | None, typer.Option(help=t("E-mail.", "E-mail address."))]
QuemIndicouOption = Annotated[
    str | None, typer.Option(help=t("Quem indicou a loja.", "Who recommended the shop."))
]
NotesOption = Annotated[
    str | None,
    typer.Option(help=t("Observações; @arquivo as lê de um arquivo.", "Notes; @file reads them.")),
]
ActiveOption = Annotated[
    bool | None,
    typer.Option(
        "--active/--inactive",
        help=t("Quem está inativo não entra em campanhas.", "Inactive ones join no campaign."),
    ),
]
ConsentAtOption = Annotated[
    str | None,
    typer.Option(
        metavar=t("DIA", "DAY"),
        help=t(
            "O dia em que consentiu em receber, como 24/10/2026.",
            "The day on which the person agreed to be messaged, such as 2026-10-24.",
        ),
    ),
]
ConsentChannelOption = Annotated[
    str | None, typer.Option(help=t("Onde consentiu, como loja.", "Where, such as shop."))
]
ConsentTextOption = Annotated[
    str | None, typer.Option(help=t("Com que palavras.", "In which words."))
]
ReasonOption = Annotated[str | None, typer.Option(help=t("O motivo.", "The reason."))]


def variables_of(typed: Sequence[str] | None) -> dict[str, str]:
    """`NAME=VALUE`, as often as given."""
    variables = {}
    for pair in typed or []:
        name, separator, value = pair.partition("=")
        if not separator or not name.strip():
            raise UnusableInput(
                t(
                    f"Escreva a variável como cidade=Osasco, não {pair}.",
                    f"Write the variable like cidade=Osasco, not {pair}.",
                )
            )
        variables[name.strip()] = value
    return variables


def consent_of(at: str | None, channel: str | None, text: str | None) -> Json | None:
    if at is None and channel is None and text is None:
        return None
    if at is None or channel is None:
        raise UnusableInput(
            t(
                "O consentimento precisa de --consent-at e --consent-channel.",
                "Consent needs --consent-at and --consent-channel.",
            )
        )
    given_at = typed_past_day(at, datetime.now().astimezone().date()).isoformat()
    return given(given_at=given_at, channel=channel, text=text)
