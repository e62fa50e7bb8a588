"""`sam local` over the build in `.aws-sam/host`: one function with one event, or the HTTP API."""

import json
import platform
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from campaigns_cli.language import t
from local.process import (
    ROOT,
    Command,
    StartError,
    end,
    free_port,
    listens,
    spawn,
    tail,
    wait_until,
)
from local.sam.containers import (
    DESKTOP_HOST,
    as_seen_from,
    docker_environment,
    host_address,
    loopback_ports,
)
from local.sam.relay import relayed
from local.template import read_document

PYTHON = ROOT / "tools" / "sam" / ".venv" / "bin" / "python"
BUILD = ROOT / ".aws-sam" / "host"

# With keys that open nothing, SAM would otherwise wait for the account's number.
_NO_ACCOUNT = {
    "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9",
    "AWS_MAX_ATTEMPTS": "1",
    "SAM_CLI_TELEMETRY": "0",
}
# A function's own limit is at most 300 s.
_INVOKE_SECONDS = 400.0
_START_SECONDS = 60.0
# It removes its containers.
_STOP_SECONDS = 20.0


class InvocationError(Exception):
    """A function raised, ran out of time or could not be run; the text shows what is known."""


@dataclass(frozen=True, slots=True)
class SamLocal:
    """The built functions over the servers of a local stack; `sam_local` makes it.

    `host` is where the containers find those servers; `folder` keeps logs and variables.
    """

    host: str
    folder: Path
    arguments: tuple[str, ...]

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """What the function of that logical id returned; raises `InvocationError`."""
        log = self.folder / f"{function}.log"
        with log.open("ab") as errors:
            run = subprocess.run(  # noqa: S603 - our own words
                [PYTHON, "-m", "samcli", "local", "invoke", function, *self.arguments, "-e", "-"],
                env=_environment(self.folder),
                cwd=self.folder,
                input=json.dumps(event).encode(),
                stdout=subprocess.PIPE,
                stderr=errors,
                timeout=_INVOKE_SECONDS,
                check=False,
            )
        return _answer(function, run, log)

    @contextmanager
    def api(self, port: int = 0) -> Iterator[str]:
        """The HTTP API on a loopback port (0: a free one) until the end; gives its URL.

        Its containers stay from request to request. Raises `StartError`.
        """
        port = port or free_port()
        command = Command(
            "sam local start-api",
            (
                *("samcli", "local", "start-api", *self.arguments),
                *("--host", "127.0.0.1", "--port", str(port), "--warm-containers", "LAZY"),
            ),
            self.folder / "start-api.log",
            _environment(self.folder),
            str(PYTHON),
            self.folder,
        )
        process = spawn(command)
        try:
            wait_until(lambda: listens(process, port), process, command, _START_SECONDS)
            yield f"http://127.0.0.1:{port}"
        finally:
            end([process], signal.SIGTERM, _STOP_SECONDS)


@contextmanager
def sam_local(environment: Mapping[str, str], folder: Path) -> Iterator[SamLocal]:
    """The built functions with the variables that a local stack's functions have.

    Raises `DockerError`, and `StartError` where nothing was built.
    """
    template = BUILD / "template.yaml"
    if not template.is_file():
        missing = t("falta: rode make build-host", "is missing: run make build-host")
        raise StartError(f"{template} {missing}")
    folder.mkdir(parents=True, exist_ok=True)
    architecture = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    host = host_address()
    inside = as_seen_from(host, environment)
    variables = folder / "variables.json"
    variables.write_text(json.dumps({"Parameters": inside}, indent=2), encoding="utf-8")
    endpoints = {name: inside[name] for name in inside if name.startswith("AWS_ENDPOINT_URL")}
    own_template = folder / "template.yaml"
    own_template.write_text(declaring(endpoints, template), encoding="utf-8")
    with ExitStack() as ends:
        if host != DESKTOP_HOST:
            ends.enter_context(relayed(host, loopback_ports(environment)))
        yield SamLocal(
            host,
            folder,
            (
                *("--template", str(own_template)),
                *("--parameter-overrides", f"Architecture={architecture}"),
                *("--env-vars", str(variables)),
                "--skip-pull-image",
            ),
        )


def declaring(variables: Mapping[str, str], template: Path) -> str:
    """The text of a built template, whose functions declare these variables too.

    SAM gives a function no variable that its template does not declare, and the deployed one does
    not speak of endpoints. What was built is named by its whole path: the text lies anywhere.
    """
    document = read_document(template.read_text(encoding="utf-8"))
    document["Globals"]["Function"]["Environment"]["Variables"] |= variables
    for resource in document["Resources"].values():
        properties = resource.get("Properties", {})
        for built in properties.keys() & {"CodeUri", "ContentUri"}:
            properties[built] = str(template.parent / properties[built])
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _environment(folder: Path) -> dict[str, str]:
    """Of SAM, whose locks lie in the run's folder: the next run would wait minutes for one left."""
    return docker_environment(_NO_ACCOUNT | {"TMPDIR": str(folder)})


def _answer(function: str, run: subprocess.CompletedProcess[bytes], log: Path) -> Any:
    """SAM itself succeeds where the function fails: what it printed tells."""
    try:
        answer = json.loads(run.stdout)
    except ValueError:
        answer = None
    if run.returncode == 0 and answer is not None and "errorType" not in answer:
        return answer
    said = run.stdout.decode(errors="replace").strip() or f"status {run.returncode}"
    raise InvocationError(f"{function}: {said}\n{tail(log)}")
