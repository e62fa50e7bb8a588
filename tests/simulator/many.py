"""`make faults SEEDS=10000 FIRST=0`: many drawn runs side by side; the last line sums them up."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from time import monotonic

from tests.simulator.deployment import Ground, ground
from tests.simulator.plan import draw
from tests.simulator.processes import Outcome, make
from tests.simulator.run import Result, run
from tests.simulator.shrink import shrink
from tests.simulator.timeline import shown
from tests.simulator.total import Total

_BAR = 30
_INTERRUPTED = 130
#: Runs for the first timeline: a minute or so.
_MOST_SHRINKING = 150
_EPILOG = """\
The same seed is the same run each time. Where a rule breaks, what broke in which run and the
timeline of the first of them, without what it fails without, come before the last line, and it ends
with 1; see any run whole with `python -m tests.simulator SEED`, and `--shrink` to leave out what it
fails without. Ctrl-C ends it with the sum of what was made (130), once the few runs that are under
way came to their end.
"""


def results(seeds: Iterable[int]) -> Iterator[Result]:
    """Each seed's run, one after the other in this process."""
    with ground() as shared:
        for seed in seeds:
            yield run(draw(seed), shared)


def sum_up(seeds: Iterable[int]) -> Total:
    """A run that comes to no end by a fault of our own is one that failed."""
    total = Total()
    with ground() as shared:
        for seed in seeds:
            try:
                result = run(draw(seed), shared)
            except Exception as error:
                total.add(Total(1, failed={seed: (f"no end: {type(error).__name__}: {error}",)}))
                continue
            failed = {seed: result.violations} if result.violations else {}
            total.add(Total(1, result.counts, failed, result.places))
    return total


def main(arguments: Sequence[str] | None = None, how: Callable[[list[int]], Total] = sum_up) -> int:
    asked = _parser().parse_args(arguments)
    seeds = range(asked.first, asked.first + asked.seeds)
    outcome = make(seeds, asked.workers, Progress(len(seeds)), how)
    sys.stderr.write("\n")
    _tell(outcome)
    if outcome.total.failed or outcome.lost:
        return 1
    return _INTERRUPTED if outcome.is_interrupted else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulator.many",
        description="Draws so many runs of the whole system under faults, and judges each."
        " The same as `make faults SEEDS=1000 FIRST=0`.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("seeds", type=_at_least(1), metavar="SEEDS", help="how many runs")
    parser.add_argument(
        "first", type=_at_least(0), metavar="FIRST", nargs="?", default=0, help="the first seed (0)"
    )
    cores = os.cpu_count() or 1
    parser.add_argument(
        "--workers",
        type=_at_least(1),
        metavar="N",
        default=cores,
        help=f"processes at once (as many as cores: {cores})",
    )
    return parser


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            message = f"{text!r} is no whole number from {least} on"
            raise argparse.ArgumentTypeError(message)
        return int(text)

    return number


class Progress:
    """A bar with the rate and the time left; in a log, a line for each tenth."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._began = monotonic()
        self._tenths = 0

    def __call__(self, total: Total) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{self._line(total)}\033[K")
        elif self._tenths < (tenths := 10 * total.seeds // self._wanted):
            self._tenths = tenths
            sys.stderr.write(f"{self._line(total)}\n")
        sys.stderr.flush()

    def _line(self, total: Total) -> str:
        full = _BAR * total.seeds // self._wanted
        bar = "#" * full + "." * (_BAR - full)
        rate = total.seeds / max(monotonic() - self._began, 0.001)
        left = round((self._wanted - total.seeds) / rate) if rate else 0
        failed = f", {len(total.failed)} failed" if total.failed else ""
        return (
            f"[{bar}] {total.seeds}/{self._wanted}  {rate:.1f}/s,"
            f" {left // 60}:{left % 60:02d} left{failed}"
        )


def _tell(outcome: Outcome) -> None:
    total = outcome.total
    for seed, violations in sorted(total.failed.items()):
        _say(f"seed {seed} (python -m tests.simulator {seed} --shrink)")
        for each in violations:
            _say(f"  {each}")
    if total.failed and not outcome.is_interrupted:
        _show_first(min(total.failed))
    if outcome.lost:
        _say(f"{len(outcome.lost)} runs came to no end: {outcome.lost[0]} and after")
        _say(f"  {outcome.why_lost}")
    if missing := total.not_ended_at():
        _say(f"no process ended in {len(missing)} places that were come to:")
        for place in missing:
            _say(f"  {place} ({total.times_at(place)} times)")
    _say(total.last_line)


def _show_first(seed: int) -> None:
    with ground() as shared:
        try:
            _say(shown(_shrunk(run(draw(seed), shared), shared)))
        except Exception as error:
            _say(f"seed {seed} comes to no end: {type(error).__name__}: {error}")


def _shrunk(result: Result, shared: Ground) -> Result:
    """The run without what it fails without."""
    if not result.violations:
        return result
    sys.stderr.write("leaving out what it fails without ")
    smallest = shrink(result, shared, lambda _: sys.stderr.write("."), most=_MOST_SHRINKING)
    sys.stderr.write("\n")
    return smallest


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
