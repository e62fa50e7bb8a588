"""The fake over HTTP, on 127.0.0.1.

Werkzeug's threaded server and not waitress: a thread per request, so that any number of sends may
block at once, and an application that raises a ConnectionError ends the connection without an
answer, which is what a lost answer is. Waitress answers such a request with a 500.
"""

from __future__ import annotations

import queue
import signal
import socket
import ssl
import struct
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from local.fake_evolution.app import FakeEvolutionApp
from local.fake_evolution.core import FakeEvolution
from local.fake_evolution.state import StateFile
from local.fake_evolution.waiting import AnswerLost
from local.fake_evolution.webhooks import Post

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_HOST = "127.0.0.1"
_TICK_SECONDS = 0.25
_TICKS_PER_SAVE = 8
_WEBHOOK_TIMEOUT_SECONDS = 30.0
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class _Handler(WSGIRequestHandler):
    """Drops the connection of a lost answer, and logs nothing: paths and bodies name people."""

    def connection_dropped(
        self,
        error: BaseException,
        environ: WSGIEnvironment | None = None,  # noqa: ARG002 - werkzeug's signature
    ) -> None:
        self.close_connection = True
        if isinstance(error, AnswerLost) and error.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keep still."""


class FakeEvolutionServer(ThreadedWSGIServer):
    """Port 0 takes a free one; `port` tells which. A listening socket's `fd` goes before it."""

    def __init__(self, fake: FakeEvolution, port: int, fd: int | None = None) -> None:
        super().__init__(_HOST, port, FakeEvolutionApp(fake), _Handler, fd=fd)

    def shutdown_request(self, request: Any) -> None:
        """A connection that is to be reset is not shut down first, which would end it in order."""
        linger = request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_RESET_ON_CLOSE))
        if linger == _RESET_ON_CLOSE:
            self.close_request(request)
        else:
            super().shutdown_request(request)


class HttpDeliver:
    """Posts webhooks over HTTP, and over TLS to whom this machine trusts (SSL_CERT_FILE)."""

    def __init__(self) -> None:
        self._client = httpx.Client(
            timeout=_WEBHOOK_TIMEOUT_SECONDS, trust_env=False, verify=ssl.create_default_context()
        )

    def __call__(self, post: Post) -> int | None:
        try:
            return self._client.post(post.url, json=post.body, headers=post.headers).status_code
        except httpx.HTTPError:
            return None

    def close(self) -> None:
        self._client.close()


def serve(server: FakeEvolutionServer, fake: FakeEvolution, state_path: Path | None) -> None:
    """Serve until TERM or Ctrl-C, which end it at once, whatever is being held or blocked.

    Requests are accepted beside this thread: a signal's handler runs in this one, and what it
    raised would come up in the middle of an accept, or be lost there.
    """
    state_file = StateFile(state_path, fake) if state_path else None
    if state_file:
        state_file.load()
    # Its put is the one that may be called by a handler, whatever the interrupted code holds.
    asked_to_end: queue.SimpleQueue[int] = queue.SimpleQueue()
    for signal_number in _ENDING_SIGNALS:
        signal.signal(signal_number, lambda number, _: asked_to_end.put(number))
    stopping = threading.Event()
    ticker = threading.Thread(target=_tick, args=(fake, state_file, stopping), daemon=True)
    ticker.start()
    threading.Thread(target=server.serve_forever, name="accept", daemon=True).start()
    asked_to_end.get()
    server.shutdown()
    stopping.set()
    if state_file:
        state_file.save_if_changed()


def _tick(fake: FakeEvolution, state_file: StateFile | None, stopping: threading.Event) -> None:
    ticks = 0
    while not stopping.wait(_TICK_SECONDS):
        ticks += 1
        fake.run_due()
        if state_file and ticks % _TICKS_PER_SAVE == 0:
            state_file.save_if_changed()
