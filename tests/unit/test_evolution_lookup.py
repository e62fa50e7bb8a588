"""Looking for a message: what is asked, what is read of an answer, and what is none."""

import json
import random
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from campaigns.adapters.evolution_lookup import EvolutionLookup
from campaigns.domain.errors import Unavailable
from campaigns.domain.model import Instance
from campaigns.domain.reconciling import Row
from campaigns.domain.webhook_event import AckStatus
from local.fake_evolution import Behaviour, FakeEvolution, Rule, transport
from local.fake_evolution.behaviours import Operation
from tests.fakes.clock import FakeClock

KEY = "chave-secreta-da-loja"
MESSAGE_ID = "3EB07BF3A48FF674FA9890"
JID = "5511990000001@s.whatsapp.net"
NOW = 1_795_525_200_000
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


def answering(answer: httpx.Response | Exception, kept: list[httpx.Request]) -> EvolutionLookup:
    def handle(request: httpx.Request) -> httpx.Response:
        kept.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return EvolutionLookup(httpx.Client(transport=httpx.MockTransport(handle)))


def found(records: object) -> httpx.Response:
    return httpx.Response(200, json={"messages": {"total": 1, "records": records}})


def record(**fields: object) -> dict[str, object]:
    return {"key": {"id": MESSAGE_ID, "remoteJid": JID, "fromMe": True}} | fields


# Against the fake server, through its transport

AT_FAKE = replace(INSTANCE, evolution_url="http://fake")


class Shop:
    """A connected instance at a fake server of some version."""

    def __init__(self, version: str) -> None:
        self.clock = FakeClock(NOW)
        self.fake = FakeEvolution(
            clock=lambda: self.clock.now() / 1_000,
            sleep=lambda seconds: self.clock.sleep(round(seconds * 1_000)),
            random=random.Random(1),
            version=version,
        )
        self.fake.register_instance(INSTANCE.evolution_instance, KEY)
        self.client = httpx.Client(transport=transport(self.fake))
        self.lookup = EvolutionLookup(self.client)

    def send(self, text: str = "Oi Ana", message_id: str = MESSAGE_ID) -> str:
        url = "http://fake/message/sendText/loja%20da%20ana"
        body = {"number": "5511990000001", "text": text, "messageId": message_id}
        answer = self.client.post(url, headers={"apikey": KEY}, json=body)
        sent_id: str = answer.json()["key"]["id"]
        return sent_id

    def by_address(self, jid: str = JID) -> list[Row]:
        now = self.clock.now()
        rows = self.lookup.by_address(AT_FAKE, KEY, jid, since=now - 60_000, until=now + 60_000)
        return list(rows)


@pytest.mark.parametrize("version", ["2.3.7", "2.4.0"])
def test_a_server_tells_its_version(version):
    assert Shop(version).lookup.version(AT_FAKE.evolution_url) == version


def test_from_2_4_on_a_message_is_found_by_the_id_that_it_was_given():
    shop = Shop("2.4.0")
    shop.send("Outra", "3EB0" + "0" * 18)
    assert shop.send() == MESSAGE_ID
    (row,) = shop.lookup.by_id(AT_FAKE, KEY, MESSAGE_ID)
    assert row == Row(MESSAGE_ID, remote_jid=JID, text="Oi Ana", sent_at=NOW)


def test_on_2_3_it_is_found_by_its_address_and_time_under_an_id_of_the_servers_own():
    shop = Shop("2.3.7")
    shop.send()
    own_id = shop.send("E aí")
    assert list(shop.lookup.by_id(AT_FAKE, KEY, MESSAGE_ID)) == []
    assert {row.text: row.sent_at for row in shop.by_address()} == {"Oi Ana": NOW, "E aí": NOW}
    assert own_id in {row.whatsapp_message_id for row in shop.by_address()}
    assert shop.by_address("5511990000002@s.whatsapp.net") == []
    shop.clock.sleep(121_000)
    assert shop.by_address() == []


@pytest.mark.parametrize("version", ["2.3.7", "2.4.0"])
def test_a_row_that_comes_late_is_not_there_before_and_one_that_never_comes_never_is(version):
    shop = Shop(version)
    shop.fake.row_delay = 10
    sent_id = shop.send()
    assert list(shop.lookup.by_id(AT_FAKE, KEY, sent_id)) == []
    shop.clock.sleep(10_000)
    assert [row.text for row in shop.lookup.by_id(AT_FAKE, KEY, sent_id)] == ["Oi Ana"]
    shop.fake.clear_phones()
    shop.fake.add_rule(Rule(Behaviour.SENT_UNREADABLE, row=False))
    with pytest.raises(json.JSONDecodeError):
        shop.send()
    shop.clock.sleep(60_000)
    assert shop.by_address() == []


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour.UNAUTHORIZED,
        Behaviour.INSTANCE_NOT_FOUND,
        Behaviour.LICENCE_NOT_ACTIVATED,
        Behaviour.SENT_BAD_GATEWAY,
        Behaviour.SENT_CONNECTION_RESET,
        Behaviour.SENT_ANSWER_LOST,
        Behaviour.SENT_UNREADABLE,
        Behaviour.SLOW,
        Behaviour.CONNECTION_REFUSED,
        Behaviour.CONNECT_TIMEOUT,
        Behaviour.DNS_FAILURE,
    ],
)
def test_a_server_in_trouble_has_not_answered(behaviour):
    shop = Shop("2.4.0")
    shop.fake.add_rule(Rule(behaviour, operation=Operation.FIND_MESSAGES))
    with pytest.raises(Unavailable):
        shop.lookup.by_id(AT_FAKE, KEY, MESSAGE_ID)
    assert shop.clock.now() - NOW <= 5_000


