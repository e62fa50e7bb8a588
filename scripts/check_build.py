"""A built layer holds the package at its root, compiled for the processor it will run on.

`check_build.py BUILD_DIR ARCHITECTURE` exits non-zero and says why where that is not so, or where
a function and its layer are over Lambda's 250 MB; otherwise it prints what they weigh unzipped.
"""

import sys
from pathlib import Path

UNZIPPED_LIMIT = 250 * 1024 * 1024
# e_machine of an ELF header: bytes 18 and 19, little-endian.
ELF_MACHINES = {"arm64": 183, "x86_64": 62}


def size_of(folder: Path) -> int:
    """The bytes of all files in a folder, as Lambda counts them against its limit."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:6.1f} MB"


def faults_of_layer(layer: Path, architecture: str) -> list[str]:
    """What would keep a function from importing the package from this layer."""
    faults = []
    if not (layer / "python/campaigns/__init__.py").is_file():
        faults.append("python/campaigns is missing: ContentUri must be the folder that holds it")
    for compiled in (layer / "python").rglob("*.so"):
        with compiled.open("rb") as file:
            machine = int.from_bytes(file.read(20)[18:20], "little")
        if machine != ELF_MACHINES[architecture]:
            faults.append(f"{compiled.relative_to(layer)} is not compiled for {architecture}")
    return faults


def main(build: Path, architecture: str) -> int:
    layer = build / "CommonLayer"
    functions = sorted(build.glob("*Function"))
    faults = faults_of_layer(layer, architecture)
    layer_size = size_of(layer)
    for function in functions:
        size = size_of(function)
        print(f"{megabytes(size)}  {function.name}")
        if size + layer_size > UNZIPPED_LIMIT:
            faults.append(f"{function.name} and its layer are over 250 MB")
    print(f"{megabytes(layer_size)}  CommonLayer, of which")
    packages = {path.name: size_of(path) for path in (layer / "python").glob("*/")}
    for name, size in sorted(packages.items(), key=lambda package: -package[1])[:5]:
        print(f"  {megabytes(size)}  {name}")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults or not functions else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
