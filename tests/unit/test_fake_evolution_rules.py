"""Whom a rule hits and when, what is held, and the fake's own side over JSON."""

import httpx
import pytest

from local.fake_evolution import Behaviour, Operation, Rule
from tests.unit.test_fake_evolution import ANA, START, Shop

BIA = "5531990000002"


def statuses(shop: Shop, sends: int, number: str = ANA) -> list[int]:
    return [shop.send(number).status_code for _ in range(sends)]


def test_a_rule_hits_one_phone_in_both_its_spellings() -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(Behaviour.RATE_OVERLIMIT, phone="553190000002"))
    assert statuses(shop, 1, ANA) == [201]
    assert statuses(shop, 1, BIA) == [500]
    assert statuses(shop, 1, "553190000002") == [500]


def test_a_rule_hits_one_instance() -> None:
    shop = Shop()
    shop.fake.register_instance("filial", "other-key")
    shop.fake.add_rule(Rule(Behaviour.RATE_OVERLIMIT, instance="filial"))
    body = {"number": ANA, "text": "Olá"}
    assert shop.post("/message/sendText/filial", body, "other-key").status_code == 500
    assert shop.send().status_code == 201


def test_a_rule_lets_the_first_pass_and_hits_the_next() -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(Behaviour.RATE_OVERLIMIT, after=2, count=3))
    assert statuses(shop, 7) == [201, 201, 500, 500, 500, 201, 201]


def test_the_first_rule_that_fits_and_is_not_used_up_acts() -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(Behaviour.RATE_OVERLIMIT, count=1))
    shop.fake.add_rule(Rule(Behaviour.UNAUTHORIZED, count=1))
    assert statuses(shop, 3) == [500, 401, 201]


def test_a_request_that_is_refused_anyway_uses_no_rule_up() -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(Behaviour.RATE_OVERLIMIT, count=1))
    assert shop.send(key="wrong").status_code == 401
    assert statuses(shop, 2) == [500, 201]


def test_a_server_that_is_down_is_down_for_every_request() -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=None))
    for ask in (
        shop.send,
        lambda: shop.send(key="wrong"),
        lambda: shop.get("/"),
        lambda: shop.get("/instance/connectionState/unknown"),
    ):
        with pytest.raises(httpx.ConnectError):
            ask()
    shop.fake.clear_rules()
    assert shop.send().status_code == 201


def test_a_chance_is_the_same_for_the_same_seed() -> None:
    runs = []
    for _ in range(2):
        shop = Shop()
        shop.fake.add_rule(Rule(Behaviour.RATE_OVERLIMIT, probability=0.3))
        runs.append(statuses(shop, 60))
    assert runs[0] == runs[1]
    assert set(runs[0]) == {201, 500}


@pytest.mark.parametrize(("probability", "status"), [(0.0, 201), (1.0, 500)])
def test_a_chance_of_none_or_all_is_certain(probability: float, status: int) -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(Behaviour.RATE_OVERLIMIT, probability=probability))
    assert set(statuses(shop, 20)) == {status}


