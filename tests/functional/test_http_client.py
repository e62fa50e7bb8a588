"""The one HTTP client, against a server on this machine."""

import gzip
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

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
from campaigns.services.ports_evolution import AdminRefusal, Connection, Pairing
from campaigns.services.probe_instance import ProbeInstance

pytestmark = pytest.mark.enable_socket

LOCAL = AddressPolicy(allow_private=True)
#: Refused by us, or as no URL before it comes to us.
NO_CONNECTION = (AddressNotAllowed, httpx.InvalidURL)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        self.server.seen.append((self.headers["Host"], self.client_address[1]))
        if self.path == "/drip":
            self._drip()
            return
        if self.path.startswith("/body"):
            self._answer_at_length(urlsplit(self.path).query)
            return
        status = 302 if self.path.startswith("/redirect") else 200
        self.send_response(status)
        self.send_header("Location", self.path.partition("?")[2] or "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer_at_length(self, query: str) -> None:
        """As many bytes, packed as often, as is wished; it looks at nothing that is asked for."""
        length, times = (int(number) for number in query.split("x"))
        body = b" " * length
        for _ in range(times):
            body = gzip.compress(body)
        self.send_response(200)
        if times:
            self.send_header("Content-Encoding", ", ".join(["gzip"] * times))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Asked-For", self.headers["Accept-Encoding"])
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def _drip(self) -> None:
        """A piece now and then, each within any read timeout, and the end after two seconds."""
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        for _ in range(100):
            if self.server.stopping.wait(0.02):
                return
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


@pytest.mark.parametrize(
    ("of_client", "of_request"), [(0.3, httpx.USE_CLIENT_DEFAULT), (5, 0.3), (0.3, 5)]
)
def test_a_slow_answer_is_given_up_after_the_read_timeout_in_all(
    server: Server, of_client: float, of_request: Any
) -> None:
    dripping = make_http_client(LOCAL, connect_timeout_seconds=5, read_timeout_seconds=of_client)
    url = f"http://127.0.0.1:{server.server_port}"
    with dripping:
        assert dripping.get(url).status_code == 200
        with pytest.raises(httpx.ReadTimeout):
            dripping.get(f"{url}/drip", timeout=of_request)
    server.stopping.set()


@pytest.mark.parametrize("wish", ["1048576x0", "1000000x1", "0x0"])
def test_an_answer_of_a_size_that_evolution_gives_is_read_whole(server: Server, wish: str) -> None:
    with client(LOCAL) as asking:
        answer = asking.get(f"http://127.0.0.1:{server.server_port}/body?{wish}")
    assert len(answer.content) == int(wish.partition("x")[0])
    assert answer.headers["X-Asked-For"] == "identity"


@pytest.mark.parametrize("wish", ["1048577x0", "40000000x1", "100000x2"])
def test_an_answer_that_would_fill_the_memory_is_given_up(server: Server, wish: str) -> None:
    url = f"http://127.0.0.1:{server.server_port}"
    with client(LOCAL) as asking:
        with pytest.raises(httpx.RemoteProtocolError):
            asking.get(f"{url}/body?{wish}")
        assert asking.get(f"{url}/").status_code == 200


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


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "//10.0.0.1/",
        "/elsewhere",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_leads_nowhere_and_says_nothing_of_the_instance(
    server: Server, elsewhere: str
) -> None:
    names = Names(["127.0.0.1"])
    url = f"http://evolution.example.com:{server.server_port}/redirect?{elsewhere}#"
    with client(LOCAL, names) as http, pytest.raises(GatewayRefused) as refused:
        EvolutionAdmin(http).connection(url, "loja", "key")
    assert refused.value.context["status"] == 302
    assert names.asked == ["evolution.example.com"]
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104 - an address to be refused, not one to listen on
        "10.0.0.7",
        "100.64.0.9",
        "169.254.169.254",
        "::1",
        "::ffff:127.0.0.1",
        "::7f00:1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "fd00::8",
        "fe80::1%lo",
        "fec0::1",
        "2002:7f00:1::",
    ],
)
def test_a_name_that_leads_elsewhere_at_the_next_connection_is_not_called(address: str) -> None:
    names = Names(["93.184.215.14"])
    policy = AddressPolicy(frozenset({"evolution.example.com"}))
    admin = ProbeInstance(EvolutionAdmin(httpx.Client()), policy, names)
    assert admin.server("https://evolution.example.com") == "https://evolution.example.com"
    names.addresses = ["93.184.215.14", address]
    with client(policy, names) as http, pytest.raises(AddressNotAllowed):
        http.get("https://evolution.example.com/")
    assert names.asked == ["evolution.example.com"] * 2


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1",
        "[::1]",
        "[::ffff:7f00:1]",
        "localhost",
        "localhost.",
        "EVOLUTION.example.com.",
        "ｅvolution.example.com",
        "evolution。example.com",
        "evolution.example.com.evil.net",
        "evolution-example.com",
    ],
)
def test_a_host_in_disguise_is_none_of_those_that_are_allowed(host: str) -> None:
    names = Names(["127.0.0.1"])
    policy = AddressPolicy(frozenset({"evolution.example.com:8443"}))
    with client(policy, names) as http, pytest.raises(NO_CONNECTION):
        http.get(f"https://{host}/")
    assert names.asked == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0"])
