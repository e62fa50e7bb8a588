"""The fake answers as Evolution does, status by status and body by body."""

import re
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.fake_evolution import (
    Behaviour,
    ConnectionState,
    FakeEvolution,
    FakeEvolutionApp,
    Operation,
    Rule,
    transport,
)
from local.fake_evolution.numbers import canonical_phone, jid_of

ANA = "5511990000001"
KEY = "key-of-the-shop"
START = 1_795_349_529.25
WANTED_ID = "3EB07BF3A48FF674FA9890"


class VirtualTime:
    def __init__(self) -> None:
        self.now = START

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Shop:
    """A fake with one connected instance, and a client of it, on a virtual clock."""

    def __init__(self, version: str = "2.3.7", seed: int = 7, **options: Any) -> None:
        self.time = VirtualTime()
        self.fake = FakeEvolution(
            self.time.clock, self.time.sleep, Random(seed), version, global_key="global", **options
        )
        self.fake.register_instance("loja", KEY)
        self.http = httpx.Client(
            transport=transport(self.fake),
            base_url="http://evolution.test",
            timeout=httpx.Timeout(20, connect=5),
        )

    def send(self, number: str = ANA, text: str = "Olá", key: str = KEY, **more: Any):
        return self.post("/message/sendText/loja", {"number": number, "text": text, **more}, key)

    def post(self, path: str, body: object, key: str = KEY):
        return self.http.post(path, json=body, headers={"apikey": key})

    def get(self, path: str, key: str = KEY):
        return self.http.get(path, headers={"apikey": key})

    def texts(self, number: str = ANA) -> list[str]:
        return [message.text for message in self.fake.received(number)]


def envelope(status: int, error: str, message: object) -> dict[str, object]:
    return {"status": status, "error": error, "response": {"message": message}}


def test_a_send_is_answered_with_201_and_reaches_the_phone() -> None:
    shop = Shop()
    answer = shop.send(text="Oi, Ana")
    body = answer.json()
    assert answer.status_code == 201
    assert body == {
        "key": {
            "remoteJid": f"{ANA}@s.whatsapp.net",
            "fromMe": True,
            "id": body["key"]["id"],
        },
        "status": "PENDING",
        "message": {"conversation": "Oi, Ana"},
        "messageType": "conversation",
        "messageTimestamp": 1_795_349_529,
        "instanceId": shop.fake.instances["loja"].instance_id,
        "source": "web",
    }
    (message,) = shop.fake.received(ANA)
    assert (message.id, message.text, message.received_at) == (body["key"]["id"], "Oi, Ana", START)


def test_message_ids_are_3eb0_and_18_upper_case_hex_digits() -> None:
    shop = Shop()
    ids = {shop.send().json()["key"]["id"] for _ in range(20)}
    assert len(ids) == 20
    assert all(len(i) == 22 and i.startswith("3EB0") for i in ids)
    assert all(set(i) <= set("0123456789ABCDEF") for i in ids)


def test_an_unknown_instance_is_404_before_the_key_is_looked_at() -> None:
    answer = Shop().post("/message/sendText/outra", {"number": ANA, "text": "Olá"}, key="wrong")
    assert answer.status_code == 404
    assert answer.json() == envelope(404, "Not Found", ['The "outra" instance does not exist'])


@pytest.mark.parametrize("headers", [{}, {"apikey": "wrong"}])
def test_a_wrong_or_missing_key_is_401(headers: dict[str, str]) -> None:
    body = {"number": ANA, "text": "Olá"}
    answer = Shop().http.post("/message/sendText/loja", json=body, headers=headers)
    assert answer.status_code == 401
    assert answer.json() == envelope(401, "Unauthorized", "Unauthorized")


def test_a_server_without_its_licence_answers_503_to_everything_but_its_version() -> None:
    shop = Shop("2.4.0")
    shop.http.put("/_fake/server", json={"licensed": False})
    for answer in (shop.send(), shop.get("/instance/connectionState/loja")):
        assert answer.status_code == 503
        assert answer.json() == {"error": "service not activated", "code": "LICENSE_REQUIRED"}
    assert shop.get("/").json()["version"] == "2.4.0"


