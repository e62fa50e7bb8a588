"""Every process of the local stack has a session, a log and an environment of its own.

None of them sees the user's AWS keys, profiles or proxies: what a process gets is named here.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from campaigns_cli.language import t

ROOT = Path(__file__).resolve().parent.parent
REGION = "us-east-1"
ACCOUNT_ID = "000000000000"

_GUARD = Path(__file__).with_name("guard.py")
#: The last two are for who watches the workers: see `local.worker.WATCHERS`.
_INHERITED = (
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_MESSAGES",
    "PATH",
    "TMPDIR",
    "RECORDED_CALLS",
    "WORKER_WATCHERS",
)
_LOG_LIMIT_BYTES = 2_000_000
_LOG_KEPT_BYTES = 200_000
_POLL_SECONDS = 0.02


class StartError(Exception):
    """A part of the stack did not start; the text says which one and shows the end of its log."""


@dataclass(frozen=True, slots=True)
class Command:
    """How one process is started; ``arguments`` begin with the module that Python runs."""

    name: str
    arguments: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    python: str = sys.executable
    directory: Path = ROOT


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """A child sees what it needs of the user's environment and nothing of the user's AWS set-up."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {
        **inherited,
        "PYTHONUNBUFFERED": "1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **extra,
    }


def spawn(command: Command, pass_fds: Iterable[int] = ()) -> subprocess.Popen[bytes]:
    """Starts the command in a session of its own, so that Ctrl-C reaches the stack alone."""
    command.log.parent.mkdir(parents=True, exist_ok=True)
    with command.log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own modules
            [command.python, str(_GUARD), *command.arguments],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=clean_environment(command.environment),
            cwd=command.directory,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )


def end(processes: Iterable[subprocess.Popen[bytes]], sig: signal.Signals, seconds: float) -> None:
    """Signals all of them at once, waits `seconds` at most, and kills what is left."""
    processes = list(processes)
    living = [process for process in processes if process.poll() is None]
    for process in living:
        process.send_signal(sig)
    deadline = time.monotonic() + seconds
    for process in living:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
    for process in processes:
        reap(process)


def reap(process: subprocess.Popen[bytes]) -> None:
    """Waits for the process to end and lets go of its pipe."""
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], command: Command, seconds: float
) -> None:
    """Polls `ready`; a process that ends first, or takes longer, raises `StartError`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise start_failure(command, ended(process.returncode))
        if time.monotonic() > deadline:
            raise start_failure(command, not_ready(seconds))
        time.sleep(_POLL_SECONDS)


def start_failure(command: Command, what: str) -> StartError:
    """The error of a process that did not start, with the end of its log."""
    end_of = t("o fim de", "the end of")
    return StartError(f"{command.name} {what}; {end_of} {command.log}:\n{tail(command.log)}")


def ended(status: int) -> str:
    """What a process did that ended before it was ready."""
    return t(f"terminou com status {status}", f"ended with status {status}")


def not_ready(seconds: float) -> str:
    """What a process did that took too long."""
    return t(f"não ficou pronto em {seconds:g} s", f"was not ready within {seconds:g} s")


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log, for an error message."""
    with contextlib.suppress(FileNotFoundError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return ""


def trim(log: Path) -> None:
    """A log that has outgrown its limit keeps its end; done before a start, never while running."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > _LOG_LIMIT_BYTES:
            log.write_bytes(log.read_bytes()[-_LOG_KEPT_BYTES:])


def listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether this very process, and no other that was faster, listens on the port."""
    try:
        connections = psutil.Process(process.pid).net_connections("tcp")
    except psutil.Error:
        return False
    return any(
        connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        for connection in connections
    )


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
