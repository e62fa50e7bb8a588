"""Instances over HTTP."""

from campaigns.domain.model import Role
from local.fake_evolution import Behaviour, ConnectionState, Operation, Rule
from tests.fakes.api import CAMPAIGNS, EVOLUTION, INSTANCE_KEY, INSTANCES, Shop


def test_an_instance_is_registered_and_its_key_is_never_shown(shop: Shop):
    name = shop.server_instance()
    answer = shop.owner.post(
        INSTANCES,
        {
            "name": "Loja do centro",
            "evolution_url": EVOLUTION,
            "evolution_instance": name,
            "api_key": INSTANCE_KEY,
        },
    )
    assert answer.status == 201
    assert INSTANCE_KEY not in answer.text
    instance = answer.json
    assert instance == {
        "id": instance["id"],
        "name": "Loja do centro",
        "evolution_url": EVOLUTION,
        "evolution_instance": name,
        "delay_min_seconds": 20,
        "delay_max_seconds": 50,
        "daily_limit": 250,
        "connection_state": "open",
        "connected_phone": instance["connected_phone"],
        "sent_today": 0,
        "next_allowed_at": None,
        "active_campaign": None,
        "server_version": "2.3.7",
        "created_on_server": False,
        "webhook_state": "set",
        "created_at": "2026-11-18T11:06:40.000Z",
        "updated_at": "2026-11-18T11:06:40.000Z",
    }
    assert shop.owner.get(f"{INSTANCES}{instance['id']}/").json == instance
    assert shop.owner.get(INSTANCES).json == {"results": [instance], "next": None}


def test_an_instance_is_registered_once_in_a_deployment(shop: Shop):
    instance = shop.instance()
    repeat = {
        "name": "De novo",
        "evolution_url": EVOLUTION,
        "evolution_instance": instance["evolution_instance"],
        "api_key": INSTANCE_KEY,
    }
    own = shop.owner.post(INSTANCES, repeat)
    assert (own.status, own.code) == (409, "already_registered")
    assert own.json["existing_id"] == instance["id"]
    foreign = shop.stranger().post(INSTANCES, repeat)
    assert (foreign.status, foreign.code) == (409, "already_registered")
    assert instance["id"] not in foreign.text
    unproved = shop.stranger().post(INSTANCES, repeat | {"api_key": "errada"})
    assert unproved.faults == {"api_key": "key_refused"}


def test_settings_that_contradict_each_other_are_refused(shop: Shop):
    body = {"delay_min_seconds": 60, "delay_max_seconds": 30, "daily_limit": 0}
    answer = shop.owner.patch(f"{INSTANCES}{shop.instance()['id']}/", body)
    assert answer.faults == {"daily_limit": "out_of_range"}
    assert answer.json["errors"][0]["message"] == "Use um valor de 1 a 100000."
    del body["daily_limit"]
    answer = shop.owner.patch(f"{INSTANCES}{shop.instance()['id']}/", body)
    assert answer.faults == {"delay_max_seconds": "delay_order"}


def test_a_change_leaves_alone_what_is_not_given(shop: Shop):
    instance = shop.instance(daily_limit=100)
    path = f"{INSTANCES}{instance['id']}/"
    assert shop.owner.patch(path, {"name": "Outra"}).json["daily_limit"] == 100
    assert shop.owner.patch(path, {"daily_limit": None}).json["daily_limit"] is None
    assert shop.owner.patch(path, {"name": None}).faults == {"name": "invalid_type"}
    assert shop.owner.get(path).json["name"] == "Outra"


def test_a_change_of_nothing_makes_no_new_version(shop: Shop):
    instance = shop.instance()
    path = f"{INSTANCES}{instance['id']}/"
    before = shop.owner.get(path)
    shop.clock.sleep(5_000)
    for body in ({}, {"name": instance["name"], "daily_limit": 250}, {"sent_today": 7}):
        answer = shop.owner.patch(path, body)
        assert (answer.status, answer.json) == (200, before.json), body
        assert answer.headers["ETag"] == before.headers["ETag"]


def test_a_refresh_tells_how_the_instance_is_now(shop: Shop):
    instance = shop.instance()
    name = instance["evolution_instance"]
    shop.deployment.evolution.set_state(name, ConnectionState.CLOSE)
    path = f"{INSTANCES}{instance['id']}/"
    assert shop.owner.post(path + "refresh/").json["connection_state"] == "close"
    assert shop.owner.get(path).json["connection_state"] == "close"


def test_a_server_in_trouble_leaves_the_gate_open_and_is_502(shop: Shop):
    instance = shop.instance()
    rule = Rule(Behaviour.NOT_SENT_BAD_GATEWAY, operation=Operation.SERVER, count=1)
    shop.deployment.evolution.add_rule(rule)
    answer = shop.owner.post(f"{INSTANCES}{instance['id']}/refresh/")
    assert (answer.status, answer.code) == (502, "evolution_error")
    assert answer.json["evolution_status"] == 502
    assert "reason" not in answer.json
    assert shop.owner.get(f"{INSTANCES}{instance['id']}/").json == instance


def test_an_address_where_no_evolution_answers_any_more_is_told_without_a_version(shop: Shop):
    path = f"{INSTANCES}{shop.instance()['id']}/refresh/"
    evolution = shop.deployment.evolution
    evolution.add_rule(
        Rule(Behaviour.SENT_OTHER_STATUS, operation=Operation.SERVER, count=1, status=404)
    )
    answer = shop.owner.post(path)
    evolution.clear_rules()
    assert (answer.status, answer.json["reason"]) == (502, "not_evolution")
    assert "não responde um servidor Evolution" in answer.json["detail"]
    assert "version" not in answer.json


def test_only_an_owner_has_an_instance_looked_at_anew(shop: Shop):
    path = f"{INSTANCES}{shop.instance()['id']}/refresh/"
    answer = shop.client(Role.OPERATOR).post(path)
    assert (answer.status, answer.code) == (403, "forbidden")


def test_get_edit_and_send_back_works_on_an_instance_that_is_in_use(shop: Shop):
    campaign = shop.campaign(shop.contacts(1))
    path = f"{INSTANCES}{campaign['instance']['id']}/"
    seen = shop.owner.get(path).json
    shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/")
    assert shop.owner.get(path).json["active_campaign"] != seen["active_campaign"]
    answer = shop.owner.patch(path, seen | {"name": "Outra"})
    assert (answer.status, answer.json["name"]) == (200, "Outra")


def test_an_evolution_that_refuses_is_502_and_one_that_is_silent_503(shop: Shop):
    instance = shop.instance()
    path = f"{INSTANCES}{instance['id']}/refresh/"
    del shop.deployment.evolution.instances[instance["evolution_instance"]]
    answer = shop.owner.post(path)
    assert (answer.status, answer.code) == (502, "evolution_error")
    evolution = shop.deployment.evolution
    evolution.add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=Operation.SERVER))
    answer = shop.owner.post(path)
    evolution.clear_rules()
    assert (answer.status, answer.code) == (503, "evolution_unreachable")
