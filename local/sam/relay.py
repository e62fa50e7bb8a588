"""What listens on loopback only can be reached at another address of this machine, on its own port.

Nothing listens for the network: the address is that of Docker's bridge.
"""

import contextlib
import socket
import threading
from collections.abc import Iterable, Iterator
from socketserver import BaseRequestHandler, ThreadingTCPServer

from local.process import StartError

_LOOPBACK = "127.0.0.1"
_CHUNK_BYTES = 64 * 1024


@contextlib.contextmanager
def relayed(address: str, ports: Iterable[int]) -> Iterator[None]:
    """Connections to these ports of `address` reach those of loopback.

    Raises `StartError` where one is taken by anything but the relay of another run.
    """
    with contextlib.ExitStack() as ends:
        for port in ports:
            try:
                server = ends.enter_context(_Relay(address, port))
            except OSError as error:
                raise StartError(f"{address}:{port}: {error.strerror}") from None
            thread = threading.Thread(target=server.serve_forever, name=f"relay-{port}")
            thread.start()
            ends.callback(thread.join)
            ends.callback(server.shutdown)
        yield


class _PassOn(BaseRequestHandler):
    """Passes bytes both ways until both sides have ended."""

    server: "_Relay"

    def handle(self) -> None:
        with contextlib.suppress(OSError), self.server.connected(self.request) as there:
            back = threading.Thread(target=_copy, args=(there, self.request))
            back.start()
            _copy(self.request, there)
            back.join()


class _Relay(ThreadingTCPServer):
    allow_reuse_address = True
    # Several runs may be over one stack: whichever of them takes a connection passes it on alike.
    allow_reuse_port = True

    def __init__(self, address: str, port: int) -> None:
        self._open: set[socket.socket] = set()
        self._is_closing = False
        super().__init__((address, port), _PassOn)

    @contextlib.contextmanager
    def connected(self, here: socket.socket) -> Iterator[socket.socket]:
        """A connection to the server behind, which ends with this one or with the relay."""
        with socket.create_connection((_LOOPBACK, self.server_address[1])) as there:
            both = {here, there}
            self._open |= both
            # Either this is seen here, or these two are by whoever closes.
            if self._is_closing:
                raise ConnectionAbortedError
            try:
                yield there
            finally:
                self._open -= both

    def server_close(self) -> None:
        """Ends what still goes on: a container that was killed says goodbye to nobody."""
        self._is_closing = True
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK_BYTES):
            target.sendall(chunk)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
