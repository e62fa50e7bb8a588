"""Docker's engine, and where its containers find this machine."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping
from urllib.parse import urlsplit

import psutil

from campaigns_cli.language import t
from local.process import clean_environment

#: Docker Desktop's name for the machine: its containers are in a machine of their own.
DESKTOP_HOST = "host.docker.internal"

_LOOPBACK_URL = re.compile(r"http://(?:127\.0\.0\.1|localhost):(\d+)")
_TIMEOUT_SECONDS = 60.0


class DockerError(Exception):
    """Docker's engine does not answer or refused something; the text says what to do."""


def docker_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """A clean environment with the user's choice of an engine."""
    chosen = {name: value for name, value in os.environ.items() if name.startswith("DOCKER_")}
    return clean_environment({**chosen, **(extra or {})})


def docker(*words: str) -> str:
    """What a call of the docker command prints; raises `DockerError`."""
    program = shutil.which("docker")
    if program is None:
        raise DockerError(t("Falta o comando docker.", "The docker command is missing."))
    run = subprocess.run(  # noqa: S603 - our own words
        [program, *words],
        env=docker_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    if run.returncode != 0:
        raise DockerError(f"docker {words[0]}: {run.stderr.strip()}")
    return run.stdout.strip()


def host_address() -> str:
    """Where containers find this machine: its address on Docker's bridge, or Desktop's name."""
    bridge = docker(
        *("network", "inspect", "bridge"),
        *("--format", '{{ index .Options "com.docker.network.bridge.name" }}'),
    )
    addresses = psutil.net_if_addrs().get(bridge, [])
    return next((each.address for each in addresses if each.family is socket.AF_INET), DESKTOP_HOST)


def as_seen_from(host: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The same variables for a container: loopback is the machine's address there."""
    return {
        name: _LOOPBACK_URL.sub(lambda found: f"http://{host}:{found[1]}", value)
        for name, value in environment.items()
    }


def loopback_ports(environment: Mapping[str, str]) -> set[int]:
    """The ports of this machine that the variables speak of."""
    return {
        port
        for value in environment.values()
        if _LOOPBACK_URL.match(value) and (port := urlsplit(value).port)
    }