def test_a_number_that_is_not_on_whatsapp_is_400_with_its_jid() -> None:
    shop = Shop()
    shop.fake.not_on_whatsapp("5531990000002")
    answer = shop.send("553190000002")
    assert answer.status_code == 400
    assert answer.json() == envelope(
        400,
        "Bad Request",
        [{"jid": "553190000002@s.whatsapp.net", "exists": False, "number": "553190000002"}],
    )
    assert shop.fake.phones() == []


def test_a_number_with_punctuation_is_looked_up_wrongly_even_when_it_is_known() -> None:
    shop = Shop()
    shop.send("5511990000001")
    answer = shop.send("+55 (11) 99000-0001")
    assert answer.status_code == 400
    assert answer.json() == envelope(
        400,
        "Bad Request",
        [
            {
                "jid": "5511990000001@s.whatsapp.net",
                "exists": False,
                "number": "+55 (11) 99000-0001",
            }
        ],
    )


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({"number": ANA}, ['instance requires property "text"']),
        (
            {"number": ANA, "textMessage": {"text": "Olá"}},
            ['instance requires property "text"'],
        ),
        (
            {},
            ['instance requires property "number"', 'instance requires property "text"'],
        ),
        ({"number": 5511990000001, "text": "Olá"}, ["Invalid format"]),
        ({"number": ANA, "text": "Olá", "delay": "1200"}, ["Enter a value in milliseconds"]),
    ],
)
def test_a_body_off_the_schema_is_400_with_a_list_in_a_list(
    body: dict[str, object], messages: list[str]
) -> None:
    answer = Shop().post("/message/sendText/loja", body)
    assert answer.status_code == 400
    assert answer.json() == envelope(400, "Bad Request", [messages])


def test_a_1_x_server_takes_the_1_x_body_only() -> None:
    shop = Shop("1.8.2")
    refused = shop.send()
    assert refused.json() == envelope(
        400, "Bad Request", [['instance requires property "textMessage"']]
    )
    shop.post("/message/sendText/loja", {"number": ANA, "textMessage": {"text": "Olá"}})
    assert shop.texts() == ["Olá"]


ONWHATSAPP = "Cannot read properties of undefined (reading 'onWhatsApp')"
FIND = "Cannot read properties of undefined (reading 'find')"


def test_an_instance_that_never_connected_cannot_look_a_number_up() -> None:
    shop = Shop()
    shop.fake.register_instance("loja", KEY, state=ConnectionState.CLOSE, ever_connected=False)
    answer = shop.send()
    assert answer.status_code == 500
    assert answer.json() == envelope(500, "Internal Server Error", ONWHATSAPP)


@pytest.mark.parametrize(
    ("state", "message"),
    [(ConnectionState.CLOSE, "Connection Closed"), (ConnectionState.CONNECTING, FIND)],
)
def test_a_closed_instance_fails_before_the_send_for_a_number_it_does_not_know(
    state: ConnectionState, message: str
) -> None:
    shop = Shop()
    shop.fake.set_state("loja", state)
    answer = shop.send()
    assert answer.status_code == 500
    assert answer.json() == envelope(500, "Internal Server Error", message)


def test_a_closed_instance_fails_around_the_send_for_a_number_it_knows() -> None:
    shop = Shop()
    shop.send()
    shop.fake.set_state("loja", ConnectionState.CLOSE)
    answer = shop.send(text="De novo")
    assert answer.status_code == 400
    assert answer.json() == envelope(400, "Bad Request", ["Error: Connection Closed"])
    assert shop.texts() == ["Olá"]


