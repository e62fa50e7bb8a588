"""Starts and ends: nothing is left behind, nothing is lost, one stack per folder and port."""

import fcntl
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from local.ministack import Ministack, running_ministack
from local.process import ROOT, StartError
from local.supervisor import WORKERS, Stack
from tests.e2e.conftest import TOY, Toy, eventually, toy_config

pytestmark = pytest.mark.stack

_PATIENCE_SECONDS = 20
# With the emulator and the fake.
PROCESSES = sum(WORKERS.values()) + 2
STAND_ALONE = """
import sys
from pathlib import Path
from local.supervisor import WORKERS, Stack
from tests.e2e.conftest import toy_config
stack = Stack(toy_config(Path(sys.argv[1])))
stack.start()
stack.start_events()
print("ready", flush=True)
sys.stdin.read()
"""


def children_of(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def run_local(
    state_dir: Path, locale: str = "pt_BR.UTF-8", **environment: str
) -> subprocess.CompletedProcess[str]:
    """`python -m local.run`, for starts that are refused."""
    return subprocess.run(
        [sys.executable, "-m", "local.run"],
        cwd=ROOT,
        env={**os.environ, "LC_ALL": locale, "STATE_DIR": str(state_dir), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_stop_leaves_no_process_and_the_next_start_finds_what_there_was(tmp_path: Path) -> None:
    stack = Stack(toy_config(tmp_path))
    try:
        stack.start()
        stack.start_events()
        toy = Toy(stack)
        toy.send("later", {"name": "early", "do": "put_back", "seconds": 600})
        eventually(lambda: toy.jobs("early"))
        children = children_of(os.getpid())
    finally:
        stack.stop()
    assert len(children) == PROCESSES
    assert not any(child.is_running() for child in children)

    stack = Stack(toy_config(tmp_path))
    try:
        stack.start()
        stack.start_events()
        toy = Toy(stack)
        toy.send("marker", {"name": "now", "do": "finish"})
        eventually(lambda: toy.jobs("now"))
        # The job is still put back: neither lost nor let out by the restart.
        assert len(toy.jobs("early")) == 1
    finally:
        stack.stop()


def test_a_killed_stack_takes_its_processes_along(tmp_path: Path) -> None:
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", STAND_ALONE, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        children = children_of(process.pid)
        process.kill()
    assert len(children) == PROCESSES
    _, left = psutil.wait_procs(children, timeout=_PATIENCE_SECONDS)
    assert left == []
    assert (tmp_path / "aws" / "dynamodb.json").exists()


def test_two_stacks_in_folders_of_their_own_do_not_meet(tmp_path: Path) -> None:
    stacks = [Stack(toy_config(tmp_path / name)) for name in ("one", "other")]
    try:
        for stack in stacks:
            stack.start()
            stack.start_events()
        one, other = (Toy(stack) for stack in stacks)
        one.send("group", {"name": "ours", "do": "finish"})
        other.send("group", {"name": "theirs", "do": "finish"})

        eventually(lambda: one.jobs("ours") and other.jobs("theirs"))
        assert not one.jobs("theirs")
        assert not other.jobs("ours")
    finally:
        for stack in stacks:
            stack.stop()


def test_a_second_start_in_the_same_folder_says_so(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = run_local(tmp_path)
        in_english = run_local(tmp_path, "en_US.UTF-8")

    assert refused.returncode == in_english.returncode == 2
    assert refused.stderr == (
        f"Já há uma pilha local em {tmp_path} (processo 4711): "
        "encerre-a, ou escolha outra pasta em STATE_DIR.\n"
    )
    assert in_english.stderr == (
        f"A local stack already runs in {tmp_path} (process 4711): "
        "stop it, or set STATE_DIR to another folder.\n"
    )


@pytest.mark.parametrize("variable", ["API_PORT", "EVOLUTION_PORT"])
def test_a_port_in_use_is_refused_with_its_variable(tmp_path: Path, variable: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ports = {"API_PORT": "0", "EVOLUTION_PORT": "0", variable: str(port)}
        refused = run_local(tmp_path, **ports)

    assert refused.returncode == 2
    assert refused.stderr == f"A porta {port} está ocupada: escolha outra em {variable}, ou 0.\n"


def test_a_setting_that_cannot_work_is_refused_in_a_sentence(tmp_path: Path) -> None:
    refused = run_local(tmp_path, FUNCTION_TIMEOUT_SECONDS="5")

    assert refused.returncode == 2
    assert refused.stderr.startswith("FUNCTION_TIMEOUT_SECONDS=5 é pouco")
    assert len(refused.stderr.splitlines()) == 1


def test_the_emulator_of_somebody_else_is_not_taken_for_ours(tmp_path: Path) -> None:
    with running_ministack() as url:
        ours = Ministack(log=tmp_path / "ministack.log", port=urlsplit(url).port or 0)
        with pytest.raises(StartError, match="ministack terminou"):
            ours.start()


def test_a_function_that_does_not_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    toy = (TOY / "template.yaml").read_text()
    template.write_text(toy.replace("toy_scheduler.handler", "toy_scheduler.nothing"))
    stack = Stack(replace(toy_config(tmp_path), template=template))
    try:
        with pytest.raises(StartError, match="has no attribute 'nothing'"):
            stack.start()
    finally:
        stack.stop()
