"""Evolution's gateway: one request, said exactly; each fault judged by whether it may have left."""

import json
import logging
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.adapters.evolution import EvolutionGateway
from campaigns.adapters.http_client import AddressNotAllowed, NameUnknown
from campaigns.domain.delivery import (
    HttpAnswer,
    OutcomeKind,
    Sent,
    TransportFault,
    Unknown,
    classify,
)
from campaigns.domain.model import Instance
from tests.fakes.clock import FakeClock

KEY = "chave-secreta-da-loja"
MESSAGE_ID = "3EB07BF3A48FF674FA9890"
NUMBER = "5511990000001"
INSTANCE = Instance(
    instance_id="in_1",
    tenant_id="tn_1",
    name="Loja",
    evolution_url="https://evo.example.com/base/",
    evolution_instance="loja da ana",
    encrypted_api_key=b"",
    config_version=1,
    created_at=0,
    updated_at=0,
)
ACCEPTED = {"key": {"id": MESSAGE_ID, "remoteJid": f"{NUMBER}@s.whatsapp.net"}}

type Answer = httpx.Response | Exception


@dataclass
class Server(httpx.BaseTransport):
    """Answers, or faults, the same to every request, and keeps what came."""

    answer: Callable[[], Answer] = lambda: httpx.Response(201, json=ACCEPTED)
    requests: list[httpx.Request] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        answer = self.answer()
        if isinstance(answer, Exception):
            raise answer
        return answer


def gateway(server: Server, clock: FakeClock | None = None) -> EvolutionGateway:
    return EvolutionGateway(
        httpx.Client(transport=server),
        clock or FakeClock(),
        read_timeout_seconds=20,
        connect_timeout_seconds=5,
    )


def send(
    server: Server,
    *,
    text: str = "Oi Ana",
    instance: Instance = INSTANCE,
    leave_within_ms: int = 1_000,
    by: EvolutionGateway | None = None,
) -> HttpAnswer | TransportFault:
    return (
        (by or gateway(server))
        .send_text(
            instance,
            KEY,
            number=NUMBER,
            text=text,
            message_id=MESSAGE_ID,
            leave_within_ms=leave_within_ms,
        )
        .answer
    )


def failing_with(error: Exception) -> Server:
    return Server(lambda: error)


# When it leaves


@dataclass
class Leaves(httpx.BaseTransport):
    """Lets a request leave so long after it was made, and tells it as httpcore does."""

    clock: FakeClock
    after_ms: int
    left: bool = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.clock.sleep(self.after_ms)
        request.extensions["trace"]("http11.send_request_headers.started", {})
        self.left = True
        self.clock.sleep(700)
        return httpx.Response(201, json=ACCEPTED)


@pytest.mark.parametrize(("after_ms", "leaves"), [(0, True), (400, True), (401, False)])
def test_a_request_leaves_in_its_time_or_not_at_all_and_tells_when(after_ms, leaves):
    clock = FakeClock()
    made_at = clock.now()
    transport = Leaves(clock, after_ms)
    evolution = EvolutionGateway(
        httpx.Client(transport=transport), clock, read_timeout_seconds=20, connect_timeout_seconds=5
    )
    exchange = evolution.send_text(
        INSTANCE, KEY, number=NUMBER, text="Oi", message_id=MESSAGE_ID, leave_within_ms=400
    )
    assert transport.left is leaves
    if leaves:
        assert exchange.left_at == made_at + after_ms
        assert isinstance(classify(exchange.answer), Sent)
    else:
        assert exchange.answer is None


# The request


@given(st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable()))
def test_one_post_with_digits_text_and_our_message_id(text):
    server = Server()
    assert isinstance(send(server, text=text), HttpAnswer)
    (request,) = server.requests
    assert request.method == "POST"
    assert str(request.url) == "https://evo.example.com/base/message/sendText/loja%20da%20ana"
    assert json.loads(request.content) == {
        "number": NUMBER,
        "text": text,
        "linkPreview": False,
        "messageId": MESSAGE_ID,
    }
    assert request.headers["apikey"] == KEY
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize("name", ["loja/../outra", "a?b#c", "%2e", "são joão"])
def test_an_instances_name_is_one_segment_of_the_path(name):
    server = Server()
    instance = Instance(
        "in_1", "tn_1", "Loja", "https://evo.example.com", name, b"", 1, created_at=0, updated_at=0
    )
    send(server, instance=instance)
    (request,) = server.requests
    path = request.url.raw_path.decode()
    assert path.startswith("/message/sendText/")
    assert path.count("/") == 3
    assert not {"?", "#"} & set(path)