TABLE = [
    (Behaviour.UNAUTHORIZED, 401, "Unauthorized", "Unauthorized"),
    (Behaviour.INSTANCE_NOT_FOUND, 404, "Not Found", ['The "loja" instance does not exist']),
    (
        Behaviour.NOT_ON_WHATSAPP,
        400,
        "Bad Request",
        [{"jid": f"{ANA}@s.whatsapp.net", "exists": False, "number": ANA}],
    ),
    (Behaviour.SCHEMA_ERROR, 400, "Bad Request", [['instance requires property "text"']]),
    (Behaviour.NEVER_CONNECTED, 500, "Internal Server Error", ONWHATSAPP),
    (Behaviour.CONNECTION_CLOSED, 500, "Internal Server Error", "Connection Closed"),
    (Behaviour.NUMBER_CHECK_TIMED_OUT, 500, "Internal Server Error", "Timed Out"),
    (Behaviour.NUMBER_CHECK_EMPTY, 500, "Internal Server Error", FIND),
    (Behaviour.RATE_OVERLIMIT, 500, "Internal Server Error", "rate-overlimit"),
    (Behaviour.NOT_SENT_400, 400, "Bad Request", ["Error: Connection Closed"]),
]


@pytest.mark.parametrize(("behaviour", "status", "error", "message"), TABLE)
def test_each_row_of_the_error_table_can_be_told(
    behaviour: Behaviour, status: int, error: str, message: object
) -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(behaviour, count=1))
    answer = shop.send()
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == envelope(status, error, message)
    assert shop.fake.phones() == []
    assert shop.send().status_code == 201


def test_the_licence_can_be_missing_for_one_send() -> None:
    shop = Shop("2.4.0")
    shop.fake.add_rule(Rule(Behaviour.LICENCE_NOT_ACTIVATED, count=1))
    answer = shop.send()
    assert answer.status_code == 503
    assert answer.json() == {"error": "service not activated", "code": "LICENSE_REQUIRED"}


@pytest.mark.parametrize(
    "thrown",
    ["Error: Connection Closed", "Error: Timed Out", "PrismaClientKnownRequestError: P2002"],
)
def test_what_is_thrown_around_the_send_may_have_been_sent(thrown: str) -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(Behaviour.SENT_THEN_400, message=thrown))
    answer = shop.send()
    assert answer.status_code == 400
    assert answer.json() == envelope(400, "Bad Request", [thrown])
    assert shop.texts() == ["Olá"]


@pytest.mark.parametrize(
    ("behaviour", "status", "texts"),
    [
        (Behaviour.SENT_BAD_GATEWAY, 502, ["Olá"]),
        (Behaviour.NOT_SENT_BAD_GATEWAY, 502, []),
        (Behaviour.SENT_GATEWAY_TIMEOUT, 504, ["Olá"]),
        (Behaviour.NOT_SENT_GATEWAY_TIMEOUT, 504, []),
        (Behaviour.SENT_OTHER_STATUS, 418, ["Olá"]),
        (Behaviour.NOT_SENT_OTHER_STATUS, 418, []),
    ],
)
def test_a_proxy_or_a_stranger_answers_in_its_place(
    behaviour: Behaviour, status: int, texts: list[str]
) -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(behaviour, status=418))
    answer = shop.send()
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert shop.texts() == texts


def test_a_201_can_be_unreadable() -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(Behaviour.SENT_UNREADABLE))
    answer = shop.send()
    assert answer.status_code == 201
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        answer.json()
    assert shop.texts() == ["Olá"]


@pytest.mark.parametrize(
    ("behaviour", "raised", "texts"),
    [
        (Behaviour.SENT_ANSWER_LOST, httpx.RemoteProtocolError, ["Olá"]),
        (Behaviour.NOT_SENT_ANSWER_LOST, httpx.RemoteProtocolError, []),
        (Behaviour.SENT_CONNECTION_RESET, httpx.ReadError, ["Olá"]),
        (Behaviour.NOT_SENT_CONNECTION_RESET, httpx.ReadError, []),
        (Behaviour.NOT_SENT_NO_ANSWER, httpx.ReadTimeout, []),
        (Behaviour.SLOW, httpx.ReadTimeout, ["Olá"]),
        (Behaviour.HOLD, httpx.ReadTimeout, ["Olá"]),
    ],
)
def test_a_lost_answer_surfaces_as_httpx_says_it(
    behaviour: Behaviour, raised: type[httpx.TransportError], texts: list[str]
) -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(behaviour))
    with pytest.raises(raised):
        shop.send()
    assert shop.texts() == texts
    assert shop.fake.held() == []