# What is asked


def test_the_key_and_the_name_go_where_they_belong_and_both_bounds_of_the_time_are_said():
    kept: list[httpx.Request] = []
    lookup = answering(found([]), kept)
    lookup.by_address(INSTANCE, KEY, JID, since=NOW, until=NOW + 45_250)
    (request,) = kept
    assert str(request.url) == "https://evo.example.com/base/chat/findMessages/loja%20da%20ana"
    assert request.headers["apikey"] == KEY
    assert json.loads(request.content) == {
        "where": {
            "key": {"remoteJid": JID, "fromMe": True},
            "messageTimestamp": {
                "gte": "2026-11-24T13:00:00.000Z",
                "lte": "2026-11-24T13:00:45.250Z",
            },
        }
    }


def test_a_version_is_asked_for_without_the_key():
    kept: list[httpx.Request] = []
    assert answering(httpx.Response(200, json={"version": 24}), kept).version("http://evo") is None
    assert "apikey" not in kept[0].headers


# What is read


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (1_795_525_200, NOW),
        (1_795_525_200.75, NOW + 750),
        ("1795525200", NOW),
        (NOW, NOW),
        (str(NOW), NOW),
        ({"low": 1_795_525_200, "high": 0, "unsigned": True}, NOW),
        ("9" * 40, None),
        ("ontem", None),
        (True, None),
        (-5, None),
        (10**30, None),
        ([], None),
        (None, None),
    ],
)
def test_an_instant_comes_in_seconds_or_milliseconds_or_not_at_all(told, expected):
    lookup = answering(found([record(messageTimestamp=told)]), [])
    (row,) = lookup.by_id(INSTANCE, KEY, MESSAGE_ID)
    assert row.sent_at == expected


def test_a_row_says_what_it_says_and_nothing_more():
    long = record(
        message={"extendedTextMessage": {"text": "Oi Ana"}},
        MessageUpdate=[{"status": "READ"}, {"status": "DELIVERY_ACK"}, {"status": "NOVO"}, 7],
    )
    bare = {
        "key": {"id": "3EB0AA", "remoteJid": JID},
        "message": {"imageMessage": {}},
        "MessageUpdate": "x",
    }
    theirs = {"key": {"id": "3EB0BB", "fromMe": False}}
    odd = [None, 5, {}, {"key": []}, {"key": {"id": ""}}, {"key": {"id": 7}}]
    rows = answering(found([*odd, theirs, long, bare]), []).by_address(
        INSTANCE, KEY, JID, since=NOW, until=NOW
    )
    read = frozenset({AckStatus.READ, AckStatus.DELIVERY_ACK})
    assert list(rows) == [
        Row(MESSAGE_ID, remote_jid=JID, text="Oi Ana", statuses=read),
        Row("3EB0AA", remote_jid=JID),
    ]


def test_a_row_under_another_id_than_was_asked_for_is_none():
    """An older server may disregard what it is asked."""
    other = {"key": {"id": "3EB0AA", "fromMe": True}}
    rows = answering(found([other, record()]), []).by_id(INSTANCE, KEY, MESSAGE_ID)
    assert [row.whatsapp_message_id for row in rows] == [MESSAGE_ID]


def test_a_row_of_another_address_than_was_asked_for_is_none():
    """A campaign's text may be the same for everybody."""
    theirs = {"id": "3EB0AA", "remoteJid": "5511990000002@s.whatsapp.net", "fromMe": True}
    nobodys = {"id": "3EB0BB", "fromMe": True}
    records = [record(), {"key": theirs}, {"key": nobodys}]
    rows = answering(found(records), []).by_address(INSTANCE, KEY, JID, since=NOW, until=NOW)
    assert [row.whatsapp_message_id for row in rows] == [MESSAGE_ID]


@pytest.mark.parametrize(
    "make",
    [
        lambda: httpx.Response(200, json={}),
        lambda: httpx.Response(200, json=[]),
        lambda: httpx.Response(200, json={"messages": []}),
        lambda: httpx.Response(200, json={"messages": {"records": None}}),
        lambda: httpx.Response(200, text="<html>"),
        lambda: httpx.Response(200, text="[" * 100_000),
        lambda: httpx.Response(302, headers={"location": "http://elsewhere"}),
        lambda: httpx.Response(400, json={"messages": {"records": []}}),
        lambda: httpx.Response(500),
        lambda: httpx.ReadTimeout(""),
        lambda: httpx.DecodingError(""),
    ],
)
def test_whatever_is_no_list_of_messages_is_no_answer(
    make: Callable[[], httpx.Response | Exception],
):
    with pytest.raises(Unavailable):
        answering(make(), []).by_id(INSTANCE, KEY, MESSAGE_ID)


def test_nothing_of_a_row_stands_in_its_repr():
    shown = repr(Row(MESSAGE_ID, remote_jid=JID, text="Oi Ana"))
    assert "Ana" not in shown
    assert "5511" not in shown
