"""What becomes of the fake's events on their way, and what people write to its instances."""

import base64
import hashlib
import hmac
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from local.fake_evolution import (
    AckRule,
    AckStatus,
    AckStep,
    ConnectionState,
    Lid,
    Post,
    ReplyKind,
    WebhookRule,
    WebhookTrait,
)
from local.fake_evolution.state import StateFile
from tests.unit.test_fake_evolution import ANA, KEY, START, Shop
from tests.unit.test_fake_evolution_instances import WEBHOOK, Hooks, find, shop_with_hooks

BIA = "5531990000002"
LID = Lid("90000000000001")
ACKS = [AckStep(AckStatus.SERVER_ACK, 1), AckStep(AckStatus.DELIVERY_ACK, 2)]


def run_out(shop: Shop) -> None:
    """Let the time pass until nothing more happens by itself."""
    while (due := shop.fake.next_due()) is not None:
        shop.time.now = max(due, shop.time.now)
        shop.fake.run_due()


def data_of(hooks: Hooks, event: str) -> list[dict[str, Any]]:
    return [dict(post.body["data"]) for post in hooks.posts if post.body["event"] == event]  # type: ignore[call-overload]


def statuses(hooks: Hooks) -> list[str]:
    return [data["status"] for data in data_of(hooks, "messages.update")]


def acked(rule: WebhookRule) -> list[tuple[str, float]]:
    """Status and seconds since the send of each post, of a send under that rule."""
    shop, hooks = shop_with_hooks()
    arrivals = []
    deliver = shop.fake.events.deliver

    def timed(post: Post) -> int | None:
        arrivals.append(shop.time.now - START)
        return deliver(post) if deliver else None

    shop.fake.events.deliver = timed
    shop.fake.set_acks(ACKS)
    shop.fake.add_rule(rule)
    shop.send()
    run_out(shop)
    return list(zip(statuses(hooks), arrivals, strict=True))


USUAL = [("SERVER_ACK", 1), ("DELIVERY_ACK", 2)]


@pytest.mark.parametrize(
    ("trait", "seconds", "arrivals"),
    [
        (WebhookTrait.DROPPED, None, [("DELIVERY_ACK", 2)]),
        (WebhookTrait.DOUBLED, None, [("SERVER_ACK", 1), ("SERVER_ACK", 1), ("DELIVERY_ACK", 2)]),
        (WebhookTrait.DOUBLED, 30, [*USUAL, ("SERVER_ACK", 31)]),
        (WebhookTrait.LATE, 600, [("DELIVERY_ACK", 2), ("SERVER_ACK", 601)]),
        (WebhookTrait.REORDERED, None, [("DELIVERY_ACK", 2), ("SERVER_ACK", 2)]),
        (WebhookTrait.REORDERED, 0.5, [("SERVER_ACK", 1.5), ("DELIVERY_ACK", 2)]),
        (WebhookTrait.ANSWERED_LATE, None, [*USUAL, ("SERVER_ACK", 6)]),
    ],
)
def test_an_event_comes_as_its_rule_says(
    trait: WebhookTrait, seconds: float | None, arrivals: list[tuple[str, float]]
) -> None:
    assert acked(WebhookRule(trait, count=1, seconds=seconds)) == arrivals


def test_an_event_that_nothing_overtakes_comes_at_the_end_of_its_time() -> None:
    rule = WebhookRule(WebhookTrait.REORDERED, status=AckStatus.DELIVERY_ACK, seconds=45)
    assert acked(rule) == [("SERVER_ACK", 1), ("DELIVERY_ACK", 47)]


