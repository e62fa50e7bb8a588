"""A WSGI application on a loopback port, in a thread."""

import socket
import threading
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

# The gateway counts bodies itself; this only keeps memory from being filled.
_BODY_LIMIT_BYTES = 64 * 1024 * 1024


def listening_socket(port: int) -> socket.socket:
    """A listening loopback socket; OSError when the port is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def listener_url(listener: socket.socket) -> str:
    """The address of a socket that listens on loopback."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


class WebServer:
    """Serves `application` on a socket that is listening already."""

    def __init__(self, application: Any, listener: socket.socket, threads: int, name: str) -> None:
        self.port: int = listener.getsockname()[1]
        self._channels: dict[int, Any] = {}
        self._server: Any = create_server(
            application,
            map=self._channels,
            sockets=[listener],
            threads=threads,
            ident=None,
            max_request_body_size=_BODY_LIMIT_BYTES,
        )
        self._thread = threading.Thread(target=self._server.run, name=name, daemon=True)

    def start(self) -> None:
        """Starts answering."""
        self._thread.start()

    def stop(self) -> None:
        """Closes the socket and every connection; what is being answered is dropped."""
        # In the loop's own thread, which ends when nothing is left to wait for.
        self._server.trigger.pull_trigger(lambda: wasyncore.close_all(self._channels, True))
        self._thread.join()
