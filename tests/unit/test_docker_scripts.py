"""`local_image.sh` and `docker_engine.sh` on machines that have this and lack that.

Docker, Debian's tools and uv are played by scripts on PATH which write down how they were called.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.process import ROOT

# What the scripts need of any machine.
_COMMON = ("cat", "chmod", "cut", "dirname", "head", "kill", "mkdir", "mktemp", "rm", "sed", "sh")
_COMMON += ("setpriv", "setsid", "sha256sum", "sleep", "tail", "true", "sort")
_IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"


@dataclass(frozen=True, slots=True)
class Machine:
    """A folder that is all of PATH, and a copy of the scripts with what they read."""

    root: Path

    def has(self, command: str, body: str = "") -> None:
        """The command is there; it writes down its name and words, then does `body`."""
        path = self.root / "bin" / command
        # Where it is a link to the machine's own, that one is not to be written to.
        path.unlink(missing_ok=True)
        path.write_text(f'#!/bin/sh\necho "{command} $*" >>"{self.root}/calls"\n{body}\n')
        path.chmod(0o755)

    def run(self, script: str, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 - our own scripts
            ["/bin/sh", str(self.root / "scripts" / script), *words],
            env={"PATH": str(self.root / "bin"), "TMPDIR": str(self.root)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def calls(self) -> str:
        calls = self.root / "calls"
        return calls.read_text() if calls.exists() else ""

    @property
    def inputs(self) -> str:
        """The label of an image that was made of what is there now."""
        read = [self.root / "scripts/local_image.sh", self.root / "tools/lambda/uv.lock"]
        return hashlib.sha256(b"".join(path.read_bytes() for path in read)).hexdigest()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An x86 Linux with Docker's engine running and no image; no Debian."""
    (tmp_path / "bin").mkdir()
    for command in _COMMON:
        path = shutil.which(command)
        assert path, command
        os.symlink(path, tmp_path / "bin" / command)
    for name in ("scripts/local_image.sh", "scripts/docker_engine.sh", "tools/lambda/uv.lock"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    made = Machine(tmp_path)
    made.has("uname", "echo x86_64")
    made.has("id", "echo 0")
    made.has("docker", '[ "$1 $2" != "image inspect" ]')
    return made


def has_image(machine: Machine, label: str) -> None:
    machine.has("docker", f'[ "$1 $2" != "image inspect" ] || echo "{label}"')


def is_debian(machine: Machine) -> None:
    """Has all that an image is made with."""
    machine.has("apt-get", "echo http://mirror.example/debian/; echo http://other.example/debian/")
    machine.has("apt-config")
    machine.has("dpkg", "echo amd64")
    machine.has("mmdebstrap")
    (machine.root / ".tools/bin").mkdir(parents=True)
    machine.has("uv")
    (machine.root / "bin/uv").rename(machine.root / ".tools/bin/uv")


def test_an_image_of_the_same_things_is_left_as_it_is(machine: Machine) -> None:
    is_debian(machine)
    has_image(machine, machine.inputs)
    run = machine.run("local_image.sh")
    assert (run.returncode, run.stdout) == (0, f"local image: {_IMAGE} is there\n")
    assert "import" not in machine.calls
    assert "pull" not in machine.calls


def test_an_image_from_the_registry_is_not_replaced(machine: Machine) -> None:
    is_debian(machine)
    has_image(machine, "<no value>")
    run = machine.run("local_image.sh")
    assert (run.returncode, run.stdout) == (
        0,
        f"local image: {_IMAGE} is there, from its registry\n",
    )
    assert "import" not in machine.calls


@pytest.mark.parametrize("changed", ["scripts/local_image.sh", "tools/lambda/uv.lock"])
def test_an_image_of_other_things_is_made_again(machine: Machine, changed: str) -> None:
    is_debian(machine)
    has_image(machine, machine.inputs)
    with (machine.root / changed).open("a") as file:
        file.write("# changed\n")
    run = machine.run("local_image.sh")
    assert run.returncode == 0, run.stderr
    assert "is made again" in run.stdout
    assert f"LABEL alrea-campaigns.inputs={machine.inputs}" in machine.calls


def test_on_debian_it_is_made_of_the_machine_s_own_mirror(machine: Machine) -> None:
    is_debian(machine)
    run = machine.run("local_image.sh")
    assert run.returncode == 0, run.stderr
    (made,) = [call for call in machine.calls.splitlines() if call.startswith("mmdebstrap")]
    assert made.endswith("http://mirror.example/debian/")
    assert " trixie " in made
    assert "docker pull" not in machine.calls
    assert not list(machine.root.glob("tmp.*")), "the work folder is gone"


@pytest.mark.parametrize(
    ("lacking", "why"),
    [
        (lambda machine: (machine.root / "bin/mmdebstrap").unlink(), "mmdebstrap is missing"),
        (lambda machine: machine.has("id", "echo 1000"), "root is needed"),
        (lambda machine: machine.has("apt-get"), "this is no Debian"),
        (lambda machine: (machine.root / "bin/apt-get").unlink(), "this is no Debian"),
        (lambda machine: machine.has("uname", "echo aarch64"), "processor is another one"),
    ],
)
def test_where_it_cannot_be_made_it_is_pulled_and_the_reason_told(
    machine: Machine, lacking: Callable[[Machine], None], why: str
) -> None:
    is_debian(machine)
    lacking(machine)
    run = machine.run("local_image.sh", "x86_64")
    assert run.returncode == 0, run.stderr
    assert why in run.stdout
    assert f"docker pull --quiet {_IMAGE}" in machine.calls
    assert "docker import" not in machine.calls


def test_without_mirror_and_registry_it_says_what_to_do(machine: Machine) -> None:
    machine.has("docker", '[ "$1 $2" != "image inspect" ] && [ "$1" != pull ]')
    run = machine.run("local_image.sh")
    assert run.returncode == 1
    assert "apt-get install mmdebstrap" in run.stderr


def test_a_failed_bootstrap_leaves_no_image(machine: Machine) -> None:
    is_debian(machine)
    machine.has("mmdebstrap", "exit 1")
    run = machine.run("local_image.sh")
    assert run.returncode == 1
    assert f"docker pull {_IMAGE}" in run.stderr
    assert "docker import" not in machine.calls


@pytest.mark.parametrize("processor", ["arm64", "x86_64"])
def test_the_image_is_named_by_the_processor(machine: Machine, processor: str) -> None:
    machine.run("local_image.sh", processor)
    assert f"public.ecr.aws/lambda/python:3.13-{processor}" in machine.calls


def test_a_processor_that_lambda_has_not_is_refused(machine: Machine) -> None:
    run = machine.run("local_image.sh", "riscv64")
    assert run.returncode == 1
    assert "riscv64" in run.stderr


@pytest.mark.parametrize("script", ["local_image.sh", "docker_engine.sh"])
def test_without_docker_it_says_what_to_install(machine: Machine, script: str) -> None:
    (machine.root / "bin/docker").unlink()
    run = machine.run(script, "x86_64")
    assert run.returncode == 1
    assert "apt-get install docker.io" in run.stderr


def test_without_an_engine_the_image_says_how_to_start_one(machine: Machine) -> None:
    machine.has("docker", "exit 1")
    run = machine.run("local_image.sh")
    assert run.returncode == 1
    assert "scripts/docker_engine.sh" in run.stderr


def test_an_engine_that_answers_is_used(machine: Machine) -> None:
    machine.has("dockerd")
    run = machine.run("docker_engine.sh", "sh", "-c", "echo ran; exit 7")
    assert (run.returncode, run.stdout) == (7, "ran\n")
    assert "dockerd" not in machine.calls


def test_an_engine_is_started_and_ends_with_the_command(machine: Machine) -> None:
    up = machine.root / "up"
    machine.has("docker", f'[ -e "{up}" ]')
    machine.has("dockerd", f'trap \'rm "{up}"; exit 0\' TERM; : >"{up}"; sleep 30 & wait')
    run = machine.run("docker_engine.sh", "sh", "-c", f'[ -e "{up}" ] && exit 7')
    assert run.returncode == 7, run.stderr
    assert not up.exists()
    assert not list(machine.root.glob("tmp.*")), "its log is gone"


def test_an_engine_that_does_not_start_shows_its_log(machine: Machine) -> None:
    machine.has("docker", "exit 1")
    machine.has("dockerd", "echo 'no iptables here' >&2; exit 1")
    run = machine.run("docker_engine.sh", "sh", "-c", "echo ran")
    assert run.returncode == 1
    assert "no iptables here" in run.stderr
    assert "ran" not in run.stdout


def test_a_client_that_the_engine_does_not_take_is_shown_its_own_words(machine: Machine) -> None:
    machine.has("docker", "echo 'client version 1.52 is too new' >&2; exit 1")
    machine.has("dockerd", "exec tail -f /dev/null")
    machine.has("sleep")
    run = machine.run("docker_engine.sh", "true")
    assert run.returncode == 1
    assert "client version 1.52 is too new" in run.stderr


@pytest.mark.parametrize(
    ("lacking", "why"),
    [
        (lambda machine: machine.has("id", "echo 1000"), "only root"),
        (lambda machine: (machine.root / "bin/dockerd").unlink(), "apt-get install docker.io"),
    ],
)
def test_an_engine_that_cannot_be_started_is_told(
    machine: Machine, lacking: Callable[[Machine], None], why: str
) -> None:
    machine.has("docker", "exit 1")
    machine.has("dockerd", "exit 9")
    lacking(machine)
    run = machine.run("docker_engine.sh", "true")
    assert run.returncode == 1
    assert why in run.stderr
    assert "dockerd \n" not in machine.calls


def test_without_a_command_it_says_how_it_is_called(machine: Machine) -> None:
    run = machine.run("docker_engine.sh")
    assert run.returncode == 1
    assert "make test-docker" in run.stderr
