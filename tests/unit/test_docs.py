"""README and docs: links lead somewhere, commands exist, and what the decisions claim is so."""

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.main import get_command

from campaigns_cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
README = (ROOT / "README.md").read_text(encoding="utf-8")


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


def test_every_command_of_the_command_line_that_the_readme_shows_exists() -> None:
    shown = re.findall(r"^(?:\.venv/bin/)?campaigns (.+)$", README, flags=re.MULTILINE)
    assert shown
    for line in shown:
        command = get_command(app)
        words = iter(line.split())
        for word in words:
            nested = getattr(command, "commands", {})
            if word not in nested:
                break
            command = nested[word]
        options = {option for parameter in command.params for option in parameter.opts}
        assert not getattr(command, "commands", None), line
        assert set(re.findall(r"(?<= )--[a-z-]+", " " + line)) <= options, line


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
