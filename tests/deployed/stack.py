"""A build, deployed by the real `sam deploy` into an emulator of AWS of its own.

The emulator enforces IAM: every function works with what its role in the template allows, and no
more. What it understands otherwise than AWS is told in `emulated_template`.
"""

import platform
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import yaml

from local.ministack import Ministack
from local.process import ROOT, Command, clean_environment, end
from local.resources import client
from tests.built.artefact import host_build
from tests.deployed.emulated import emulated_template

SAM = ROOT / "tools" / "sam" / ".venv" / "bin" / "sam"
STACK_NAME = "alrea-campaigns"
ARCHITECTURE = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"

_DEPLOY_SECONDS = 240


class DeployError(Exception):
    """`sam deploy` ended with an error; the text is what it printed."""


class _EnforcingMinistack(Ministack):
    """An emulator that holds every call against the policies of who makes it.

    Who has the keys of `clean_environment` is root; a function has its role.
    """

    @property
    def command(self) -> Command:
        command = super().command
        return replace(command, environment={**command.environment, "AUTH": "true"})


@dataclass(slots=True)
class Deployment:
    """One stack in one emulator; `outputs` and `template` are those of the last good deploy.

    `environment` is that of a shell in which AWS is the emulator: for `sam`, `campaigns` and all
    else that a user would run.
    """

    endpoint: str
    folder: Path
    build: Path
    stack_name: str = STACK_NAME
    outputs: dict[str, str] = field(default_factory=dict)
    template: dict[str, Any] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return clean_environment({"AWS_ENDPOINT_URL": self.endpoint, "SAM_CLI_TELEMETRY": "0"})

    @property
    def api_url(self) -> str:
        """The deployed HTTP API, by the path at which the emulator serves it."""
        return f"{self.endpoint}/_aws/execute-api/{self.api_id}/$default"

    @property
    def api_id(self) -> str:
        host = urlsplit(self.outputs["ApiUrl"]).hostname or ""
        return host.partition(".")[0]

    def deploy(
        self, overrides: Mapping[str, str] | None = None, *, build: Path | None = None
    ) -> float:
        """Creates or updates the stack, and gives the seconds it took; raises `DeployError`.

        Parameters that `overrides` does not name keep their values. `build` is the deployment's
        own where none is given.
        """
        text, file = emulated_template(build or self.build), self.folder / "template.yaml"
        file.write_text(text, encoding="utf-8")
        values = {"Architecture": ARCHITECTURE, **(overrides or {})}
        began = time.monotonic()
        done = self.sam(
            "deploy",
            "--no-confirm-changeset",
            *("--stack-name", self.stack_name),
            *("--template-file", str(file)),
            *("--parameter-overrides", *(f"{name}={value}" for name, value in values.items())),
        )
        seconds = time.monotonic() - began
        if done.returncode != 0:
            raise DeployError(done.stdout + done.stderr)
        outputs = self.stack()["Outputs"]
        self.outputs = {one["OutputKey"]: one["OutputValue"] for one in outputs}
        self.template = yaml.safe_load(text)
        return seconds

    def sam(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs SAM against the emulator, with the project's own samconfig.toml."""
        return subprocess.run(  # noqa: S603 - a tool of ours
            [str(SAM), *arguments, "--config-file", str(ROOT / "samconfig.toml")],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=_DEPLOY_SECONDS,
            check=False,
        )

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator, as root."""
        return client(service, self.endpoint)

    def logged(self, function: str, text: str = "") -> list[str]:
        """The lines of the `api`, `scheduler` or `dispatcher` that hold the text."""
        pages = self.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=f"/aws/lambda/{self.stack_name}-{function}")
        lines = [event["message"] for page in found for event in page["events"]]
        return [line for line in lines if text in line]

    def resources(self) -> dict[str, dict[str, Any]]:
        """What the stack is made of, as CloudFormation lists it, by logical id."""
        listed = self.client("cloudformation").describe_stack_resources(StackName=self.stack_name)
        return {one["LogicalResourceId"]: one for one in listed["StackResources"]}

    def events(self) -> list[tuple[str, str]]:
        """What happened to the stack's resources, oldest first: logical id and status."""
        pages = self.client("cloudformation").get_paginator("describe_stack_events")
        found = [
            one for page in pages.paginate(StackName=self.stack_name) for one in page["StackEvents"]
        ]
        return [(one["LogicalResourceId"], one["ResourceStatus"]) for one in reversed(found)]

    def stack(self) -> dict[str, Any]:
        """The stack as CloudFormation describes it."""
        described = self.client("cloudformation").describe_stacks(StackName=self.stack_name)
        stack: dict[str, Any] = described["Stacks"][0]
        return stack


@contextmanager
def undeployed(*, build: Path | None = None, stack_name: str = STACK_NAME) -> Iterator[Deployment]:
    """An empty account: an emulator of its own, and the deployment that is to come."""
    with tempfile.TemporaryDirectory(prefix="deployed-", ignore_cleanup_errors=True) as folder:
        emulator = _EnforcingMinistack(log=Path(folder, "emulator", "ministack.log"))
        emulator.start()
        try:
            yield Deployment(emulator.url, Path(folder), build or host_build(), stack_name)
        finally:
            if emulator.process is not None:
                _end_with_functions(emulator.process)


def _end_with_functions(process: subprocess.Popen[bytes]) -> None:
    """No function outlives its emulator, not even one that is in the middle of a call."""
    functions = psutil.Process(process.pid).children(recursive=True)
    end([process], signal.SIGKILL, 5)
    for function in functions:
        with suppress(psutil.NoSuchProcess):
            function.kill()
    psutil.wait_procs(functions, 5)
