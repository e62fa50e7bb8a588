"""What `sam build` makes: only what is needed, the same bytes each time, for either processor."""

import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.build import ROOT, SAM
from scripts.check_build import LAYER_BUDGET, faults_of_build, size_of
from tests.built.artefact import host_build

pytestmark = pytest.mark.built

HOST = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
#: All that a build reads, and nothing else of the checkout.
SOURCES = ("template.yaml", "samconfig.toml", "functions", "layers", "scripts")


def built_elsewhere(folder: Path, *, umask: int, seed: str) -> Path:
    """A plain `sam build`, as the README's reader would run it, in a copy of the sources."""
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
        else:
            shutil.copy(ROOT / name, folder / name)
    subprocess.run(  # noqa: S603
        [SAM, "build"],
        cwd=folder,
        umask=umask,
        env=os.environ
        | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONHASHSEED": seed,
            "AWS_DEFAULT_REGION": "us-east-1",
            "SAM_CLI_TELEMETRY": "0",
        },
        check=True,
        capture_output=True,
    )
    return folder / ".aws-sam/build"


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two builds of arm64, in folders, modes and hash seeds of their own."""
    folders = [tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("another") / "deeper"]
    folders[1].mkdir()
    with ThreadPoolExecutor() as pool:
        one = pool.submit(built_elsewhere, folders[0], umask=0o022, seed="1")
        another = pool.submit(built_elsewhere, folders[1], umask=0o077, seed="2")
        return one.result(), another.result()


def files(folder: Path) -> dict[str, tuple[int, str]]:
    """Mode and hash of every file that is shipped: SAM keeps nothing else of them."""
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mode,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in folder.glob("*/**/*")
        if path.is_file()
    }


def test_the_same_sources_give_the_same_bytes_wherever_they_are_built(builds):
    one, another = builds
    assert len(files(one)) > 1000
    assert files(one) == files(another)


def test_what_is_deployed_is_compiled_for_arm64_lean_and_has_its_bytecode(builds):
    assert list(faults_of_build(builds[0], "arm64")) == []
    assert 20_000_000 < size_of(builds[0] / "CommonLayer") < LAYER_BUDGET


def test_what_the_tests_run_differs_from_it_in_compiled_files_alone(builds):
    host, deployed = files(host_build()), files(builds[0])
    if HOST == "arm64":
        assert host == deployed
        return
    differing = sorted(name for name, _ in host.items() ^ deployed.items())
    module = "CommonLayer/python/pydantic_core/_pydantic_core.cpython-313"
    assert differing == [f"{module}-{machine}-linux-gnu.so" for machine in ("aarch64", "x86_64")]