@pytest.mark.parametrize(
    "rule",
    [
        WebhookRule(WebhookTrait.DROPPED, phone=BIA),
        WebhookRule(WebhookTrait.DROPPED, instance="filial"),
        WebhookRule(WebhookTrait.DROPPED, event="connection.update"),
        WebhookRule(WebhookTrait.DROPPED, status=AckStatus.READ),
        WebhookRule(WebhookTrait.DROPPED, after=2),
        WebhookRule(WebhookTrait.DROPPED, probability=0),
    ],
)
def test_an_event_that_does_not_fit_comes_as_usual(rule: WebhookRule) -> None:
    assert acked(rule) == USUAL


def test_only_an_event_of_the_same_phone_overtakes() -> None:
    shop, hooks = shop_with_hooks()
    shop.fake.set_acks(ACKS)
    shop.fake.add_rule(WebhookRule(WebhookTrait.REORDERED, count=1))
    first = shop.send(ANA).json()["key"]["id"]
    shop.time.sleep(0.5)
    shop.send(BIA)
    run_out(shop)
    order = [(data["keyId"] == first, data["status"]) for data in data_of(hooks, "messages.update")]
    assert order == [
        (False, "SERVER_ACK"),
        (True, "DELIVERY_ACK"),
        (True, "SERVER_ACK"),
        (False, "DELIVERY_ACK"),
    ]


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (AckStep(AckStatus.ERROR, 1),),
        (AckStep(AckStatus.READ, 1),),
        (AckStep(AckStatus.DELIVERY_ACK, 1), AckStep(AckStatus.SERVER_ACK, 2)),
    ],
)
def test_the_sends_to_one_phone_are_followed_by_other_statuses(steps: tuple[AckStep, ...]) -> None:
    shop, hooks = shop_with_hooks()
    shop.fake.set_acks(ACKS)
    shop.fake.add_rule(AckRule(steps, phone=ANA, count=1))
    shop.send()
    run_out(shop)
    assert statuses(hooks) == [step.status for step in steps]
    shop.send()
    run_out(shop)
    assert statuses(hooks)[len(steps) :] == ["SERVER_ACK", "DELIVERY_ACK"]


@pytest.mark.parametrize(
    ("ending", "last"),
    [
        (ConnectionState.OPEN, ["close", "connecting", "open"]),
        (ConnectionState.CLOSE, ["close", "connecting", "close"]),
        (ConnectionState.CONNECTING, ["connecting", "close", "connecting"]),
    ],
)
def test_a_storm_tells_of_each_change_and_ends_in_a_state(
    ending: ConnectionState, last: list[str]
) -> None:
    shop, hooks = shop_with_hooks()
    shop.fake.storm("loja", 100, 10, ending)
    run_out(shop)
    changes = data_of(hooks, "connection.update")
    states = [change["state"] for change in changes]
    # The first may find what it brings: the connection was open before.
    assert len(states) == 100
    assert states[-3:] == last
    assert all(one != other for one, other in pairwise(states))
    assert {change["statusReason"] for change in changes if change["state"] == "close"} == {428}
    assert shop.fake.instances["loja"].state is ending
    assert shop.time.now < START + 10


def test_a_phone_behind_a_lid_is_acknowledged_from_there_and_its_send_is_not() -> None:
    shop, hooks = shop_with_hooks()
    shop.fake.set_acks(ACKS)
    shop.fake.set_lid("553190000002", LID)
    assert shop.send(BIA).json()["key"]["remoteJid"] == "553190000002@s.whatsapp.net"
    run_out(shop)
    jids = {data["remoteJid"] for data in data_of(hooks, "messages.update")}
    assert jids == {"90000000000001@lid"}
    shop.fake.set_lid(BIA, Lid("90000000000001", in_answers=True))
    assert shop.send(BIA).json()["key"]["remoteJid"] == "90000000000001@lid"
    assert len(find(shop, key={"remoteJid": "90000000000001@lid", "fromMe": True})["records"]) == 1
    shop.fake.set_lid(BIA, None)
    assert shop.send(BIA).json()["key"]["remoteJid"] == "553190000002@s.whatsapp.net"