def test_a_number_that_the_system_reads_as_an_address_of_this_machine_is_not_called(
    host: str,
) -> None:
    policy = AddressPolicy(frozenset({host, "evolution.example.com"}))
    assert resolve_name(host, 443) != ()
    with client(policy) as http, pytest.raises(NO_CONNECTION):
        http.get(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "https://evolution.example.com:8080/",
        "https://evolution.example.com:22/",
        "http://evolution.example.com/",
        "https://evolution.example.com@10.0.0.7/",
        "https://10.0.0.7#@evolution.example.com:443/",
    ],
)
def test_a_listed_host_is_called_at_its_listed_port_only(url: str) -> None:
    names = Names(["93.184.215.14"])
    policy = AddressPolicy(frozenset({"evolution.example.com:443"}))
    with client(policy, names) as http, pytest.raises(AddressNotAllowed):
        http.get(url)
    assert names.asked == []


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
        (
            {
                "name": "loja",
                "ownerJid": "5511990001234@s.whatsapp.net",
                "connectionStatus": "open",
            },
            "5511990001234",
        ),
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


@pytest.mark.parametrize("owner", [None, "5511990009999@s.whatsapp.net"])
@pytest.mark.parametrize("status", ["close", "connecting", None])
def test_an_instance_that_does_not_know_yet_whose_phone_has_scanned_is_not_connected(
    owner: str | None, status: str | None
) -> None:
    is_open = httpx.Response(200, json={"instance": {"instanceName": "loja", "state": "open"}})
    row = {"name": "loja", "ownerJid": owner, "connectionStatus": status}
    asked = admin(is_open, httpx.Response(200, json=[row]))
    connection = asked.connection("https://evolution.example.com", "loja", "key")
    assert connection == Connection(ConnectionState.CONNECTING)


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


SERVER = "https://evolution.example.com"


@pytest.mark.parametrize("hash_", ["the-key", {"apikey": "the-key"}])
def test_the_key_of_a_new_instance_is_read_as_each_2_x_tells_it(hash_: object) -> None:
    created = httpx.Response(201, json={"instance": {}, "hash": hash_})
    assert admin(created).create(SERVER, "global", "loja", "wanted") == "the-key"


@pytest.mark.parametrize("hash_", [None, "", {}, {"apikey": 7}, 7, ["the-key"]])
def test_a_new_instance_without_a_key_is_no_instance(hash_: object) -> None:
    with pytest.raises(GatewayRefused):
        admin(httpx.Response(201, json={"hash": hash_})).create(SERVER, "global", "loja", "wanted")


@pytest.mark.parametrize(
    ("status", "refusal"),
    [(401, AdminRefusal.SERVER_KEY_REFUSED), (403, AdminRefusal.NAME_TAKEN)],
)
def test_a_refused_creation_says_why(status: int, refusal: AdminRefusal) -> None:
    answer = httpx.Response(status, json={"status": status})
    assert admin(answer).create(SERVER, "global", "loja", "wanted") is refusal


@pytest.mark.parametrize(
    ("body", "pairing"),
    [
        (
            {"pairingCode": "ABCD1234", "code": "2@x", "base64": "data:,", "count": 1},
            Pairing("2@x", "ABCD1234", "data:,"),
        ),
        (
            {"pairingCode": None, "code": "2@x", "base64": None, "count": 3},
            Pairing("2@x", None, None),
        ),
        ({"count": 0}, Pairing()),
        ({}, Pairing()),
        ({"code": 7, "pairingCode": ""}, Pairing()),
    ],
)
def test_what_is_to_be_scanned_may_not_be_there_yet(body: object, pairing: Pairing) -> None:
    shown = admin(httpx.Response(200, json=body)).connect(SERVER, "loja", "key")
    assert shown == pairing
    assert "2@x" not in repr(shown)
    assert "ABCD" not in repr(shown)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"error": True, "message": "TypeError: …"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(400, json={"status": 400}),
    ],
)
def test_what_a_server_threw_while_connecting_is_no_code(answer: httpx.Response) -> None:
    with pytest.raises(GatewayRefused):
        admin(answer).connect(SERVER, "loja", "key")


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (200, None),
        (400, None),
        (401, AdminRefusal.WRONG_KEY),
        (404, AdminRefusal.UNKNOWN_INSTANCE),
    ],
)
def test_an_instance_that_is_not_connected_is_logged_out_already(
    status: int, refusal: AdminRefusal | None
) -> None:
    assert admin(httpx.Response(status, json={})).logout(SERVER, "loja", "key") is refusal


def test_an_instance_that_is_connected_is_not_deleted() -> None:
    refused = admin(httpx.Response(400, json={})).delete(SERVER, "loja", "key")
    assert refused is AdminRefusal.STILL_CONNECTED
    assert admin(httpx.Response(200, json={})).delete(SERVER, "loja", "key") is None
