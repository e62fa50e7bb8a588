"""The one HTTP client, against a server on this machine."""

import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from campaigns.adapters.evolution_admin import EvolutionAdmin
from campaigns.adapters.http_client import (
    AddressNotAllowed,
    NameUnknown,
    make_http_client,
    resolve_name,
)
from campaigns.domain.errors import GatewayRefused, Unavailable
from campaigns.domain.model import ConnectionState
from campaigns.domain.server_address import AddressPolicy
from campaigns.services.ports_registry import Connection

pytestmark = pytest.mark.enable_socket

LOCAL = AddressPolicy(allow_private=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        self.server.seen.append((self.headers["Host"], self.client_address[1]))
        if self.path == "/drip":
            self._drip()
            return
        status = 302 if self.path == "/redirect" else 200
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _drip(self) -> None:
        """A piece now and then, each within any read timeout, and never the end."""
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        while not self.server.stopping.wait(0.02):
            try:
                self.wfile.write(b" ")
            except OSError:
                return

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, int]] = []
        self.stopping = threading.Event()


@dataclass
class Names:
    """A resolver that leads every name to the same addresses, and counts."""

    addresses: Sequence[str]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.addresses


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def client(policy: AddressPolicy, names: Names | None = None) -> httpx.Client:
    return make_http_client(
        policy, connect_timeout_seconds=2, read_timeout_seconds=5, resolve=names
    )


def test_it_connects_to_the_address_it_looked_at_and_keeps_the_name(server: Server) -> None:
    names = Names(["127.0.0.1"])
    with client(LOCAL, names) as http:
        url = f"http://evolution.example.com:{server.server_port}/"
        assert [http.get(url).status_code for _ in range(3)] == [200] * 3
    hosts, ports = zip(*server.seen, strict=True)
    assert set(hosts) == {f"evolution.example.com:{server.server_port}"}
    assert len(set(ports)) == 1
    assert names.asked == ["evolution.example.com"]


def test_the_next_address_is_tried_where_the_first_refuses(server: Server) -> None:
    with client(LOCAL, Names(["127.0.0.2", "127.0.0.1"])) as http:
        url = f"http://evolution.example.com:{server.server_port}/"
        assert http.get(url).status_code == 200


def test_a_name_that_leads_to_a_private_address_is_not_called(server: Server) -> None:
    policy = AddressPolicy(frozenset({"evolution.example.com"}))
    names = Names(["127.0.0.1"])
    url = f"http://evolution.example.com:{server.server_port}/"
    with client(policy, names) as http, pytest.raises(AddressNotAllowed):
        http.get(url)
    assert names.asked == ["evolution.example.com"]
    assert server.seen == []


def test_a_host_that_is_not_on_the_list_is_not_even_looked_up() -> None:
    names = Names(["93.184.215.14"])
    with client(AddressPolicy(), names) as http, pytest.raises(AddressNotAllowed):
        http.get("https://evolution.example.com/")
    assert names.asked == []


def test_an_unknown_name_is_a_fault_of_the_connection() -> None:
    with client(LOCAL, Names([])) as http, pytest.raises(NameUnknown):
        http.get("http://evolution.example.com/")


def test_an_answer_without_end_is_given_up_after_the_read_timeout_in_all(server: Server) -> None:
    dripping = make_http_client(LOCAL, connect_timeout_seconds=5, read_timeout_seconds=0.3)
    with dripping, pytest.raises(httpx.ReadTimeout):
        dripping.get(f"http://127.0.0.1:{server.server_port}/drip")
    server.stopping.set()


def test_the_connection_tells_when_a_request_leaves(server: Server) -> None:
    told: list[str] = []
    with client(LOCAL) as asking:
        asking.get(
            f"http://127.0.0.1:{server.server_port}/",
            extensions={"trace": lambda event, _info: told.append(event)},
        )
    # The gateway notes the time at this very event.
    assert told.index("http11.send_request_headers.started") > told.index(
        "connection.connect_tcp.complete"
    )


def test_a_redirect_is_not_followed(server: Server) -> None:
    with client(LOCAL) as http:
        answer = http.get(f"http://127.0.0.1:{server.server_port}/redirect")
    assert answer.status_code == 302
    assert len(server.seen) == 1


def test_no_proxy_is_taken_from_the_environment(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with client(LOCAL) as http:
        assert http.get(f"http://127.0.0.1:{server.server_port}/").status_code == 200


def test_a_refused_connection_is_a_fault_of_the_connection() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with client(LOCAL) as http, pytest.raises(httpx.ConnectError):
            http.get(url)


def test_the_systems_resolver_gives_each_address_once() -> None:
    assert resolve_name("127.0.0.1", 80) == ("127.0.0.1",)
    assert resolve_name("a" * 64 + ".example", 80) == ()


# What Evolution answers


def admin(*answers: httpx.Response | Exception) -> EvolutionAdmin:
    waiting = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        next_answer = waiting.pop(0)
        if isinstance(next_answer, Exception):
            raise next_answer
        return next_answer

    return EvolutionAdmin(httpx.Client(transport=httpx.MockTransport(answer)))


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"version": 2}),
        httpx.Response(404, json={"version": "2.3.7"}),
        httpx.Response(200, content=rb'{"version": "2.3.7-\ud800"}'),
        httpx.Response(200, json={"version": "2.3.7" * 100}),
        httpx.Response(200, content=b"[" * 100_000),
        httpx.Response(200, content=b"\xff"),
    ],
)
def test_a_server_that_does_not_speak_as_evolution_has_no_version(answer: httpx.Response) -> None:
    assert admin(answer).version("https://evolution.example.com") is None


@pytest.mark.parametrize(
    ("row", "phone"),
    [
        ({"name": "loja", "ownerJid": "5511990001234@s.whatsapp.net"}, "5511990001234"),
        ({"name": "loja", "ownerJid": "5511990001234:7@s.whatsapp.net"}, "5511990001234"),
        ({"name": "loja", "ownerJid": "123456@lid"}, None),
        ({"name": "loja", "ownerJid": None}, None),
        ({"name": "outra", "ownerJid": "5511990001234@s.whatsapp.net"}, None),
        ("row", None),
    ],
)
def test_the_connected_phone_is_read_from_its_jid(row: object, phone: str | None) -> None:
    is_open = httpx.Response(200, json={"instance": {"instanceName": "loja", "state": "open"}})
    asked = admin(is_open, httpx.Response(200, json=[row]))
    connection = asked.connection("https://evolution.example.com", "loja", "key")
    assert connection == Connection(ConnectionState.OPEN, phone)


def test_another_refusal_is_told_with_its_status() -> None:
    with pytest.raises(GatewayRefused) as refused:
        admin(httpx.Response(503, json={"code": "LICENSE_REQUIRED"})).connection(
            "https://evolution.example.com", "loja", "key"
        )
    assert refused.value.context["status"] == 503


@pytest.mark.parametrize("status", [301, 302, 307, 429, 500, 502, 503, 504])
def test_a_server_in_trouble_says_nothing_of_its_version(status: int) -> None:
    with pytest.raises(GatewayRefused) as refused:
        admin(httpx.Response(status, headers={"location": "/"})).version(
            "https://evolution.example.com"
        )
    assert refused.value.context["status"] == status


def test_a_fault_on_the_way_says_nothing_of_key_or_server() -> None:
    with pytest.raises(Unavailable) as fault:
        admin(httpx.ReadTimeout("at https://evolution.example.com with key")).connection(
            "https://evolution.example.com", "loja", "key"
        )
    assert str(fault.value) == "evolution_unreachable"
    assert fault.value.__cause__ is None
