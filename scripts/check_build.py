"""A build is what Lambda can run, and nothing else: checked after every `make build`.

`python -m scripts.check_build FOLDER ARCHITECTURE` prints what weighs how much, and exits non-zero
and says why where a compiled module is for another processor, bytecode is missing or not that of
its source, something lies there that no function imports, or the layer is over its budget.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from scripts.artefact.assemble import FUNCTION_AT, LAYER_AT
from scripts.artefact.bytecode import compiled_path, fault_of
from scripts.artefact.contents import LAYER, Contents
from scripts.artefact.reachable import modules_in
from scripts.artefact.selection import is_data, reach_of_functions

#: Unzipped. Lambda allows 250 MB for a function and its layers; this is what a cold start bears.
LAYER_BUDGET = 40_000_000
_SHOWN = 12
_KINDS = {".py": "source", ".pyc": "bytecode", ".so": "compiled for the processor"}
# e_machine of an ELF header: bytes 18 and 19, little-endian.
_ELF_MACHINES = {"arm64": 183, "x86_64": 62}


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def size_of(folder: Path) -> int:
    """The bytes of all files in a folder, as Lambda counts them."""
    return sum(path.stat().st_size for path in files_in(folder))


def faults_of_build(build: Path, architecture: str, contents: Contents = LAYER) -> Iterator[str]:
    """Everything that is wrong with a build, one line each."""
    python = build / "CommonLayer/python"
    functions = sorted(build.glob("*Function"))
    if not functions or not (python / "campaigns/__init__.py").is_file():
        yield f"{build} holds no functions, or no python/campaigns in its layer"
        return
    yield from _foreign_machines(build / "CommonLayer", architecture)
    yield from _unwanted_in_layer(python, functions, contents)
    yield from _bytecode_faults(python, LAYER_AT)
    for function in functions:
        yield from _unwanted(function, lambda path: path.suffix == ".py")
        yield from _bytecode_faults(function, FUNCTION_AT)
    if (size := size_of(build / "CommonLayer")) > LAYER_BUDGET:
        yield f"The layer weighs {size:,} bytes, and its budget is {LAYER_BUDGET:,}"


def _foreign_machines(layer: Path, architecture: str) -> Iterator[str]:
    for compiled in sorted(layer.rglob("*.so")):
        machine = int.from_bytes(compiled.read_bytes()[18:20], "little")
        if machine != _ELF_MACHINES[architecture]:
            yield f"{compiled.relative_to(layer)} is not compiled for {architecture}"


def _unwanted_in_layer(python: Path, functions: list[Path], contents: Contents) -> Iterator[str]:
    modules = modules_in(python)
    reached = reach_of_functions(modules, functions, contents).modules
    wanted = {path for name, path in modules.items() if name in reached}
    yield from _unwanted(
        python,
        lambda path: path in wanted or is_data(path.relative_to(python).as_posix(), contents),
    )


def _unwanted(folder: Path, is_wanted: Callable[[Path], bool]) -> Iterator[str]:
    bytecode = {compiled_path(path) for path in folder.rglob("*.py") if is_wanted(path)}
    for path in files_in(folder):
        if path not in bytecode and not is_wanted(path):
            yield f"{path.relative_to(folder.parent)} is imported and read by no function"


def _bytecode_faults(folder: Path, mounted_at: PurePosixPath) -> Iterator[str]:
    for source in sorted(folder.rglob("*.py")):
        deployed = mounted_at / source.relative_to(folder).as_posix()
        if fault := fault_of(source, deployed):
            yield f"{source.relative_to(folder.parent)} {fault}"


def weights(build: Path) -> Iterator[str]:
    """A table of the build: its folders, what weighs most in the layer, and of what kind it is."""
    for folder in sorted(path for path in build.iterdir() if path.is_dir()):
        yield f"{_megabytes(size_of(folder))}  {folder.name}"
    python = build / "CommonLayer/python"
    packages: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for path in files_in(python):
        packages[path.relative_to(python).parts[0]] += path.stat().st_size
        kinds[_KINDS.get(path.suffix, "data")] += path.stat().st_size
    for name, size in packages.most_common(_SHOWN):
        yield f"  {_megabytes(size)}  {name}"
    yield "In the layer: " + ", ".join(
        f"{_megabytes(size).strip()} {kind}" for kind, size in kinds.most_common()
    )


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:5.1f} MB"


def main(build: Path, architecture: str) -> int:
    faults = list(faults_of_build(build, architecture))
    for line in faults:
        print(line, file=sys.stderr)
    if not faults:
        print("\n".join(weights(build)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
