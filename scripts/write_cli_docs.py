"""Writes docs/cli.md and docs/cli.en.md from the command line itself; a test holds them to it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
#: Each page, and the locale whose words it has.
PAGES = {"cli.md": "pt_BR.UTF-8", "cli.en.md": "en_US.UTF-8"}
_IN_EVERY_COMMAND = ("as_json", "url", "key", "help")
_EXAMPLES = re.compile(r"\n\n(?:Exemplos?|Examples?):\n\n(.*)", re.DOTALL)


def page_in(locale: str) -> str:
    """The page in a locale's language; each needs a process of its own, as a user has."""
    answer = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, __file__, "--print"],
        env={**os.environ, "LC_ALL": locale, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return answer.stdout


def page() -> str:
    """The page in this process's language."""
    from typer.main import get_command

    from campaigns_cli.language import t
    from campaigns_cli.program import app
    from campaigns_cli.usage import speak_users_language

    command = get_command(app)
    speak_users_language(command)
    beginning = (
        t("# A linha de comando", "# The command line"),
        t("[In English](cli.en.md)", "[Em português](cli.md)"),
        t(
            "Esta página é gerada dos próprios comandos (`make cli-docs`). Todos aceitam `--json` "
            "(um valor JSON na saída padrão) e, menos os de `admin`, `--url` e `--key` (ou "
            "`CAMPAIGNS_URL` e `CAMPAIGNS_KEY`; sem eles, vale a pilha local mais próxima). "
            "Avisos, progresso e erros saem na saída de erro. Campanhas, contatos, "
            "grupos e WhatsApps podem ser dados pelo nome, pelo id ou, menos os contatos, pelo "
            "começo do id; contatos também pelo telefone. O código de saída é 0 se deu certo, 1 se "
            "não deu, 2 se o comando não se entende, 130 com Ctrl-C.",
            "This page is made from the commands themselves (`make cli-docs`). All of them take "
            "`--json` (one JSON value on stdout) and, those of `admin` excepted, `--url` and "
            "`--key` (or `CAMPAIGNS_URL` and `CAMPAIGNS_KEY`; without them, the nearest local "
            "stack is meant). Warnings, progress and errors go to stderr. Campaigns, "
            "contacts, groups and WhatsApp numbers may be given by name, by id or, contacts "
            "excepted, by the beginning of the id; contacts by phone too. The exit code is 0 where "
            "it worked, 1 where it did not, 2 where the command makes no sense, 130 after Ctrl-C.",
        ),
    )
    return "\n\n".join([*beginning, *_sections(command)]) + "\n"


def _sections(program: Any) -> Iterator[str]:
    """The program's own commands by their panels, then a section for each group."""
    panels: dict[str, list[str]] = {}
    for name, command in program.commands.items():
        if not hasattr(command, "commands"):
            entry = _command(f"campaigns {name}", command)
            panels.setdefault(str(command.rich_help_panel), []).append(entry)
    for panel, entries in panels.items():
        yield f"## {panel}"
        yield from entries
    for name, group in program.commands.items():
        if hasattr(group, "commands"):
            yield f"## campaigns {name}\n\n{group.help}"
            yield from _leaves(f"campaigns {name}", group)


def _leaves(path: str, group: Any) -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _leaves(f"{path} {name}", command)
        else:
            yield _command(f"{path} {name}", command)


def _command(path: str, command: Any) -> str:
    about = str(command.help)
    found = _EXAMPLES.search(about)
    parts = [f"### {path}", about[: found.start()] if found else about]
    if found:
        examples = [line.strip() for line in found[1].split("\n\n")]
        parts.append("```\n" + "\n".join(examples) + "\n```")
    rows = [_row(parameter) for parameter in command.params if _is_own(parameter)]
    if rows:
        parts.append("\n".join(["| | |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def _is_own(parameter: Any) -> bool:
    return parameter.name not in _IN_EVERY_COMMAND


def _row(parameter: Any) -> str:
    return f"| {_name(parameter)} | {_cell(str(parameter.help or ''))}{_notes(parameter)} |"


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{_cell(str(parameter.metavar or parameter.name))}`"
    spellings = [*parameter.opts, *parameter.secondary_opts]
    return ", ".join(f"`{spelling}`" for spelling in spellings)


def _notes(parameter: Any) -> str:
    from campaigns_cli.language import t

    notes = []
    if parameter.required:
        notes.append(t("obrigatório", "required"))
    choices = getattr(parameter.type_descriptor, "choices", None) or ()
    if choices:
        notes.append(", ".join(f"`{getattr(one, 'value', one)}`" for one in choices))
    default = parameter.default
    if default not in (None, False, "", ()) and not callable(default):
        notes.append(t("padrão", "default") + f" `{getattr(default, 'value', default)}`")
    if parameter.envvar:
        notes.append(f"`{parameter.envvar}`")
    return f" ({'; '.join(notes)})" if notes else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    if sys.argv[1:] == ["--print"]:
        print(page(), end="")
        return
    for name, locale in PAGES.items():
        (DOCS / name).write_text(page_in(locale), encoding="utf-8")


if __name__ == "__main__":
    main()
