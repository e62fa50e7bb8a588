"""What ends a command: one sentence that says what to do, and an exit code.

CliError
├── UnusableInput        exit 2, before anything was sent
├── ServerUnreachable    exit 1, no answer after the retries
├── NotTheApi            exit 1, something else answers at that address
└── Problem              exit 1, the API's problem+json
"""

from collections.abc import Mapping, Sequence
from typing import Any

from campaigns_cli.hints import Asked, hint
from campaigns_cli.language import t


class CliError(Exception):
    """A sentence for the user and the exit code of the process."""

    exit_code = 1

    def __init__(self, message: str, *, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        if exit_code is not None:
            self.exit_code = exit_code


class UnusableInput(CliError):
    """What the user gave cannot be used; nothing was sent."""

    exit_code = 2


class ServerUnreachable(CliError):
    """The server gave no answer, retries included."""


class NotTheApi(CliError):
    """What answers at the address is no campaigns API."""

    def __init__(self, url: str) -> None:
        super().__init__(
            t(
                f"O que responde em {url} não é a API de campanhas. Confira o endereço em --url ou "
                "CAMPAIGNS_URL.",
                f"What answers at {url} is not the campaigns API. Check the address in --url or "
                "CAMPAIGNS_URL.",
            )
        )


class Problem(CliError):
    """An error that the API answered (RFC 9457), worded for the user."""

    def __init__(self, status: int, body: Mapping[str, Any], asked: Asked) -> None:
        self.status = status
        self.code = str(body.get("code", ""))
        self.body = body
        super().__init__(_worded(status, body, asked))


def _worded(status: int, body: Mapping[str, Any], asked: Asked) -> str:
    head = _head(status, body, asked)
    lines = [head, *(f"  - {line}" for line in reasons(body.get("errors") or []) if line != head)]
    if what_to_do := hint(status, body, asked):
        lines.append(what_to_do)
    return "\n".join(lines)


def _head(status: int, body: Mapping[str, Any], asked: Asked) -> str:
    """The API's own sentence, unless it speaks to programs."""
    code = str(body.get("code", ""))
    if status == 401:
        return t(
            f"O servidor {asked.server} não aceita esta chave.",
            f"The server {asked.server} does not take this key.",
        )
    if code == "internal_error":
        return t(
            f"O servidor falhou ao fazer isto (pedido {asked.request_id or '-'}).",
            f"The server failed at this (request {asked.request_id or '-'}).",
        )
    heads = {
        "validation_failed": t("Confira:", "Please check:"),
        "unknown_reference": t("Isto não existe:", "This does not exist:"),
        "read_only_field": t("Isto não pode ser mudado aqui:", "This cannot be changed here:"),
        "start_refused": t(
            "A campanha ainda não pode ser iniciada:", "The campaign cannot be started yet:"
        ),
        "precondition_failed": t(
            "Alguém mudou isto ao mesmo tempo. Rode o comando de novo.",
            "Somebody changed this at the same time. Run the command again.",
        ),
    }
    detail = body.get("detail") or body.get("title") or body.get("message")
    answered = t(f"O servidor respondeu {status}.", f"The server answered {status}.")
    return heads.get(code) or str(detail or answered)


def reasons(errors: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line per entry of a problem's `errors`: `field: message`, or the message alone."""
    lines = []
    for error in errors:
        message = str(error.get("message") or error.get("code") or "")
        field = str(error.get("field") or "")
        lines.append(f"{field}: {message}" if field else message)
    return lines