def test_an_answer_is_an_upsert_that_names_its_writer() -> None:
    shop, hooks = shop_with_hooks()
    reply = shop.fake.reply(BIA, "SAIR")
    shop.fake.run_due()
    (data,) = data_of(hooks, "messages.upsert")
    assert data == {
        "key": {
            "remoteJid": "553190000002@s.whatsapp.net",
            "fromMe": False,
            "id": reply.key["id"],
        },
        "pushName": "Cliente 0002",
        "status": "DELIVERY_ACK",
        "message": {"conversation": "SAIR"},
        "messageType": "conversation",
        "messageTimestamp": int(START),
        "instanceId": shop.fake.instances["loja"].instance_id,
        "source": "android",
    }


@pytest.mark.parametrize(
    ("lid", "hidden"),
    [
        (LID, {"remoteJidAlt": f"{ANA}@s.whatsapp.net", "addressingMode": "lid"}),
        (Lid(LID.digits, with_alternate=False), {"addressingMode": "lid"}),
    ],
)
@pytest.mark.parametrize("is_known", [True, False])
def test_an_answer_from_behind_a_lid(lid: Lid, hidden: dict[str, str], is_known: bool) -> None:
    shop, hooks = shop_with_hooks()
    if is_known:
        shop.fake.set_lid(ANA, lid)
    shop.fake.reply(ANA, "Oi", as_lid=None if is_known else lid)
    shop.fake.run_due()
    key = data_of(hooks, "messages.upsert")[0]["key"]
    assert key == {"remoteJid": LID.jid, "fromMe": False, "id": key["id"], **hidden}


def test_an_answer_quotes_the_message_that_it_answers() -> None:
    shop, hooks = shop_with_hooks()
    message_id = shop.send().json()["key"]["id"]
    quoted = shop.fake.received(ANA)[0]
    for kind in (ReplyKind.CONVERSATION, ReplyKind.EXTENDED_TEXT, ReplyKind.REACTION):
        shop.fake.reply(ANA, "Sim", quoting=quoted, kind=kind)
    shop.fake.run_due()
    plain, extended, reaction = data_of(hooks, "messages.upsert")
    assert plain["message"] == {"conversation": "Sim"}
    assert plain["contextInfo"]["stanzaId"] == message_id
    assert extended["messageType"] == "extendedTextMessage"
    inner = extended["message"]["extendedTextMessage"]
    assert (inner["text"], inner["contextInfo"]["stanzaId"]) == ("Sim", message_id)
    assert "contextInfo" not in reaction
    assert reaction["message"]["reactionMessage"]["key"]["id"] == message_id
    assert reaction["message"]["reactionMessage"]["text"] == "Sim"


def test_what_is_written_in_a_group_or_by_the_business_itself_is_told_as_such() -> None:
    shop, hooks = shop_with_hooks()
    shop.fake.reply(ANA, "SAIR", group="120363000000000001")
    shop.fake.reply(ANA, "Pode deixar", from_me=True)
    shop.fake.reply(ANA, "Comprovante", kind=ReplyKind.IMAGE)
    shop.fake.run_due()
    group, own, image = data_of(hooks, "messages.upsert")
    assert group["key"]["remoteJid"] == "120363000000000001@g.us"
    assert group["key"]["participant"] == f"{ANA}@s.whatsapp.net"
    assert (own["key"]["remoteJid"], own["key"]["fromMe"]) == (f"{ANA}@s.whatsapp.net", True)
    assert image["message"]["imageMessage"]["caption"] == "Comprovante"