@given(st.integers(-1_000, 1_000))
def test_a_request_leaves_in_time_or_not_at_all_and_is_not_waited_for_for_ever(leave_within_ms):
    server = Server()
    send(server, leave_within_ms=leave_within_ms)
    timeouts = server.requests[0].extensions["timeout"]
    # A place in the pool, the connection, and the handshake, which has the connection's time.
    before_leaving = timeouts["pool"] + 2 * timeouts["connect"]
    assert 0 < before_leaving <= max(leave_within_ms, 1) / 1_000 + 1e-9
    assert timeouts["read"] == 20
    assert 0 < timeouts["write"] <= 5


@pytest.mark.parametrize("status", [201, 302, 307, 400, 401, 404, 429, 500, 502, 503])
def test_an_answer_is_told_as_it_came_and_nothing_is_asked_again(status):
    server = Server(
        lambda: httpx.Response(
            status, json=ACCEPTED, headers={"location": "https://elsewhere.test"}
        )
    )
    answer = send(server)
    assert isinstance(answer, HttpAnswer)
    assert (answer.status, answer.body) == (status, ACCEPTED)
    assert json.loads(answer.text) == ACCEPTED
    assert len(server.requests) == 1


def test_an_accepted_message_is_sent_and_honours_our_id():
    outcome = classify(send(Server()))
    assert isinstance(outcome, Sent)
    assert outcome.honours(MESSAGE_ID)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502</html>",
        b"\xff\xfe\x00",
        b'{"key": ',
        b"[" * 100_000,
        b"9" * 5_000,
        b'"' + b"x" * 100_000 + b'"',
    ],
    ids=lambda body: repr(body[:12]),
)
@pytest.mark.parametrize("status", [201, 400, 500])
def test_an_answer_that_cannot_be_read_is_doubt_and_its_text_is_kept_short(status, body):
    answer = send(Server(lambda: httpx.Response(status, content=body)))
    assert isinstance(answer, HttpAnswer)
    assert len(answer.text) <= 10_000
    assert isinstance(classify(answer), Unknown)


def _broken_gzip() -> httpx.Response:
    stream = iter([b"no gzip at all"])
    return httpx.Response(201, headers={"content-encoding": "gzip"}, content=stream)


def test_an_answer_whose_packing_is_broken_is_doubt():
    assert isinstance(classify(send(Server(_broken_gzip))), Unknown)


# Faults


def _kinds(error: type[Exception]) -> Iterator[type[Exception]]:
    yield error
    for each in error.__subclasses__():
        yield from _kinds(each)


#: Before any of the request went out: it may be tried again.
NOT_SENT: dict[type[httpx.TransportError], TransportFault] = {
    httpx.ConnectTimeout: TransportFault.CONNECT_TIMEOUT,
    httpx.PoolTimeout: TransportFault.POOL_TIMEOUT,
    httpx.ConnectError: TransportFault.CONNECT_REFUSED,
    httpx.UnsupportedProtocol: TransportFault.ADDRESS_NOT_ALLOWED,
    NameUnknown: TransportFault.DNS,
    AddressNotAllowed: TransportFault.ADDRESS_NOT_ALLOWED,
}
#: After some of it went out, or nobody can tell.
MAY_HAVE_BEEN_SENT: dict[type[httpx.TransportError], TransportFault] = {
    httpx.ReadTimeout: TransportFault.READ_TIMEOUT,
    httpx.WriteTimeout: TransportFault.WRITE_ERROR,
    httpx.WriteError: TransportFault.WRITE_ERROR,
    httpx.ReadError: TransportFault.CONNECTION_LOST,
    httpx.CloseError: TransportFault.CONNECTION_LOST,
    httpx.LocalProtocolError: TransportFault.PROTOCOL_ERROR,
    httpx.RemoteProtocolError: TransportFault.PROTOCOL_ERROR,
    httpx.ProtocolError: TransportFault.PROTOCOL_ERROR,
    httpx.ProxyError: TransportFault.CONNECTION_LOST,
    httpx.NetworkError: TransportFault.CONNECTION_LOST,
    httpx.TimeoutException: TransportFault.CONNECTION_LOST,
    httpx.TransportError: TransportFault.CONNECTION_LOST,
}


def test_every_transport_error_that_there_is_has_been_judged():
    ours = {kind for kind in _kinds(httpx.TransportError) if not kind.__name__.startswith("_")}
    assert ours == NOT_SENT.keys() | MAY_HAVE_BEEN_SENT.keys()
    assert not NOT_SENT.keys() & MAY_HAVE_BEEN_SENT.keys()


@pytest.mark.parametrize(("error", "fault"), NOT_SENT.items())
def test_a_fault_before_the_request_left_was_not_sent(error, fault):
    server = failing_with(error("x"))
    answer = send(server)
    assert answer is fault
    assert classify(answer).kind in {OutcomeKind.TRANSIENT, OutcomeKind.INSTANCE_FAULT}
    assert len(server.requests) == 1


