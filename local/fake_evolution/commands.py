"""A request to the fake's own side, and what answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from local.fake_evolution.answers import Answer
from local.fake_evolution.core import FakeEvolution


@dataclass(frozen=True, slots=True)
class Command:
    """A request to the fake's own side."""

    body: Any
    path: Mapping[str, str]
    query: Mapping[str, str]
    in_process: bool


@dataclass(frozen=True, slots=True)
class Route:
    """One command of the fake's own side; one that makes no sense is a 422."""

    run: Callable[[FakeEvolution, Command], Answer]

    def answer(self, fake: FakeEvolution, command: Command) -> Answer:
        try:
            return self.run(fake, command)
        except (ValidationError, ValueError) as error:
            return Answer(422, {"error": str(error)})
