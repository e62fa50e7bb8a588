"""Instances, webhooks and what the server knows of its messages."""

import base64
from pathlib import Path
from random import Random

import httpx
import pytest

from local.fake_evolution import AckStatus, AckStep, ConnectionState, FakeEvolution, Post, transport
from local.fake_evolution.state import StateFile
from tests.unit.test_fake_evolution import ANA, KEY, START, Shop, VirtualTime, envelope

WEBHOOK = {
    "enabled": True,
    "url": "https://hooks.test/in",
    "byEvents": False,
    "base64": False,
    "headers": {"x-secret": "s3"},
    "events": ["MESSAGES_UPSERT", "MESSAGES_UPDATE", "CONNECTION_UPDATE"],
}


class Hooks:
    """Where the webhooks arrive, and with what they are answered."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.status: int | None = 200

    def __call__(self, post: Post) -> int | None:
        self.posts.append(post)
        return self.status


def shop_with_hooks() -> tuple[Shop, Hooks]:
    hooks = Hooks()
    shop = Shop(deliver=hooks)
    assert shop.post("/webhook/set/loja", {"webhook": WEBHOOK}).status_code == 201
    return shop, hooks


def test_an_instance_is_created_paired_logged_out_and_deleted() -> None:
    shop = Shop()
    created = shop.post(
        "/instance/create",
        {"instanceName": "nova", "integration": "WHATSAPP-BAILEYS", "qrcode": True},
        key="global",
    )
    assert created.status_code == 201
    key = created.json()["hash"]
    assert created.json()["instance"]["instanceName"] == "nova"
    assert set(created.json()["qrcode"]) == {"pairingCode", "code", "base64", "count"}
    assert shop.get("/instance/connect/nova", key).json() == created.json()["qrcode"]
    shop.fake.scan("nova", "5511990000077")
    open_state = {"instance": {"instanceName": "nova", "state": "open"}}
    assert shop.get("/instance/connect/nova", key).json() == open_state
    headers = {"apikey": key}
    refused = shop.http.delete("/instance/delete/nova", headers=headers)
    assert refused.json() == envelope(
        400, "Bad Request", ['The "nova" instance needs to be disconnected']
    )
    assert shop.http.delete("/instance/logout/nova", headers=headers).json() == {
        "status": "SUCCESS",
        "error": False,
        "response": {"message": "Instance logged out"},
    }
    assert shop.http.delete("/instance/delete/nova", headers=headers).status_code == 200
    assert shop.get("/instance/connectionState/nova", key).status_code == 404


def test_the_qr_code_is_a_png_as_a_data_uri() -> None:
    shop = Shop()
    shop.fake.set_state("loja", ConnectionState.CLOSE)
    picture = shop.get("/instance/connect/loja").json()["base64"]
    kind, _, content = picture.partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(content).startswith(b"\x89PNG\r\n\x1a\n")


def test_a_code_changes_after_a_minute_then_every_twenty_seconds_and_ends_after_thirty() -> None:
    shop = Shop()
    shop.fake.set_state("loja", ConnectionState.CLOSE)
    codes = [shop.get("/instance/connect/loja").json()]
    assert shop.get("/instance/connect/loja").json() == codes[0]
    shop.time.sleep(60)
    for _ in range(29):
        codes.append(shop.get("/instance/connect/loja").json())
        shop.time.sleep(20)
    assert [code["count"] for code in codes] == list(range(1, 31))
    assert len({code["code"] for code in codes}) == 30
    state = shop.get("/instance/connectionState/loja").json()["instance"]["state"]
    assert state == "close"
    assert shop.get("/instance/connect/loja").json()["count"] == 1


def test_a_pairing_code_comes_with_a_number_that_was_given_at_the_beginning() -> None:
    shop = Shop()
    shop.fake.set_state("loja", ConnectionState.CLOSE)
    path = "/instance/connect/loja?number=5511990000077"
    assert shop.get(path).json()["pairingCode"] is None
    shop.time.sleep(1)
    code = shop.get("/instance/connect/loja").json()["pairingCode"]
    assert len(code) == 8
    shop.http.delete("/instance/logout/loja", headers={"apikey": KEY})
    shop.get("/instance/connect/loja")
    shop.time.sleep(2)
    assert shop.get(path).json()["pairingCode"] is None


def test_a_phone_scans_on_the_fakes_own_side() -> None:
    shop = Shop()
    shop.fake.set_state("loja", ConnectionState.CLOSE)
    shop.get("/instance/connect/loja")
    (shown,) = shop.get("/_fake/instances").json()["instances"]
    assert (shown["name"], shown["state"], shown["pairing"]["count"]) == ("loja", "connecting", 1)
    assert KEY not in str(shown)
    scan = shop.post("/_fake/instances/loja/scan", {"phone": "(11) 99000-0077"})
    assert scan.json() == {
        "name": "loja",
        "state": "open",
        "number": "5511990000077",
        "has_webhook": False,
        "pairing": None,
    }
    (row,) = shop.get("/instance/fetchInstances").json()
    assert row["ownerJid"] == "5511990000077@s.whatsapp.net"
    for name, phone in (("loja", "5511990000077"), ("nenhuma", "5511990000077"), ("loja", "7")):
        answer = shop.post(f"/_fake/instances/{name}/scan", {"phone": phone})
        assert (answer.status_code, set(answer.json())) == (422, {"error"})


def test_codes_go_on_changing_after_a_restart(tmp_path: Path) -> None:
    before, after = Shop(), Shop()
    kept = StateFile(tmp_path / "state.json", before.fake)
    before.fake.set_state("loja", ConnectionState.CLOSE)
    code = before.get("/instance/connect/loja").json()["code"]
    assert kept.save_if_changed()
    StateFile(tmp_path / "state.json", after.fake).load()
    assert after.get("/instance/connect/loja").json()["code"] == code
    after.time.sleep(61)
    assert after.get("/instance/connect/loja").json()["count"] == 2


def test_only_the_global_key_creates_an_instance_and_a_name_is_taken_once() -> None:
    shop = Shop()
    body = {"instanceName": "loja", "integration": "WHATSAPP-BAILEYS"}
    assert shop.post("/instance/create", body).status_code == 401
    taken = shop.post("/instance/create", body, key="global")
    assert taken.status_code == 403
    assert taken.json()["response"]["message"] == ['This name "loja" is already in use.']


def test_an_instance_key_lists_only_its_own_instance() -> None:
    shop = Shop()
    shop.fake.register_instance("filial", "other-key", number="551130000001")
    names = {key: shop.get("/instance/fetchInstances", key).json() for key in ("global", KEY)}
    assert [row["name"] for row in names["global"]] == ["loja", "filial"]
    assert [row["name"] for row in names[KEY]] == ["loja"]
    assert names["global"][1]["ownerJid"] == "551130000001@s.whatsapp.net"
    assert shop.get("/instance/fetchInstances", "wrong").status_code == 401


def test_a_webhook_is_set_and_found() -> None:
    shop, _ = shop_with_hooks()
    row = shop.get("/webhook/find/loja").json()
    assert (row["url"], row["enabled"], row["events"]) == (
        WEBHOOK["url"],
        True,
        WEBHOOK["events"],
    )


def test_a_webhook_without_events_is_the_servers_own_fault() -> None:
    without = {name: value for name, value in WEBHOOK.items() if name != "events"}
    answer = Shop().post("/webhook/set/loja", {"webhook": without})
    assert answer.status_code == 500
    assert answer.json() == envelope(
        500, "Internal Server Error", "Cannot read properties of undefined (reading 'length')"
    )


def test_each_send_is_followed_by_its_statuses_at_their_time() -> None:
    shop, hooks = shop_with_hooks()
    shop.fake.set_acks([AckStep(AckStatus.SERVER_ACK, 1), AckStep(AckStatus.READ, 30)])
    message_id = shop.send().json()["key"]["id"]
    assert shop.fake.run_due() == 0
    assert shop.fake.next_due() == START + 1
    shop.time.sleep(60)
    assert shop.fake.run_due() == 2
    assert [post.body["data"]["status"] for post in hooks.posts] == ["SERVER_ACK", "READ"]
    post = hooks.posts[0]
    assert (post.url, post.headers) == (WEBHOOK["url"], WEBHOOK["headers"])
    assert post.body["event"] == "messages.update"
    assert post.body["instance"] == "loja"
    assert post.body["apikey"] == KEY
    assert post.body["data"]["keyId"] == message_id
    assert post.body["data"]["remoteJid"] == f"{ANA}@s.whatsapp.net"
    assert post.body["data"]["messageId"] != message_id


def test_the_date_of_an_event_is_local_time_with_a_false_z() -> None:
    shop, hooks = shop_with_hooks()
    shop.time.now = 1_795_359_600.0
    shop.fake.set_state("loja", ConnectionState.CLOSE)
    shop.fake.run_due()
    (post,) = hooks.posts
    assert post.body["event"] == "connection.update"
    assert post.body["data"] == {"instance": "loja", "state": "close", "statusReason": 401}
    assert post.body["date_time"] == "2026-11-22T12:00:00.000Z"


def test_no_status_is_sent_unless_told() -> None:
    shop, hooks = shop_with_hooks()
    shop.send()
    shop.time.sleep(3600)
    assert shop.fake.run_due() == 0
    assert hooks.posts == []


@pytest.mark.parametrize(
    ("status", "attempts"),
    [(200, 1), (400, 1), (401, 1), (404, 1), (422, 1), (500, 10), (None, 10)],
)
def test_a_webhook_is_tried_again_unless_it_was_taken_or_refused_for_good(
    status: int | None, attempts: int
) -> None:
    shop, hooks = shop_with_hooks()
    hooks.status = status
    shop.fake.set_state("loja", ConnectionState.CLOSE)
    while (due := shop.fake.next_due()) is not None:
        shop.time.now = max(due, shop.time.now)
        shop.fake.run_due()
    assert len(hooks.posts) == attempts


def test_the_pause_between_two_tries_doubles_from_5_to_300_seconds() -> None:
    shop, hooks = shop_with_hooks()
    hooks.status = 503
    shop.fake.set_state("loja", ConnectionState.CLOSE)
    pauses = []
    while (due := shop.fake.next_due()) is not None:
        pauses.append(due - shop.time.now)
        shop.time.now = due
        shop.fake.run_due()
    assert pauses == [0, 5, 10, 20, 40, 80, 160, 300, 300, 300]


def find(shop: Shop, **where: object) -> dict:
    return shop.post("/chat/findMessages/loja", {"where": where}).json()["messages"]


def test_messages_are_found_by_id_and_by_jid_and_time() -> None:
    shop = Shop()
    first = shop.send(text="um").json()["key"]
    shop.time.sleep(600)
    shop.send(text="dois")
    by_id = find(shop, key={"id": first["id"]})
    assert (by_id["total"], by_id["pages"], by_id["currentPage"]) == (1, 1, 1)
    (record,) = by_id["records"]
    assert record["key"] == first
    assert record["message"] == {"conversation": "um"}
    assert record["messageTimestamp"] == int(START)
    assert record["MessageUpdate"] == []
    key = {"remoteJid": f"{ANA}@s.whatsapp.net", "fromMe": True}
    both = {"gte": "2026-11-22T12:12:00.000Z", "lte": "2026-11-22T12:13:00.000Z"}
    found = find(shop, key=key, messageTimestamp=both)["records"]
    assert [row["message"]["conversation"] for row in found] == ["um"]
    assert find(shop, key={"id": "3EB0000000000000000000"})["records"] == []


def test_one_bound_of_time_alone_is_ignored() -> None:
    shop = Shop()
    shop.send()
    assert find(shop, messageTimestamp={"gte": "2030-01-01T00:00:00Z"})["total"] == 1


def test_a_row_is_written_after_the_send() -> None:
    shop = Shop(row_delay=2)
    shop.send()
    assert find(shop)["total"] == 0
    shop.time.sleep(2)
    assert find(shop)["total"] == 1


def test_the_statuses_of_a_message_are_found_by_its_id() -> None:
    shop = Shop()
    shop.fake.set_acks([AckStep(AckStatus.DELIVERY_ACK, 2)])
    message_id = shop.send().json()["key"]["id"]
    where = {"where": {"id": message_id}}
    assert shop.post("/chat/findStatusMessage/loja", where).json() == []
    shop.time.sleep(2)
    (row,) = shop.post("/chat/findStatusMessage/loja", where).json()
    assert (row["keyId"], row["fromMe"], row["status"]) == (message_id, True, "DELIVERY_ACK")
    (record,) = find(shop)["records"]
    assert record["MessageUpdate"] == [{"status": "DELIVERY_ACK"}]


def test_numbers_are_looked_up_in_one_call() -> None:
    shop = Shop()
    shop.fake.not_on_whatsapp("5511990000009")
    answer = shop.post("/chat/whatsappNumbers/loja", {"numbers": [ANA, "5511990000009"]})
    assert [row["exists"] for row in answer.json()] == [True, False]


def test_an_instance_name_may_have_any_letters() -> None:
    time = VirtualTime()
    fake = FakeEvolution(time.clock, time.sleep, Random(1))
    fake.register_instance("Loja da Zoé", KEY)
    client = httpx.Client(transport=transport(fake), base_url="http://evolution.test")
    answer = client.get("/instance/connectionState/Loja da Zoé", headers={"apikey": KEY})
    assert answer.json()["instance"]["state"] == "open"
