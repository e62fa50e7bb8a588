"""What ends a command: one sentence that says what to do, and an exit code.

CliError
├── UnusableInput        exit 2, before anything was sent
├── ServerUnreachable    exit 1, no answer after the retries
└── Problem              exit 1, the API's problem+json
"""

from collections.abc import Mapping, Sequence
from typing import Any

from campaigns_cli.hints import hint
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


class Problem(CliError):
    """An error that the API answered (RFC 9457), worded for the user."""

    def __init__(self, status: int, body: Mapping[str, Any], path: str = "") -> None:
        self.status = status
        self.code = str(body.get("code", ""))
        self.body = body
        super().__init__(_worded(status, body, path))


def _worded(status: int, body: Mapping[str, Any], path: str) -> str:
    detail = body.get("detail") or body.get("title") or body.get("message")
    lines = [str(detail or t(f"O servidor respondeu {status}.", f"The server answered {status}."))]
    lines += [f"  - {line}" for line in reasons(body.get("errors") or [])]
    if what_to_do := hint(status, body, path):
        lines.append(what_to_do)
    return "\n".join(lines)


def reasons(errors: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line per entry of a problem's `errors`: `field: message`, or the message alone."""
    lines = []
    for error in errors:
        message = str(error.get("message") or error.get("code") or "")
        field = str(error.get("field") or "")
        lines.append(f"{field}: {message}" if field else message)
    return lines
