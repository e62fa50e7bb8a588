import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaigns.domain.delivery import (
    LOG_LIMIT,
    AutoPauseReason,
    HttpAnswer,
    InstanceFault,
    OutcomeKind,
    PermanentFailure,
    Sent,
    Transient,
    TransportFault,
    Unknown,
    classify,
    loggable,
)
from campaigns.domain.recipient import RecipientErrorCode as Code

MESSAGE_ID = "3EB07BF3A48FF674FA9890"
JID = "5511990000001@s.whatsapp.net"
SENT_BODY = {
    "key": {"remoteJid": JID, "fromMe": True, "id": MESSAGE_ID},
    "status": "PENDING",
    "message": {"conversation": "Oi"},
    "messageType": "conversation",
    "messageTimestamp": 1795349529,
    "instanceId": "7c1f",
    "source": "web",
}
NEVER_CONNECTED = "Cannot read properties of undefined (reading 'onWhatsApp')"
CHECK_EMPTY = "Cannot read properties of undefined (reading 'find')"
LICENCE_BODY = {"error": "service not activated", "code": "LICENSE_REQUIRED"}
NOT_THERE = {"jid": JID, "exists": False, "number": "5511990000001"}


def envelope(status, message):
    return {"status": status, "error": "…", "response": {"message": message}}


def refused(status, message):
    return HttpAnswer(status, envelope(status, message))


# --- one test per row of the table -------------------------------------------------------------


@pytest.mark.parametrize("status", [201, 200])
def test_a_success_with_a_key_id_is_sent_and_keeps_the_jid(status):
    assert classify(HttpAnswer(status, SENT_BODY)) == Sent(MESSAGE_ID, JID)


def test_a_wrong_key_is_an_instance_fault():
    assert classify(refused(401, "Unauthorized")) == InstanceFault(
        Code.INSTANCE_UNAUTHORIZED, AutoPauseReason.INSTANCE_UNAUTHORIZED
    )


def test_an_unknown_instance_is_an_instance_fault():
    assert classify(refused(404, ['The "loja" instance does not exist'])) == InstanceFault(
        Code.INSTANCE_NOT_FOUND, AutoPauseReason.INSTANCE_NOT_FOUND
    )


def test_a_missing_licence_is_an_instance_fault():
    assert classify(HttpAnswer(503, LICENCE_BODY)) == InstanceFault(
        Code.LICENCE_REQUIRED, AutoPauseReason.LICENCE_REQUIRED
    )


def test_a_number_that_is_not_on_whatsapp_fails_for_good():
    assert classify(refused(400, [NOT_THERE])) == PermanentFailure(Code.NUMBER_NOT_ON_WHATSAPP)


def test_a_schema_error_fails_for_good():
    answer = refused(400, [['instance requires property "text"']])
    assert classify(answer) == PermanentFailure(Code.SCHEMA_ERROR)


def test_an_instance_that_never_connected_is_an_instance_fault():
    assert classify(refused(500, NEVER_CONNECTED)) == InstanceFault(
        Code.INSTANCE_NEVER_CONNECTED, AutoPauseReason.INSTANCE_DISCONNECTED
    )


def test_a_closed_connection_in_the_number_check_is_a_passing_fault():
    assert classify(refused(500, "Connection Closed")) == Transient(Code.CONNECTION_CLOSED)


def test_a_timeout_in_the_number_check_is_a_passing_fault():
    assert classify(refused(500, "Timed Out")) == Transient(Code.CHECK_TIMED_OUT)


@pytest.mark.parametrize("nothing", ["undefined", "null"])
def test_a_number_check_that_came_back_empty_is_a_passing_fault(nothing):
    message = CHECK_EMPTY.replace("undefined", nothing)
    assert classify(refused(500, message)) == Transient(Code.CHECK_EMPTY)


def test_a_rate_limit_is_a_passing_fault_with_a_hard_backoff():
    assert classify(refused(500, "rate-overlimit")) == Transient(
        Code.RATE_OVERLIMIT, hard_backoff=True
    )


@pytest.mark.parametrize(
    "message",
    [
        "Error: Connection Closed",
        "Error: Timed Out",
        "PrismaClientKnownRequestError: Invalid `create()` invocation",
        "TypeError: Cannot read properties of undefined (reading 'find')",
    ],
)
def test_whatever_was_thrown_around_the_send_itself_is_unknown(message):
    assert classify(refused(400, [message])) == Unknown(Code.SEND_THREW)


def test_a_read_timeout_is_unknown():
    assert classify(TransportFault.READ_TIMEOUT) == Unknown(Code.READ_TIMEOUT)


