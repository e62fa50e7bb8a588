"""A server process that is started again when it dies."""

import signal
import subprocess
import threading
from collections.abc import Callable, Sequence

from local.process import Command, end, reap, spawn, wait_until

_START_SECONDS = 15
_STOP_SECONDS = 2.0
_BACKOFF_SECONDS = 1.0


class KeptProcess:
    """One process; `is_ready` says whether it answers. It inherits the descriptors `pass_fds`."""

    def __init__(
        self, command: Command, is_ready: Callable[[], bool], pass_fds: Sequence[int] = ()
    ) -> None:
        self._command = command
        self._is_ready = is_ready
        self._pass_fds = pass_fds
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep, name=command.name, daemon=True)

    def start(self) -> None:
        """Returns when it answers; raises `StartError` when it does not."""
        process = self._launch()
        if process is not None:
            wait_until(self._is_ready, process, self._command, _START_SECONDS)
        self._keeper.start()

    def stop(self) -> None:
        """Ends it, giving it time to save."""
        with self._lock:
            self._stopping.set()
        if self._process is not None:
            end([self._process], signal.SIGTERM, _STOP_SECONDS)

    def _launch(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            self._process = spawn(self._command, self._pass_fds)
            return self._process

    def _keep(self) -> None:
        process = self._process
        while process is not None:
            reap(process)
            # Not at once: a port may still be held, and a start that always fails must not spin.
            self._stopping.wait(_BACKOFF_SECONDS)
            process = self._launch()
