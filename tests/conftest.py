"""Fixtures that more than one kind of test uses."""

import os
from collections.abc import Iterator

import pytest

from local.ministack import running_ministack


def pytest_configure() -> None:
    """Sentences are tested in the product's first language, whatever the developer's is."""
    for variable in ("LC_ALL", "LC_MESSAGES"):
        os.environ.pop(variable, None)
    os.environ["LANG"] = "C.UTF-8"


@pytest.fixture(scope="session")
def ministack_url() -> Iterator[str]:
    """The endpoint of an emulator of this worker's own, empty at the start."""
    with running_ministack() as url:
        yield url
