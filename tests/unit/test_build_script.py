"""A build takes the place of the one before only when it is whole."""

import fcntl
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