@pytest.mark.parametrize(
    ("behaviour", "raised", "seconds"),
    [
        (Behaviour.CONNECTION_REFUSED, httpx.ConnectError, 0),
        (Behaviour.DNS_FAILURE, httpx.ConnectError, 0),
        (Behaviour.CONNECT_TIMEOUT, httpx.ConnectTimeout, 5),
    ],
)
def test_a_request_that_never_arrives_is_not_on_record(
    behaviour: Behaviour, raised: type[httpx.TransportError], seconds: float
) -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(behaviour))
    with pytest.raises(raised):
        shop.send()
    assert shop.time.now == START + seconds
    assert shop.fake.requests() == []
    assert shop.fake.phones() == []


def test_a_delay_blocks_the_call_that_long() -> None:
    shop = Shop()
    shop.send(delay=1200)
    assert shop.time.now == START + 1.2
    (message,) = shop.fake.received(ANA)
    assert message.received_at == START + 1.2


def test_a_slow_answer_within_the_read_timeout_arrives() -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(Behaviour.SLOW, seconds=20))
    assert shop.send().status_code == 201
    assert shop.time.now == START + 20


def test_the_server_goes_on_sending_after_the_client_gave_up() -> None:
    shop = Shop()
    with pytest.raises(httpx.ReadTimeout):
        shop.send(delay=30_000)
    assert shop.time.now == START + 20
    assert shop.fake.phones() == []
    assert shop.fake.next_due() == START + 30
    shop.time.sleep(12)
    (message,) = shop.fake.received(ANA)
    assert message.received_at == START + 30
    (request,) = shop.fake.requests()
    assert (request.outcome, request.message_id) == ("client_gave_up", message.id)


def test_2_3_ignores_the_message_id_in_silence() -> None:
    shop = Shop("2.3.7")
    ids = {shop.send(messageId=WANTED_ID).json()["key"]["id"] for _ in range(2)}
    assert WANTED_ID not in ids
    assert len(ids) == 2
    assert shop.texts() == ["Olá", "Olá"]


def test_2_4_honours_the_message_id_and_the_phone_shows_it_once() -> None:
    shop = Shop("2.4.0")
    ids = {shop.send(messageId=WANTED_ID).json()["key"]["id"] for _ in range(2)}
    assert ids == {WANTED_ID}
    assert shop.texts() == ["Olá"]
    assert len(shop.fake.requests()) == 2


def test_one_id_from_two_numbers_is_shown_twice() -> None:
    shop = Shop("2.4.0")
    shop.fake.register_instance("filial", "other-key")
    shop.send(messageId=WANTED_ID)
    body = {"number": ANA, "text": "Olá", "messageId": WANTED_ID}
    shop.post("/message/sendText/filial", body, key="other-key")
    assert shop.texts() == ["Olá", "Olá"]


def test_an_instance_can_speak_another_version_than_its_server() -> None:
    shop = Shop("2.3.7")
    shop.http.put("/_fake/instances/loja", json={"version": "2.4.0"})
    assert shop.send(messageId=WANTED_ID).json()["key"]["id"] == WANTED_ID
    assert shop.get("/").json()["version"] == "2.4.0"
    assert shop.get("/", key="").json()["version"] == "2.3.7"


