"""The fake Evolution as the local stack sees it: started, asked, and given an instance."""

import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

import httpx
import psutil

from local.kept import KeptProcess
from local.process import Command
from local.web import listener_url

#: Makes and opens every instance of the fake, which only this machine can reach.
GLOBAL_KEY = "fake-global-key"

_TIMEOUT_SECONDS = 5.0


def fake_evolution(
    listener: socket.socket,
    state_dir: Path,
    log_dir: Path,
    environment: Mapping[str, str] | None = None,
) -> KeptProcess:
    """The process of the fake, which keeps its phones in a file of its own.

    The stack holds the listening socket, so that nobody takes the port before the fake has it, nor
    while it is started again.
    """
    arguments = (
        "local.fake_evolution",
        "--socket-fd",
        str(listener.fileno()),
        "--state-file",
        str(state_dir / "evolution.json"),
        "--global-key",
        GLOBAL_KEY,
    )
    log = log_dir / "fake-evolution.log"
    command = Command("fake-evolution", arguments, log, environment or {})
    url = listener_url(listener)
    return KeptProcess(command, lambda: _answers(url), [listener.fileno()])


def put_instance(url: str, name: str, api_key: str) -> None:
    """The fake has a connected instance of this name and key."""
    answer = httpx.put(
        f"{url}/_fake/instances/{name}",
        json={"api_key": api_key},
        timeout=_TIMEOUT_SECONDS,
        trust_env=False,
    )
    answer.raise_for_status()


def waiting_process(url: str, pids: Iterable[int]) -> int | None:
    """One of these processes that waits for the fake's answer to a send."""
    answer = httpx.get(
        f"{url}/_fake/requests",
        params={"outcome": "in_flight"},
        timeout=_TIMEOUT_SECONDS,
        trust_env=False,
    )
    ports = {request["client_port"] for request in answer.raise_for_status().json()["requests"]}
    return next((pid for pid in pids if not ports.isdisjoint(_local_ports(pid))), None)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=_TIMEOUT_SECONDS, trust_env=False).is_success
    except httpx.TransportError:
        return False


def _local_ports(pid: int) -> set[int]:
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:
        return set()
    return {
        connection.laddr.port
        for connection in connections
        if connection.status == psutil.CONN_ESTABLISHED
    }
