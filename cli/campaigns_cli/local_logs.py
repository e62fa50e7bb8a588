"""The logs that a local stack keeps in its folder, running or not."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from campaigns_cli.log_entries import Entry


@dataclass(slots=True)
class _Reading:
    """How far one file was read: `part` is a line whose end is not there yet."""

    inode: int = 0
    offset: int = 0
    part: bytes = b""
    at: datetime | None = None


class LocalLogs:
    """The workers of one function write a file each; an outgrown one goes on as `….log.1`."""

    def __init__(self, folder: Path, function: str, since: datetime) -> None:
        self._folder = folder
        self._since = since
        self._name = re.compile(rf".*-{re.escape(function)}-\d+\.log")
        self._readings: dict[Path, _Reading] = {}

    def poll(self) -> list[Entry]:
        """What was written since the last time, in the order of time."""
        entries = [entry for path in self._paths() for entry in self._new(path)]
        recent = [one for one in entries if one.at is None or one.at >= self._since]
        # Each worker's lines keep their order: a traceback stays below its entry.
        return sorted(recent, key=lambda entry: entry.at or self._since)

    def _paths(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(one for one in self._folder.iterdir() if self._name.fullmatch(one.name))

    def _new(self, path: Path) -> Iterator[Entry]:
        older = path.with_name(f"{path.name}.1")
        reading = self._readings.get(path)
        if reading is None:
            reading = self._readings[path] = _Reading()
            yield from self._rest_of(older, reading)
        elif _inode(path) != reading.inode and _inode(older) == reading.inode:
            # It was renamed since: what was written before that comes first.
            yield from self._rest_of(older, reading)
        yield from self._rest_of(path, reading)

    def _rest_of(self, path: Path, reading: _Reading) -> Iterator[Entry]:
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_ino != reading.inode or status.st_size < reading.offset:
                    reading.inode, reading.offset, reading.part = status.st_ino, 0, b""
                file.seek(reading.offset)
                content = file.read()
        except FileNotFoundError:
            return
        reading.offset += len(content)
        *lines, reading.part = (reading.part + content).split(b"\n")
        if reading.at is None:
            reading.at = datetime.fromtimestamp(status.st_mtime, UTC)
        for line in lines:
            entry = Entry.parse(line.decode(errors="replace"), reading.at)
            reading.at = entry.at
            yield entry


def log_folder(environment: Mapping[str, str], folder: Path) -> Path | None:
    """`STATE_DIR/logs`, else the `.local/logs` of the nearest folder upwards, if any."""
    if state_dir := environment.get("STATE_DIR"):
        candidates = [Path(state_dir)]
    else:
        candidates = [place / ".local" for place in (folder, *folder.parents)]
    found = (state / "logs" for state in candidates if (state / "logs").is_dir())
    return next(found, None)


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None
