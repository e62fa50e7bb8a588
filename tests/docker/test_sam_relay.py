"""Servers on loopback are reached from Docker's bridge, and nothing outlives the relay."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from local.process import StartError, free_port
from local.sam.containers import DESKTOP_HOST, host_address
from local.sam.relay import relayed

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def bridge(engine: str) -> str:
    address = host_address()
    if address == DESKTOP_HOST:
        pytest.skip("Docker Desktop reaches loopback by itself: nothing is relayed")
    return address


@contextmanager
def echo_server() -> Iterator[int]:
    """Answers each connection with all that it said, once it has ended."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(heard(connection)[::-1])

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def ask(address: str, port: int, said: bytes) -> bytes:
    with socket.create_connection((address, port), timeout=10) as connection:
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)
        return heard(connection)


def heard(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_server_of_loopback_is_reached_by_the_bridge_on_its_own_port(bridge: str) -> None:
    said = bytes(range(256)) * 4_000
    with echo_server() as port:
        with pytest.raises(ConnectionRefusedError):
            ask(bridge, port, said)
        with relayed(bridge, [port]):
            assert ask(bridge, port, said) == said[::-1]
            assert ask(bridge, port, b"again") == b"niaga"
        with pytest.raises(ConnectionRefusedError):
            ask(bridge, port, said)


def test_a_connection_to_nobody_ends_at_once(bridge: str) -> None:
    port = free_port()
    with relayed(bridge, [port]):
        assert ask(bridge, port, b"") == b""


def test_a_connection_that_never_ends_does_not_keep_the_relay(bridge: str) -> None:
    with echo_server() as port, socket.socket() as silent:
        with relayed(bridge, [port]):
            silent.connect((bridge, port))
            silent.sendall(b"half of it")
        silent.settimeout(10)
        # Nothing comes any more; what the relay had not read yet makes it a reset.
        with suppress(ConnectionResetError):
            assert silent.recv(1) == b""


def test_a_relay_may_end_while_connections_begin(bridge: str) -> None:
    with echo_server() as port:
        for _ in range(100):
            with relayed(bridge, [port]):
                begun = [socket.create_connection((bridge, port)) for _ in range(3)]
            for connection in begun:
                connection.close()


def test_two_runs_over_one_stack_relay_its_ports_both_and_either_may_end(bridge: str) -> None:
    with echo_server() as port, relayed(bridge, [port]):
        with relayed(bridge, [port]):
            assert ask(bridge, port, b"both") == b"htob"
        assert ask(bridge, port, b"one") == b"eno"


def test_a_port_that_is_taken_there_is_told_and_the_others_are_let_go(bridge: str) -> None:
    free = free_port()
    with socket.create_server((bridge, 0)) as taken:
        ports = [free, taken.getsockname()[1]]
        told = f"{bridge}:{ports[1]}.*in use"
        with pytest.raises(StartError, match=told), relayed(bridge, ports):
            pass
    socket.create_server((bridge, free)).close()
