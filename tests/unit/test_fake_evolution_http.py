"""The fake over HTTP, as the local stack runs it, and its state file."""

import contextlib
import json
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import httpx
import pytest

from local.fake_evolution import (
    AckStatus,
    AckStep,
    Behaviour,
    FakeEvolution,
    FakeEvolutionApp,
    Post,
    Rule,
)
from local.fake_evolution.server import FakeEvolutionServer, HttpDeliver
from local.fake_evolution.state import StateFile

pytestmark = pytest.mark.enable_socket

ANA = "5511990000001"
KEY = "key-of-the-shop"
WAIT = 20.0


class Served:
    """A fake on a free port of 127.0.0.1; `asleep` is set when so many calls began to wait."""

    def __init__(self) -> None:
        self.asleep = threading.Event()
        self.sleepers_awaited = 1
        self._sleepers: set[int] = set()
        self.fake = FakeEvolution(time.time, self._sleep, Random(7))
        self.fake.register_instance("loja", KEY)
        self.server = FakeEvolutionServer(self.fake, 0)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.server.port}", timeout=WAIT)

    def _sleep(self, seconds: float) -> None:
        self._sleepers.add(threading.get_ident())
        if len(self._sleepers) >= self.sleepers_awaited:
            self.asleep.set()
        time.sleep(seconds)

    def send(self, number: str = ANA, timeout: float = WAIT, **more: object) -> httpx.Response:
        return self.http.post(
            "/message/sendText/loja",
            json={"number": number, "text": "Olá", **more},
            headers={"apikey": KEY},
            timeout=timeout,
        )


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    served.thread.start()
    yield served
    served.fake.release()
    served.http.close()
    served.server.shutdown()
    served.thread.join(WAIT)


def test_a_send_over_http_is_answered_and_reaches_the_phone(served: Served) -> None:
    answer = served.send()
    assert answer.status_code == 201
    listed = served.http.get("/_fake/phones").json()["phones"]
    assert [m["id"] for m in listed[0]["messages"]] == [answer.json()["key"]["id"]]


@pytest.mark.parametrize(
    ("behaviour", "status", "message"),
    [
        (Behaviour.UNAUTHORIZED, 401, "Unauthorized"),
        (Behaviour.RATE_OVERLIMIT, 500, "rate-overlimit"),
        (Behaviour.SENT_THEN_400, 400, ["Error: Connection Closed"]),
    ],
)
def test_rows_of_the_error_table_over_http(
    served: Served, behaviour: Behaviour, status: int, message: object
) -> None:
    served.fake.add_rule(Rule(behaviour))
    answer = served.send()
    assert (answer.status_code, answer.json()["response"]["message"]) == (status, message)


@pytest.mark.parametrize(
    ("behaviour", "raised", "received"),
    [
        (Behaviour.SENT_ANSWER_LOST, httpx.RemoteProtocolError, 1),
        (Behaviour.NOT_SENT_ANSWER_LOST, httpx.RemoteProtocolError, 0),
        (Behaviour.SENT_CONNECTION_RESET, httpx.ReadError, 1),
        (Behaviour.NOT_SENT_CONNECTION_RESET, httpx.ReadError, 0),
    ],
)
def test_a_connection_really_ends_without_an_answer(
    served: Served, behaviour: Behaviour, raised: type[httpx.TransportError], received: int
) -> None:
    served.fake.add_rule(Rule(behaviour, count=1))
    with pytest.raises(raised):
        served.send()
    assert len(served.fake.received(ANA)) == received
    assert served.send().status_code == 201


def test_a_held_answer_is_on_the_phone_and_comes_when_released(served: Served) -> None:
    served.fake.add_rule(Rule(Behaviour.HOLD))
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(served.send)
        assert served.asleep.wait(WAIT)
        (held,) = served.http.get("/_fake/held").json()["held"]
        assert (held["instance"], held["phone"]) == ("loja", ANA)
        assert held["message_id"] == served.fake.received(ANA)[0].id
        assert served.http.post("/_fake/held/release").json() == {"released": 1}
        assert sending.result(WAIT).status_code == 201


def test_a_client_that_goes_away_while_held_takes_nothing_off_the_phone(served: Served) -> None:
    served.fake.add_rule(Rule(Behaviour.HOLD, count=1))
    with pytest.raises(httpx.ReadTimeout):
        served.send(timeout=0.2)
    assert len(served.fake.received(ANA)) == 1
    assert served.fake.release() == 1
    assert served.send().status_code == 201


def test_sixty_four_sends_block_at_once(served: Served) -> None:
    served.fake.add_rule(Rule(Behaviour.HOLD))
    served.sleepers_awaited = 64
    with ThreadPoolExecutor(64) as pool:
        sends = [pool.submit(served.send, f"55119900010{i:02}") for i in range(64)]
        assert served.asleep.wait(WAIT)
        assert served.fake.release() == 64
        assert {send.result(WAIT).status_code for send in sends} == {201}


def test_a_server_that_answers_cannot_be_told_to_be_unreachable(served: Served) -> None:
    answer = served.http.post("/_fake/rules", json={"behaviour": "connection_refused"})
    assert answer.status_code == 422