def test_an_answer_goes_to_the_last_instance_that_wrote_and_is_in_the_servers_rows() -> None:
    shop, _ = shop_with_hooks()
    shop.fake.register_instance("filial", "other-key")
    body = {"number": ANA, "text": "Olá"}
    shop.post("/message/sendText/filial", body, key="other-key")
    shop.time.sleep(1)
    assert shop.fake.reply(ANA, "Oi").instance == "filial"
    assert shop.fake.reply(ANA, "Oi", instance="loja").instance == "loja"
    where = {"where": {"key": {"remoteJid": f"{ANA}@s.whatsapp.net"}}}
    found = shop.post("/chat/findMessages/filial", where, key="other-key").json()["messages"]
    assert [row["key"]["fromMe"] for row in found["records"]] == [False, True]
    where["where"]["key"]["fromMe"] = True  # type: ignore[assignment]
    found = shop.post("/chat/findMessages/filial", where, key="other-key").json()["messages"]
    assert [row["message"]["conversation"] for row in found["records"]] == ["Olá"]


def test_a_jwt_key_signs_the_webhooks_and_is_not_sent() -> None:
    shop, hooks = shop_with_hooks()
    webhook = {**WEBHOOK, "headers": {"jwt_key": "chave", "x-shop": "1"}}
    shop.post("/webhook/set/loja", {"webhook": webhook})
    hooks.status = 503
    shop.fake.set_state("loja", ConnectionState.CLOSE)
    shop.fake.run_due()
    shop.time.sleep(5)
    shop.fake.run_due()
    headers = [dict(post.headers) for post in hooks.posts]
    # The retry carries the token of the first attempt, as Evolution's does.
    assert headers[0] == headers[1]
    assert headers[0].keys() == {"x-shop", "Authorization"}
    scheme, _, token = headers[0]["Authorization"].partition(" ")
    signed, _, signature = token.rpartition(".")
    head, claims = (json.loads(_decoded(part)) for part in signed.split("."))
    assert scheme == "Bearer"
    assert head == {"alg": "HS256", "typ": "JWT"}
    assert claims == {
        "iat": int(START),
        "exp": int(START) + 600,
        "app": "evolution",
        "action": "webhook",
    }
    assert _decoded(signature) == hmac.digest(b"chave", signed.encode(), hashlib.sha256)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_whoever_waits_is_told_that_something_will_happen_sooner() -> None:
    shop, _ = shop_with_hooks()
    shop.fake.set_acks(ACKS)
    stirred: list[float | None] = []
    shop.fake.stirred = lambda: stirred.append(shop.fake.next_due())
    shop.send()
    shop.fake.reply(ANA, "Oi")
    assert stirred[0] == START + 1
    assert stirred[-1] == START


