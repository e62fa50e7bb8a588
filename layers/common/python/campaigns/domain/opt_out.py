"""Opting out by an answer, and coming back: what counts as either, and which choice is the newest.

A whole message that is one of the tenant's words is a choice, whatever its case, accents and gaps
and the marks around it; a sentence in which such a word stands is none.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from campaigns.domain.contact import fold_text
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import Suppression
from campaigns.domain.plain_text import is_blank

#: What a suppression tells of where it came from.
_BY_REPLY: Final = "reply"
#: A message beyond this is not looked at; a word has 60 characters at most.
_LONGEST: Final = 200
#: A keyboard colours a hand as its owner has set it.
_SKIN_TONES: Final = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
#: What brings somebody back, by the tenant's language. The first is understood in each.
_COME_BACK: Final[Mapping[str, Sequence[str]]] = {"pt-BR": ("VOLTAR",), "en": ("VOLTAR", "START")}
_CONFIRMATIONS: Final[Mapping[str, tuple[str, str, str]]] = {
    "pt-BR": (
        "Pronto! Você não vai mais receber mensagens de {name}.",
        " Se mudar de ideia, responda {words}.",
        " ou ",
    ),
    "en": (
        "Done! You will get no more messages from {name}.",
        " If you change your mind, reply {words}.",
        " or ",
    ),
}
_FALLBACK: Final = "pt-BR"


class ChoiceKind(StrEnum):
    """Of two at the same second the one that is later in this order of letters counts."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether a person wants to be written to. `said_at` is epoch ms.

    `by` is the message in which she said so, or the operator's entry. `source` and `reason` are
    what her suppression tells.
    """

    kind: ChoiceKind
    said_at: int
    by: str
    source: str = ""
    reason: str | None = None

    @property
    def mark(self) -> str:
        """Marks of one person's choices sort by their time; at the same second being out wins,
        since WhatsApp tells no more of the time."""
        return f"{self.said_at // SECOND_MS:011d}#{self.kind}#{self.by}"

    @property
    def is_out(self) -> bool:
        return self.kind is ChoiceKind.OUT

    def suppression(self, tenant_id: str, person: str) -> Suppression | None:
        """What follows from it where she was not out before."""
        if not self.is_out:
            return None
        return Suppression(
            tenant_id, person, self.said_at, self.source, self.reason, said_in=self.by
        )


def chosen_by_reply(kind: ChoiceKind, word: str, said_at: int, whatsapp_message_id: str) -> Choice:
    """A choice that a person has written herself."""
    return Choice(kind, said_at, whatsapp_message_id, _BY_REPLY, word)


def said_at_of(mark: str) -> int:
    """The time of a mark, epoch ms."""
    return int(mark.partition("#")[0]) * SECOND_MS


def read_choice(
    text: str | None, keywords: Sequence[str], locale: str
) -> tuple[ChoiceKind, str] | None:
    """What a whole message chooses, and the word that says so; None where it is something else.

    A word that is the tenant's for going is never one for coming back.
    """
    if text is None or len(text) > _LONGEST:
        return None
    said = _plain(text)
    if not said:
        return None
    for kind, words in (
        (ChoiceKind.OUT, keywords),
        (ChoiceKind.IN, _COME_BACK.get(locale, _COME_BACK[_FALLBACK])),
    ):
        for word in words:
            if _plain(word) == said:
                return kind, word
    return None


def confirmation(tenant_name: str, keywords: Sequence[str], locale: str) -> str:
    """The one message after an opt-out: from whom no more comes, and how to come back."""
    done, come_back, between = _CONFIRMATIONS.get(locale, _CONFIRMATIONS[_FALLBACK])
    gone = {_plain(keyword) for keyword in keywords}
    words = [
        word for word in _COME_BACK.get(locale, _COME_BACK[_FALLBACK]) if _plain(word) not in gone
    ]
    # "Ana & Cia." ends the sentence itself.
    text = done.replace("{name}.", tenant_name if tenant_name[-1:] in ".!?…" else f"{tenant_name}.")
    return text + come_back.replace("{words}", between.join(words)) if words else text


def _plain(text: str) -> str:
    """Without case, accents, gaps and the marks around it: punctuation, and symbols beside a word.

    Of marks alone that is left which is not nothing.
    """
    folded = "".join(letter for letter in fold_text(text) if not _is_left_out(letter))
    return _within(folded, "PS") or _within(folded, "P") or folded


def _is_left_out(letter: str) -> bool:
    return letter in _SKIN_TONES or is_blank(letter)


def _within(text: str, marks: str) -> str:
    """What stands between the first and the last letter that is none of these."""
    places = [place for place, letter in enumerate(text) if not _is_mark(letter, marks)]
    return text[places[0] : places[-1] + 1] if places else ""


def _is_mark(letter: str, marks: str) -> bool:
    return unicodedata.category(letter)[0] in marks
