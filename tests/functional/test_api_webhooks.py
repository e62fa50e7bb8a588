"""The webhook's edge: who is let in, what is read for it, and what a server is answered."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.gate_items import GateItem
from campaigns.adapters.dynamodb.recipient_items import to_item
from campaigns.domain.errors import ConcurrentUpdate, InvalidState, NotFound, Throttled
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import Recipient
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.recipient_changes import claimed
from campaigns.domain.webhook_secret import OVERLAP_MS
from campaigns.services.authenticate_webhook import KEPT_MS
from campaigns.services.ports import Guard
from campaigns_api.operations import BODY_LIMIT_BYTES
from tests.contract.things import a_recipient, fresh
from tests.fakes.api import EVENTS, INSTANCES, Answer, Client, Deployment, Shop, invoke

ID = "3EB07BF3A48FF674FA9890"
JID = "5511990000001@s.whatsapp.net"


@dataclass
class Edge:
    """An instance's webhook, called as its Evolution server calls it."""

    shop: Shop
    instance_id: str

    @property
    def path(self) -> str:
        return f"/api/webhooks/evolution/{self.instance_id}/"

    def secret(self, version: int = 1) -> str:
        return self.shop.app.identity.webhook_secret(self.instance_id, version)

    def post(self, body: object, *, path: str | None = None, **headers: str) -> Answer:
        given = headers or {"x-webhook-secret": self.secret()}
        return Client(None).call("POST", path or self.path, body, given)

    def rotated(self) -> None:
        """As the owner rotates it, to version 2 now."""
        old = self.shop.app.instance_store.read(self.instance_id)
        assert old is not None
        new = replace(old, webhook_version=2, webhook_rotated_at=self.shop.app.clock.now())
        assert self.shop.app.instance_store.note_webhook(old, new)

    @contextmanager
    def requests(self) -> Iterator[list[str]]:
        """Every request to AWS for the table: operation and kind of key, or index."""
        seen: list[str] = []
        table = self.shop.app.table
        real: Callable[..., Any] = table.connection.dispatch

        def note(operation: str, request: dict[str, Any]) -> Any:
            kind = request.get("IndexName") or request["Key"]["sk"]["S"]
            seen.append(f"{operation} {kind}")
            return real(operation, request)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(table.connection, "dispatch", note)
            yield seen

    def sent(self) -> Recipient:
        """Somebody whose message has gone out under `ID`."""
        app = self.shop.app
        laid = a_recipient(
            tenant_id=self.shop.tenant_id,
            campaign_id=fresh("cp"),
            instance_id=self.instance_id,
            sequence=0,
        )
        app.table.put(to_item(laid, 1))
        now = app.clock.now()
        mine = claimed(
            laid,
            now=now,
            lease_token="mine",
            lease_until=now + 90_000,
            message_id="ms_1",
            text="Oi",
            whatsapp_message_id=ID,
        )
        sent = replace(
            mine, status=RecipientStatus.SENT, sent_at=now, lease_token=None, lease_until=None
        )
        for before, after in ((laid, mine), (mine, sent)):
            assert app.recipients.save(before, after, Guard(frozenset({before.status})))
        return sent

    def status_of(self, recipient: Recipient) -> RecipientStatus:
        found = self.shop.app.recipients.read(
            recipient.tenant_id, recipient.campaign_id, recipient.sequence
        )
        assert found is not None
        return found.status


@pytest.fixture
def edge(shop: Shop) -> Edge:
    edge = Edge(shop, shop.instance()["id"])
    edge.secret()
    return edge


def ack(status: str = "READ", **fields: object) -> dict[str, Any]:
    data = {"keyId": ID, "remoteJid": JID, "fromMe": True, "status": status}
    return {"event": "messages.update", "instance": "loja", "data": data | fields, "apikey": "k"}


# Who is let in


def test_a_receipt_with_the_right_secret_moves_its_recipient(edge: Edge) -> None:
    recipient = edge.sent()
    answer = edge.post(ack("DELIVERY_ACK"))
    assert (answer.status, answer.json) == (200, {"taken": True})
    assert edge.status_of(recipient) is RecipientStatus.DELIVERED
    assert edge.post(ack("READ")).json == {"taken": True}
    assert edge.post(ack("DELIVERY_ACK")).json == {"taken": True}
    assert edge.status_of(recipient) is RecipientStatus.READ


@pytest.mark.parametrize(
    "headers",
    [
        {"x-other": "1"},
        {"x-webhook-secret": ""},
        {"x-webhook-secret": "whs_1_" + "0" * 64},
        {"x-webhook-secret": "não"},
        {"authorization": "Bearer abc"},
        {"authorization": "Bearer " + "a" * 5_000},
        {"authorization": "Basic YTpi"},
    ],
)
def test_without_the_secret_nothing_is_read_or_told(edge: Edge, headers: dict[str, str]) -> None:
    with edge.requests() as seen:
        answer = edge.post(ack(), **headers)
        unread = edge.post(b"\xff{", **headers)
        unknown = edge.post(ack(), path="/api/webhooks/evolution/in_unknown/", **headers)
    assert {each.status for each in (answer, unread, unknown)} == {401}
    assert answer.text == unread.text == unknown.text
    assert seen == []


