"""Options that several commands share, and how they speak to the user."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.prompt import Confirm

from campaigns_cli.api import Api
from campaigns_cli.connection import find_server
from campaigns_cli.language import t

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="CAMPAIGNS_URL",
        metavar="URL",
        help=t(
            "Endereço do servidor; sem ele, a pilha local mais próxima.",
            "Address of the server; without it, the nearest local stack.",
        ),
    ),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key",
        envvar="CAMPAIGNS_KEY",
        metavar="KEY",
        help=t(
            "Chave da API; na variável ela não fica no histórico do terminal.",
            "API key; in the variable it stays out of the shell's history.",
        ),
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help=t("Responde em JSON na saída padrão.", "Answers JSON on stdout.")),
]
CampaignArgument = Annotated[
    str, typer.Argument(metavar="ID", help=t("O id da campanha.", "The campaign's id."))
]


def connect(url: str | None, key: str | None) -> Api:
    """The API that the options, the environment or the nearest local stack name."""
    return Api(find_server(url, key, os.environ, Path.cwd()))


def messages() -> Console:
    """Where progress and notices go: stderr, so that results alone are on stdout."""
    return Console(stderr=True)


def say(text: str, console: Console | None = None) -> None:
    """A sentence exactly as it is: not wrapped, and no markup in what people called things."""
    (console or Console()).print(text, markup=False, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON value on one line of stdout."""
    print(json.dumps(value, ensure_ascii=False))


def is_interactive() -> bool:
    """Whether somebody sits there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


class Confirmation(Confirm):
    """A question that is answered with s or n; the answer without typing is no."""

    choices = t("s n", "y n").split()
    validate_error_message = t("Responda com s ou n.", "Answer with y or n.")


def confirmed(question: str) -> bool:
    return Confirmation.ask(question, default=False, console=messages())