@pytest.mark.parametrize(("error", "fault"), MAY_HAVE_BEEN_SENT.items())
def test_a_fault_after_the_request_may_have_left_is_doubt_and_never_repeated(error, fault):
    server = failing_with(error("x"))
    answer = send(server)
    assert answer is fault
    assert isinstance(classify(answer), Unknown)
    assert len(server.requests) == 1


def test_a_kind_of_error_that_nobody_has_seen_is_doubt():
    class _NewKind(httpx.TransportError):
        """What a later version may raise."""

    assert isinstance(classify(send(failing_with(_NewKind("x")))), Unknown)


@pytest.mark.parametrize("is_context", [False, True])
def test_a_handshake_that_failed_is_told_from_a_connection_that_was_lost(is_context):
    certificate = ssl.SSLCertVerificationError("certificate verify failed")
    error, between = httpx.ConnectError("x"), OSError("y")
    if is_context:
        error.__context__, between.__context__ = between, certificate
    else:
        error.__cause__, between.__cause__ = between, certificate
    assert send(failing_with(error)) is TransportFault.TLS_HANDSHAKE
    later = httpx.ReadError("x")
    later.__cause__ = ssl.SSLError("bad record")
    assert send(failing_with(later)) is TransportFault.CONNECTION_LOST


# Connecting ahead


@pytest.mark.parametrize("status", [200, 302, 401, 404, 500, 503])
def test_any_answer_to_the_greeting_will_do(status):
    server = Server(lambda: httpx.Response(status))
    assert gateway(server).prepare(INSTANCE) is None
    (request,) = server.requests
    assert (request.method, str(request.url)) == ("GET", "https://evo.example.com/base/")
    assert "apikey" not in request.headers


def test_a_greeting_whose_packing_is_broken_will_do_too():
    assert gateway(Server(_broken_gzip)).prepare(INSTANCE) is None


@pytest.mark.parametrize("error", [*NOT_SENT, *MAY_HAVE_BEEN_SENT])
def test_a_greeting_that_failed_has_sent_no_message(error):
    fault = gateway(failing_with(error("x"))).prepare(INSTANCE)
    assert fault is not None
    assert classify(fault).kind in {OutcomeKind.TRANSIENT, OutcomeKind.INSTANCE_FAULT}
    if error in {httpx.UnsupportedProtocol, AddressNotAllowed}:
        assert fault is TransportFault.ADDRESS_NOT_ALLOWED


def test_a_connection_in_use_is_not_greeted_again():
    clock, server = FakeClock(), Server()
    evolution = gateway(server, clock)
    evolution.prepare(INSTANCE)
    clock.sleep(1_999)
    evolution.prepare(INSTANCE)
    assert len(server.requests) == 1
    send(server, by=evolution)
    clock.sleep(1_999)
    evolution.prepare(INSTANCE)
    assert len(server.requests) == 2
    clock.sleep(1)
    evolution.prepare(INSTANCE)
    assert len(server.requests) == 3


def test_another_server_has_a_connection_of_its_own():
    server = Server()
    evolution = gateway(server)
    other = Instance(
        "in_2", "tn_1", "B", "https://b.example.com", "b", b"", 1, created_at=0, updated_at=0
    )
    evolution.prepare(INSTANCE)
    evolution.prepare(other)
    assert [request.url.host for request in server.requests] == ["evo.example.com", "b.example.com"]


def test_a_server_that_did_not_answer_is_greeted_again():
    server = failing_with(httpx.ConnectError("x"))
    evolution = gateway(server)
    assert evolution.prepare(INSTANCE) is TransportFault.CONNECT_REFUSED
    assert evolution.prepare(INSTANCE) is TransportFault.CONNECT_REFUSED
    assert len(server.requests) == 2


def test_a_clock_that_was_set_back_does_not_keep_a_connection_warm():
    clock, server = FakeClock(), Server()
    evolution = gateway(server, clock)
    evolution.prepare(INSTANCE)
    clock.sleep(-3_600_000)
    evolution.prepare(INSTANCE)
    assert len(server.requests) == 2


# No leaks


@pytest.mark.parametrize(
    "answer",
    [
        lambda: httpx.Response(201, json=ACCEPTED),
        lambda: httpx.Response(401, json={"key": KEY, "number": NUMBER}),
        lambda: httpx.ReadTimeout("x"),
        lambda: httpx.LocalProtocolError(f"Illegal header value {KEY!r}"),
    ],
)
def test_key_text_and_number_are_in_no_log_and_no_repr(answer, caplog):
    server = Server(answer)
    evolution = gateway(server)
    with caplog.at_level(logging.DEBUG):
        evolution.prepare(INSTANCE)
        said = send(server, by=evolution)
    for secret in (KEY, NUMBER, "Oi Ana"):
        assert secret not in caplog.text
        assert secret not in repr(said)
        assert secret not in repr(evolution)
        assert secret not in repr(vars(evolution))
