"""Has pytest record AWS calls, and fail a test that makes one without permission."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.worker import WATCHERS
from tests.permissions import recordings
from tests.permissions.judge import denied
from tests.permissions.operators import untold
from tests.permissions.recorder import FOLDER, Recorder, install

_folder = Path(os.environ[FOLDER]).absolute() if FOLDER in os.environ else None
_recorder = Recorder(_folder)
_sources = pytest.StashKey[str]()
#: Options of pytest by which it runs fewer tests than there are.
NARROWING = ("keyword", "lf", "stepwise", "deselect", "ignore", "ignore_glob", "collectonly")


def pytest_configure(config: pytest.Config) -> None:
    install(_recorder)
    if _folder:
        # For the workers of the local stacks that tests start, wherever these are started from.
        os.environ |= {FOLDER: str(_folder), WATCHERS: "tests.permissions.in_worker"}
    if _folder and not _is_worker(config):
        recordings.begin(_folder)
        config.stash[_sources] = recordings.fingerprint()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    _recorder.flush()
    if not _folder or _is_worker(session.config):
        return
    if exitstatus == pytest.ExitCode.OK and not _is_partial(session.config):
        recordings.end(_folder, session.config.stash[_sources])


@pytest.fixture(autouse=True)
def _no_call_without_permission() -> Iterator[None]:
    """In the test that makes it, or that is the first to use the fixture that does."""
    yield
    if latest := _recorder.take_latest():
        faults = denied(latest) + untold(latest)
        assert not faults, "\n".join(faults)


def _is_partial(config: pytest.Config) -> bool:
    """Some of the target's tests were left out; `-m` is how the target itself names them."""
    narrowed = any(config.getoption(option, None) for option in NARROWING)
    return narrowed or config.args_source is pytest.Config.ArgsSource.ARGS


def _is_worker(config: pytest.Config) -> bool:
    """A process that pytest-xdist has begun."""
    return hasattr(config, "workerinput")
