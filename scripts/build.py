"""`sam build` for one processor, checked, and in its place only when it is whole.

FOLDER stays as it was where the build fails, is interrupted, or is not as scripts/check_build.py
wants it, and until then. Two at once wait for each other.
"""

import argparse
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
SAM = ROOT / "tools/sam/.venv/bin/sam"


@contextmanager
def alone(lock: Path) -> Iterator[IO[str]]:
    """Wait until no other process holds the lock, which ends with the last that has its file."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for a build that is running", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def sam_build(folder: Path, architecture: str, lock: IO[str]) -> None:
    """What SAM says is shown where it fails. `python3.13` is the Python that runs this.

    SAM has the lock too: where this process alone is killed, SAM goes on building into the folder.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(  # noqa: S603
        [
            *(SAM, "build", "--build-dir", folder),
            *("--parameter-overrides", f"Architecture={architecture}"),
        ],
        cwd=ROOT,
        env=os.environ | {"PATH": path},
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
        pass_fds=[lock.fileno()],
        check=True,
    )


def put(new: Path, place: Path) -> None:
    old = place.with_name(f"{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def main(place: Path, architecture: str) -> int:
    try:
        with alone(place.parent / "build.lock") as lock:
            print(f"Building for {architecture} into {place}", flush=True)
            return build(place, architecture, lock)
    except KeyboardInterrupt:
        print("Interrupted", file=sys.stderr)
        return 130


def build(place: Path, architecture: str, lock: IO[str]) -> int:
    new = place.with_name(f"{place.name}.new")
    try:
        sam_build(new, architecture, lock)
    except subprocess.CalledProcessError as failed:
        sys.stderr.write(failed.stdout.decode())
        return failed.returncode
    checked = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "scripts.check_build", new, architecture], cwd=ROOT, check=False
    )
    if checked.returncode == 0:
        put(new, place)
    return checked.returncode


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("architecture", choices=["arm64", "x86_64"])
    wanted = parser.parse_args()
    sys.exit(main(wanted.folder.absolute(), wanted.architecture))
