"""Words that go with a count, and why a file could not be used."""

import errno

import pytest

from campaigns_cli.file_errors import why
from campaigns_cli.language import counted


@pytest.mark.parametrize(
    ("count", "portuguese", "english"),
    [
        (0, "0 pessoas", "0 people"),
        (1, "1 pessoa", "1 person"),
        (2, "2 pessoas", "2 people"),
        (1200, "1.200 pessoas", "1,200 people"),
    ],
)
def test_one_is_told_in_the_singular(count, portuguese, english, monkeypatch):
    words = ("pessoa pessoas", "person people")
    assert counted(count, *words) == portuguese
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert counted(count, *words) == english


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOENT, "não existe"),
        (errno.EACCES, "sem permissão"),
        (errno.EISDIR, "é uma pasta"),
        (errno.ENOSPC, "o disco está cheio"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_why_a_file_could_not_be_used_is_told_in_the_users_language(number, words, monkeypatch):
    error = OSError(number, "Input/output error")
    assert why(error) == words
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert why(error).isascii()
