"""Every command: what it shares with all others, its help, and the pages made of it."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.exceptions import TyperException
from typer.main import get_command

from campaigns_cli.command_group import with_examples
from campaigns_cli.program import app
from campaigns_cli.usage import speak_users_language, usage_error
from scripts.write_cli_docs import DOCS, PAGES, page_in

PROGRAM = get_command(app)
#: What of the program needs no `--json`, and why.
_WITHOUT_JSON: dict[str, str] = {}
#: Verbs that cannot be taken back.
_FINAL = {"delete", "remove", "disconnect", "cancel"}


def leaves(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, nested in getattr(command, "commands", {}).items():
        if hasattr(nested, "commands"):
            yield from leaves(nested, f"{path} {name}")
        else:
            yield f"{path} {name}", nested


COMMANDS = dict(leaves(PROGRAM, "campaigns"))


def options_of(command: Any) -> set[str]:
    return {spelling for one in command.params for spelling in (*one.opts, *one.secondary_opts)}


def test_there_is_a_command_for_every_group_of_operations() -> None:
    groups = {path.rsplit(" ", 1)[0] for path in COMMANDS}
    assert groups >= {
        f"campaigns{group}"
        for group in (
            *("", " contacts", " groups", " messages", " recipients", " instances", " keys"),
            *(" tenant", " holidays", " opt-outs", " admin tenant"),
        )
    }


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_answers_in_json(path: str) -> None:
    assert "--json" in options_of(COMMANDS[path]) or path in _WITHOUT_JSON


@pytest.mark.parametrize("path", COMMANDS)
def test_every_help_has_an_example_of_that_command_that_can_be_run(path: str) -> None:
    about = str(COMMANDS[path].help)
    examples = re.findall(r"^ *(campaigns .+)$", about, flags=re.MULTILINE)
    own = [one for one in examples if f"{one} ".startswith(f"{path} ")]
    assert own, about
    for example in own:
        named = set(re.findall(r"(?<= )--[a-z][a-z-]*", example))
        assert named <= options_of(COMMANDS[path]), example


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_is_explained(path: str) -> None:
    assert [one.name for one in COMMANDS[path].params if not one.help] == []


@pytest.mark.parametrize(
    "path",
    [path for path in COMMANDS if path.rsplit(" ", 1)[1] in {"delete", "disconnect", "cancel"}],
)
def test_what_cannot_be_taken_back_can_be_confirmed_without_a_terminal(path: str) -> None:
    # Whoever leaves a group is put back with `groups add`.
    assert "--yes" in options_of(COMMANDS[path]) or path == "campaigns groups remove"


@pytest.mark.parametrize(
    "path", [path for path, one in COMMANDS.items() if "--limit" in options_of(one)]
)
def test_every_list_with_a_limit_can_be_had_whole(path: str) -> None:
    # `send --limit` is how many people get the message.
    assert "--all" in options_of(COMMANDS[path]) or path == "campaigns send"


@pytest.mark.parametrize(("page", "locale"), PAGES.items())
def test_the_page_of_the_command_line_is_as_the_commands_are(page: str, locale: str) -> None:
    written = (DOCS / page).read_text(encoding="utf-8")
    assert written == page_in(locale), "run: make cli-docs"


def test_the_pages_hold_every_command_in_both_languages() -> None:
    portuguese, english = ((DOCS / page).read_text(encoding="utf-8") for page in PAGES)
    for path in COMMANDS:
        texts = [text_below(page, path) for page in (portuguese, english)]
        assert all(texts), path
        assert texts[0] != texts[1], path


def text_below(page: str, path: str) -> str:
    """What the page says of a command, before its examples."""
    found = re.search(rf"^### {re.escape(path)}\n\n(.+?)\n\n", page, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def test_the_readme_leads_to_the_pages() -> None:
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert all(f"docs/{page}" in readme for page in PAGES)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["send"], "Falta a opção '--file'."),
        (["show"], "Falta 'CAMPANHA'."),
        (["show", "a", "b"], "Sobrou isto no comando: b"),
        (["lst"], "O comando 'lst' não existe. Seria 'list'?"),
        (["xyzzy"], "O comando 'xyzzy' não existe."),
        (["list", "--limi", "1"], "A opção --limi não existe. Seria --limit?"),
        (["list", "--xyzzy"], "A opção --xyzzy não existe."),
        (["list", "--limit"], "Falta o valor da opção '--limit'."),
        (["list", "--limit", "x"], "'--limit' precisa ser um número inteiro."),
        (["list", "--limit", "0"], "'--limit' precisa ser no mínimo 1."),
        (
            ["messages", "update", "a", "1", "--order", "6"],
            "'--order' precisa ser no máximo 5.",
        ),
        (["keys", "create", "a", "--role", "x"], "'--role' não pode ser 'x'. Pode ser: "),
        (
            ["test-campaign", "--phone", "1", "--timeout", "x"],
            "'--timeout' precisa ser um número.",
        ),
        (["admin", "logs"], "Falta 'api|scheduler|dispatcher'. Pode ser: api, scheduler, "),
    ],
)
def test_a_command_that_makes_no_sense_is_told_in_portuguese(
    arguments: list[str], sentence: str
) -> None:
    with pytest.raises(TyperException) as refusal:
        app(arguments, standalone_mode=False)
    assert usage_error(refusal.value).startswith(sentence)
    assert "Ajuda: " in usage_error(refusal.value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["send"], "Missing option '--file'."),
        (["list", "--limit", "x"], "'--limit' must be a whole number."),
        (["list", "--limit", "0"], "'--limit' must be 1 at least."),
        (["test-campaign", "--phone", "1", "--timeout", "x"], "'--timeout' must be a number."),
        (
            ["keys", "create", "a", "--role", "x"],
            "'--role' cannot be 'x'. It may be: 'viewer', 'operator', 'owner'.",
        ),
    ],
)
def test_a_command_that_makes_no_sense_is_told_in_english(
    arguments: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    with pytest.raises(TyperException) as refusal:
        app(arguments, standalone_mode=False)
    assert usage_error(refusal.value).startswith(sentence)
    assert "Help: " in usage_error(refusal.value)


@pytest.fixture(scope="module")
def program() -> Any:
    made = get_command(app)
    speak_users_language(made)
    return made


@pytest.mark.parametrize("path", ["campaigns", *COMMANDS])
def test_help_has_no_english_of_typers_own(
    path: str, program: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.suppress(SystemExit):
        program([*path.split()[1:], "-h"], standalone_mode=False)
    said = capsys.readouterr().out
    assert "Uso: " in said
    for english in (
        "Usage",
        "OPTIONS",
        "ARGS",
        "Show this",
        "Install ",
        "<bool>",
        "<str>",
        "list[",
    ):
        assert english not in said


def test_help_is_read_in_the_users_language() -> None:
    heads = {
        locale: subprocess.run(
            [sys.executable, "-m", "campaigns_cli.main", "contacts", "list", "--help"],
            env={**os.environ, "LC_ALL": locale, "COLUMNS": "200"},
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout
        for locale in PAGES.values()
    }
    assert "Opções" in heads["pt_BR.UTF-8"]
    assert "Options" in heads["en_US.UTF-8"]
    assert "Em todos os comandos" in heads["pt_BR.UTF-8"]


def test_examples_stand_below_what_a_command_does() -> None:
    assert with_examples("Faz.", "campaigns faz").splitlines() == [
        *("Faz.", "", "Exemplo:", "", "  campaigns faz"),
    ]


def test_no_module_of_the_command_line_is_too_long_to_read_at_one_sitting() -> None:
    folder = Path(str(sys.modules["campaigns_cli"].__path__[0]))
    long = [one.name for one in folder.glob("*.py") if len(one.read_text().splitlines()) > 300]
    assert long == []
