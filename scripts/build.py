"""`sam build` for one processor, checked, and in its place only when it is whole.

`build.py FOLDER ARCHITECTURE` leaves FOLDER as it was where the build fails or is not as
scripts/check_build.py wants it; who reads an older build meanwhile keeps it to the end. Two at once
wait for each other.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAM = ROOT / "tools/sam/.venv/bin/sam"


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Wait until no other process holds the lock. It ends with its process, however that ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sam_build(folder: Path, architecture: str) -> None:
    """What SAM says is shown where it fails. `python3.13` is the Python that runs this."""
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
    new = place.with_name(f"{place.name}.new")
    with alone(place.parent / "build.lock"):
        print(f"Building for {architecture} into {place}", flush=True)
        try:
            sam_build(new, architecture)
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
    sys.exit(main(Path(sys.argv[1]).absolute(), sys.argv[2]))
