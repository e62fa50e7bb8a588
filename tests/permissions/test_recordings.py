"""A recording counts where every test of its target passed, and with the present sources."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.permissions.calls import Call
from tests.permissions.plugin import NARROWING
from tests.permissions.recorder import FOLDER, Recorder
from tests.permissions.recordings import (
    ROOT,
    TARGETS,
    NotRecorded,
    begin,
    end,
    fingerprint,
    read_all,
)

PUT = Call("api", "dynamodb:PutItem", "dynamodb:PutItem", "TABLE_NAME")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with one source in each of the folders that count."""
    for folder in ("cli", "functions", "layers/common/python/campaigns", "local", "tests"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "some.py").write_text("")
    return tmp_path


def recorded(root: Path, target: str, *calls: Call) -> Path:
    folder = root / ".aws-calls" / target
    begin(folder)
    recorder = Recorder(folder)
    for call in calls:
        recorder.note(call)
    recorder.flush()
    end(folder, fingerprint(root))
    return folder


def read(root: Path) -> dict[Call, int]:
    return dict(read_all(root / ".aws-calls", TARGETS, root))


def test_the_calls_of_all_targets_and_processes_are_added_up(root: Path) -> None:
    for target in TARGETS:
        folder = recorded(root, target, PUT, PUT, PUT)
        (folder / "1.jsonl").write_text('["api", "dynamodb:PutItem", "x", "TABLE_NAME", 1]\n')
    assert read(root) == {PUT: 3 * len(TARGETS), PUT._replace(action="x"): len(TARGETS)}


@pytest.mark.parametrize("missing", TARGETS)
def test_a_target_that_was_not_made_is_asked_for(root: Path, missing: str) -> None:
    for target in TARGETS:
        if target != missing:
            recorded(root, target, PUT)
    with pytest.raises(NotRecorded, match=f"Run: make {missing} permissions$"):
        read(root)


def test_whatever_is_missing_is_asked_for_at_once(root: Path) -> None:
    with pytest.raises(NotRecorded, match=r"Run: make test test-stack permissions$"):
        read(root)
    recorded(root, "test", PUT)
    (root / "tests" / "some.py").write_text("1")
    with pytest.raises(NotRecorded) as missing:
        read(root)
    assert str(missing.value).splitlines()[1:] == [
        "`make test`: its run is of other sources than those that are here now",
        "`make test-stack`: no run is recorded in which all of its tests were run and passed",
        "Run: make test test-stack permissions",
    ]


def test_a_run_that_was_not_ended_does_not_count_nor_does_the_one_before(root: Path) -> None:
    for target in TARGETS:
        folder = recorded(root, target, PUT)
    begin(folder)
    with pytest.raises(NotRecorded, match="no run is recorded"):
        read(root)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("change", ["changed", "new", "gone"])
def test_a_run_of_other_sources_does_not_count(root: Path, change: str) -> None:
    for target in TARGETS:
        recorded(root, target, PUT)
    assert read(root)
    source = root / "functions" / "some.py"
    match change:
        case "changed":
            source.write_text("1")
        case "new":
            (source.parent / "other.py").write_text("")
        case "gone":
            source.unlink()
    with pytest.raises(NotRecorded, match="of other sources"):
        read(root)


_A_TEST = """
from campaigns.adapters.dynamodb.table import Item, Key
from campaigns.settings import Settings
from tests.fakes.aws import model_table
from tests.permissions.recorder import acting_as

def test_something():
    with model_table() as table, acting_as("dispatcher", Settings(table.name, "", "", "")):
        table.{call}(Item, Key("a", "b"))
"""


def pytest_in(root: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A run of its own of the tests there, recorded in that folder."""
    return subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", "pytest", *_PLAIN, "--rootdir", root, *options],
        env=os.environ | {FOLDER: str(folder), "PYTHONPATH": str(ROOT)},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


_PLAIN = ("-q", "-p", "tests.permissions.plugin", "-p", "no:cacheprovider", "-c", os.devnull)


@pytest.mark.parametrize(("call", "passes"), [("get", True), ("delete", False)])
def test_a_test_that_has_a_function_do_what_it_may_not_fails_and_its_run_does_not_count(
    tmp_path: Path, call: str, passes: bool
) -> None:
    (tmp_path / "test_it.py").write_text(_A_TEST.replace("{call}", call))
    folder = tmp_path / "calls"
    run = pytest_in(tmp_path, folder, "-m", "not slow")
    denied = "no statement of its role allows dynamodb:DeleteItem on" in run.stdout
    assert (run.returncode == 0, denied) == (passes, not passes), run.stdout
    assert (folder / "run.json").exists() is passes
    assert len(list(folder.glob("*.jsonl"))) == 1


@pytest.mark.parametrize("options", [["-k", "something"], ["test_it.py"]])
def test_a_run_that_leaves_tests_out_does_not_count(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "test_it.py").write_text("def test_something(): pass")
    folder = tmp_path / "calls"
    run = pytest_in(tmp_path, folder, *options)
    assert run.returncode == 0, run.stdout
    assert not (folder / "run.json").exists()


@pytest.mark.parametrize("option", NARROWING)
def test_what_leaves_tests_out_is_an_option_of_pytests(
    option: str, pytestconfig: pytest.Config
) -> None:
    pytestconfig.getoption(option)
