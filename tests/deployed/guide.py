"""A guide's shell blocks, taken out of the document and run one after another as a reader would."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_BLOCK_SECONDS = 120
# A block is read by the session's own shell, so that its variables and functions stay; its first
# command that fails ends the session.
_SESSION = """
while read -r block; do
    set -eu
    . "$block" <"$block.in" >"$block.out" 2>&1
    set +eu
    echo done
done
"""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of the document, and the title of the section that it stands in."""

    section: str
    language: str
    text: str


def blocks_of(document: Path) -> list[Block]:
    """All fenced blocks in their order."""
    text = document.read_text(encoding="utf-8")
    headings = [(found.start(), found[1]) for found in _HEADING.finditer(text)]
    return [
        Block([title for at, title in headings if at < found.start()][-1], found[1], found[2])
        for found in _FENCED.finditer(text)
    ]


class BlockFailed(Exception):
    """A block ended with an error; the text is the block and what it printed."""


class Terminal:
    """One session of `sh`: what a block sets is there for the next. Opened by `terminal`."""

    def __init__(self, shell: subprocess.Popen[str], folder: Path) -> None:
        self._shell = shell
        self._folder = folder
        self._numbers = count(1)

    def run(self, text: str, answers: str = "") -> str:
        """What the block printed; `answers` is what is typed. Raises `BlockFailed`."""
        block = self._folder / f"block-{next(self._numbers)}"
        printed = Path(f"{block}.out")
        Path(f"{block}.in").write_text(answers, encoding="utf-8")
        block.write_text(text, encoding="utf-8")
        late = threading.Timer(_BLOCK_SECONDS, _kill, [self._shell])
        late.start()
        try:
            assert self._shell.stdin is not None
            assert self._shell.stdout is not None
            self._shell.stdin.write(f"{block}\n")
            self._shell.stdin.flush()
            ended_well = self._shell.stdout.readline() == "done\n"
        finally:
            late.cancel()
        output = printed.read_text(encoding="utf-8")
        if not ended_well:
            raise BlockFailed(f"{text}\nended with {self._shell.wait()} and printed:\n{output}")
        return output

    def value(self, variable: str) -> str:
        """What a variable of the session holds."""
        return self.run(f'printf %s "${{{variable}}}"')


@contextmanager
def terminal(folder: Path, environment: Mapping[str, str], notes: Path) -> Iterator[Terminal]:
    """A session in this folder; `notes` is where its blocks lie, and what they printed."""
    shell = subprocess.Popen(  # noqa: S603 - the guide of this project
        ["sh", "-c", _SESSION],  # noqa: S607
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield Terminal(shell, notes)
    finally:
        _kill(shell)
        shell.communicate()


def _kill(shell: subprocess.Popen[str]) -> None:
    """Ends the session and whatever it runs."""
    with suppress(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGKILL)
