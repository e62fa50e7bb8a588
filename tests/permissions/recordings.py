"""What the suites have recorded, and whether it can be relied on.

Each target of the Makefile that records has a folder of its own under ``.aws-calls``: a file for
each process, and ``run.json`` once all of its tests have passed, with the sources that they ran.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.permissions.calls import Call

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / ".aws-calls"
#: The make targets without which something that is called would seem not to be.
TARGETS = ("test", "test-stack")
_SOURCES = ("cli", "functions", "layers/common/python/campaigns", "local", "tests")
_RUN = "run.json"


class NotRecorded(Exception):
    """There is no recording of all of the present sources; the text says what to do."""


def fingerprint(root: Path = ROOT) -> str:
    """Of every source on which it depends what is called."""
    digest = hashlib.sha256()
    for folder in _SOURCES:
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def begin(folder: Path) -> None:
    """Whatever was recorded there before is no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.json*"):
        file.unlink()


def end(folder: Path, sources: str) -> None:
    """Every test has passed, with the sources of that fingerprint."""
    (folder / _RUN).write_text(json.dumps({"sources": sources}))


def read_all(
    folder: Path = RECORDINGS, targets: Iterable[str] = TARGETS, root: Path = ROOT
) -> Counter[Call]:
    """The calls of all targets together; raises :class:`NotRecorded`."""
    present, counts = fingerprint(root), Counter[Call]()
    runs = {target: _run(folder / target) for target in targets}
    told = {
        target: f"`make {target}`: {fault}"
        for target, run in runs.items()
        if (fault := _fault(run, present))
    }
    if told:
        again = f"Run: make {' '.join(told)} permissions"
        raise NotRecorded("\n".join(["There is nothing to judge by.", *told.values(), again]))
    for target in runs:
        for file in (folder / target).glob("*.jsonl"):
            counts.update(_counts(file))
    return counts


def _fault(run: Any, present: str) -> str | None:
    if run is None:
        return "no run is recorded in which all of its tests were run and passed"
    if run["sources"] != present:
        return "its run is of other sources than those that are here now"
    return None


def _run(folder: Path) -> Any:
    try:
        return json.loads((folder / _RUN).read_text())
    except FileNotFoundError:
        return None


def _counts(file: Path) -> dict[Call, int]:
    """A process's file: the last count of a call is the highest."""
    lines = map(json.loads, file.read_text().splitlines())
    return {Call(*line[:-1]): line[-1] for line in lines}
