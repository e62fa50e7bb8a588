"""What the build takes into the layer, from small folders of packages made for the purpose."""

import os
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from scripts.artefact.assemble import FUNCTION_AT, assemble_function
from scripts.artefact.bytecode import compile_folder, compiled_path, fault_of
from scripts.artefact.contents import Contents
from scripts.artefact.reachable import imports_of, modules_in
from scripts.artefact.selection import LayerFault, select, unused_distributions

NOTHING = Contents()


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def taken(tmp_path: Path) -> Callable[..., list[str]]:
    """What is taken of `packages`, where the one handler's source is `handler`."""

    def _taken(handler: str, packages: dict[str, str], contents: Contents = NOTHING) -> list[str]:
        function = written(tmp_path / "functions/api", {"api_handler.py": handler})
        return select(written(tmp_path / "packages", packages), [function], contents)

    return _taken


def test_takes_what_is_imported_and_what_that_imports(taken):
    packages = {"a.py": "import b", "b/__init__.py": "", "b/c.py": "", "d.py": ""}
    assert taken("import a", packages) == ["a.py", "b/__init__.py"]


def test_takes_what_is_imported_only_in_a_function_or_only_where_it_is_there(taken):
    handler = "def f():\n    import a\ntry:\n    import b\nexcept ImportError:\n    import c\n"
    assert taken(handler, {"a.py": "", "b.py": "", "c.py": ""}) == ["a.py", "b.py", "c.py"]


def test_leaves_what_only_type_checkers_import(taken):
    handler = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\nelse:\n    import b\n"
    )
    assert taken(handler, {"a.py": "", "b.py": ""}) == ["b.py"]


def test_takes_the_packages_above_a_module_and_the_module_behind_a_name(taken):
    packages = {
        "a/__init__.py": "",
        "a/b/__init__.py": "",
        "a/b/c.py": "def name(): ...",
        "a/b/d.py": "",
    }
    assert taken("from a.b.c import name", packages) == [
        "a/__init__.py",
        "a/b/__init__.py",
        "a/b/c.py",
    ]
    assert "a/b/d.py" in taken("from a.b import d", packages)


def test_follows_imports_that_are_relative(taken):
    packages = {
        "a/__init__.py": "from . import b",
        "a/b.py": "from .c import d",
        "a/c/__init__.py": "from ..e import f",
        "a/c/d.py": "",
        "a/e.py": "",
        "a/f.py": "",
    }
    assert taken("import a", packages) == [
        "a/__init__.py",
        "a/b.py",
        "a/c/__init__.py",
        "a/c/d.py",
        "a/e.py",
    ]


def test_takes_a_compiled_module_whatever_processor_its_name_tells(taken):
    packages = {"a/__init__.py": "from a._a import x", "a/_a.cpython-313-aarch64-linux-gnu.so": ""}
    assert taken("import a", packages) == [
        "a/__init__.py",
        "a/_a.cpython-313-aarch64-linux-gnu.so",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "import importlib\nimportlib.import_module(name)",
        "from importlib import import_module\nimport_module(name)",
        "__import__(name)",
        "PathFinder.find_spec(name, [])",
        "from importlib.util import spec_from_file_location\nspec_from_file_location(name, file)",
        "importlib.machinery.SourceFileLoader(name, file)",
        "import runpy\nrunpy.run_path(file)",
        "import runpy\nrunpy.run_module(name)",
        "import pkgutil\npkgutil.iter_modules(path)",
        "import pkgutil\npkgutil.walk_packages(path)",
    ],
)
def test_refuses_an_import_by_name_of_which_nobody_has_said_what(taken, statement):
    with pytest.raises(LayerFault, match=r"^a imports by a name"):
        taken("import a", {"a.py": statement})


def test_takes_what_is_said_to_be_imported_by_name_and_what_that_imports(taken):
    packages = {
        "a/__init__.py": "__import__(name)",
        "a/x_1.py": "import b",
        "a/y.py": "",
        "b.py": "",
    }
    contents = Contents(imported_by_name={"a": ("a.x_*",)})
    assert taken("import a", packages, contents) == ["a/__init__.py", "a/x_1.py", "b.py"]


