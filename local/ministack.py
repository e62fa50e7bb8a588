"""DynamoDB, SQS and KMS of the local stack and the tests: ministack in an environment of its own.

Its state outlives a restart when it is stopped with TERM, and only then.
"""

import contextlib
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from campaigns_cli.language import t
from local.process import (
    REGION,
    ROOT,
    Command,
    StartError,
    end,
    free_port,
    listens,
    spawn,
    start_failure,
    wait_until,
)

PYTHON = ROOT / "tools" / "ministack" / ".venv" / "bin" / "python"
_START_SECONDS = 30
# Saving a large state takes time, and a KILL then loses everything since the last stop.
_STOP_SECONDS = 60
_PORT_ATTEMPTS = 3


class Ministack:
    """One emulator process; `state_dir` keeps its data across restarts, None forgets it."""

    def __init__(self, *, log: Path, state_dir: Path | None = None, port: int = 0) -> None:
        self._log = log
        self._state_dir = state_dir
        self._wanted_port = port
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None
        self._changing = threading.Lock()

    @property
    def url(self) -> str:
        """The endpoint for every AWS client."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def command(self) -> Command:
        """How the emulator is started on the current port."""
        scratch = self._log.parent
        scratch.mkdir(parents=True, exist_ok=True)
        environment = {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "TMPDIR": str(scratch),
        }
        if self._state_dir is not None:
            environment |= {"PERSIST_STATE": "1", "STATE_DIR": str(self._state_dir)}
        return Command(
            "ministack", ("ministack",), self._log, environment, str(PYTHON), directory=scratch
        )

    def start(self) -> None:
        """Returns when the emulator answers; raises `StartError` when it does not."""
        if not PYTHON.exists():
            command = "`uv sync --project tools/ministack`"
            raise StartError(
                t(f"Falta {PYTHON}: rode {command}", f"{PYTHON} is missing: run {command}")
            )
        for attempt in range(_PORT_ATTEMPTS):
            self.port = self._wanted_port or free_port()
            self.process = spawn(self.command)
            try:
                wait_until(self._is_ready, self.process, self.command, _START_SECONDS)
                return
            except StartError:
                # Somebody else may have taken the free port in between.
                end([self.process], signal.SIGKILL, 0)
                if self._wanted_port or attempt == _PORT_ATTEMPTS - 1:
                    raise
        raise start_failure(self.command, t("não achou porta livre", "found no free port"))

    def stop(self) -> None:
        """Ends the emulator, which writes its state first."""
        with self._changing:
            self._end()

    def restart(self, away_seconds: float = 0.0) -> None:
        """Ends it and starts it again on the same port, with its state; raises `StartError`.

        In between nobody answers there, for `away_seconds` or longer. What is not running stays so.
        """
        with self._changing:
            if self.process is None or self.process.poll() is not None:
                raise StartError(t("o ministack não está rodando", "ministack does not run"))
            self._wanted_port = self.port
            self._end()
            time.sleep(away_seconds)
            self.start()

    def wait(self, seconds: float) -> bool:
        """Sleeps; false when it does not run, and no restart is on its way."""
        process = self.process
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
        with self._changing:
            return self.process is not None and self.process.poll() is None

    def _end(self) -> None:
        if self.process is not None:
            end([self.process], signal.SIGTERM, _STOP_SECONDS)

    def _is_ready(self) -> bool:
        # Another emulator on this port would answer too.
        if self.process is None or not listens(self.process, self.port):
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/ready", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@contextlib.contextmanager
def running_ministack() -> Iterator[str]:
    """An emulator that forgets everything at the end; gives its URL."""
    with tempfile.TemporaryDirectory(prefix="ministack-") as folder:
        emulator = Ministack(log=Path(folder, "ministack.log"))
        emulator.start()
        try:
            yield emulator.url
        finally:
            if emulator.process is not None:
                # Nothing to save: no reason to wait for its long polls.
                end([emulator.process], signal.SIGKILL, 5)
