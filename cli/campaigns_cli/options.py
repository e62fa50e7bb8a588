"""Options that several commands share, and how they speak to the user."""

import io
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
from campaigns_cli.errors import CliError, UnusableInput
from campaigns_cli.language import t
from campaigns_cli.typed_name import as_typed

EVERY_COMMAND = t("Em todos os comandos", "Every command")

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        rich_help_panel=EVERY_COMMAND,
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
        rich_help_panel=EVERY_COMMAND,
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
    typer.Option(
        "--json",
        rich_help_panel=EVERY_COMMAND,
        help=t("Responde em JSON na saída padrão.", "Answers JSON on stdout."),
    ),
]
LimitOption = Annotated[
    int,
    typer.Option(
        "--limit", min=1, help=t("Quantos mostrar no máximo.", "How many to show at most.")
    ),
]
AllOption = Annotated[
    bool, typer.Option("--all", help=t("Mostra todos, sem limite.", "Shows all, without limit."))
]
YesOption = Annotated[
    bool, typer.Option("--yes", "-y", help=t("Não pergunta nada.", "Asks nothing."))
]
#: How many entries a list shows where nothing else is said.
DEFAULT_LIMIT = 50


def connect(url: str | None, key: str | None) -> Api:
    """The API that the options, the environment or the nearest local stack name."""
    return Api(find_server(url, key, os.environ, Path.cwd()), on_wait=_tell_of_a_wait)


def _tell_of_a_wait(seconds: float) -> None:
    say(
        t(
            f"O servidor ainda não atendeu; tento de novo em {seconds:.0f} s…",
            f"The server has not done it yet; trying again in {seconds:.0f} s…",
        ),
        messages(),
    )


def messages() -> Console:
    """Where progress and notices go: stderr, so that results alone are on stdout."""
    return Console(stderr=True)


def print_what_can_be_printed() -> None:
    """A sign that the terminal does not know, as in a person's name, is a question mark there."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def say(text: str, console: Console | None = None) -> None:
    """A sentence that is not wrapped, without markup in names, its commands as one pastes them."""
    (console or Console()).print(as_typed(text), markup=False, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON value on one line of stdout, whole whatever the encoding."""
    utf8 = (sys.stdout.encoding or "").replace("-", "").casefold() == "utf8"
    print(json.dumps(value, ensure_ascii=not utf8))


def is_interactive() -> bool:
    """Whether somebody sits there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


class Confirmation(Confirm):
    """A question that is answered with s or n; the answer without typing is no."""

    choices = t("s n", "y n").split()
    validate_error_message = t("Responda com s ou n.", "Answer with y or n.")


def confirmed(question: str) -> bool:
    """Asks; the answer without typing is no."""
    return Confirmation.ask(question, default=False, console=messages())


def be_sure(question: str, *, yes: bool) -> None:
    """What cannot be taken back is asked for; where nobody can answer, `--yes` has to."""
    if yes:
        return
    if not is_interactive():
        raise UnusableInput(
            t(
                f"{question} Para confirmar sem terminal, use --yes.",
                f"{question} To confirm without a terminal, use --yes.",
            )
        )
    if not confirmed(question):
        raise CliError(t("Nada foi mudado.", "Nothing was changed."))
