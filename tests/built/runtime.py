"""A built function on AWS's own runtime client, under the runtime emulator of the SAM CLI.

The function's process sees its own folder, the layer, awslambdaric and the standard library, and
nothing of this repository or of any environment. After its start and after each call it reports
which modules it has loaded and what it has used.
"""

import json
import platform
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import httpx

from local.config import functions
from local.pool import Function, worker_command
from local.process import ROOT, Command, end, free_port, spawn, tail, wait_until
from local.template import Template

FUNCTIONS = {
    "api": "ApiFunction",
    "scheduler": "SchedulerFunction",
    "dispatcher": "DispatcherFunction",
}

_PACKAGES = Path("lib/python3.13/site-packages")
_EMULATORS = ROOT / "tools/sam/.venv" / _PACKAGES / "samcli/local/rapid"
_LAMBDA = ROOT / "tools/lambda/.venv"
#: The folder of awslambdaric, which is `/var/runtime` on AWS.
RUNTIME = _LAMBDA / _PACKAGES
_BOOTSTRAP = Path(__file__).with_name("lambda_bootstrap.py")
_INVOKE = "/2015-03-31/functions/function/invocations"
# As where the system has no time zones: those of the layer have to do.
_ENVIRONMENT = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO", "PYTHONTZPATH": ""}
_START_SECONDS = 15.0
_STOP_SECONDS = 10.0
_PATIENCE_SECONDS = 90.0
_POLL_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Report:
    """A function's process as it waits for its next call.

    `modules` are those beyond the runtime's own, each with its file, or with the folders of a
    namespace package; one that is built in has neither.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_kilobytes: int
    standard_library: str
    modules: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call ended with: what the handler returned, or Lambda's error object."""

    value: Any
    failed: bool


class BuiltFunction:
    """One execution environment; as on Lambda its first call starts the function's process."""

    def __init__(self, function: Function, folder: Path) -> None:
        self.function = function
        self._folder = folder
        self._reports = folder / f"{function.name}.reports"
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._calls = 0

    def __enter__(self) -> Self:
        self._port = free_port()
        command = self._command(free_port())
        self._process = spawn(command)
        try:
            wait_until(lambda: _accepts(self._port), self._process, command, _START_SECONDS)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the emulator and the function's process."""
        if self._process is not None:
            end([self._process], signal.SIGTERM, _STOP_SECONDS)

    def invoke(self, event: object) -> Answer:
        """The answer to an event (bytes are sent as they are); one call at a time.

        Raises `RuntimeError` where there is none, as after the function's timeout.
        """
        payload = event if isinstance(event, bytes) else json.dumps(event).encode()
        answer = httpx.post(
            f"http://127.0.0.1:{self._port}{_INVOKE}",
            content=payload,
            timeout=_PATIENCE_SECONDS,
            trust_env=False,
        )
        try:
            value = answer.json()
        except ValueError:
            raise RuntimeError(f"{self.function.name}: {answer.text}\n{self.log()}") from None
        # An error status says that the function's process has ended.
        self._calls += answer.is_success
        failed = answer.is_error or (isinstance(value, dict) and "errorType" in value)
        return Answer(value, failed)

    def reports(self) -> list[Report]:
        """One of its start and one of each call that it has answered."""
        deadline = time.monotonic() + _START_SECONDS
        while len(lines := self._lines()) < self._calls + 1:
            # An answer is out before its process waits for the next call.
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.function.name} does not report: {self.log()}")
            time.sleep(_POLL_SECONDS)
        return [Report(**json.loads(line)) for line in lines]

    def log(self) -> str:
        """The end of what the emulator and the function have written."""
        return tail(self._folder / f"{self.function.name}-1.log")

    def _lines(self) -> list[str]:
        if not self._reports.exists():
            return []
        return self._reports.read_text(encoding="utf-8").splitlines()

    def _command(self, runtime_port: int) -> Command:
        function = self.function
        command = worker_command(function, 1, self._folder)
        arguments = (
            *("tests.built.emulator", str(emulator()), "--log-level", "error"),
            *("--runtime-interface-emulator-address", f"127.0.0.1:{self._port}"),
            *("--runtime-api-address", f"127.0.0.1:{runtime_port}"),
            *(str(_LAMBDA / "bin" / "python"), "-I", "-S", "-B", str(_BOOTSTRAP)),
            *(str(function.code_dir), str(function.layer_dir), str(RUNTIME)),
            *(str(self._reports), function.handler),
        )
        timeout = {"AWS_LAMBDA_FUNCTION_TIMEOUT": str(round(function.timeout_seconds))}
        environment = {**command.environment, **_ENVIRONMENT, **timeout}
        return replace(command, arguments=arguments, environment=environment)


def built_functions(
    build: Path, template: Template, endpoints: Mapping[str, str]
) -> dict[str, Function]:
    """The functions of a build by the name of their folder, with what its template gives them.

    `template` is the build's own and knows its table, queue and key. `endpoints` come on top.
    """
    found = functions(template, {}, endpoints)
    return {name: _at(build, found[logical_id]) for name, logical_id in FUNCTIONS.items()}


def emulator() -> Path:
    """The program that stands for Lambda; raises `RuntimeError` where there is none for us."""
    processor = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    program = _EMULATORS / f"aws-lambda-rie-{processor}"
    if platform.system() != "Linux" or not program.is_file():
        raise RuntimeError(f"{program} is missing, or no program of this system. Run: make sync")
    return program


def _at(build: Path, function: Function) -> Function:
    """Its folders lie in the build: the paths of a built template are from there."""
    code, layer = (each.relative_to(ROOT) for each in (function.code_dir, function.layer_dir))
    return replace(function, code_dir=build / code, layer_dir=build / layer / "python")


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
