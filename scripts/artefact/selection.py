"""Which of the files that lie in a folder of packages the functions need."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from scripts.artefact.contents import LAYER, Contents
from scripts.artefact.reachable import Reach, matching, modules_in, reach

_TABLE = "scripts/artefact/contents.py"


class LayerFault(Exception):
    """The layer cannot be made as contents.py says; the text says what to do."""


def select(packages: Path, functions: Iterable[Path], contents: Contents = LAYER) -> list[str]:
    """The files below `packages` that belong into the layer, relative to it, sorted.

    Each of `functions` holds a module `*_handler` that Lambda imports. Raises `LayerFault` where it
    cannot be told: a module imports by a name made at run time and nobody has said what, a file is
    neither a module nor named, or what is named is not there.
    """
    modules = modules_in(packages)
    reached = reach_of_functions(modules, functions, contents)
    _demand_that_names_are_told(reached, modules, contents)
    sources = [modules[name] for name in reached.modules & modules.keys()]
    known = set(modules.values())
    others = [path for path in packages.rglob("*") if path.is_file() and path not in known]
    data = _data([path.relative_to(packages).as_posix() for path in others], contents)
    return sorted([path.relative_to(packages).as_posix() for path in sources] + data)


def unused_distributions(packages: Path, taken: Iterable[str], contents: Contents) -> list[str]:
    """The installed distributions of which nothing is taken, and nothing is left out by name."""
    left_out = {f"{name.replace('.', '/')}/__init__.py" for name in contents.left_out}
    wanted = left_out.union(taken)
    unused = []
    for metadata in sorted(packages.glob("*.dist-info")):
        record = (metadata / "RECORD").read_text("utf-8").splitlines()
        if wanted.isdisjoint(line.split(",")[0] for line in record):
            unused.append(metadata.name.split("-")[0])
    return unused


def reach_of_functions(
    packages: Mapping[str, Path], functions: Iterable[Path], contents: Contents = LAYER
) -> Reach:
    """What the functions can import, of the packages' modules and of their own."""
    modules = dict(packages)
    handlers = []
    for function in functions:
        own = modules_in(function)
        handlers += [name for name in own if name.endswith("_handler")]
        modules |= own
    return reach(
        modules,
        handlers,
        by_name=contents.imported_by_name,
        alone=contents.loaded_alone,
        left_out=contents.left_out,
    )


def is_data(file: str, contents: Contents = LAYER) -> bool:
    """Whether a function reads the file, which is no module."""
    return _matches(file, contents.read) and not _matches(file, contents.never)


def _demand_that_names_are_told(
    reached: Reach, modules: Mapping[str, Path], contents: Contents
) -> None:
    told = contents.imported_by_name.keys()
    for name in sorted(reached.imports_by_name - told):
        raise LayerFault(
            f"{name} imports by a name made at run time. See what, and say so in {_TABLE}."
        )
    for name in sorted(told - reached.imports_by_name - reached.outside):
        raise LayerFault(f"{name} does not import by a name. Take it out of {_TABLE}.")
    for name in sorted(reached.reads_metadata - contents.metadata_of.keys()):
        raise LayerFault(
            f"{name} asks for packages' metadata. See of which, and say so in {_TABLE}."
        )
    for name in sorted(contents.metadata_of.keys() - reached.reads_metadata):
        raise LayerFault(f"{name} asks for no metadata. Take it out of {_TABLE}.")
    named = [*contents.imported_by_name.values(), *contents.loaded_alone.values()]
    for pattern in (pattern for patterns in named for pattern in patterns):
        if not matching([pattern], modules):
            raise LayerFault(f"{pattern} in {_TABLE} is the name of no module.")
    for name in sorted(contents.left_out.keys() - modules.keys()):
        raise LayerFault(f"{name} in {_TABLE} is the name of no package.")


def _data(files: list[str], contents: Contents) -> list[str]:
    for pattern in (*contents.read, *contents.never, *contents.not_read):
        if not any(fnmatchcase(file, pattern) for file in files):
            raise LayerFault(f"{pattern} in {_TABLE} is the name of no file.")
    for file in files:
        if not _matches(file, contents.read + contents.not_read):
            raise LayerFault(f"{file} is no module. See who reads it, and name it in {_TABLE}.")
    return [file for file in files if is_data(file, contents)]


def _matches(file: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(file, pattern) for pattern in patterns)
