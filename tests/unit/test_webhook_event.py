"""What a webhook's envelope says: read leniently, and never an error."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.model import ConnectionState
from campaigns.domain.webhook_event import Ack, AckStatus, ConnectionChange, Inbound, read_event

ID = "3EB07BF3A48FF674FA9890"
JID = "5511990000001@s.whatsapp.net"


def update(**data: object) -> dict[str, object]:
    known = {"keyId": ID, "remoteJid": JID, "fromMe": True, "status": "READ", "messageId": "row"}
    return {"event": "messages.update", "instance": "loja", "data": known | data}


def upsert(message: object, *, key: object = None, **data: object) -> dict[str, object]:
    known = {"remoteJid": JID, "fromMe": False, "id": "AAAA"}
    content = {
        "key": known if key is None else key,
        "pushName": "Ana",
        "message": message,
        "messageTimestamp": 1_795_349_529,
    }
    return {"event": "messages.upsert", "data": content | data}


@pytest.mark.parametrize("status", AckStatus)
def test_an_ack_tells_which_message_of_ours_came_how_far(status):
    assert read_event(update(status=status.value)) == Ack(ID, status, JID)


def test_a_message_is_known_by_its_whatsapp_id_and_not_by_the_servers_row():
    event = read_event(update(messageId="clx123"))
    assert isinstance(event, Ack)
    assert event.whatsapp_message_id == ID


@pytest.mark.parametrize(
    "data",
    [
        {"fromMe": False},
        {"keyId": None},
        {"keyId": ""},
        {"keyId": 7},
        {"keyId": "x" * 257},
        {"keyId": "não"},
        {"keyId": "a b"},
        {"keyId": "a\n"},
        {"status": "SEEN"},
        {"status": None},
        {"status": 3},
        {"remoteJid": "12036304@g.us"},
        {"remoteJid": "status@broadcast"},
    ],
)
def test_what_is_no_receipt_of_a_message_of_ours_is_nothing(data):
    assert read_event(update(**data)) is None


@pytest.mark.parametrize("name", ["messages.update", "MESSAGES_UPDATE", "messages-update"])
def test_an_events_name_is_the_same_in_each_spelling(name):
    assert isinstance(read_event(update() | {"event": name}), Ack)


@pytest.mark.parametrize("name", ["send.message", "qrcode.updated", "messages.delete", "", None])
def test_events_that_are_not_asked_for_are_nothing(name):
    assert read_event(update() | {"event": name}) is None


def test_a_plain_answer_tells_who_wrote_what_when():
    assert read_event(upsert({"conversation": "SAIR"})) == Inbound(
        whatsapp_message_id="AAAA",
        remote_jid=JID,
        text="SAIR",
        written_at=1_795_349_529_000,
        push_name="Ana",
    )


def test_an_alias_comes_with_the_other_address_where_the_server_knows_it():
    key = {"remoteJid": "77@lid", "fromMe": False, "id": "AAAA", "remoteJidAlt": JID}
    event = read_event(upsert({"conversation": "Oi"}, key=key))
    assert isinstance(event, Inbound)
    assert (event.remote_jid, event.alternate_jid) == ("77@lid", JID)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"extendedTextMessage": {"text": "Quero"}}, "Quero"),
        ({"imageMessage": {"caption": "Quero"}}, "Quero"),
        ({"buttonsResponseMessage": {"selectedDisplayText": "Sim"}}, "Sim"),
        ({"listResponseMessage": {"title": "Sim"}}, "Sim"),
        ({"ephemeralMessage": {"message": {"extendedTextMessage": {"text": "SAIR"}}}}, "SAIR"),
        (
            {
                "ephemeralMessage": {
                    "message": {"viewOnceMessage": {"message": {"conversation": "SAIR"}}}
                }
            },
            "SAIR",
        ),
        ({"conversation": "SAIR", "messageContextInfo": {}}, "SAIR"),
        ({"audioMessage": {"seconds": 3}}, None),
        ({"stickerMessage": {}}, None),
    ],
)
def test_whatever_somebody_writes_is_an_answer_and_its_text_is_found(message, text):
    event = read_event(upsert(message))
    assert isinstance(event, Inbound)
    assert (event.text, event.is_answer) == (text, True)


@pytest.mark.parametrize(
    "message",
    [
        {"reactionMessage": {"text": "👍", "key": {"id": ID}}},
        {"protocolMessage": {"type": "REVOKE"}},
        {"editedMessage": {"message": {"conversation": "Oi"}}},
        {"senderKeyDistributionMessage": {}},
        {"messageContextInfo": {}},
        {},
        None,
        "Oi",
    ],
)
def test_a_reaction_and_the_like_is_no_answer(message):
    event = read_event(upsert(message))
    assert isinstance(event, Inbound)
    assert not event.is_answer
    assert event.text is None


@pytest.mark.parametrize(
    "quoting",
    [
        upsert({"conversation": "Oi"}, contextInfo={"stanzaId": ID}),
        upsert({"extendedTextMessage": {"text": "Oi", "contextInfo": {"stanzaId": ID}}}),
        upsert({"audioMessage": {"contextInfo": {"stanzaId": ID}}}),
    ],
)
def test_the_message_that_is_replied_to_is_found_wherever_it_stands(quoting):
    event = read_event(quoting)
    assert isinstance(event, Inbound)
    assert event.quoted_id == ID


@pytest.mark.parametrize(
    "jid", ["12036304@g.us", "status@broadcast", "1203@newsletter", "", None, "x" * 300]
)
def test_who_writes_from_where_nobody_is_written_to_is_nobody(jid):
    key = {"remoteJid": jid, "fromMe": False, "id": "AAAA"}
    assert read_event(upsert({"conversation": "SAIR"}, key=key)) is None


def test_what_we_wrote_ourselves_is_nothing():
    key = {"remoteJid": JID, "fromMe": True, "id": "AAAA"}
    assert read_event(upsert({"conversation": "SAIR"}, key=key)) is None


@pytest.mark.parametrize(
    ("stamp", "written_at"),
    [
        ("1795349529", 1_795_349_529_000),
        ({"low": 1_795_349_529, "high": 0, "unsigned": True}, 1_795_349_529_000),
        (0, None),
        (-5, None),
        (10**12, None),
        (1.5, None),
        (True, None),
        ("agora", None),
        ("٣", None),
        ("9" * 400, None),
        pytest.param(10**5_000, None, id="huge"),
    ],
)
def test_a_moment_is_read_in_each_of_its_shapes_or_not_at_all(stamp, written_at):
    event = read_event(upsert({"conversation": "Oi"}, messageTimestamp=stamp))
    assert isinstance(event, Inbound)
    assert event.written_at == written_at


def test_what_is_longer_than_anybody_can_write_is_cut():
    """An item that is too large for the table would be asked for again, and lost in the end."""
    event = read_event(upsert({"conversation": "SAIR" + " " * 900_000}, pushName="A" * 900_000))
    assert isinstance(event, Inbound)
    assert event.text is not None
    assert event.text.startswith("SAIR ")
    assert len(f"{event.text}{event.push_name}".encode()) < 100_000


def test_half_a_character_is_not_kept():
    event = read_event(upsert(json.loads('{"conversation": "Oi \\ud83d"}')))
    assert isinstance(event, Inbound)
    assert event.text == "Oi ?"


@pytest.mark.parametrize(
    ("data", "change"),
    [
        ({"state": "open", "statusReason": 200}, ConnectionChange(ConnectionState.OPEN, 200)),
        ({"state": "close", "statusReason": "401"}, ConnectionChange(ConnectionState.CLOSE, 401)),
        ({"state": "refused"}, ConnectionChange()),
        ({"statusReason": -1}, ConnectionChange()),
        (None, ConnectionChange()),
    ],
)
def test_a_connection_is_said_to_have_changed_whatever_else_is_missing(data, change):
    assert read_event({"event": "connection.update", "data": data}) == change


def test_nothing_of_a_person_is_shown_where_an_event_is_printed():
    inbound = upsert({"conversation": "SAIR"}, contextInfo={"stanzaId": ID})
    inbound["data"]["key"]["remoteJidAlt"] = JID  # type: ignore[index]
    shown = repr(read_event(inbound)) + repr(read_event(update()))
    assert ID in shown
    assert not any(secret in shown for secret in ("551199", "SAIR", "Ana"))


_NAMES = [
    "key",
    "message",
    "status",
    "id",
    "keyId",
    "remoteJid",
    "contextInfo",
    "stanzaId",
    "conversation",
    "low",
    "state",
    "text",
    "ephemeralMessage",
    "extendedTextMessage",
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.sampled_from(["messages.update", "messages.upsert", "connection.update"]) | _JSON, _JSON)
def test_nothing_that_can_be_spelled_is_an_error(name, data):
    read_event({"event": name, "data": data})
    read_event(data)
