"""Docker's engine with the image for the functions, and a local stack behind them."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.demo_stack import StackFile, running_stack
from local.process import ROOT
from local.sam.containers import DockerError, docker
from local.sam.functions import SamLocal, sam_local
from tests.built.artefact import host_build


@pytest.fixture(scope="session")
def engine() -> str:
    """What `local_image.sh` said. Without an engine: skipped, or failed where one is required."""
    try:
        docker("info")
    except DockerError as error:
        if os.environ.get("REQUIRE_DOCKER") == "1":
            pytest.fail(f"REQUIRE_DOCKER=1, and no engine answers: {error}")
        pytest.skip(f"no Docker here: {error}")
    host_build()
    return make_image()


def make_image() -> str:
    """Runs the script; it is done, or the test fails with what it said."""
    run = subprocess.run(
        ["/bin/sh", "scripts/local_image.sh"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="session")
def stack_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="session")
def stack(engine: str, stack_dir: Path) -> Iterator[StackFile]:
    """A whole local stack, with the bridge to compare with."""
    with running_stack(stack_dir, {}) as running:
        yield running


@pytest.fixture(scope="session")
def sam(stack: StackFile, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamLocal]:
    """The built functions over that stack."""
    with sam_local(stack.environment, tmp_path_factory.mktemp("sam")) as ready:
        yield ready


@pytest.fixture(scope="session")
def sam_api(sam: SamLocal) -> Iterator[str]:
    """The URL of `sam local start-api`."""
    with sam.api() as url:
        yield url