def test_rules_lids_answers_and_storms_come_over_json() -> None:
    shop, hooks = shop_with_hooks()
    http = shop.http
    rule = {"trait": "dropped", "event": "messages.update", "status": "SERVER_ACK"}
    added = http.post("/_fake/webhook-rules", json=rule)
    assert added.status_code == 201
    steps = [{"status": "SERVER_ACK", "after": 1}, {"status": "READ", "after": 2}]
    assert http.post("/_fake/ack-rules", json={"steps": steps, "phone": ANA}).status_code == 201
    told = http.put(f"/_fake/phones/{ANA}", json={"lid": {"digits": LID.digits}})
    assert told.json() == {"phone": ANA, "on_whatsapp": True, "lid": LID.digits}
    shop.send()
    run_out(shop)
    assert [(data["status"], data["remoteJid"]) for data in data_of(hooks, "messages.update")] == [
        ("READ", LID.jid)
    ]
    (counted,) = http.get("/_fake/webhook-rules").json()["rules"]
    assert (counted["rule_id"], counted["used"]) == (added.json()["rule_id"], 1)

    message_id = shop.fake.received(ANA)[0].id
    written = http.post(
        f"/_fake/phones/{ANA}/replies", json={"text": "SAIR", "quoting": message_id}
    )
    assert written.status_code == 201
    (phone,) = http.get("/_fake/phones").json()["phones"]
    assert [reply["text"] for reply in phone["replies"]] == ["SAIR"]
    storm = http.post("/_fake/instances/loja/storm", json={"events": 3, "seconds": 1})
    assert storm.status_code == 202
    run_out(shop)
    assert len(data_of(hooks, "connection.update")) == 3

    assert http.delete(f"/_fake/rules/{added.json()['rule_id']}").status_code == 200
    assert http.get("/_fake/webhook-rules").json() == {"rules": []}
    assert len(http.get("/_fake/ack-rules").json()["rules"]) == 1
    http.delete("/_fake/rules")
    assert http.get("/_fake/ack-rules").json() == {"rules": []}
    assert http.put(f"/_fake/phones/{ANA}", json={"lid": None}).json()["lid"] is None


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/_fake/webhook-rules", {"trait": "lost"}),
        ("POST", "/_fake/webhook-rules", {"trait": "late", "seconds": -1}),
        ("POST", "/_fake/ack-rules", {}),
        ("POST", "/_fake/ack-rules", {"steps": [{"status": "READ"}]}),
        ("PUT", f"/_fake/phones/{ANA}", {"lid": {}}),
        ("POST", f"/_fake/phones/{ANA}/replies", {}),
        ("POST", f"/_fake/phones/{ANA}/replies", {"text": "Oi", "instance": "nenhuma"}),
        ("POST", f"/_fake/phones/{ANA}/replies", {"text": "Oi", "quoting": "3EB0"}),
        ("POST", "/_fake/phones/7/replies", {"text": "Oi"}),
        ("POST", "/_fake/instances/nenhuma/storm", {}),
        ("POST", "/_fake/instances/loja/storm", {"events": 0}),
    ],
)
def test_a_command_that_makes_no_sense_is_422(method: str, path: str, body: object) -> None:
    answer = Shop().http.request(method, path, json=body)
    assert (answer.status_code, set(answer.json())) == (422, {"error"})


def test_rules_lids_and_answers_survive_a_restart(tmp_path: Path) -> None:
    before, after = Shop(), Shop(acks=ACKS)
    kept = StateFile(tmp_path / "state.json", before.fake)
    before.fake.add_rule(WebhookRule(WebhookTrait.LATE, count=2, seconds=9))
    before.fake.add_rule(AckRule((AckStep(AckStatus.ERROR, 1),), phone=ANA))
    before.fake.set_lid(ANA, LID)
    before.send()
    before.fake.reply(ANA, "Oi", quoting=before.fake.received(ANA)[0])
    assert kept.save_if_changed()
    StateFile(tmp_path / "state.json", after.fake).load()
    for kind in (WebhookRule, AckRule):
        assert after.fake.rule_book(kind).entries == before.fake.rule_book(kind).entries
    assert after.fake.phones() == before.fake.phones()
    assert after.fake.phone_book.lid(ANA) == LID
    # None was told: not even what it was made with goes before that.
    assert after.fake.acks == ()


def test_a_state_file_from_before_there_were_usual_statuses_leaves_them(tmp_path: Path) -> None:
    path, shop = tmp_path / "state.json", Shop(acks=ACKS)
    old: dict[str, list[object]] = {
        "instances": [],
        "messages": [],
        "not_on_whatsapp": [],
        "rules": [],
        "acks": [],
    }
    path.write_text(json.dumps(old), encoding="utf-8")
    StateFile(path, shop.fake).load()
    assert shop.fake.acks == tuple(ACKS)


def test_the_key_of_an_instance_is_told_with_its_events_as_the_real_server_does() -> None:
    shop, hooks = shop_with_hooks()
    shop.fake.reply(ANA, "Oi")
    shop.fake.run_due()
    assert hooks.posts[0].body["apikey"] == KEY


def test_a_fake_without_a_way_out_keeps_its_events() -> None:
    shop = Shop()
    shop.post("/webhook/set/loja", {"webhook": WEBHOOK})
    shop.fake.reply(ANA, "Oi")
    assert (shop.fake.run_due(), shop.fake.next_due()) == (0, START)