def test_webhooks_are_posted_over_http_and_a_dead_address_is_no_answer(served: Served) -> None:
    body = {"webhook": {"enabled": False, "url": "http://hooks.test/in"}}
    deliver = HttpDeliver()
    url = f"{served.http.base_url}/webhook/set/loja"
    assert deliver(Post(url, {"apikey": KEY}, body)) == 201
    served.server.shutdown()
    served.thread.join(WAIT)
    assert deliver(Post(url, {"apikey": KEY}, body)) is None
    deliver.close()


def virtual(path: Path) -> tuple[FakeEvolution, StateFile]:
    fake = FakeEvolution(lambda: 1_795_349_529.25, lambda _: None, Random(7))
    state_file = StateFile(path, fake)
    state_file.load()
    return fake, state_file


def test_phones_instances_rules_and_statuses_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "fake.json"
    fake, state_file = virtual(path)
    assert not state_file.save_if_changed()
    fake.register_instance("loja", KEY, number="551130000001", version="2.4.0")
    fake.not_on_whatsapp("5511990000009")
    fake.set_acks([AckStep(AckStatus.READ, 5, 2, 0.5)])
    rule = fake.add_rule(Rule(Behaviour.RATE_OVERLIMIT, after=1, count=2))
    client = httpx.Client(transport=httpx.WSGITransport(FakeEvolutionApp(fake)))
    statuses = [send_to(client) for _ in range(2)]
    assert statuses == [201, 500]
    assert state_file.save_if_changed()
    assert not state_file.save_if_changed()

    again, _ = virtual(path)
    assert again.instances == fake.instances
    assert again.phones() == fake.phones()
    assert again.acks == fake.acks
    assert [(entry.rule, entry.used) for entry in again.rules()] == [(rule, 1)]
    client = httpx.Client(transport=httpx.WSGITransport(FakeEvolutionApp(again)))
    assert [send_to(client) for _ in range(2)] == [500, 201]
    assert send_to(client, "5511990000009") == 400


def test_the_state_file_is_for_its_owner_and_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "fake.json"
    fake, state_file = virtual(path)
    fake.register_instance("loja", KEY)
    state_file.save_if_changed()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["instances"][0]["name"] == "loja"
    assert list(tmp_path.iterdir()) == [path]


def send_to(client: httpx.Client, number: str = ANA) -> int:
    return client.post(
        "http://evolution.test/message/sendText/loja",
        json={"number": number, "text": "Olá"},
        headers={"apikey": KEY},
    ).status_code


def start_process(state_file: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "local.fake_evolution", "--port", "0"]
    process = subprocess.Popen(  # noqa: S603
        [*command, "--version", "2.4.0", "--state-file", str(state_file)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    return process, next(word for word in line.split() if word.startswith("http")).rstrip(",")


def end_process(process: subprocess.Popen[str], signal_number: int) -> int:
    with process:
        process.send_signal(signal_number)
        return process.wait(WAIT)


def test_the_process_ends_at_term_with_a_send_held_and_goes_on_where_it_stopped(
    tmp_path: Path,
) -> None:
    state_file = tmp_path / "fake.json"
    process, url = start_process(state_file)
    with httpx.Client(base_url=url, timeout=WAIT) as client:
        assert client.get("/").json()["version"] == "2.4.0"
        client.put("/_fake/instances/loja", json={"api_key": KEY})
        client.post("/_fake/rules", json={"behaviour": "hold", "count": 1})
        body = {"number": ANA, "text": "Olá"}
        with pytest.raises(httpx.ReadTimeout):
            client.post("/message/sendText/loja", json=body, headers={"apikey": KEY}, timeout=0.3)
        assert len(client.get("/_fake/held").json()["held"]) == 1
    assert end_process(process, signal.SIGTERM) == 0

    process, url = start_process(state_file)
    with httpx.Client(base_url=url, timeout=WAIT) as client:
        (phone,) = client.get("/_fake/phones").json()["phones"]
        assert (phone["phone"], len(phone["messages"])) == (ANA, 1)
        answer = client.post("/message/sendText/loja", json=body, headers={"apikey": KEY})
        assert answer.status_code == 201
    assert end_process(process, signal.SIGINT) == 0


#: Ctrl-C comes while the server accepts, every time: from its own process_request.
INTERRUPTED_WHILE_ACCEPTING = """
import os, signal, sys
from local.fake_evolution.__main__ import main
from local.fake_evolution.server import FakeEvolutionServer
def interrupted(self, request, address):
    request.close()
    os.kill(os.getpid(), signal.SIGINT)
FakeEvolutionServer.process_request = interrupted
sys.argv[1:] = ["--port", "0"]
main()
"""


def test_the_process_ends_in_order_where_ctrl_c_comes_in_the_middle_of_an_accept() -> None:
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", INTERRUPTED_WHILE_ACCEPTING], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        server = urlsplit(
            next(word for word in line.split() if word.startswith("http")).rstrip(",")
        )
        with contextlib.suppress(OSError):
            socket.create_connection((server.hostname, server.port)).close()
        assert process.wait(WAIT) == 0
