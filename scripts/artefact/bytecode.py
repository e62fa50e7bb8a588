"""Bytecode as it is shipped: compiled once, never compared with its source again.

A function's files are read-only, so Python could keep no bytecode of its own: without it, each cold
start compiles every module anew.
"""

import importlib.util
import marshal
import py_compile
import sys
from pathlib import Path, PurePosixPath

#: The Python of the functions. Bytecode of another version is passed over in silence.
PYTHON = (3, 13)
#: Flags of a header (PEP 552): a hash of the source stands in it, and nobody compares it.
_UNCHECKED_HASH = 0b01


def compiled_path(source: Path) -> Path:
    return source.parent / "__pycache__" / f"{source.stem}.cpython-{PYTHON[0]}{PYTHON[1]}.pyc"


def compile_folder(folder: Path, mounted_at: PurePosixPath) -> None:
    """Compile every module of a folder, as the files that they will be once deployed.

    Raises `RuntimeError` under another Python than the functions', and `PyCompileError`.
    """
    if sys.version_info[:2] != PYTHON:
        raise RuntimeError(
            f"Python {PYTHON[0]}.{PYTHON[1]} compiles for the functions; this is {sys.version}"
        )
    for source in sorted(folder.rglob("*.py")):
        py_compile.compile(
            str(source),
            cfile=str(compiled_path(source)),
            dfile=str(mounted_at / source.relative_to(folder).as_posix()),
            doraise=True,
            optimize=0,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


def fault_of(source: Path, deployed: PurePosixPath) -> str | None:
    """What keeps Python from using a module's bytecode, or makes it run something else."""
    try:
        data = compiled_path(source).read_bytes()
    except FileNotFoundError:
        return "has no bytecode"
    if data[:4] != importlib.util.MAGIC_NUMBER:
        return "has bytecode of another Python"
    if int.from_bytes(data[4:8], "little") != _UNCHECKED_HASH:
        return "has bytecode that is compared with its source at each start"
    if data[8:16] != importlib.util.source_hash(source.read_bytes()):
        return "has bytecode of another source"
    if marshal.loads(data[16:]).co_filename != str(deployed):  # noqa: S302 - made by this build
        return "has bytecode that names another file"
    return None
