"""A built function sees what is built and nothing else, and leaves no process behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from local.pool import Function
from local.process import ROOT
from local.template import Template
from tests.built.artefact import host_build
from tests.built.modules import drift, foreign, listing, path_of
from tests.built.runtime import RUNTIME, Answer, BuiltFunction, Report, built_functions

pytestmark = pytest.mark.built


@pytest.fixture(scope="module")
def built() -> Function:
    """The scheduler; behind it there is nothing."""
    template = Template(host_build() / "template.yaml")
    template.know({"Table": "none", "JobsQueue": "none", "Key.Arn": "none"})
    return built_functions(host_build(), template, {})["scheduler"]


def with_handler(built: Function, folder: Path, lines: str) -> Function:
    """The function with these lines at its handler's end."""
    code = folder / "code"
    shutil.copytree(built.code_dir, code, ignore=shutil.ignore_patterns("__pycache__"))
    module, _, _ = built.handler.partition(".")
    handler = code / f"{module}.py"
    handler.chmod(0o644)
    handler.write_text(f"{handler.read_text('utf-8')}\n{lines}\n", encoding="utf-8")
    return replace(built, code_dir=code)


def started(function: Function, folder: Path) -> tuple[Answer, list[Report]]:
    """What a start alone makes of it, by an event that no handler sees."""
    with BuiltFunction(function, folder) as opened:
        answer = opened.invoke(b"{")
        is_up = answer.value["errorType"] == "Runtime.UnmarshalError"
        return answer, opened.reports() if is_up else []


@pytest.mark.parametrize("package", ["urllib3", "campaigns/domain"])
def test_a_package_that_the_layer_lacks_is_missed_though_the_tests_have_it(
    built: Function, tmp_path: Path, package: str
) -> None:
    layer = tmp_path / "layer"
    shutil.copytree(built.layer_dir, layer, copy_function=os.symlink)
    shutil.rmtree(layer / package)
    answer, _ = started(replace(built, layer_dir=layer), tmp_path)
    assert answer.value["errorType"] == "Runtime.ImportModuleError"
    assert f"No module named '{package.replace('/', '.')}" in answer.value["errorMessage"]


@pytest.mark.parametrize("module", ["local.process", "tests", "pytest"])
def test_a_module_of_the_repository_or_its_environment_is_not_there(
    built: Function, tmp_path: Path, module: str
) -> None:
    function = with_handler(built, tmp_path, f"import {module}")
    environment = {**function.environment, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    answer, _ = started(replace(function, environment=environment), tmp_path)
    assert answer.value["errorType"] == "Runtime.ImportModuleError"


@pytest.mark.parametrize(
    ("folder", "module"), [(ROOT, "local"), (Path(pytest.__file__).parents[1], "pytest")]
)
def test_a_module_from_outside_is_found_whatever_way_it_came(
    built: Function, tmp_path: Path, folder: Path, module: str
) -> None:
    lines = f"import sys\nsys.path.append({str(folder)!r})\nimport {module}"
    function = with_handler(built, tmp_path, lines)
    _, reports = started(function, tmp_path)
    assert module in foreign(function, reports[0])


def report(**modules: list[str]) -> Report:
    return Report(0.1, 0.1, 1, "/usr/lib/python3.13", modules)


TOY = Function("toy", "toy.handler", Path("/built/code"), Path("/built/layer"), 60, 128, {})


def test_what_is_installed_beside_the_standard_library_is_foreign() -> None:
    modules = report(
        json=["/usr/lib/python3.13/json/__init__.py"],
        pip=["/usr/lib/python3.13/site-packages/pip/__init__.py"],
        namespace=["/built/layer/namespace", "/elsewhere/namespace"],
        awslambdaric=[str(RUNTIME / "awslambdaric" / "__init__.py")],
        sys=[],
        layers=["/built/layers/layers.py"],
    )
    assert foreign(TOY, modules).keys() == {"pip", "namespace", "layers"}


def test_the_list_names_what_came_later_apart_and_the_libraries_of_python_in_short() -> None:
    start = report(
        toy=["/built/code/toy.py"],
        xml=["/usr/lib/python3.13/xml/__init__.py"],
        _private=["/usr/lib/python3.13/_private.py"],
    )
    names = {"xml.dom": ["/usr/lib/python3.13/xml/dom.py"], "a.b": ["/built/layer/a/b.py"]}
    later = replace(start, modules={**start.modules, **names, "email": []})
    assert listing(TOY, [start, later]).split() == [
        *("[start-up]", "toy", "xml"),
        *("[events]", "a.b", "email"),
    ]


def test_a_list_that_differs_is_shown_by_its_differing_lines() -> None:
    kept_list = path_of("dispatcher").read_text("utf-8")
    assert drift("dispatcher", kept_list) == ""
    shown = drift("dispatcher", kept_list.replace("botocore.session\n", "", 1) + "surplus\n")
    assert {line for line in shown.splitlines()[2:] if line[0] in "+-"} == {
        "-botocore.session",
        "+surplus",
    }


# Processes


HANGS = """
import pathlib, time
def handler(event, context):
    pathlib.Path(event["sign"]).touch()
    time.sleep(600)
"""
HOLDS = """
import sys
from pathlib import Path
from local.pool import Function
from tests.built.runtime import BuiltFunction
folder = Path(sys.argv[1])
function = Function("hanging", "hanging.handler", folder, folder, 600, 128, {})
with BuiltFunction(function, folder) as opened:
    opened.invoke({"sign": str(folder / "sign")})
"""


def eventually(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


def is_alive(process: psutil.Process) -> bool:
    """One that has ended may wait for whoever inherited it."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[psutil.Process]]]:
    """A process that waits for a function that hangs, and all that it has started."""
    (tmp_path / "hanging.py").write_text(HANGS, "utf-8")
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT) as process:  # noqa: S603 - our own words
        try:
            eventually((tmp_path / "sign").exists, "the function was not called")
            started = psutil.Process(process.pid).children(recursive=True)
            assert len(started) == 3, "the guard, the emulator and the function"
            yield process, started
        finally:
            process.kill()


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whoever_started_a_function_that_hangs_leaves_no_process_behind(
    holder: tuple[subprocess.Popen[bytes], list[psutil.Process]], sig: signal.Signals
) -> None:
    process, started = holder
    process.send_signal(sig)
    eventually(lambda: not any(map(is_alive, started)), "a process lives on")


def test_a_function_ends_with_its_emulator(
    holder: tuple[subprocess.Popen[bytes], list[psutil.Process]],
) -> None:
    _, started = holder
    (emulator,) = (each for each in started if "rie" in each.name())
    emulator.kill()
    eventually(lambda: not any(map(is_alive, started)), "a process lives on")
