"""README and docs: links lead somewhere, commands exist, and what the decisions claim is so."""

import json
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.main import get_command

from campaigns.domain.recipient import MOVES
from campaigns.domain.recipient import RecipientStatus as Status
from campaigns_cli.program import app

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST_MESSAGE = ROOT / "docs" / "primeira-mensagem.md"
#: Pages whose lines people paste who know nothing else of the command line.
GUIDES = [FIRST_MESSAGE, ROOT / "docs" / "runbook.md"]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors_of(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", without_code(text_of(page)), flags=re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", without_code(text_of(page)))
    links += re.findall(r'(?:src|href)="([^"]+)"', text_of(page))
    broken = []
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = re.findall(r"^([a-z][a-z-]*):", text_of(ROOT / "Makefile"), flags=re.MULTILINE)
    code = re.findall(r"`+([^`]+)`+", text_of(page))
    named = {name for part in code for name in re.findall(r"\bmake ([a-z-]+)", part)}

    assert named <= set(targets)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_a_page_names_in_code_exists(page: Path) -> None:
    roots = "docs|tests|local|functions|layers|cli|examples|events|scripts|tools"
    named = re.findall(rf"`((?:{roots})/[\w./-]*)`", text_of(page))

    assert [name for name in named if not (ROOT / name).exists()] == []


@cache
def written_tests() -> frozenset[str]:
    return frozenset(
        test
        for module in (ROOT / "tests").rglob("test_*.py")
        for test in re.findall(r"^def (test_\w+)", text_of(module), flags=re.MULTILINE)
    )


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", text_of(page)))

    assert named - written_tests() == set()


def test_the_drawn_moves_of_a_recipient_are_those_of_the_code() -> None:
    """Within *sent or further* only neighbours are drawn, and all of it may be leapt to."""
    text = text_of(ROOT / "docs" / "architecture.md")
    further = [Status.SENT, Status.DELIVERED, Status.READ, Status.RESPONDED]
    stands_for = {"reached": further}
    drawn = set()
    for before, after in re.findall(r"^ +(\w+) --> (\w+): ", text, flags=re.MULTILINE):
        # What leaves it as a whole, a refusal, leaves it while it is only sent.
        start = Status.SENT if before == "reached" else Status(before)
        ends = stands_for.get(after) or [Status(after)]
        drawn |= {(start, end) for end in ends}
        if start in further and ends[0] in further:
            drawn |= {(start, end) for end in further[further.index(ends[0]) :]}

    assert drawn == {(before, after) for before, afters in MOVES.items() for after in afters}


def test_the_readme_describes_each_folder_of_the_repository() -> None:
    listed = subprocess.run(
        ["git", "ls-files"],  # noqa: S607 - whatever git the machine has
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    folders = {path.split("/")[0] for path in listed if "/" in path and not path.startswith(".")}

    assert {name for name in folders if f"`{name}/" not in README} == set()


def commands_shown_by(text: str) -> list[str]:
    """Lines of a block, whole pieces of code, and `.venv/bin/campaigns` wherever it stands."""
    return re.findall(r"(?:^|`|\.venv/bin/)campaigns ([^`\n]+)", text, flags=re.MULTILINE)


@pytest.mark.parametrize("page", [ROOT / "README.md", *GUIDES], ids=name_of)
def test_every_command_that_the_readme_and_the_guides_show_exists(page: Path) -> None:
    shown = commands_shown_by(text_of(page))
    assert shown
    for line in shown:
        command = get_command(app)
        rest = shlex.split(line)
        while rest and rest[0] in getattr(command, "commands", {}):
            command = command.commands[rest.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts}
        assert not getattr(command, "commands", None) or rest[0] in options, line
        assert {word for word in rest if word.startswith("-")} <= options | {"--help"}, line


def test_the_guide_of_a_first_message_shows_no_phone_that_may_be_somebodys() -> None:
    """What is pasted as it stands, with a real WhatsApp connected, writes to nobody."""
    real = text_of(FIRST_MESSAGE).split("\n## De verdade")[1]

    assert re.findall(r"--phone '[^']*\d{4}", real) == []


def test_every_decision_says_what_was_decided_why_and_how_to_go_back() -> None:
    pages = [page for page in PAGES if page.parent.name == "decisions"]
    numbers = [int(page.name[:4]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1))
    # The first is a list of packages, each with its reason beside it.
    for page in pages[1:]:
        headings = re.findall(r"^## (.+)$", text_of(page), flags=re.MULTILINE)
        wanted = {"Context", "Decision", "Alternatives", "Measured", "The way back"}
        assert wanted <= set(headings), page.name
        assert f"decisions/{page.name}" in README, page.name


def test_nothing_in_the_layer_imports_pydantic() -> None:
    program = (
        "import importlib, json, pkgutil, sys, campaigns\n"
        "for module in pkgutil.walk_packages(campaigns.__path__, 'campaigns.'):\n"
        "    importlib.import_module(module.name)\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('pydantic')]))"
    )
    layer = ROOT / "layers" / "common" / "python"
    answer = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], cwd=layer, capture_output=True, text=True, check=True
    )

    assert json.loads(answer.stdout) == []