@pytest.mark.parametrize(
    "values",
    [
        {"probability": 1.5},
        {"count": 0},
        {"after": -1},
        {"seconds": -1},
        {"status": 999},
        {"operation": Operation.SERVER, "phone": ANA},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Rule(Behaviour.SLOW, **values)


def test_rules_are_forgotten_one_by_one_or_all() -> None:
    shop = Shop()
    first = shop.fake.add_rule(Rule(Behaviour.RATE_OVERLIMIT))
    second = shop.fake.add_rule(Rule(Behaviour.UNAUTHORIZED))
    shop.fake.clear_rules(first.rule_id)
    assert [entry.rule for entry in shop.fake.rules()] == [second]
    shop.fake.clear_rules()
    assert shop.fake.rules() == []


def test_a_held_answer_comes_when_it_is_released() -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(Behaviour.HOLD))
    seen: list[tuple[str, list[str]]] = []

    def release_after_three_seconds(seconds: float) -> None:
        shop.time.now += seconds
        if shop.time.now >= START + 3:
            seen.extend((held.phone, shop.texts()) for held in shop.fake.held())
            shop.fake.release()

    shop.fake.sleep = release_after_three_seconds
    assert shop.send().status_code == 201
    assert seen == [(ANA, ["Olá"])]
    assert START + 3 <= shop.time.now < START + 4
    assert shop.fake.held() == []


def test_releasing_another_request_leaves_the_answer_held() -> None:
    shop = Shop()
    shop.fake.add_rule(Rule(Behaviour.HOLD))

    def release_another(seconds: float) -> None:
        shop.time.now += seconds
        assert shop.fake.release("request_of_nobody") == 0

    shop.fake.sleep = release_another
    with pytest.raises(httpx.ReadTimeout):
        shop.send()
    (request,) = shop.fake.requests()
    assert (request.behaviour, request.outcome) == ("hold", "client_gave_up")


def test_rules_come_and_go_over_json() -> None:
    shop = Shop()
    added = shop.http.post("/_fake/rules", json={"behaviour": "rate_overlimit", "count": 1})
    assert added.status_code == 201
    assert statuses(shop, 2) == [500, 201]
    (rule,) = shop.http.get("/_fake/rules").json()["rules"]
    assert rule == {**added.json(), "fitted": 2, "used": 1}
    assert shop.http.delete("/_fake/rules").json() == {"rules": []}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"behaviour": "explode"},
        {"behaviour": "slow", "speed": 3},
        {"behaviour": "slow", "count": "many"},
        {"behaviour": "slow", "probability": 2},
        [],
    ],
)
def test_a_rule_that_makes_no_sense_is_422_over_json(body: object) -> None:
    shop = Shop()
    answer = shop.http.post("/_fake/rules", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert shop.fake.rules() == []


def test_phones_are_listed_with_what_each_received_latest_first() -> None:
    shop = Shop()
    shop.send(ANA, "um")
    shop.time.sleep(1)
    shop.send(BIA, "dois")
    shop.time.sleep(1)
    shop.send(ANA, "três")
    listed = shop.http.get("/_fake/phones").json()
    assert [phone["phone"] for phone in listed["phones"]] == [ANA, BIA]
    first, last = listed["phones"][0]["messages"]
    assert (first["text"], first["instance"], first["received_at"]) == ("um", "loja", START)
    assert (last["text"], last["received_at"]) == ("três", START + 2)
    assert (listed["total_phones"], listed["total_messages"]) == (2, 3)
    assert len(shop.http.get("/_fake/phones?latest=1").json()["phones"]) == 1
    shop.http.delete("/_fake/phones")
    assert shop.http.get("/_fake/phones").json()["phones"] == []


def test_each_send_is_on_record_with_its_times_and_its_end() -> None:
    shop = Shop()
    shop.send("+55 (11) 99000-0001")
    shop.send(delay=1500)
    refused, sent = shop.http.get("/_fake/requests").json()["requests"]
    assert (refused["number"], refused["outcome"], refused["status"]) == (ANA, "answered", 400)
    assert (sent["instance"], sent["number"], sent["status"]) == ("loja", ANA, 201)
    assert (sent["arrived_at"], sent["answered_at"]) == (START, START + 1.5)
    assert sent["message_id"] == shop.fake.received(ANA)[0].id
    shop.http.delete("/_fake/requests")
    assert shop.fake.requests() == []


def test_an_instance_is_registered_and_changed_by_what_the_body_says() -> None:
    shop = Shop()
    made = shop.http.put("/_fake/instances/filial", json={"api_key": "other-key"})
    assert made.status_code == 200
    assert "api_key" not in made.json()
    shop.http.put("/_fake/instances/filial", json={"state": "close", "number": "551130000001"})
    assert shop.get("/instance/connectionState/filial", "other-key").json() == {
        "instance": {"instanceName": "filial", "state": "close"}
    }
    shop.http.put("/_fake/instances/filial", json={"state": None})
    assert shop.get("/instance/connectionState/filial", "other-key").json() == {
        "instance": {"instanceName": "filial"}
    }
    instance = shop.fake.instances["filial"]
    assert (instance.instance_id, instance.number) == (made.json()["instance_id"], "551130000001")
    assert shop.http.put("/_fake/instances/nova", json={}).status_code == 422


def test_a_number_leaves_whatsapp_over_json() -> None:
    shop = Shop()
    shop.http.put(f"/_fake/phones/{ANA}", json={"on_whatsapp": False})
    assert shop.send().status_code == 400
    shop.http.put(f"/_fake/phones/{ANA}", json={"on_whatsapp": True})
    assert shop.send().status_code == 201


def test_ids_come_from_the_randomness_that_was_given() -> None:
    assert Shop(seed=7).send().json() == Shop(seed=7).send().json()
    assert Shop(seed=7).send().json()["key"] != Shop(seed=8).send().json()["key"]