@pytest.mark.parametrize(
    "fault",
    [TransportFault.CONNECTION_LOST, TransportFault.WRITE_ERROR, TransportFault.PROTOCOL_ERROR],
)
def test_a_connection_that_broke_after_the_request_went_out_is_unknown(fault):
    assert classify(fault) == Unknown(Code.CONNECTION_LOST)


@pytest.mark.parametrize("status", [502, 504])
def test_a_proxys_502_or_504_is_unknown(status):
    assert classify(HttpAnswer(status, None, "<html>Bad Gateway</html>")) == Unknown(
        Code.PROXY_ERROR
    )


@pytest.mark.parametrize(
    "fault",
    [
        TransportFault.CONNECT_REFUSED,
        TransportFault.CONNECT_TIMEOUT,
        TransportFault.DNS,
        TransportFault.POOL_TIMEOUT,
        TransportFault.TLS_HANDSHAKE,
    ],
)
def test_a_connection_that_was_never_made_is_a_passing_fault(fault):
    assert classify(fault) == Transient(Code.CONNECT_FAILED)


def test_an_address_that_the_deployment_does_not_allow_is_an_instance_fault():
    assert classify(TransportFault.ADDRESS_NOT_ALLOWED) == InstanceFault(
        Code.ADDRESS_NOT_ALLOWED, AutoPauseReason.ADDRESS_NOT_ALLOWED
    )


@pytest.mark.parametrize(
    "answer",
    [
        refused(429, "Too Many Requests"),
        refused(403, "Forbidden"),
        HttpAnswer(301),
        HttpAnswer(302, envelope(302, "moved")),
        refused(409, ["…"]),
        refused(422, [NOT_THERE]),
        HttpAnswer(503, None, "Service Unavailable"),
        HttpAnswer(503, {"error": "service not activated", "code": "OTHER"}),
        HttpAnswer(503, envelope(503, "LICENSE_REQUIRED")),
        refused(501, "Connection Closed"),
        # The right words at the wrong place, or nearly the right words.
        HttpAnswer(401, None, "Unauthorized"),
        refused(401, "Request failed with status code 401"),
        refused(404, ["Cannot POST /message/sendText/loja"]),
        refused(404, 'The "loja" instance does not exist'),
        HttpAnswer(404, None, 'The "loja" instance does not exist'),
        refused(500, ["Connection Closed"]),
        refused(500, "Error: Connection Closed"),
        refused(500, "connection closed"),
        refused(500, "Internal Server Error"),
        refused(500, "TypeError: …(reading 'find')"),
        HttpAnswer(500, None, "Timed Out"),
        refused(400, "Connection Closed"),
        refused(400, []),
        refused(400, [[]]),
        refused(400, [["Error: Timed Out"]]),
        refused(400, ["Error: Timed Out", "Error: Timed Out"]),
        refused(400, [{**NOT_THERE, "exists": True}]),
        refused(400, [NOT_THERE, {**NOT_THERE, "exists": True}]),
        refused(400, [{**NOT_THERE, "exists": None}]),
        refused(400, NOT_THERE),
        HttpAnswer(400, None, "<html>"),
        # A success that cannot be read.
        HttpAnswer(201, None, "{"),
        HttpAnswer(201, {}),
        HttpAnswer(201, {"key": {}}),
        HttpAnswer(201, {"key": {"id": ""}}),
        HttpAnswer(201, {"key": {"id": 7}}),
        HttpAnswer(201, {"key": {"id": "A" * 201}}),
        HttpAnswer(201, {"key": None}),
        HttpAnswer(201, [SENT_BODY]),
        HttpAnswer(204),
    ],
)
def test_anything_else_is_unknown_and_logged_whole(answer):
    assert classify(answer) == Unknown(Code.UNRECOGNISED_ANSWER, log_whole=True)


# --- what holds for every answer ---------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
WORDS = st.sampled_from(
    [
        "Unauthorized",
        'The "loja" instance does not exist',
        'instance requires property "text"',
        NEVER_CONNECTED,
        CHECK_EMPTY,
        "Connection Closed",
        "Timed Out",
        "rate-overlimit",
        "LICENSE_REQUIRED",
        "Error: Timed Out",
    ]
)
MESSAGES = st.recursive(
    WORDS | JSON | st.just(NOT_THERE), lambda inner: st.lists(inner, max_size=2), max_leaves=4
)
BODIES = (
    JSON
    | st.builds(envelope, st.integers(), MESSAGES)
    | st.just(SENT_BODY)
    | st.builds(lambda key: {"key": key}, JSON)
    | st.builds(lambda code: {"code": code}, WORDS | JSON)
    | st.builds(lambda response: {"response": response}, JSON)
)
STATUSES = st.sampled_from([200, 201, 400, 401, 404, 500, 502, 503, 504]) | st.integers(100, 599)

