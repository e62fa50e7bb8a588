"""The fake beside the stack: which process waits for its answer, and what if it dies."""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import psutil
import pytest

from local.evolution import waiting_process
from tests.e2e.conftest import Toy, eventually

pytestmark = pytest.mark.stack


class HoldingServer(ThreadingHTTPServer):
    """Holds every POST until `release` is set, and lists those it holds as the fake does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.held: set[int] = set()
        self.holds = threading.Event()
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HoldingServer

    def do_POST(self) -> None:
        self.server.held.add(self.client_address[1])
        self.server.holds.set()
        self.server.release.wait(30)
        self.server.held.clear()
        self._answer({})

    def do_GET(self) -> None:
        self._answer({"requests": [{"client_port": port} for port in self.server.held]})

    def _answer(self, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep still."""


@pytest.fixture
def server() -> Iterator[HoldingServer]:
    with HoldingServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.release.set()
            server.shutdown()


def test_the_process_with_the_open_request_is_found_and_no_other(server: HoldingServer) -> None:
    with httpx.Client(base_url=server.url) as client:
        sending = threading.Thread(target=client.post, args=("/",))
        sending.start()
        assert server.holds.wait(30)

        assert waiting_process(server.url, [os.getppid(), os.getpid()]) == os.getpid()
        assert waiting_process(server.url, [os.getppid()]) is None

        server.release.set()
        sending.join()
        # Its connection is still there, and idle.
        assert waiting_process(server.url, [os.getpid()]) is None


def test_a_killed_fake_is_started_again_on_its_port(toy: Toy) -> None:
    def fakes() -> list[psutil.Process]:
        return [child for child in psutil.Process().children() if _is_fake(child)]

    (killed,) = fakes()
    killed.kill()

    # The stack still holds the port: a request waits for the next process to answer it.
    assert httpx.get(toy.stack.evolution_url, timeout=30).json()["version"]
    eventually(lambda: fakes() not in ([], [killed]))


def _is_fake(process: psutil.Process) -> bool:
    try:
        return "local.fake_evolution" in process.cmdline()
    except psutil.Error:
        return False
