"""`python -m tests.simulator.many SEEDS [FIRST]`: many runs side by side; the last line sums up."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field

from tests.simulator.deployment import ground
from tests.simulator.faults import FaultKind
from tests.simulator.plan import draw
from tests.simulator.run import Result, run
from tests.simulator.timeline import shown

_CHUNK = 10
_BAR = 40


@dataclass
class Total:
    """Runs summed up: seeds, what was injected by kind, and the runs that broke a rule."""

    seeds: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    failed: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def add(self, other: "Total") -> None:
        self.seeds += other.seeds
        self.counts += other.counts
        self.failed |= other.failed

    @property
    def last_line(self) -> str:
        kinds = ", ".join(f"{kind}={self.counts[kind]}" for kind in FaultKind)
        faults = sum(self.counts[kind] for kind in FaultKind)
        violations = sum(map(len, self.failed.values()))
        return f"seeds {self.seeds}, faults {faults} by kind {kinds}, violations {violations}"


def results(seeds: Iterable[int]) -> Iterator[Result]:
    """Each seed's run, one after the other in this process."""
    with ground() as shared:
        for seed in seeds:
            yield run(draw(seed), shared)


def sum_up(seeds: Iterable[int]) -> Total:
    total = Total()
    for result in results(seeds):
        failed = {result.plan.seed: result.violations} if result.violations else {}
        total.add(Total(1, result.counts, failed))
    return total


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator.many", description=__doc__)
    parser.add_argument("seeds", type=int)
    parser.add_argument("first", type=int, nargs="?", default=0)
    asked = parser.parse_args()
    wanted = range(asked.first, asked.first + asked.seeds)
    total = Total()
    with ProcessPoolExecutor(os.cpu_count(), max_tasks_per_child=20) as pool:
        chunks = [
            pool.submit(sum_up, list(wanted[start : start + _CHUNK]))
            for start in range(0, len(wanted), _CHUNK)
        ]
        for chunk in as_completed(chunks):
            total.add(chunk.result())
            _show_progress(total, len(wanted))
    sys.stderr.write("\n")
    for seed, violations in sorted(total.failed.items()):
        _say(f"seed {seed} (python -m tests.simulator {seed} --shrink)")
        for each in violations:
            _say(f"  {each}")
    if total.failed:
        [first] = results([min(total.failed)])
        _say(shown(first))
    _say(total.last_line)
    return 1 if total.failed else 0


def _show_progress(total: Total, wanted: int) -> None:
    full = _BAR * total.seeds // wanted
    bar = "#" * full + "." * (_BAR - full)
    failed = f", {len(total.failed)} failed" if total.failed else ""
    sys.stderr.write(f"\r[{bar}] {total.seeds}/{wanted}{failed}")
    sys.stderr.flush()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
