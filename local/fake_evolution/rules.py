"""Whom a rule hits, and when. What it does to them is the business of its kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from pydantic import ConfigDict

from local.fake_evolution.numbers import canonical_phone


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of what fits, the first `after` pass; the next `count` (None: all) are hit by `probability`.

    `phone` and `instance` None fit everybody; a phone fits in each of its spellings.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    phone: str | None = None
    instance: str | None = None
    count: int | None = None
    after: int = 0
    probability: float = 1.0
    rule_id: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError("probability lies between 0 and 1")
        if self.after < 0 or (self.count is not None and self.count < 1):
            raise ValueError("count is 1 or more, after is 0 or more")

    def is_about(self, instance: str, phone: str) -> bool:
        return self.instance in {None, instance} and (
            self.phone is None or canonical_phone(self.phone) == phone
        )


@dataclass(slots=True)
class Counted[R: Limits]:
    """A rule with how often something fitted it, and how often it hit."""

    rule: R
    fitted: int = 0
    used: int = 0

    def hits(self, random: Random) -> bool:
        rule = self.rule
        self.fitted += 1
        if self.fitted <= rule.after or (rule.count is not None and self.used >= rule.count):
            return False
        if rule.probability < 1 and random.random() >= rule.probability:
            return False
        self.used += 1
        return True


@dataclass(slots=True)
class RuleBook[R: Limits]:
    """The rules of one kind in their order: the first that fits and hits acts."""

    random: Random
    entries: list[Counted[R]] = field(default_factory=list)

    def add(self, rule: R) -> None:
        self.entries.append(Counted(rule))

    def take(self, fits: Callable[[R], bool]) -> R | None:
        for entry in self.entries:
            if fits(entry.rule) and entry.hits(self.random):
                return entry.rule
        return None

    def forget(self, rule_id: str | None = None) -> None:
        """The rule of that id, or all."""
        self.entries = [
            entry for entry in self.entries if rule_id is not None and entry.rule.rule_id != rule_id
        ]
