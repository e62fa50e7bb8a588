"""Every sentence that a caller reads, by key: Portuguese first, then English.

Keys are the contract's codes, under a prefix for each list of them; a field's fault has none. A
test holds them to the closed lists.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from campaigns_api.catalogue.campaigns import (
    CHECKS,
    EVENTS,
    PAUSES,
    STATES,
    WARNINGS,
)
from campaigns_api.catalogue.direct import DIRECT
from campaigns_api.catalogue.fields import FIELDS
from campaigns_api.catalogue.problems import PROBLEMS, REASONS, TITLES
from campaigns_api.catalogue.recipients import COLUMNS, DECISIONS, RECIPIENTS, STATUSES

type Sentence = tuple[str, str]

_BY_PREFIX: Final[Mapping[str, Mapping[str, Sentence]]] = {
    "title": TITLES,
    "problem": PROBLEMS | CHECKS,
    "reason": REASONS,
    "check": CHECKS,
    "warning": WARNINGS,
    "recipient": RECIPIENTS,
    "state": STATES,
    "status": STATUSES,
    "decision": DECISIONS,
    "column": COLUMNS,
    "direct": DIRECT,
    "event": EVENTS,
    "pause": PAUSES,
}

SENTENCES: Final[Mapping[str, Sentence]] = MappingProxyType(
    FIELDS
    | {
        f"{prefix}.{code}": sentence
        for prefix, sentences in _BY_PREFIX.items()
        for code, sentence in sentences.items()
    }
)


def field_codes() -> list[str]:
    """Every code that a wrong field can have; some lists of them word theirs in their own way."""
    return sorted({key.rpartition(".")[2] for key in FIELDS})
