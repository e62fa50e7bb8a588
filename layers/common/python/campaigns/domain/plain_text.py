"""Texts that people read: something of them is seen, and nothing in them steers a terminal."""

import unicodedata
from typing import Final

#: Control and format characters, gaps, and marks that have nothing to stand upon.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Me", "Mn", "Zl", "Zp", "Zs"})
#: Letters and symbols by their category, and yet blank: Hangul fillers, the empty Braille pattern.
_BLANKS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_BETWEEN_LINES: Final = frozenset("\t\n\r")


def is_blank(text: str) -> bool:
    """Nothing of the text is seen."""
    return all(letter in _BLANKS or unicodedata.category(letter) in _UNSEEN for letter in text)


def has_controls(text: str, *, lines: bool) -> bool:
    """The text holds control characters; with `lines` ends of lines and tabs are none."""
    allowed = _BETWEEN_LINES if lines else frozenset()
    return any(unicodedata.category(letter) == "Cc" and letter not in allowed for letter in text)


def on_one_line(text: str, limit: int) -> str:
    """What a stranger has written, as it may be shown: its control characters are gaps."""
    seen = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)
    return " ".join(seen.split())[:limit]
