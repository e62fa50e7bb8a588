"""Each thing that may be wrong with a build is found, and nothing else is."""

import re
from pathlib import Path

import pytest

from scripts.artefact.assemble import FUNCTION_AT, LAYER_AT
from scripts.artefact.bytecode import compile_folder, compiled_path
from scripts.artefact.contents import Contents
from scripts.check_build import LAYER_BUDGET, faults_of_build, main, size_of, weights

COMPILED = "compiled.cpython-313-aarch64-linux-gnu.so"
UNUSED = "is imported and read by no function"
CONTENTS = Contents(data=("data/*",), never=("data/examples.json",))


def elf(machine: int) -> bytes:
    return b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little") + bytes(8)


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A whole build of one function, for arm64."""
    python, function = tmp_path / "CommonLayer/python", tmp_path / "ApiFunction"
    for folder in (python / "campaigns", python / "data", function):
        folder.mkdir(parents=True)
    (function / "api_handler.py").write_text("import campaigns.compiled\n")
    (python / "campaigns/__init__.py").write_text("")
    (python / "campaigns" / COMPILED).write_bytes(elf(183))
    (python / "data/model.json").write_text("{}")
    compile_folder(python, LAYER_AT)
    compile_folder(function, FUNCTION_AT)
    return tmp_path


def faults(build: Path, architecture: str = "arm64") -> list[str]:
    return list(faults_of_build(build, architecture, CONTENTS))


def test_a_whole_build_has_no_fault(build):
    assert faults(build) == []


def unlink_bytecode(build: Path) -> None:
    compiled_path(build / "CommonLayer/python/campaigns/__init__.py").unlink()


def unlink_bytecode_of_the_function(build: Path) -> None:
    compiled_path(build / "ApiFunction/api_handler.py").unlink()


def change_a_source(build: Path) -> None:
    (build / "CommonLayer/python/campaigns/__init__.py").write_text("changed = True")


def add_bytecode_alone(build: Path) -> None:
    source = build / "CommonLayer/python/gone.py"
    source.write_text("")
    compile_folder(build / "CommonLayer/python", LAYER_AT)
    source.unlink()


def add_data(build: Path) -> None:
    (build / "CommonLayer/python/data/examples.json").write_text("{}")


def add_metadata(build: Path) -> None:
    (build / "CommonLayer/python/RECORD").write_text("")


def add_to_the_function(build: Path) -> None:
    (build / "ApiFunction/notes.txt").write_text("")


def compile_for_another(build: Path) -> None:
    (build / "CommonLayer/python/campaigns" / COMPILED).write_bytes(elf(62))


def weigh(build: Path, size: int) -> None:
    model = build / "CommonLayer/python/data/model.json"
    others = size_of(build / "CommonLayer") - model.stat().st_size
    with model.open("wb") as file:
        file.truncate(size - others)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (unlink_bytecode, "python/campaigns/__init__.py has no bytecode"),
        (unlink_bytecode_of_the_function, "ApiFunction/api_handler.py has no bytecode"),
        (change_a_source, "python/campaigns/__init__.py has bytecode of another source"),
        (add_bytecode_alone, f"python/__pycache__/gone.cpython-313.pyc {UNUSED}"),
        (add_data, f"python/data/examples.json {UNUSED}"),
        (add_metadata, f"python/RECORD {UNUSED}"),
        (add_to_the_function, f"ApiFunction/notes.txt {UNUSED}"),
        (compile_for_another, f"python/campaigns/{COMPILED} is not compiled for arm64"),
    ],
)
def test_tells_what_is_wrong_and_nothing_else(build, spoil, told):
    spoil(build)
    assert faults(build) == [told]


def test_tells_a_layer_over_its_budget_by_a_byte(build):
    weigh(build, LAYER_BUDGET)
    assert faults(build) == []
    weigh(build, LAYER_BUDGET + 1)
    assert faults(build) == ["The layer weighs 40,000,001 bytes, and its budget is 40,000,000"]


def test_tells_a_module_that_no_function_imports(build):
    (build / "CommonLayer/python/idle.py").write_text("")
    compile_folder(build / "CommonLayer/python", LAYER_AT)
    assert f"python/idle.py {UNUSED}" in faults(build)


@pytest.mark.parametrize("lost", ["CommonLayer/python/campaigns/__init__.py", "ApiFunction"])
def test_tells_a_build_that_is_none(build, lost):
    (build / lost).rename(build / "elsewhere")
    assert faults(build) == [f"{build} holds no functions, or no python/campaigns in its layer"]


def test_tells_a_build_for_the_other_processor(build):
    assert faults(build, "x86_64") == [f"python/campaigns/{COMPILED} is not compiled for x86_64"]


def test_the_table_weighs_each_folder_and_each_kind(build):
    table = "\n".join(weights(build))
    assert re.search(r"0\.0 MB  CommonLayer\n", table)
    assert "compiled for the processor" in table


def test_ends_with_an_error_where_something_is_wrong(build, capsys):
    assert main(build, "arm64") == 1
    assert f"python/data/model.json {UNUSED}" in capsys.readouterr().err
