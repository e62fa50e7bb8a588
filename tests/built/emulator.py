"""`python -m tests.built.emulator COMMAND…`: an emulator that ends with whoever started it.

The emulator puts its runtime into a process group of its own, so that both are ended by name.
"""

import contextlib
import signal
import subprocess
import sys
from types import FrameType
from typing import Never

import psutil


def main() -> None:
    signal.signal(signal.SIGTERM, _leave)
    emulator: subprocess.Popen[bytes] | None = None
    try:
        emulator = subprocess.Popen(sys.argv[1:])  # noqa: S603 - our own words
        sys.exit(emulator.wait())
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if emulator is not None and emulator.poll() is None:
            _kill_with_children(emulator)


def _leave(_signal: int, _frame: FrameType | None) -> Never:
    sys.exit(0)


def _kill_with_children(emulator: subprocess.Popen[bytes]) -> None:
    children = psutil.Process(emulator.pid).children(recursive=True)
    # First, or it would start another in their place.
    emulator.kill()
    emulator.wait()
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


if __name__ == "__main__":
    main()
