"""Checks the model: `python -m tests.model` all of it, `python -m tests.model SCENARIO` one.

With `--without GUARD...` guards are switched off, and the way to what breaks is printed.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.model.checker import CannotCheck, Checked, check
from tests.model.scenarios import MUTANTS, SCENARIOS, Mutant, Scenario

_say = sys.stdout.write


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("scenario", nargs="?", choices=[each.name for each in SCENARIOS])
    parser.add_argument("--without", nargs="+", default=[], metavar="GUARD")
    chosen = parser.parse_args(arguments)
    if chosen.without and not chosen.scenario:
        parser.error("--without needs a scenario")
    unknown = set(chosen.without) - {guard for each in MUTANTS for guard in each.without}
    if unknown:
        parser.error(f"no such guard: {', '.join(sorted(unknown))}")
    try:
        return _one(chosen.scenario, chosen.without) if chosen.scenario else _all()
    except CannotCheck as fault:
        sys.stderr.write(f"{fault}\n")
        return 2


def _one(scenario: str, without: Sequence[str]) -> int:
    checked = check(scenario, without, workers=os.cpu_count() or 1)
    _say(checked.output)
    return 1 if checked.broken else 0


def _all() -> int:
    began = time.monotonic()
    _say(f"{'scenario':<10} {'states':>9} {'depth':>5}  verdict\n")
    failures = 0
    for scenario, checked in _each(SCENARIOS, lambda each: check(each.name)):
        verdict = f"BROKEN: {checked.broken}" if checked.broken else "holds"
        failures += checked.broken is not None
        _say(f"{scenario.name:<10} {checked.distinct:>9,} {checked.depth:>5}  {verdict}\n")
    _say(f"\n{'without':<44} {'in':<10} {'states':>9} {'depth':>5}  breaks\n")
    for mutant, checked in _each(MUTANTS, _mutated):
        failures += checked.broken is None
        verdict = f"{mutant.breaks}{'' if checked.broken else ': NOT BROKEN'}"
        guards = ", ".join(mutant.without)
        _say(
            f"{guards:<44} {mutant.scenario:<10} {checked.distinct:>9,} {checked.depth:>5}  "
            f"{verdict}\n"
        )
    seconds = round(time.monotonic() - began)
    _say(f"\nscenarios {len(SCENARIOS)}, mutants {len(MUTANTS)}, {seconds} s, wrong {failures}\n")
    return 1 if failures else 0


def _mutated(mutant: Mutant) -> Checked:
    return check(mutant.scenario, mutant.without, only=mutant.breaks)


def _each[T: (Scenario, Mutant)](
    items: Sequence[T], work: Callable[[T], Checked]
) -> Iterator[tuple[T, Checked]]:
    """In their order, as many at once as there are cores; each process of TLC takes one."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield from zip(items, pool.map(work, items), strict=True)


if __name__ == "__main__":
    sys.exit(main())
