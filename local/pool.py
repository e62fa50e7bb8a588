"""The workers of one function: each handles one event at a time and is replaced when it dies.

An event whose worker dies or runs out of time ends with Lambda's error object for that; whether it
comes again is up to who sent it.
"""

import http.client
import json
import os
import signal
import subprocess
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from local.process import (
    ACCOUNT_ID,
    REGION,
    Command,
    StartError,
    end,
    ended,
    not_ready,
    reap,
    spawn,
    start_failure,
)
from local.worker import DEADLINE, FUNCTION_ARN, FUNCTION_ERROR, REQUEST_ID

_FIRST_BACKOFF_SECONDS = 0.5
_LONGEST_BACKOFF_SECONDS = 8.0
# An answer that is on its way when the time runs out should not be lost by milliseconds.
_TIMEOUT_MARGIN_SECONDS = 0.1


class BusyError(Exception):
    """No worker became free in time: Lambda would throttle."""


@dataclass(frozen=True, slots=True)
class Function:
    """What a deployed function is: code, handler (``module.function``), limits, environment."""

    name: str
    handler: str
    code_dir: Path
    layer_dir: Path
    timeout_seconds: float
    memory_megabytes: int
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The JSON that an invocation ended with, and whether it is an error object."""

    payload: bytes
    failed: bool = False


@dataclass(slots=True, eq=False)
class _Worker:
    """One process, from its being ready to its end."""

    process: subprocess.Popen[bytes]
    port: int


class Pool:
    """`size` workers of one function, each kept alive by a thread of its own."""

    def __init__(self, function: Function, size: int, log_dir: Path) -> None:
        self.function = function
        self.starts = 0
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._free: deque[_Worker] = deque()
        self._busy: set[_Worker] = set()
        self._failure: StartError | None = None
        commands = [worker_command(function, number, log_dir) for number in range(1, size + 1)]
        self._keepers = [
            threading.Thread(target=self._keep, args=(command,), name=command.name)
            for command in commands
        ]

    def start(self) -> None:
        """Starts every worker and returns at once."""
        for keeper in self._keepers:
            keeper.start()

    def wait_ready(self, seconds: float) -> None:
        """Returns when a worker is free; raises `StartError` when one died at its start."""
        with self._changed:
            self._changed.wait_for(lambda: self._free or self._failure, seconds)
            if self._failure is not None:
                raise self._failure
            if not self._free:
                raise StartError(f"{self.function.name} {not_ready(seconds)}")

    def stop(self, drain_seconds: float = 0.0) -> None:
        """Takes no more events, lets those in hand end for `drain_seconds`, ends the processes."""
        with self._changed:
            self._stopping.set()
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._busy, drain_seconds)
            processes = list(self._processes.values())
        end(processes, signal.SIGTERM, 1.0)
        for keeper in self._keepers:
            if keeper.ident is not None:
                keeper.join()

    def invoke(self, event: bytes, wait_seconds: float | None = None) -> Outcome:
        """Runs one event and gives its outcome; raises `BusyError` when none is free in time."""
        request_id = str(uuid.uuid4())
        while True:
            worker = self._acquire(wait_seconds)
            try:
                return self._run(worker, event, request_id)
            except ConnectionRefusedError:
                # It was dead before the event reached it: the next one takes it.
                continue
            finally:
                self._release(worker)

    def wait_free(self, seconds: float) -> bool:
        """Whether a worker is free, or becomes so within `seconds`."""
        with self._changed:
            return bool(self._changed.wait_for(lambda: self._free, seconds))

    def busy_processes(self) -> list[subprocess.Popen[bytes]]:
        """The processes with an event in hand."""
        with self._changed:
            return [worker.process for worker in self._busy]

    def status(self) -> dict[str, object]:
        """Numbers for a person who looks."""
        with self._changed:
            living = [p.pid for p in self._processes.values() if p.returncode is None]
            return {"pids": living, "busy": len(self._busy), "starts": self.starts}

    def _acquire(self, wait_seconds: float | None) -> _Worker:
        with self._changed:
            self._changed.wait_for(lambda: self._free or self._stopping.is_set(), wait_seconds)
            if self._stopping.is_set() or not self._free:
                raise BusyError(f"no worker of {self.function.name} is free")
            worker = self._free.popleft()
            self._busy.add(worker)
            return worker

    def _release(self, worker: _Worker) -> None:
        with self._changed:
            self._busy.remove(worker)
            if worker.process.returncode is None:
                self._free.append(worker)
            self._changed.notify_all()

    def _run(self, worker: _Worker, event: bytes, request_id: str) -> Outcome:
        seconds = self.function.timeout_seconds
        headers = {
            REQUEST_ID: request_id,
            DEADLINE: str(int((time.time() + seconds) * 1000)),
            FUNCTION_ARN: f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{self.function.name}",
        }
        connection = http.client.HTTPConnection(
            "127.0.0.1", worker.port, timeout=seconds + _TIMEOUT_MARGIN_SECONDS
        )
        try:
            connection.request("POST", "/", event, headers)
            response = connection.getresponse()
            return Outcome(response.read(), response.getheader(FUNCTION_ERROR) is not None)
        except TimeoutError:
            worker.process.kill()
            worker.process.wait()
            return _error(
                "Sandbox.Timedout", request_id, f"Task timed out after {seconds:.2f} seconds"
            )
        except ConnectionRefusedError:
            worker.process.wait()
            raise
        except (ConnectionError, http.client.HTTPException):
            # Its socket ends a moment before the process does.
            worker.process.wait()
            status = worker.process.returncode
            return _error(
                "Runtime.ExitError", request_id, f"Runtime exited with error: exit status {status}"
            )
        finally:
            connection.close()

    def _keep(self, command: Command) -> None:
        """Starts the worker again whenever it ends: at once, or after a while if it never ran."""
        backoff = _FIRST_BACKOFF_SECONDS
        while (launched := self._launch(command)) is not None:
            process, port = launched
            if port is not None:
                backoff = _FIRST_BACKOFF_SECONDS
                self._serve(_Worker(process, port))
                continue
            reap(process)
            self._fail(start_failure(command, ended(process.returncode)))
            self._stopping.wait(backoff)
            backoff = min(backoff * 2, _LONGEST_BACKOFF_SECONDS)

    def _launch(self, command: Command) -> tuple[subprocess.Popen[bytes], int | None] | None:
        """Starts a process and waits for its port: None when it ended without one."""
        reading, writing = os.pipe()
        with os.fdopen(reading) as ready:
            try:
                with self._changed:
                    if self._stopping.is_set():
                        return None
                    arguments = (*command.arguments, "--ready-fd", str(writing))
                    process = spawn(replace(command, arguments=arguments), pass_fds=[writing])
                    self._processes[command.name] = process
                    self.starts += 1
            finally:
                os.close(writing)
            line = ready.readline()
        return process, int(line) if line else None

    def _serve(self, worker: _Worker) -> None:
        """The worker takes events until its process ends."""
        with self._changed:
            self._failure = None
            self._free.append(worker)
            self._changed.notify_all()
        reap(worker.process)
        with self._changed:
            if worker in self._free:
                self._free.remove(worker)

    def _fail(self, failure: StartError) -> None:
        with self._changed:
            self._failure = failure
            self._changed.notify_all()


def worker_command(function: Function, number: int, log_dir: Path) -> Command:
    """How a worker of the function is started, in the environment that Lambda would give it."""
    name = f"{function.name}-{number}"
    log = log_dir / f"{name}.log"
    arguments = {
        "--code-dir": str(function.code_dir),
        "--layer-dir": str(function.layer_dir),
        "--handler": function.handler,
        "--log": str(log),
    }
    environment = {
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_megabytes),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": name,
        "LAMBDA_TASK_ROOT": str(function.code_dir),
        "TZ": ":UTC",
        "_HANDLER": function.handler,
        **function.environment,
    }
    flags = [part for argument in arguments.items() for part in argument]
    return Command(name, ("local.worker", *flags), log, environment)


def _error(kind: str, request_id: str, what: str) -> Outcome:
    message = f"RequestId: {request_id} Error: {what}"
    return Outcome(json.dumps({"errorType": kind, "errorMessage": message}).encode(), failed=True)
