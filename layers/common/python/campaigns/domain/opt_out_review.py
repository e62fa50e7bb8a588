"""An opt-out whose author is not known: WhatsApp named her by an alias of nobody that we know."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from campaigns.domain.opt_out import Choice, ChoiceKind, chosen_by_reply

_REVIEW_ID: Final = re.compile(r"or_([a-z2-7]{26})[a-z2-7]{8}")


@dataclass(frozen=True, slots=True)
class OptOutReview:
    """It waits until it is known whose it is; times in epoch ms.

    `alias` is a keyed hash of the address that she wrote from; `keyword` the word that she wrote.
    """

    review_id: str
    tenant_id: str
    alias: str
    instance_id: str
    whatsapp_message_id: str
    keyword: str
    text: str = field(repr=False)
    push_name: str | None = field(repr=False)
    said_at: int
    received_at: int

    @property
    def choice(self) -> Choice:
        return chosen_by_reply(ChoiceKind.OUT, self.keyword, self.said_at, self.whatsapp_message_id)


class ReviewOutcome(StrEnum):
    """What became of an entry (closed list of the contract).

    `superseded`: she, or an operator for her, has taken it back since she wrote it.
    """

    OPTED_OUT = "opted_out"
    SUPERSEDED = "superseded"
    DISMISSED = "dismissed"


def review_id_of(alias: str, message: str) -> str:
    """One message makes one entry, and an entry's id tells where it lies."""
    return f"or_{alias}{message[:8]}"


def alias_of(review_id: str) -> str | None:
    """The alias in an entry's id; None where it is no such id."""
    found = _REVIEW_ID.fullmatch(review_id)
    return found[1] if found else None
