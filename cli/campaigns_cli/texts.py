"""Texts from the command line, from a file, or from standard input."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from campaigns_cli.errors import UnusableInput
from campaigns_cli.file_errors import why
from campaigns_cli.language import t

MessageOption = Annotated[
    list[str],
    typer.Option(
        "--message",
        help=t(
            "Um texto da mensagem; repita a opção para até 5 textos que se alternam. @arquivo lê "
            "de um arquivo, - da entrada padrão.",
            "A wording of the message; repeat the option for up to 5 that take turns. @file reads "
            "it from a file, - from standard input.",
        ),
    ),
]


def typed_texts(values: Sequence[str]) -> list[str]:
    """Each as `typed_text` reads it; standard input can be read once."""
    if list(values).count("-") > 1:
        raise UnusableInput(
            t("A entrada padrão só pode ser um texto.", "Standard input can be one text only.")
        )
    return [typed_text(value) for value in values]


def typed_text(value: str) -> str:
    """`@file` is the text in that file, `-` is standard input, `@@` begins a text with an @.

    The line break at the very end, which editors add, is no part of it.
    """
    if value == "-":
        return _without_last_break(sys.stdin.read())
    if value.startswith("@@"):
        return value[1:]
    if not value.startswith("@"):
        return value
    path = Path(value[1:])
    try:
        return _without_last_break(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UnusableInput(
            t(
                f"Não consegui ler {path} ({why(error)}). Um texto que começa com @ se escreve "
                "com @@.",
                f"{path} could not be read ({why(error)}). A text that begins with an @ is "
                "written with @@.",
            )
        ) from error
    except UnicodeDecodeError as error:
        raise UnusableInput(
            t(f"{path} não é um texto em UTF-8.", f"{path} is not a text in UTF-8.")
        ) from error


def _without_last_break(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")