def test_takes_what_the_standard_library_imports_by_name(taken):
    contents = Contents(imported_by_name={"zoneinfo": ("tzdata",)})
    packages = {"tzdata/__init__.py": ""}
    assert taken("from zoneinfo import ZoneInfo", packages, contents) == ["tzdata/__init__.py"]


def test_takes_what_a_module_that_imports_by_name_tells_type_checkers(taken):
    source = (
        "if TYPE_CHECKING:\n    from .b import B\ndef __getattr__(name):\n    import_module(name)"
    )
    contents = Contents(imported_by_name={"a": ()})
    packages = {"a/__init__.py": source, "a/b.py": ""}
    assert taken("import a", packages, contents) == ["a/__init__.py", "a/b.py"]


def test_takes_a_module_that_is_loaded_alone_without_the_packages_above_it(taken):
    contents = Contents(imported_by_name={"a": ()}, loaded_alone={"a": ("b.c.d",)})
    packages = {
        "a.py": "find_spec(name)",
        "b/__init__.py": "",
        "b/c/__init__.py": "",
        "b/c/d.py": "import e",
        "e.py": "",
    }
    assert taken("import a", packages, contents) == ["a.py", "b/c/d.py", "e.py"]


def test_leaves_out_a_package_with_all_below_it_and_no_other(taken):
    contents = Contents(left_out={"a.b": "why"})
    packages = {"a/__init__.py": "import a.b.c\nimport a.bc", "a/b/__init__.py": "", "a/bc.py": ""}
    packages["a/b/c.py"] = ""
    assert taken("import a", packages, contents) == ["a/__init__.py", "a/bc.py"]


@pytest.mark.parametrize(
    ("contents", "told"),
    [
        (Contents(imported_by_name={"a": ()}), "a does not import by a name"),
        (Contents(imported_by_name={"gone": ()}), "gone does not import by a name"),
        (Contents(imported_by_name={"os": ("b.*",)}), r"b\.\* in .* is the name of no module"),
        (Contents(loaded_alone={"a": ("b",)}), "b in .* is the name of no module"),
        (Contents(left_out={"b": "why"}), "b in .* is the name of no package"),
        (
            Contents(data=("x.json",), not_read=("*.txt",)),
            r"x\.json in .* is the name of no file",
        ),
        (
            Contents(never=("x.json",), not_read=("*.txt",)),
            r"x\.json in .* is the name of no file",
        ),
        (Contents(not_read=("x", "*.txt")), "x in .* is the name of no file"),
        (Contents(metadata_of={"a": ()}), "a asks for no metadata"),
        (NOTHING, r"data\.txt is no module"),
    ],
)
def test_refuses_a_table_that_is_not_true(taken, contents, told):
    with pytest.raises(LayerFault, match=told):
        taken("import a", {"a.py": "import os", "data.txt": ""}, contents)


def test_takes_the_data_that_is_read_and_no_other(taken):
    files = {"a.py": "", "data/1/x.json": "", "data/1/examples.json": "", "data/2/x.json": ""}
    contents = Contents(data=("data/1/*",), never=("*/examples.json",), not_read=("data/*",))
    assert taken("import a", files, contents) == ["a.py", "data/1/x.json"]


@pytest.mark.parametrize(
    "statement", ["import importlib.metadata", "from importlib.metadata import version"]
)
def test_takes_the_metadata_that_a_module_is_said_to_ask_for(taken, statement):
    packages = {
        "a.py": statement,
        "b.py": "",
        "a-1.dist-info/METADATA": "",
        "b-1.dist-info/METADATA": "",
    }
    contents = Contents(metadata_of={"a": ("b",)}, not_read=("*.dist-info/*",))
    assert taken("import a", packages, contents) == ["a.py", "b-1.dist-info/METADATA"]
    with pytest.raises(LayerFault, match=r"^a asks for packages' metadata"):
        taken("import a", packages)


