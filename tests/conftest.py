"""Fixtures that more than one kind of test uses."""

import os
import signal
from collections.abc import Iterator
from functools import cache

import botocore.session
import pytest

from local.ministack import running_ministack

pytest_plugins = ["tests.permissions.plugin"]


def pytest_configure() -> None:
    """Sentences are tested in the product's first language, whatever the developer's is."""
    for variable in ("LC_ALL", "LC_MESSAGES"):
        os.environ.pop(variable, None)
    os.environ["LANG"] = "C.UTF-8"
    # A shell's background jobs ignore Ctrl-C, and so would whatever the tests start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Read once for all sessions: each would take 50 ms for AWS's own data.
    botocore.session.create_loader = cache(botocore.session.create_loader)


@pytest.fixture(scope="session")
def ministack_url() -> Iterator[str]:
    """The endpoint of an emulator of this worker's own, empty at the start."""
    with running_ministack() as url:
        yield url
