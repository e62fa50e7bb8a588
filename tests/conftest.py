"""Fixtures that more than one kind of test uses."""

from collections.abc import Iterator

import pytest

from local.ministack import running_ministack


@pytest.fixture(scope="session")
def ministack_url() -> Iterator[str]:
    """The endpoint of an emulator of this worker's own, empty at the start."""
    with running_ministack() as url:
        yield url
