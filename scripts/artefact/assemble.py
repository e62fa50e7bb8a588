"""Fill the folder that SAM ships, with what is imported there and nothing else.

    python -m scripts.artefact.assemble layer SOURCE TARGET ARCHITECTURE
    python -m scripts.artefact.assemble function SOURCE TARGET

`sam build` calls it (build.mk). The same sources, locked packages and Python give the same bytes,
whatever the folder or the user's umask.
"""

import py_compile
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from scripts.artefact.bytecode import compile_folder
from scripts.artefact.contents import LAYER
from scripts.artefact.selection import LayerFault, select, unused_distributions

FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"
LAYER_AT = PurePosixPath("/opt/python")
FUNCTION_AT = PurePosixPath("/var/task")

# glibc 2.34 is what AWS's Python 3.13 runs on; each platform takes the older ones' wheels only if
# they are named too.
_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
_GLIBC = ("manylinux2014", "manylinux_2_28", "manylinux_2_34")


def assemble_layer(source: Path, target: Path, architecture: str) -> None:
    """The package and the locked packages that it imports, below `python/`."""
    python = target / "python"
    with tempfile.TemporaryDirectory() as temporary:
        staged = Path(temporary)
        _install(source / "requirements.txt", staged, architecture)
        shutil.copytree(source, staged, dirs_exist_ok=True, ignore=_caches)
        taken = select(staged, sorted(FUNCTIONS.iterdir()))
        if unused := unused_distributions(staged, taken, LAYER):
            raise LayerFault(
                f"No function imports {', '.join(unused)}. Take it out of pyproject.toml and run "
                "make requirements, or say in scripts/artefact/contents.py how it is imported."
            )
        _copy(taken, staged, python)
    compile_folder(python, LAYER_AT)
    _set_modes(target)


def assemble_function(source: Path, target: Path) -> None:
    """The function's own modules."""
    _copy((path.relative_to(source).as_posix() for path in source.rglob("*.py")), source, target)
    compile_folder(target, FUNCTION_AT)
    _set_modes(target)


def _install(requirements: Path, target: Path, architecture: str) -> None:
    """What is locked, for the processor it will run on, whatever this machine's is."""
    platforms = [f"--platform={glibc}_{_MACHINES[architecture]}" for glibc in _GLIBC]
    subprocess.run(  # noqa: S603 - pip, with the project's own requirements
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-input", "--no-deps", "--no-compile", "--only-binary=:all:", "--require-hashes"),
            *("--implementation=cp", "--python-version=3.13", *platforms),
            *(f"--target={target}", f"--requirement={requirements}"),
        ],
        check=True,
    )


def _caches(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "__pycache__"]


def _copy(files: Iterable[str], source: Path, target: Path) -> None:
    for file in sorted(files):
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file, target / file)


def _set_modes(target: Path) -> None:
    """SAM ships a file's mode, which pip and the user's umask would otherwise choose."""
    for path in target.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["layer", source, target, ("arm64" | "x86_64") as architecture]:
                assemble_layer(Path(source), Path(target), architecture)
            case ["function", source, target]:
                assemble_function(Path(source), Path(target))
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except (LayerFault, RuntimeError, py_compile.PyCompileError) as fault:
        print(fault, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as failed:
        return failed.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