@pytest.mark.parametrize(
    ("number", "jid"),
    [
        ("5511990000001", "5511990000001"),
        ("5530990000001", "5530990000001"),
        ("5531990000001", "553190000001"),
        ("5531970000001", "553170000001"),
        ("5531969000001", "5531969000001"),
        ("553190000001", "553190000001"),
        ("551130000001", "551130000001"),
        ("5215512345678", "525512345678"),
        ("5491123456789", "541123456789"),
        ("351912345678", "351912345678"),
    ],
)
def test_evolution_drops_the_ninth_digit_by_area_code_and_first_digit(
    number: str, jid: str
) -> None:
    assert jid_of(number) == f"{jid}@s.whatsapp.net"


@given(area=st.integers(11, 99), rest=st.integers(60_000_000, 99_999_999))
def test_a_mobile_phone_is_one_with_and_without_the_ninth_digit(area: int, rest: int) -> None:
    with_ninth = f"55{area}9{rest}"
    assert canonical_phone(with_ninth) == with_ninth
    assert canonical_phone(f"55{area}{rest}") == with_ninth
    assert canonical_phone(jid_of(with_ninth)) == with_ninth


@given(area=st.integers(11, 99), rest=st.integers(20_000_000, 59_999_999))
def test_a_landline_stays_itself(area: int, rest: int) -> None:
    assert canonical_phone(f"55{area}{rest}") == f"55{area}{rest}"


def test_both_spellings_reach_one_phone() -> None:
    shop = Shop()
    jids = {shop.send(n).json()["key"]["remoteJid"] for n in ("5531990000001", "553190000001")}
    assert jids == {"553190000001@s.whatsapp.net"}
    (phone,) = shop.fake.phones()
    assert (phone.phone, len(phone.messages)) == ("5531990000001", 2)


def test_media_carries_its_caption_and_a_base64_document_needs_a_name() -> None:
    shop = Shop()
    image = {"number": ANA, "mediatype": "image", "media": "https://x.test/a.png", "caption": "Oi"}
    body = shop.post("/message/sendMedia/loja", image).json()
    assert body["messageType"] == "imageMessage"
    assert body["message"] == {"imageMessage": {"caption": "Oi", "url": "https://x.test/a.png"}}
    assert shop.texts() == ["Oi"]
    document = {"number": ANA, "mediatype": "document", "media": "aGVsbG8="}
    answer = shop.post("/message/sendMedia/loja", document)
    assert answer.json() == envelope(
        400, "Bad Request", ["For base64 the file name must be informed."]
    )


def test_a_path_that_does_not_exist_is_404_in_the_same_envelope() -> None:
    answer = Shop().get("/message/sendPigeon/loja")
    assert answer.status_code == 404
    assert answer.json() == envelope(404, "Not Found", ["Cannot GET /message/sendPigeon/loja"])


def test_a_rule_can_be_about_another_request_than_a_send() -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(Behaviour.SLOW, operation=Operation.CONNECTION_STATE, seconds=21))
    with pytest.raises(httpx.ReadTimeout):
        shop.get("/instance/connectionState/loja")
    assert shop.send().status_code == 201


def test_the_app_serves_any_wsgi_client() -> None:
    shop = Shop()
    client = httpx.Client(transport=httpx.WSGITransport(FakeEvolutionApp(shop.fake)))
    answer = client.get("http://evolution.test/_fake/")
    assert answer.status_code == 200
    assert "Telefones simulados" in answer.text


def test_the_page_for_people_loads_nothing_from_elsewhere() -> None:
    http = Shop().http
    page = http.get("/_fake/").text
    assert '<html lang="pt-BR">' in page
    named = re.findall(r'(?:src|href)="([^"]*)"', page)
    files = {name: http.get(name) for name in named if name.startswith("/_fake/page.")}
    assert {name: answer.headers["content-type"] for name, answer in files.items()} == {
        "/_fake/page.css": "text/css; charset=utf-8",
        "/_fake/page.js": "text/javascript; charset=utf-8",
    }
    for text in (page, *(answer.text for answer in files.values())):
        assert "//" not in text