def test_a_secret_is_of_one_instance_alone(edge: Edge) -> None:
    other = Edge(edge.shop, edge.shop.instance()["id"])
    assert edge.post(ack(), **{"x-webhook-secret": other.secret()}).status == 401


def test_a_report_of_ones_own_instance_moves_nobody_of_another_tenant(
    edge: Edge, deployment: Deployment
) -> None:
    recipient = edge.sent()
    theirs = deployment.open_shop()
    their_edge = Edge(theirs, theirs.instance()["id"])
    their_edge.shop.app.clock.sleep(10 * SECOND_MS)
    for _ in range(2):
        assert their_edge.post(ack("READ")).status == 200
        assert edge.status_of(recipient) is RecipientStatus.SENT
        # Its own is known to the process from now on.
        assert edge.post(ack("SERVER_ACK")).status == 200


def test_a_key_of_the_api_opens_nothing_here(edge: Edge) -> None:
    assert edge.shop.owner.post(edge.path, ack()).status == 401


def test_both_secrets_are_taken_for_a_day_after_a_rotation(edge: Edge) -> None:
    def posted(version: int) -> int:
        return edge.post(ack(), **{"x-webhook-secret": edge.secret(version)}).status

    assert (posted(1), posted(2)) == (200, 401)
    edge.rotated()
    assert (posted(1), posted(2)) == (200, 200)
    edge.shop.app.clock.sleep(OVERLAP_MS - SECOND_MS)
    assert (posted(1), posted(2)) == (200, 200)
    edge.shop.app.clock.sleep(SECOND_MS)
    assert (posted(1), posted(2)) == (401, 200)


def test_evolutions_own_token_is_as_good_as_the_secret(edge: Edge) -> None:
    recipient = edge.sent()
    now = edge.shop.app.clock.now() // SECOND_MS
    claims = {"iat": now, "exp": now + 600, "app": "evolution", "action": "webhook"}
    token = jwt.encode(claims, edge.secret(), algorithm="HS256")
    assert edge.post(ack(), authorization=f"Bearer {token}").json == {"taken": True}
    assert edge.status_of(recipient) is RecipientStatus.READ
    edge.shop.app.clock.sleep(3_600 * SECOND_MS)
    assert edge.post(ack(), authorization=f"Bearer {token}").status == 401


