"""Which modules a built function loads: none from outside, and no more than are written down."""

import difflib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from local.pool import Function
from tests.built.runtime import RUNTIME, Report

LISTS = Path(__file__).with_name("modules")

_INSTALLED = frozenset({"dist-packages", "site-packages"})


def foreign(function: Function, report: Report) -> dict[str, list[str]]:
    """The modules that lie neither in the function, the layer, the runtime nor in Python itself."""
    artefact = [function.code_dir, function.layer_dir, RUNTIME]
    library = Path(report.standard_library)

    def is_known(place: str) -> bool:
        path = Path(place)
        if any(path.is_relative_to(folder) for folder in artefact):
            return True
        return path.is_relative_to(library) and _INSTALLED.isdisjoint(path.parts)

    return {
        name: places for name, places in report.modules.items() if not all(map(is_known, places))
    }


def listing(function: Function, reports: Sequence[Report]) -> str:
    """What a function has loaded at its start, and what the calls have loaded since, by name.

    The artefact's modules each, the standard library's by their public top level, and those that
    the runtime itself has loaded not at all: the same on every machine.
    """
    at_start = _names(function, reports[0])
    later = _names(function, reports[-1]) - at_start
    return "".join(
        f"{line}\n" for line in ["[start-up]", *sorted(at_start), "", "[events]", *sorted(later)]
    )


def drift(name: str, now: str) -> str:
    """How the list that is kept of a function differs from what it loads; "" where it does not."""
    kept = path_of(name).read_text(encoding="utf-8") if path_of(name).exists() else ""
    changes = difflib.unified_diff(
        kept.splitlines(), now.splitlines(), str(path_of(name)), "now", lineterm="", n=1
    )
    return "\n".join(changes)


def path_of(name: str) -> Path:
    """Where the list of a function is kept."""
    return LISTS / f"{name}.txt"


def summary(name: str, reports: Sequence[Report]) -> str:
    """One line on what the start and the calls cost; nothing of it is a limit."""
    start, first, last = reports[0], reports[1], reports[-1]
    return (
        f"{name}: start {_ms(start.wall_seconds)} ({_ms(start.cpu_seconds)} of CPU), first call "
        f"{_ms(first.wall_seconds - start.wall_seconds)} "
        f"({_ms(first.cpu_seconds - start.cpu_seconds)} of CPU), at most "
        f"{last.peak_kilobytes / 1000:.0f} MB; {len(start.modules)} modules at the start, "
        f"{len(last.modules)} after {len(reports) - 1} calls"
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _names(function: Function, report: Report) -> set[str]:
    artefact = (function.code_dir, function.layer_dir)
    return {
        name if _lies_in(places, artefact) else name.partition(".")[0]
        for name, places in report.modules.items()
        if _lies_in(places, artefact)
        or (name.partition(".")[0] in sys.stdlib_module_names and not name.startswith("_"))
    }


def _lies_in(places: Iterable[str], folders: Iterable[Path]) -> bool:
    return any(Path(place).is_relative_to(folder) for place in places for folder in folders)
