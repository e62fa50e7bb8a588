"""Many runs summed up."""

from collections import Counter
from dataclasses import dataclass, field, replace

from tests.simulator.faults import FaultKind, Place


@dataclass
class Total:
    """Seeds, what was injected by kind, the runs that broke a rule, and what calls were made."""

    seeds: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    failed: dict[int, tuple[str, ...]] = field(default_factory=dict)
    places: Counter[Place] = field(default_factory=Counter)

    def add(self, other: "Total") -> None:
        self.seeds += other.seeds
        self.counts += other.counts
        self.failed |= other.failed
        self.places += other.places

    @property
    def last_line(self) -> str:
        kinds = ", ".join(f"{kind}={self.counts[kind]}" for kind in FaultKind)
        faults = sum(self.counts[kind] for kind in FaultKind)
        violations = sum(map(len, self.failed.values()))
        return f"seeds {self.seeds}, faults {faults} by kind {kinds}, violations {violations}"

    def times_at(self, place: Place) -> int:
        """How often the product made that call."""
        return self.places[replace(place, after=None)]

    def not_ended_at(self) -> list[Place]:
        """Before or after which of the calls that were made no process has ended, in any run."""
        return [
            ended
            for place in sorted(self.places, key=str)
            if place.after is None
            for ended in (replace(place, after=False), replace(place, after=True))
            if not self.places[ended]
        ]