def test_a_token_that_is_too_long_for_evolutions_own_is_not_tried(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    service = edge.shop.app.authenticate_webhook
    monkeypatch.setattr(service, "_is_signed", lambda token, *_: bool(tried.append(token)))
    for length in (1_024, 1_025):
        assert edge.post(ack(), authorization="Bearer " + "a" * length).status == 401
    assert {len(each) for each in tried} == {1_024}


def test_of_a_deleted_instance_nothing_is_kept_and_nothing_sent_again(edge: Edge) -> None:
    recipient = edge.sent()
    assert edge.shop.owner.delete(f"{INSTANCES}{edge.instance_id}/").status == 204
    assert edge.post(ack()).json == {"taken": False}
    assert edge.status_of(recipient) is RecipientStatus.SENT


def test_the_event_that_is_kept_in_the_tree_is_understood(edge: Edge) -> None:
    kept = json.loads((EVENTS / "http-webhook-receipt.json").read_text("utf-8"))
    assert invoke(kept).status == 401
    recipient = edge.sent()
    assert edge.post(json.loads(kept["body"])).json == {"taken": True}
    assert edge.status_of(recipient) is RecipientStatus.DELIVERED


# What is read for it


@pytest.mark.parametrize(
    "body",
    [
        ack("SERVER_ACK"),
        ack("PENDING"),
        ack("DELETED"),
        ack(fromMe=False),
        {"event": "send.message", "data": {"key": {"id": ID}}},
        {"event": "messages.upsert", "data": {"key": {"id": "A", "remoteJid": "1@g.us"}}},
        {"event": "messages.upsert", "data": {"key": {"id": "A", "fromMe": True}}},
        {"event": "qrcode.updated"},
        {},
        [],
        None,
        b"",
        b"nonsense",
        b"\xff\xfe",
        b"NaN",
        b"[" * 100_000,
        b'{"event": ' + b"9" * 5_000 + b"}",
        ack(keyId="\ud83d"),
        ack(keyId=[ID]),
        ack(status={"status": "READ"}),
        ack(messageId=float("nan")),
        [ack()],
        {"event": "messages.update", "data": [ack()["data"]]},
        b'{"event": "messages.update", "data": ' + b'{"data": ' * 50_000,
    ],
)
def test_what_is_not_of_interest_is_answered_before_any_read(edge: Edge, body: object) -> None:
    with edge.requests() as seen:
        answer = edge.post(body)
    assert (answer.status, answer.json) == (200, {"taken": False})
    assert seen == []


def test_a_receipt_costs_four_requests_beside_its_instance_and_a_repeat_two(edge: Edge) -> None:
    edge.sent()
    with edge.requests() as seen:
        edge.post(ack("DELIVERY_ACK"))
    assert [each.split()[0] for each in seen] == [
        "GetItem",
        "Query",
        "GetItem",
        "UpdateItem",
        "UpdateItem",
    ]
    assert seen[0] == "GetItem INSTANCE"
    assert seen[1] == "Query by_message"
    with edge.requests() as seen:
        edge.post(ack("READ"))
    assert [each.split()[0] for each in seen] == ["Query", "GetItem", "UpdateItem", "UpdateItem"]
    with edge.requests() as seen:
        edge.post(ack("READ"))
    assert [each.split()[0] for each in seen] == ["Query", "GetItem"]


def test_an_instance_is_read_again_after_a_minute(edge: Edge) -> None:
    edge.post(ack())
    edge.shop.app.clock.sleep(KEPT_MS)
    with edge.requests() as seen:
        edge.post(ack())
    assert "GetItem INSTANCE" in seen


# How it is called


def test_a_server_that_puts_the_events_name_behind_the_address_is_understood(edge: Edge) -> None:
    recipient = edge.sent()
    for path in ("messages-update", "messages-update/"):
        assert edge.post(ack(), path=edge.path + path).json == {"taken": True}
    assert edge.status_of(recipient) is RecipientStatus.READ


def test_an_idempotency_key_means_nothing_here(edge: Edge) -> None:
    for status in ("DELIVERY_ACK", "READ"):
        headers = {"x-webhook-secret": edge.secret(), "idempotency-key": "k"}
        answer = edge.post(ack(status), **headers)
        assert answer.status == 200
        assert "Idempotent-Replayed" not in answer.headers
    with edge.requests() as seen:
        edge.post(ack("SERVER_ACK"), **headers)
    assert seen == []


def test_a_body_over_the_limit_is_refused_as_everywhere(edge: Edge) -> None:
    answer = edge.post(b" " * (BODY_LIMIT_BYTES + 1))
    assert (answer.status, answer.code) == (413, "body_too_large")
    largest = json.dumps(ack()).encode().ljust(BODY_LIMIT_BYTES)
    assert edge.post(largest).status == 200


def test_another_method_is_not_allowed(edge: Edge) -> None:
    answer = Client(None).get(edge.path)
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


def test_an_id_that_can_be_none_is_not_found(edge: Edge) -> None:
    assert edge.post(ack(), path="/api/webhooks/evolution/a.b/").status == 404


# What may come again


def test_a_receipt_that_may_be_found_in_a_moment_is_asked_for_again(edge: Edge, caplog) -> None:
    app = edge.shop.app
    just_left = GateItem.last_left_at.set(app.clock.now())
    app.table.update(GateItem, keys.instance_gate(edge.instance_id), [just_left])
    answer = edge.post(ack())
    assert (answer.status, answer.code) == (503, "not_yet")
    assert int(answer.headers["Retry-After"]) > 0
    assert not [each for each in caplog.records if each.levelname == "ERROR"]
    app.clock.sleep(10 * SECOND_MS)
    assert edge.post(ack()).json == {"taken": True}


def throttled() -> ClientError:
    error = {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": "slow down"}}
    return ClientError(error, "Query")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (throttled(), "not_yet"),
        (Throttled(1), "not_yet"),
        (NotFound(), "not_yet"),
        (InvalidState("draft"), "not_yet"),
        (ConcurrentUpdate(), "concurrent_update"),
        (ValueError("5511990000001"), "internal_error"),
        (ClientError({"Error": {"Code": "InternalServerError"}}, "Query"), "unavailable"),
    ],
)
def test_a_fault_of_ours_is_one_that_the_server_repeats(
    edge: Edge, monkeypatch: pytest.MonkeyPatch, caplog, fault: Exception, code: str
) -> None:
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(edge.shop.app.receive_webhook, "receive", fail)
    answer = edge.post(ack())
    assert answer.code == code
    assert answer.status >= 500
    assert "5511990000001" not in answer.text + caplog.text


def test_a_table_that_throttles_the_very_first_read_is_asked_again(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise throttled()

    monkeypatch.setattr(edge.shop.app.instance_store, "read", fail)
    monkeypatch.setattr(edge.shop.app.authenticate_webhook, "_kept", {})
    assert (edge.post(ack()).status, edge.post(ack()).code) == (503, "not_yet")


def test_nothing_of_a_person_or_a_secret_is_logged(edge: Edge, caplog, capfd) -> None:
    edge.sent()
    with caplog.at_level("INFO"):
        edge.post(ack(remoteJid="5511990007777@s.whatsapp.net") | {"apikey": "chave-em-claro"})
        edge.post(ack(), **{"x-webhook-secret": "segredo-errado"})
    told = caplog.text + "".join(capfd.readouterr())
    told += "".join(str(each.__dict__) for each in caplog.records)
    for secret in ("99000", "chave-em-claro", "segredo-errado", edge.secret()):
        assert secret not in told
