"""Which modules a function can import, told from the source, without running any of it.

Every import statement counts, wherever it stands: in a function, in a branch, in a `try`. Not
counted is what stands under `if TYPE_CHECKING:`, which no process runs. What a module imports by a
name made at run time cannot be told, nor what it asks of the installed packages' metadata; such
modules are named, so that somebody looks at each.
"""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

#: What imports by a name or from a file, told by how it is called.
_BY_NAME = frozenset(
    {
        "__import__",
        "find_spec",
        "import_module",
        "iter_modules",
        "run_module",
        "run_path",
        "SourceFileLoader",
        "spec_from_file_location",
        "walk_packages",
    }
)


@dataclass(frozen=True, slots=True)
class Imports:
    """What one module imports: `names` may be modules or what lies in them."""

    names: frozenset[str]
    for_types: frozenset[str]
    by_name: bool

    @property
    def metadata(self) -> bool:
        """Whether the module may ask for the metadata of installed packages."""
        return "importlib.metadata" in self.names


@dataclass(slots=True)
class Reach:
    """`modules` can be imported; `outside` is asked for and not there: the standard library."""

    modules: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    imports_by_name: set[str] = field(default_factory=set)
    reads_metadata: set[str] = field(default_factory=set)


def modules_in(root: Path) -> dict[str, Path]:
    """Every module below a folder of the path, by its name: `.py` files and compiled ones."""
    found = {}
    for path in sorted([*root.rglob("*.py"), *root.rglob("*.so")]):
        *folders, file = path.relative_to(root).parts
        stem = file.split(".")[0]
        found[".".join(folders if stem == "__init__" else [*folders, stem])] = path
    return found


def reach(
    modules: Mapping[str, Path],
    start: Iterable[str],
    *,
    by_name: Mapping[str, Iterable[str]],
    alone: Mapping[str, Iterable[str]],
    left_out: Collection[str],
) -> Reach:
    """What can be imported from `start` on.

    `by_name` and `alone` say what a module imports by name, as patterns of module names: with the
    packages above it, or as a file of its own. A module in `by_name` also gives what it tells type
    checkers. Nothing in or below `left_out` is entered.
    """
    reached = Reach()
    entered: set[str] = set()
    waiting = list(start)
    while waiting:
        wanted = waiting.pop()
        if _within(wanted, left_out):
            continue
        name = _module_of(wanted, modules)
        key = name or wanted
        if key in entered:
            continue
        entered.add(key)
        waiting += matching(by_name.get(key, ()), modules)
        if name is None:
            reached.outside.add(key)
            continue
        reached.modules.add(name)
        waiting += [name.rpartition(".")[0]] if "." in name else []
        imports = imports_of(name, modules[name])
        waiting += imports.names | (imports.for_types if name in by_name else frozenset())
        if imports.by_name:
            reached.imports_by_name.add(name)
        if imports.metadata:
            reached.reads_metadata.add(name)
        for single in matching(alone.get(name, ()), modules):
            reached.modules.add(single)
            waiting += imports_of(single, modules[single]).names
    return reached


def imports_of(name: str, path: Path) -> Imports:
    """What a module imports. A compiled module tells nothing."""
    if path.suffix != ".py":
        return Imports(frozenset(), frozenset(), by_name=False)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    run, typed = _split(ast.parse(path.read_bytes()))
    return Imports(
        names=frozenset(each for node in run for each in _names(node, package)),
        for_types=frozenset(each for node in typed for each in _names(node, package)),
        by_name=any(isinstance(node, ast.Call) and _called(node) in _BY_NAME for node in run),
    )


def _within(name: str, packages: Collection[str]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in packages)


def _module_of(name: str, modules: Mapping[str, Path]) -> str | None:
    """The module that a dotted name is or lies in."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name or None


def matching(patterns: Iterable[str], modules: Mapping[str, Path]) -> list[str]:
    """The modules whose name is like one of the patterns."""
    return [name for name in modules for pattern in patterns if fnmatchcase(name, pattern)]


def _split(tree: ast.AST) -> tuple[list[ast.AST], list[ast.AST]]:
    """The nodes that a process may run, and those that only a type checker reads."""
    run: list[ast.AST] = []
    typed: list[ast.AST] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        run.append(node)
        if isinstance(node, ast.If) and _is_type_checking(node.test):
            typed += [below for child in node.body for below in ast.walk(child)]
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)
    return run, typed


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", None)
    return name == "TYPE_CHECKING"


def _names(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _called(call: ast.Call) -> str | None:
    return (
        call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", None)
    )
