"""Texts from the command line, a file, or standard input."""

from io import StringIO

import pytest

from campaigns_cli.errors import UnusableInput
from campaigns_cli.texts import typed_text, typed_texts


def test_a_text_is_what_was_typed():
    assert typed_text("Oi, {{nome}}!\n") == "Oi, {{nome}}!\n"
    assert typed_text("@@maria, oi") == "@maria, oi"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"Oi!\n", "Oi!"),
        (b"\xef\xbb\xbfOl\xc3\xa1!\r\n", "Olá!"),
        (b"a\n\nb\n\n", "a\n\nb\n"),
        (b"", ""),
    ],
)
def test_a_file_is_read_without_the_break_that_its_editor_added(tmp_path, content, text):
    path = tmp_path / "convite.txt"
    path.write_bytes(content)
    assert typed_text(f"@{path}") == text


def test_standard_input_is_read_once(monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO("Oi!\n"))
    assert typed_texts(["-", "Olá"]) == ["Oi!", "Olá"]
    with pytest.raises(UnusableInput, match="só pode ser um"):
        typed_texts(["-", "-"])


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(UnusableInput, match="@@"):
        typed_text(f"@{tmp_path / 'missing.txt'}")
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff")
    with pytest.raises(UnusableInput, match="UTF-8"):
        typed_text(f"@{path}")
