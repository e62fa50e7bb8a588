"""Which language a caller reads: the first that fits `Accept-Language`, else the tenant's."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from campaigns_api.catalogue import SENTENCES


class Language(StrEnum):
    """What the catalogue of sentences speaks."""

    PORTUGUESE = "pt-BR"
    ENGLISH = "en"


_BY_PREFIX: Final = {"pt": Language.PORTUGUESE, "en": Language.ENGLISH}
_PLACE: Final = {Language.PORTUGUESE: 0, Language.ENGLISH: 1}


def of_locale(locale: str) -> Language:
    """A locale's language; Portuguese where the catalogue does not speak it."""
    return _BY_PREFIX.get(_prefix(locale), Language.PORTUGUESE)


def preferred(accept_language: str | None) -> Language | None:
    """The wanted language with the highest quality, the earlier of two alike (RFC 9110, 12.5.4).

    `*` stands for whatever is not named; quality 0 refuses. None where nothing fits.
    """
    wanted = _qualities(accept_language or "")
    rest = [language for prefix, language in _BY_PREFIX.items() if prefix not in wanted]
    choices = [
        (quality, language)
        for prefix, quality in wanted.items()
        for language in (rest[:1] if prefix == "*" else [_BY_PREFIX.get(prefix)])
        if language and quality > 0
    ]
    return max(choices, key=lambda choice: choice[0])[1] if choices else None


def say(key: str, language: Language, params: Mapping[str, object] | None = None) -> str:
    """The sentence of that key, its gaps filled by `params`; the key itself where there is none."""
    sentences = SENTENCES.get(key)
    return sentences[_PLACE[language]].format_map(_Gaps(params or {})) if sentences else key


class _Gaps(dict[str, object]):
    """A gap that nothing fills shows an ellipsis: half a sentence is better than no answer."""

    def __missing__(self, _: str) -> str:
        return "…"


def _qualities(header: str) -> dict[str, float]:
    """Quality by language prefix; the best one of several tags (`en-GB`, `en`)."""
    found: dict[str, float] = {}
    for part in header.split(","):
        tag, _, parameters = part.partition(";")
        quality = _quality(parameters)
        if tag.strip() and quality is not None:
            prefix = _prefix(tag)
            found[prefix] = max(quality, found.get(prefix, 0.0))
    return found


def _quality(parameters: str) -> float | None:
    name, _, value = parameters.partition("=")
    if not name.strip():
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return None
    return quality if name.strip().lower() == "q" and 0 <= quality <= 1 else None


def _prefix(tag: str) -> str:
    return tag.strip().replace("_", "-").split("-")[0].lower()
