"""A command inside a sentence can be pasted, however the program was called."""

import sys

import pytest

from campaigns_cli.options import say
from campaigns_cli.typed_name import as_typed, typed_name


@pytest.fixture
def program(tmp_path):
    folder = tmp_path / "my shop"
    folder.mkdir()
    program = folder / "campaigns"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    return program


def test_a_program_that_the_shell_does_not_find_is_named_as_it_was_typed():
    assert typed_name(".venv/bin/campaigns", {"PATH": "/nowhere"}) == ".venv/bin/campaigns"


def test_a_path_with_a_space_is_quoted(program):
    assert typed_name(str(program), {"PATH": "/nowhere"}) == f"'{program}'"


def test_a_program_that_the_shell_finds_is_called_by_its_name(program):
    assert typed_name(str(program), {"PATH": str(program.parent)}) == "campaigns"


@pytest.mark.parametrize("called", ["campaigns", "/usr/bin/pytest", "-c", ""])
def test_no_path_to_the_program_is_no_other_name(called):
    assert typed_name(called, {"PATH": ""}) == "campaigns"


def test_each_command_of_a_sentence_can_be_pasted(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [".venv/bin/campaigns"])
    monkeypatch.setenv("PATH", "")
    say("Para acompanhar: campaigns watch cp_1; para parar: campaigns pause cp_1\n`campaigns me`")
    assert capsys.readouterr().out == (
        "Para acompanhar: .venv/bin/campaigns watch cp_1; para parar: .venv/bin/campaigns pause "
        "cp_1\n`.venv/bin/campaigns me`\n"
    )


@pytest.mark.parametrize(
    "text", ["O que responde não é a API: campaigns", "Two campaigns wait.", "vê: campaigns.csv"]
)
def test_the_word_alone_is_no_command(monkeypatch, text):
    monkeypatch.setattr(sys, "argv", ["./campaigns"])
    monkeypatch.setenv("PATH", "")
    assert as_typed(text) == text


def test_a_sentence_is_changed_once(monkeypatch):
    monkeypatch.setattr(sys, "argv", [".venv/bin/campaigns"])
    monkeypatch.setenv("PATH", "")
    assert as_typed(as_typed("Ajuda: campaigns send --help")) == (
        "Ajuda: .venv/bin/campaigns send --help"
    )
