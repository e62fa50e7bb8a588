"""Every fault of a small run, one after the other, each in a run of its own.

Without --pairs each fault of each external call strikes once. With it every crash does, and in the
run that had it every later crash as well. Crash points that are the same by what `points` says are
gone through once; the tests show of the single ones that they are.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from itertools import batched
from multiprocessing import get_context
from signal import SIG_IGN, SIGINT, signal

from tests.simulator.deployment import Ground, ground
from tests.simulator.points import Call, Point, crashes, others
from tests.simulator.small_world import VERSIONS, Small, Story, lived
from tests.simulator.timeline import shown
from tests.simulator.total import Total

type Points = tuple[Point, ...]

_CHUNK = 20
_BAR = 40
_INTERRUPTED = 130


@dataclass
class Sum:
    """Runs summed up. `wanted`: how many there were to be; `failed`: what broke, by the points."""

    wanted: int = 0
    runs: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    failed: dict[Points, tuple[str, ...]] = field(default_factory=dict)

    def add(self, other: "Sum") -> None:
        self.wanted += other.wanted
        self.runs += other.runs
        self.counts += other.counts
        self.failed |= other.failed

    @property
    def last_line(self) -> str:
        failed = dict(enumerate(self.failed.values()))
        return Total(self.runs, self.counts, failed).last_line


def single_crashes(small: Small, shared: Ground) -> list[list[Point]]:
    """Every crash point of a run without faults, those that are the same in one list."""
    return crashes(lived(small, (), shared).calls)


def single_others(
    small: Small, shared: Ground, *, wanted: Callable[[Call], bool] = lambda _: True
) -> list[Point]:
    """Every other fault of the wanted calls of a run without faults."""
    return list(others(filter(wanted, lived(small, (), shared).calls)))


def seconds(small: Small, first: Point, shared: Ground) -> list[Point]:
    """Every crash in the run that had that one, behind it."""
    calls = lived(small, (first,), shared).calls
    return [group[0] for group in crashes(calls, behind=first.number)]


def go_through(small: Small, wanted: Sequence[Points], shared: Ground) -> Sum:
    total = Sum(wanted=len(wanted))
    for points in wanted:
        result = lived(small, points, shared).result
        failed = {points: result.violations} if result.violations else {}
        total.add(Sum(0, 1, result.counts, failed))
    return total


def go_through_pairs(small: Small, first: Point, shared: Ground) -> Sum:
    wanted = [(first, second) for second in seconds(small, first, shared)]
    return go_through(small, wanted, shared)


# By hand


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    small = Small(asked.recipients, asked.version, Story(asked.story))
    if asked.at:
        return _show_one(small, tuple(asked.at))
    with ground() as shared:
        groups = single_crashes(small, shared)
        faults = [] if asked.pairs else single_others(small, shared)
    firsts = [group[0] for group in groups]
    _say(f"{small}: {sum(map(len, groups))} crash points, {len(groups)} of them different")
    tasks: list[Callable[[Ground], Sum]]
    if asked.pairs:
        tasks = [partial(go_through_pairs, small, first) for first in firsts]
    else:
        wanted = [(point,) for point in (*firsts, *faults)]
        _say(f"{len(faults)} other faults")
        tasks = [
            partial(go_through, small, chunk) for chunk in batched(wanted, _CHUNK, strict=False)
        ]
    total, is_interrupted = Sum(), False
    try:
        for number, done in enumerate(_side_by_side(tasks), start=1):
            total.add(done)
            _show_progress(number, len(tasks), total)
    except KeyboardInterrupt:
        is_interrupted = True
    sys.stderr.write("\n")
    _show_failed(small, total)
    if total.runs != total.wanted:
        _say(f"only {total.runs} of {total.wanted} runs were made")
    _say(total.last_line)
    if total.failed or total.runs != total.wanted:
        return 1
    return _INTERRUPTED if is_interrupted else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator.small", description=__doc__)
    parser.add_argument("--pairs", action="store_true", help="every pair of crashes")
    parser.add_argument("--recipients", type=int, default=1, choices=range(1, 13), metavar="1-12")
    parser.add_argument("--version", choices=VERSIONS, default=VERSIONS[0], help="of Evolution")
    parser.add_argument(
        "--story",
        choices=list(Story),
        default=Story.ANSWERED,
        help="what becomes of the last recipient's first request",
    )
    parser.add_argument(
        "--at",
        type=Point.parsed,
        action="append",
        metavar="POINT",
        help="only the run with this fault, as 47:crash:after, and its timeline; may be repeated",
    )
    return parser


def _side_by_side(tasks: Sequence[Callable[[Ground], Sum]]) -> Iterator[Sum]:
    # The clock's threads would not be there in a fork.
    with ProcessPoolExecutor(
        os.cpu_count(),
        get_context("spawn"),
        # Ctrl-C is for the one that sums up: the parts under way come to their end.
        initializer=signal,
        initargs=(SIGINT, SIG_IGN),
    ) as pool:
        try:
            for done in as_completed([pool.submit(_on_its_ground, task) for task in tasks]):
                yield done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _on_its_ground(task: Callable[[Ground], Sum]) -> Sum:
    with ground() as shared:
        return task(shared)


def _show_one(small: Small, points: Points) -> int:
    with ground() as shared:
        result = lived(small, points, shared).result
    _say(shown(result))
    return 1 if result.violations else 0


def _show_failed(small: Small, total: Sum) -> None:
    failed = sorted(total.failed.items(), key=lambda each: [point.number for point in each[0]])
    for points, violations in failed:
        _say(_replay(small, points))
        for point in points:
            _say(f"  {point} at {point.name}")
        for each in violations:
            _say(f"  VIOLATION {each}")
    if failed:
        _show_one(small, failed[0][0])


def _replay(small: Small, points: Iterable[Point]) -> str:
    at = " ".join(f"--at {point}" for point in points)
    world = f"--recipients {small.recipients} --version {small.version} --story {small.story}"
    return f"python -m tests.simulator.small {world} {at}"


def _show_progress(done: int, tasks: int, total: Sum) -> None:
    full = _BAR * done // tasks
    bar = "#" * full + "." * (_BAR - full)
    failed = f", {len(total.failed)} failed" if total.failed else ""
    sys.stderr.write(f"\r[{bar}] {done}/{tasks} parts, {total.runs} runs{failed}")
    sys.stderr.flush()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
