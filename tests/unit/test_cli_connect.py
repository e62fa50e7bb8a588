"""A phone is linked from the terminal: codes are shown while they are good, and no longer."""

import json
from dataclasses import dataclass, field
from io import StringIO

import httpx
import pytest
from rich.console import Console

from campaigns_cli.api import Api
from campaigns_cli.connect_instance import NotScannedInTime, Pairing, connect_instance
from campaigns_cli.connection import Server
from campaigns_cli.errors import Problem
from campaigns_cli.pairing_display import drawn_on, in_text, to_a_program
from campaigns_cli.qr_code import drawn
from tests.fakes.fake_campaigns_api import KEY, problem

INSTANCE = {"id": "in_1", "name": "Loja", "connection_state": "close", "connected_phone": None}
PHONE = "+5511990000001"


@dataclass
class PairingServer:
    """An instance that waits for a phone; each look shows the next of `codes`, then it is open."""

    codes: list[Pairing]
    phones: list[str | None] = field(default_factory=lambda: [PHONE])
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path == "/api/instances/in_1/refresh/":
            phone = self.phones.pop(0) if len(self.phones) > 1 else self.phones[0]
            answer = {**INSTANCE, "connection_state": "open", "connected_phone": phone}
            return httpx.Response(200, json=answer)
        if request.url.path != "/api/instances/in_1/qrcode/":
            return problem(404, "not_found", "Não encontrado.")
        if not self.codes:
            return answer_of("open", Pairing())
        return answer_of("connecting", self.codes.pop(0))


def answer_of(state, pairing):
    return httpx.Response(
        200,
        json={
            "connected": state == "open",
            "connection_state": state,
            "code": pairing.code,
            "pairing_code": pairing.pairing_code,
            "image": None,
        },
    )


class Time:
    """A clock that moves by sleeping."""

    def __init__(self):
        self.now = 0.0

    def sleep(self, seconds):
        self.now += seconds


def connect(server, *, seconds=180, phone=None, show=lambda _: None, time=None):
    time = time or Time()
    with Api(
        Server("http://api", KEY), transport=httpx.MockTransport(server), sleep=time.sleep
    ) as api:
        return connect_instance(
            api,
            INSTANCE,
            phone=phone,
            seconds=seconds,
            sleep=time.sleep,
            clock=lambda: time.now,
            on_pairing=show,
        )


def test_each_new_code_is_shown_once_until_one_is_scanned():
    shown = []
    codes = [Pairing(None), Pairing("a"), Pairing("a"), Pairing("b"), Pairing("b"), Pairing("c")]
    connected = connect(PairingServer(codes), show=shown.append)
    assert shown == [Pairing(None), Pairing("a"), Pairing("b"), Pairing("c")]
    assert (connected["connection_state"], connected["connected_phone"]) == ("open", PHONE)


def test_an_instance_that_is_connected_shows_nothing():
    shown = []
    assert connect(PairingServer([]), show=shown.append)["connected_phone"] == PHONE
    assert shown == []


def test_the_phones_number_is_waited_for_but_not_for_ever():
    server = PairingServer([], phones=[None, None, PHONE])
    assert connect(server)["connected_phone"] == PHONE
    never = PairingServer([], phones=[None])
    assert connect(never)["connection_state"] == "open"
    assert len(never.asked) < 10


def test_a_code_to_type_is_asked_for_with_the_phone():
    server = PairingServer([Pairing("a", "K7QW2M4X")])
    connect(server, phone="(11) 99000-0001")
    assert server.asked[0].url.params["phone"] == "(11) 99000-0001"
    assert "phone" not in server.asked[-1].url.params


def test_nobody_scans_and_it_ends_in_time_with_what_to_do():
    time = Time()
    server = PairingServer([Pairing(str(number)) for number in range(1_000)])
    with pytest.raises(NotScannedInTime, match="campaigns instances connect in_1"):
        connect(server, seconds=60, time=time)
    assert time.now <= 60
    assert 15 <= len(server.asked) <= 25


def test_a_refusal_ends_it_at_once():
    def refuse(_):
        return problem(403, "forbidden", "Esta chave não pode.")

    with pytest.raises(Problem, match="Esta chave não pode"):
        connect(refuse)


def terminal(**options):
    settings = {"width": 120, "height": 60, "force_terminal": True, "color_system": "truecolor"}
    return Console(file=StringIO(), **{**settings, **options})


def test_a_terminal_gets_the_drawing_in_place_and_keeps_nothing_of_it():
    console = terminal()
    with drawn_on(console, None) as show:
        show(Pairing("first"))
        show(Pairing("second"))
    output = console.file.getvalue()
    assert "Aparelhos conectados" in output
    for line in drawn("second", colours=True).plain.split("\n"):
        assert line in output
    # The cursor goes up over what was drawn, and the lines are erased.
    assert output.count("\x1b[2K") > 30


def test_a_terminal_without_colours_gets_the_light_modules():
    console = terminal(no_color=True)
    with drawn_on(console, None) as show:
        show(Pairing("code"))
    assert drawn("code", colours=False).plain.split("\n")[5] in console.file.getvalue()


@pytest.mark.parametrize("height", [10, 20])
def test_a_low_terminal_gets_each_code_whole_below_the_last(height):
    console = terminal(height=height)
    codes = ["first" * 40, "second" * 40]
    with drawn_on(console, None) as show:
        for code in codes:
            show(Pairing(code))
    output = console.file.getvalue()
    for code in codes:
        assert all(line in output for line in drawn(code, colours=True).plain.split("\n"))
    # Nothing that was printed is erased: the cursor never goes up over it.
    assert output.count("\x1b[1A") <= len(codes)


def test_a_narrow_terminal_is_told_what_is_missing():
    console = terminal(width=20)
    with drawn_on(console, None) as show:
        show(Pairing("first"))
    output = " ".join(console.file.getvalue().split())
    assert "25 colunas" in output
    assert "█" not in output


def test_a_code_to_type_is_shown_in_two_halves_without_a_drawing():
    console = terminal()
    with drawn_on(console, None) as show:
        show(Pairing("first", "K7QW2M4X"))
    output = console.file.getvalue()
    assert "K7QW-2M4X" in output
    assert "número de telefone" in output
    assert "█" not in output


def test_in_text_the_code_is_as_it_is():
    console = Console(file=StringIO(), width=40)
    with in_text(console, None) as show:
        show(Pairing(None))
        show(Pairing("2@" + "x" * 200))
    waiting, code = console.file.getvalue().splitlines()
    assert "Esperando" in waiting
    assert code == "2@" + "x" * 200


def test_a_program_gets_a_line_for_each_code_and_the_picture_follows(capsys, tmp_path):
    picture = tmp_path / "code.png"
    with to_a_program(picture) as show:
        show(Pairing("first"))
        first = picture.read_bytes()
        show(Pairing("second", "K7QW2M4X"))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        {"event": "code", "code": "first", "pairing_code": None},
        {"event": "code", "code": "second", "pairing_code": "K7QW2M4X"},
    ]
    assert picture.read_bytes() != first