def test_names_the_distribution_of_which_nothing_is_taken(tmp_path):
    packages = written(
        tmp_path,
        {
            "used-1.dist-info/RECORD": "used.py,sha256=x,1\nused-1.dist-info/RECORD,,",
            "idle-2.dist-info/RECORD": "idle.py,sha256=x,1\nidle-2.dist-info/RECORD,,",
            "kept_away-3.dist-info/RECORD": "away/__init__.py,sha256=x,1",
        },
    )
    contents = Contents(left_out={"away": "why"})
    assert unused_distributions(packages, ["used.py"], contents) == ["idle"]


def test_a_folder_with_init_is_a_module_by_its_own_name(tmp_path):
    written(tmp_path, {"a/__init__.py": "", "a/b.py": "", "c.py": ""})
    assert sorted(modules_in(tmp_path)) == ["a", "a.b", "c"]


def test_what_a_module_imports_names_its_package_too(tmp_path):
    source = written(tmp_path, {"b.py": "from .c import d"}) / "b.py"
    assert imports_of("a.b", source).names == {"a.c", "a.c.d"}


# ------------------------------------------------------------------ bytecode


@pytest.fixture
def compiled(tmp_path: Path) -> Path:
    written(tmp_path, {"a.py": "def f():\n    return 1\n"})
    compile_folder(tmp_path, PurePosixPath("/opt/python"))
    return tmp_path / "a.py"


AT = PurePosixPath("/opt/python/a.py")


def test_bytecode_is_right_as_it_was_compiled(compiled):
    assert fault_of(compiled, AT) is None


def test_bytecode_is_where_python_looks_for_it(compiled):
    assert compiled_path(compiled) == Path(
        compiled.parent, "__pycache__", f"a.{sys.implementation.cache_tag}.pyc"
    )


def test_bytecode_that_is_missing_is_a_fault(compiled):
    compiled_path(compiled).unlink()
    assert fault_of(compiled, AT) == "has no bytecode"


def test_bytecode_of_another_file_is_a_fault(compiled):
    assert (
        fault_of(compiled, PurePosixPath("/home/me/a.py")) == "has bytecode that names another file"
    )


def test_bytecode_of_a_source_that_was_changed_since_is_a_fault(compiled):
    compiled.write_text("def f():\n    return 2\n")
    assert fault_of(compiled, AT) == "has bytecode of another source"


@pytest.mark.parametrize(
    ("position", "told"),
    [
        (0, "has bytecode of another Python"),
        (4, "has bytecode that is compared with its source at each start"),
    ],
)
def test_bytecode_that_python_would_pass_over_is_a_fault(compiled, position, told):
    data = bytearray(compiled_path(compiled).read_bytes())
    data[position] ^= 2
    compiled_path(compiled).write_bytes(data)
    assert fault_of(compiled, AT) == told


def test_only_the_functions_python_compiles(compiled, monkeypatch):
    monkeypatch.setattr("scripts.artefact.bytecode.PYTHON", (3, 12))
    with pytest.raises(RuntimeError, match=r"^Python 3\.12 compiles"):
        compile_folder(compiled.parent, PurePosixPath("/opt/python"))


# ------------------------------------------------------------------ a function


def test_a_function_is_its_modules_and_their_bytecode_in_modes_of_their_own(tmp_path):
    source = written(
        tmp_path / "source",
        {"api_handler.py": "", "a/b.py": "", "notes.txt": "", "__pycache__/api_handler.x.pyc": ""},
    )
    (source / "api_handler.py").chmod(0o700)
    before = os.umask(0o077)
    try:
        assemble_function(source, tmp_path / "target")
    finally:
        os.umask(before)
    shipped = {
        path.relative_to(tmp_path / "target").as_posix(): path.stat().st_mode & 0o777
        for path in (tmp_path / "target").rglob("*")
    }
    assert shipped == {
        "api_handler.py": 0o644,
        "__pycache__": 0o755,
        "__pycache__/api_handler.cpython-313.pyc": 0o644,
        "a": 0o755,
        "a/b.py": 0o644,
        "a/__pycache__": 0o755,
        "a/__pycache__/b.cpython-313.pyc": 0o644,
    }
    assert fault_of(tmp_path / "target/a/b.py", FUNCTION_AT / "a/b.py") is None
