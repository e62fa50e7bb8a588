"""A build takes the place of the one before only when it is whole, and is made when it is old."""

import fcntl
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from scripts import build as script


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / ".aws-sam/host"
    folder.mkdir(parents=True)
    (folder / "before").touch()
    return folder


def sam_that_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, commands: str) -> None:
    """In place of SAM a shell script: `$3` is the folder that it is told to build into."""
    sam = tmp_path / "sam"
    sam.write_text(f"#!/bin/sh\n{commands}\n")
    sam.chmod(0o755)
    monkeypatch.setattr(script, "SAM", sam)


def test_a_build_that_fails_leaves_the_one_before_and_says_why(place, monkeypatch, tmp_path, capfd):
    sam_that_runs(monkeypatch, tmp_path, 'mkdir "$3"; echo what is wrong; exit 3')
    assert script.main(place, "arm64") == 3
    assert [path.name for path in place.iterdir()] == ["before"]
    assert "what is wrong" in capfd.readouterr().err


def test_a_build_that_is_not_right_leaves_the_one_before_and_says_why(
    place, monkeypatch, tmp_path, capfd
):
    sam_that_runs(monkeypatch, tmp_path, 'mkdir "$3"')
    assert script.main(place, "arm64") == 1
    assert [path.name for path in place.iterdir()] == ["before"]
    assert "holds no functions" in capfd.readouterr().err


def test_sam_is_told_the_processor(place, monkeypatch, tmp_path, capfd):
    sam_that_runs(monkeypatch, tmp_path, 'echo "$@"; exit 1')
    script.main(place, "x86_64")
    assert capfd.readouterr().err.endswith(
        f"build --build-dir {place}.new --parameter-overrides Architecture=x86_64\n"
    )


@pytest.mark.parametrize("made", [True, False])
def test_a_build_that_is_right_takes_the_place(place, made):
    new = place.with_name("host.new")
    new.mkdir()
    (new / "after").touch()
    if not made:
        (place / "before").unlink()
        place.rmdir()
    script.put(new, place)
    assert [path.name for path in place.parent.iterdir()] == ["host"]
    assert [path.name for path in place.iterdir()] == ["after"]


def test_two_builds_at_once_wait_for_each_other(tmp_path):
    lock = tmp_path / ".aws-sam/build.lock"
    with script.alone(lock), lock.open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with lock.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_sam_holds_the_lock_although_whoever_called_it_is_gone(monkeypatch, tmp_path):
    lock, pid = tmp_path / ".aws-sam/build.lock", tmp_path / "pid"
    sam_that_runs(monkeypatch, tmp_path, f"sleep 60 >/dev/null 2>&1 & echo $! > {pid}")
    with script.alone(lock) as file:
        script.sam_build(tmp_path / "folder", "arm64", file)
    try:
        with lock.open() as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.kill(int(pid.read_text()), signal.SIGKILL)


def test_a_build_that_is_interrupted_leaves_the_one_before_and_says_so(place, monkeypatch, capsys):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(script, "sam_build", interrupted)
    assert script.main(place, "arm64") == 130
    assert [path.name for path in place.iterdir()] == ["before"]
    assert capsys.readouterr().err == "Interrupted\n"


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_where_sam_sees_no_checkout_the_build_says_what_to_do(tmp_path, architecture):
    shutil.copy(script.ROOT / "scripts/artefact" / architecture / "Makefile", tmp_path)
    done = subprocess.run(
        ["make", "build-CommonLayer"],  # noqa: S607
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "run make build, or sam build without --use-container" in done.stderr


# ------------------------------------------------------------------ make build-host

ENVIRONMENTS = (".venv/.synced", "tools/sam/.venv/.synced")
SOURCES = (
    "template.yaml",
    "functions/api/api_handler.py",
    "layers/common/python/requirements.txt",
    "scripts/artefact/arm64/Makefile",
    "scripts/check_build.py",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Some sources, and a shell script in place of the one that builds."""
    builder = "scripts/build.py"
    for file in (*ENVIRONMENTS, *SOURCES, builder):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    shutil.copy(script.ROOT / "Makefile", tmp_path)
    (tmp_path / builder).write_text("mkdir -p $1 && cp template.yaml $1 && echo built\n")
    return tmp_path


def builds(checkout: Path) -> bool:
    """Whether `make build-host` builds."""
    done = subprocess.run(  # noqa: S603
        [
            *("make", "--silent", "build-host", "PYTHON=sh"),
            *(f"--assume-old={each}" for each in ENVIRONMENTS),
        ],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    )
    return "built" in done.stdout


def make_newer(path: Path) -> None:
    soon = path.stat().st_mtime + 60
    os.utime(path, (soon, soon))


def test_builds_once(checkout):
    assert [builds(checkout), builds(checkout)] == [True, False]


@pytest.mark.parametrize("source", [*SOURCES, "scripts/build.py"])
def test_builds_anew_where_a_source_changed(checkout, source):
    builds(checkout)
    make_newer(checkout / source)
    assert builds(checkout)


def test_builds_anew_where_a_source_came_or_went_whatever_its_time(checkout):
    builds(checkout)
    old = checkout / "functions/api/old.py"
    old.touch()
    os.utime(old, (0, 0))
    assert [builds(checkout), builds(checkout)] == [True, False]
    old.unlink()
    assert [builds(checkout), builds(checkout)] == [True, False]


def test_builds_anew_where_a_source_changed_while_it_was_built(checkout):
    source, builder = SOURCES[1], checkout / "scripts/build.py"
    builder.write_text(
        f"until [ {source} -nt .aws-sam/host.begun ]; do touch {source}; done\n"
        f"until [ end -nt {source} ]; do touch end; done\n{builder.read_text()}"
    )
    assert [builds(checkout), builds(checkout)] == [True, True]


def test_builds_anew_where_the_build_is_gone(checkout):
    builds(checkout)
    shutil.rmtree(checkout / ".aws-sam/host")
    assert builds(checkout)


def test_builds_nothing_anew_for_what_python_keeps_beside_sources(checkout):
    builds(checkout)
    cache = checkout / "functions/api/__pycache__"
    cache.mkdir()
    (cache / "api_handler.cpython-313.pyc").touch()
    assert not builds(checkout)