#: The proofs that nothing was sent, spelled out a second time as (status, body's message).
PROOFS = {
    (401, '"Unauthorized"'),
    (404, json.dumps(['The "loja" instance does not exist'])),
    (400, json.dumps([NOT_THERE])),
    (400, json.dumps([NOT_THERE, NOT_THERE])),
    (400, json.dumps([['instance requires property "text"']])),
    (500, json.dumps(NEVER_CONNECTED)),
    (500, json.dumps(CHECK_EMPTY)),
    (500, '"Connection Closed"'),
    (500, '"Timed Out"'),
    (500, '"rate-overlimit"'),
}


def proves_unsent(answer):
    body = answer.body
    if answer.status == 503:
        return isinstance(body, dict) and body.get("code") == "LICENSE_REQUIRED"
    try:
        message = body["response"]["message"]
    except (TypeError, KeyError, IndexError):
        return False
    if isinstance(message, list) and message and isinstance(message[0], list):
        # Of a schema error the first complaint is enough.
        message = [message[0][:1], *message[1:]]
    return (answer.status, json.dumps(message)) in PROOFS


def proves_sent(answer):
    if not 200 <= answer.status <= 299 or not isinstance(answer.body, dict):
        return False
    key = answer.body.get("key")
    return isinstance(key, dict) and isinstance(key.get("id"), str) and key["id"] != ""


@given(st.builds(HttpAnswer, STATUSES, BODIES, st.text()))
@example(HttpAnswer(201, SENT_BODY))
@example(HttpAnswer(503, LICENCE_BODY))
@example(HttpAnswer(400, envelope(400, [NOT_THERE])))
def test_what_proves_neither_sent_nor_unsent_is_unknown_whatever_comes(answer):
    kind = classify(answer).kind
    assert (kind is OutcomeKind.SENT) is proves_sent(answer)
    assert (kind is OutcomeKind.UNKNOWN) is not (proves_sent(answer) or proves_unsent(answer))


@pytest.mark.parametrize("fault", TransportFault)
def test_every_transport_fault_has_an_outcome_and_none_is_a_success(fault):
    assert not isinstance(classify(fault), Sent)


# --- the message id ----------------------------------------------------------------------------


def test_a_server_honours_our_message_id_if_it_gives_it_back():
    assert Sent(MESSAGE_ID, None).honours(MESSAGE_ID)
    assert not Sent("BAE5F0A1C2D3E4F5", None).honours(MESSAGE_ID)


# --- what may be logged of an answer -----------------------------------------------------------


def test_a_logged_answer_holds_no_phone_in_any_spelling():
    text = json.dumps({"to": [JID, "+55 (11) 99000-0001", "11990000001", "(11) 9000-0001"]})
    logged = loggable(HttpAnswer(400, None, text))
    assert "99000" not in logged
    assert "0001" not in logged
    assert logged.startswith('400 {"to": ["[number]@s.whatsapp.net", "[number]')


@pytest.mark.parametrize(
    "key",
    [
        "B6D711FCDE4D4FD5936544120E713976",
        "429683C4-C977-415A-AAFC-CDE10F7D57E1",
        "eyJhbGciOiJIUzI1NiJ9eyJpYXQiOjE3",
    ],
)
def test_a_logged_answer_holds_nothing_that_looks_like_a_key(key):
    assert loggable(HttpAnswer(403, None, f'{{"apikey": "{key}"}}')) == '403 {"apikey": "[key]"}'


def test_a_logged_answer_holds_none_of_the_secrets_it_was_given():
    answer = HttpAnswer(403, None, "chave-curta is not allowed")
    assert loggable(answer, ["chave-curta", ""]) == "403 [secret] is not allowed"


def test_a_logged_answer_keeps_the_words_that_its_row_would_be_named_by():
    text = "PrismaClientKnownRequestError: Invalid `create()` invocation"
    assert loggable(HttpAnswer(418, None, text)) == f"418 {text}"


def test_a_logged_answer_is_cut_and_a_repr_tells_nothing():
    answer = HttpAnswer(500, None, "é" * 9_000)
    assert len(loggable(answer)) <= LOG_LIMIT + 4
    assert "é" not in repr(answer)


@given(st.builds(HttpAnswer, STATUSES, st.none(), st.text()), st.lists(st.text(), max_size=2))
def test_any_answer_can_be_logged(answer, secrets):
    assert loggable(answer, secrets).startswith(str(answer.status))
