"""Choose for a person as an operator: what is entered comes after all that is known of her."""

from dataclasses import dataclass
from random import Random
from typing import Final

from campaigns.domain.errors import ConcurrentUpdate
from campaigns.domain.identity import new_token
from campaigns.domain.opt_out import Choice, ChoiceKind, said_at_of
from campaigns.services.ports import Clock
from campaigns.services.ports_choices import Choices

#: Each further attempt follows another choice of the same person at the same moment.
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseForContact:
    """Whoever enters a choice does it knowing those before: it holds, even within one second."""

    choices: Choices
    clock: Clock
    random: Random

    def out(self, tenant_id: str, person: str, *, source: str, reason: str | None) -> None:
        """Raises ConcurrentUpdate where she is chosen for all the time."""
        self._choose(tenant_id, person, ChoiceKind.OUT, source, reason)

    def back(self, tenant_id: str, person: str) -> None:
        """Whoever had opted her out. Raises as `out` does."""
        self._choose(tenant_id, person, ChoiceKind.IN)

    def _choose(
        self,
        tenant_id: str,
        person: str,
        kind: ChoiceKind,
        source: str = "",
        reason: str | None = None,
    ) -> None:
        entry = f"entry.{new_token(self.random)}"
        for _ in range(_ATTEMPTS):
            seen = self.choices.newest(tenant_id, person)
            said_at = max(self.clock.now(), said_at_of(seen) if seen else 0)
            choice = Choice(kind, said_at, entry, source, reason)
            if self.choices.choose_over(tenant_id, person, choice, seen=seen).is_in_force:
                return
        raise ConcurrentUpdate
