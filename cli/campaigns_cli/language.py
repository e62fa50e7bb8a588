"""Messages are Portuguese first, and English where the locale says so."""

import os
from collections.abc import Mapping


def language(environment: Mapping[str, str] = os.environ) -> str:
    """`en` where the first of LC_ALL, LC_MESSAGES and LANG that is set says so, else `pt-BR`.

    `C` and `POSIX` name no language, so they mean Portuguese.
    """
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if locale := environment.get(variable):
            return "en" if locale.casefold().startswith("en") else "pt-BR"
    return "pt-BR"


def t(portuguese: str, english: str) -> str:
    """The wording of one message in the user's language."""
    return english if language() == "en" else portuguese


def counted(value: int, portuguese: str, english: str) -> str:
    """A number and what it counts; each language gives the words for one and for more."""
    one, more = t(portuguese, english).split()
    return f"{number(value)} {one if value == 1 else more}"


def number(value: int) -> str:
    """A whole number with the thousands separator of the user's language."""
    text = f"{value:,}"
    return text if language() == "en" else text.replace(",", ".")
