"""Instances from nothing over HTTP: made on our server, connected, disconnected, deleted."""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from campaigns.adapters.parameter_store import ParameterStoreKey
from campaigns.domain.model import Role
from campaigns.services import provision_instance
from campaigns.services.idempotency import KEPT_MS
from local.fake_evolution import Behaviour, FakeEvolution, Operation, Rule, connections
from local.fake_evolution import ConnectionState as FakeState
from tests.fakes.api import CAMPAIGNS, EVOLUTION, INSTANCE_KEY, INSTANCES, Answer, Deployment, Shop
from tests.fakes.aws import SERVER_KEY_PARAMETER, put_server_key

PHONE = "5511990007777"


@pytest.fixture(autouse=True)
def _a_server_in_good_health(deployment: Deployment):
    yield
    deployment.evolution.clear_rules()
    deployment.evolution.version = "2.3.7"


def server(shop: Shop) -> FakeEvolution:
    return shop.deployment.evolution


def make(shop: Shop, *, key: str | None = None, **fields: object) -> Answer:
    return shop.owner.post(
        INSTANCES, {"name": "Filial", "create_on_server": True} | fields, key=key
    )


def made(shop: Shop) -> dict[str, Any]:
    return make(shop).json


def path_of(instance: dict[str, Any]) -> str:
    return f"{INSTANCES}{instance['id']}/"


def connected(shop: Shop, phone: str = PHONE) -> dict[str, Any]:
    """An instance that was made and then scanned."""
    instance = made(shop)
    shop.owner.get(path_of(instance) + "qrcode/")
    server(shop).scan(instance["evolution_instance"], phone)
    shop.owner.get(path_of(instance) + "qrcode/")
    return shop.owner.get(path_of(instance)).json


def on_server(shop: Shop) -> set[str]:
    return set(server(shop).instances)


# Made on the deployment's own server


def test_an_instance_is_made_on_the_deployments_server_and_its_key_is_never_shown(shop: Shop):
    before = on_server(shop)
    answer = make(shop, name="Filial São João", daily_limit=100)
    assert answer.status == 201
    instance = answer.json
    [name] = on_server(shop) - before
    assert re.fullmatch(r"filial-sao-joao-[a-z2-7]{20}", name)
    assert (instance["evolution_url"], instance["evolution_instance"]) == (EVOLUTION, name)
    assert (instance["connection_state"], instance["connected_phone"]) == ("close", None)
    assert (instance["created_on_server"], instance["server_version"]) == (True, "2.3.7")
    assert (instance["name"], instance["daily_limit"]) == ("Filial São João", 100)
    assert server(shop).instances[name].api_key not in answer.text
    assert shop.owner.get(path_of(instance)).json == instance


def test_a_name_may_be_wished_for_and_tells_nothing_of_other_tenants(shop: Shop):
    first = make(shop, evolution_instance="vendas").json["evolution_instance"]
    second = shop.stranger().post(
        INSTANCES, {"name": "X", "create_on_server": True, "evolution_instance": "vendas"}
    )
    assert second.status == 201
    assert first.startswith("vendas-")
    assert second.json["evolution_instance"].startswith("vendas-")
    assert first != second.json["evolution_instance"]


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"create_on_server": True, "api_key": "x"}, {"api_key": "not_with_create_on_server"}),
        (
            {"create_on_server": True, "evolution_url": EVOLUTION},
            {"evolution_url": "not_with_create_on_server"},
        ),
        (
            {},
            {"api_key": "required", "evolution_instance": "required", "evolution_url": "required"},
        ),
        ({"create_on_server": True, "delay_min_seconds": 60}, {"delay_max_seconds": "delay_order"}),
    ],
)
def test_what_does_not_go_together_is_told_and_nothing_is_made(
    shop: Shop, body: dict[str, object], faults: dict[str, str]
):
    before = on_server(shop)
    answer = shop.owner.post(INSTANCES, {"name": "Filial"} | body)
    assert (answer.status, answer.faults) == (422, faults)
    assert on_server(shop) == before
    assert shop.owner.get(INSTANCES).json["results"] == []


@pytest.fixture
def without_a_key(shop: Shop) -> Iterator[dict[str, Any]]:
    """The parameter is gone, and nobody has read it before."""
    ssm = boto3.client("ssm")
    ssm.delete_parameter(Name=SERVER_KEY_PARAMETER)
    yield {"server_key": ParameterStoreKey(lambda: ssm, SERVER_KEY_PARAMETER)}
    put_server_key(server(shop).global_key)


@pytest.fixture
def without_a_server() -> dict[str, Any]:
    return {"server": ""}


@pytest.mark.parametrize("missing", ["without_a_server", "without_a_key"])
def test_a_deployment_without_a_server_says_what_to_do(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, missing: str, request: pytest.FixtureRequest
):
    parts = request.getfixturevalue(missing)
    without = replace(shop.app.provision_instance, **parts)
    monkeypatch.setitem(shop.app.__dict__, "provision_instance", without)
    answer = make(shop)
    assert (answer.status, answer.code) == (409, "no_server_configured")
    assert "evolution_url" in answer.json["detail"]
    assert "servidor Evolution próprio" in answer.json["detail"]


def test_a_server_key_that_was_changed_is_read_anew(shop: Shop):
    made(shop)
    server(shop).global_key = "another-key"
    try:
        refused = make(shop)
        assert (refused.status, refused.json["reason"]) == (502, "server_key_refused")
        assert "chave" in refused.json["detail"]
        put_server_key("another-key\n")
        assert make(shop).status == 201
    finally:
        server(shop).global_key = "fake-global-key"
        put_server_key("fake-global-key")
    assert make(shop).status == 201
    assert len(shop.owner.get(INSTANCES).json["results"]) == 3


@pytest.mark.parametrize("version", ["1.8.2", "beta"])
def test_a_server_of_another_version_is_refused_by_its_name(shop: Shop, version: str):
    server(shop).version = version
    answer = make(shop)
    assert (answer.status, answer.code) == (502, "evolution_error")
    assert answer.json["reason"] == "unsupported_version"
    assert f"versão {version} do Evolution" in answer.json["detail"]
    english = shop.owner.speaking("en")
    english_answer = english.post(INSTANCES, {"name": "Filial", "create_on_server": True})
    assert f"Evolution {version} will not do" in english_answer.json["detail"]


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        (Behaviour.CONNECTION_REFUSED, 503),
        (Behaviour.SENT_ANSWER_LOST, 503),
        (Behaviour.SENT_BAD_GATEWAY, 502),
        (Behaviour.NOT_SENT_BAD_GATEWAY, 502),
    ],
)
def test_of_an_attempt_that_failed_nothing_is_left(shop: Shop, behaviour: Behaviour, status: int):
    before = on_server(shop)
    server(shop).add_rule(Rule(behaviour, operation=Operation.CREATE))
    assert make(shop).status == status
    assert on_server(shop) == before
    assert shop.owner.get(INSTANCES).json["results"] == []


def test_what_a_failed_attempt_left_is_gone_on_from_by_its_idempotency_key(shop: Shop):
    before = on_server(shop)
    lost = Rule(Behaviour.SENT_ANSWER_LOST, operation=Operation.CREATE, count=1)
    server(shop).add_rule(lost)
    server(shop).add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=Operation.DELETE, count=1))
    assert make(shop, key="pedido-1").status == 503
    [left] = shop.owner.get(INSTANCES).json["results"]
    assert on_server(shop) - before == {left["evolution_instance"]}

    again = make(shop, key="pedido-1")

    assert (again.status, again.json["id"]) == (201, left["id"])
    assert on_server(shop) - before == {left["evolution_instance"]}
    assert make(shop, key="pedido-1").json == again.json


def test_an_idempotency_key_may_make_another_instance_a_day_later(shop: Shop):
    first = make(shop, key="pedido-2").json
    shop.clock.at += KEPT_MS + 1
    second = make(shop, key="pedido-2")
    assert second.status == 201
    assert second.json["id"] != first["id"]


def test_another_request_under_the_key_of_a_failed_one_is_not_answered_with_its_leavings(
    shop: Shop,
):
    lost = Rule(Behaviour.SENT_ANSWER_LOST, operation=Operation.CREATE, count=1)
    server(shop).add_rule(lost)
    server(shop).add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=Operation.DELETE, count=1))
    assert make(shop, key="pedido-4").status == 503
    again = make(shop, key="pedido-4", daily_limit=10)
    assert (again.status, again.json["daily_limit"]) == (201, 10)


def test_a_loop_that_makes_instances_comes_to_an_end(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(provision_instance, "_MOST", 2)
    shop.instance()
    assert [make(shop).status for _ in range(2)] == [201, 201]
    before = on_server(shop)
    answer = make(shop)
    assert (answer.status, answer.code, answer.json["limit"]) == (409, "too_many_instances", 2)
    assert "Já há 2 instâncias" in answer.json["detail"]
    assert on_server(shop) == before
    listed = shop.owner.get(INSTANCES).json["results"]
    shop.owner.delete(path_of(next(each for each in listed if each["created_on_server"])))
    assert make(shop).status == 201


def test_two_tenants_with_one_idempotency_key_get_an_instance_each(shop: Shop):
    body = {"name": "Filial", "create_on_server": True}
    ours = shop.owner.post(INSTANCES, body, key="pedido-3").json
    theirs = shop.stranger().post(INSTANCES, body, key="pedido-3").json
    assert ours["evolution_instance"] != theirs["evolution_instance"]


def test_a_server_that_chooses_the_key_itself_is_believed(shop: Shop, monkeypatch):
    chosen = "chosen-by-the-server"
    register = FakeEvolution.register_instance

    def with_its_own_key(fake: FakeEvolution, name: str, _key: str, **fields: Any) -> object:
        return register(fake, name, chosen, **fields)

    monkeypatch.setattr(FakeEvolution, "register_instance", with_its_own_key)
    instance = made(shop)
    monkeypatch.undo()
    assert server(shop).instances[instance["evolution_instance"]].api_key == chosen
    assert shop.owner.get(path_of(instance) + "qrcode/").json["code"]


# Connected


def test_a_phone_scans_and_the_instance_is_ready(shop: Shop):
    instance = made(shop)
    path = path_of(instance)
    shown = shop.owner.get(path + "qrcode/")
    assert shown.status == 200
    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.json["code"].startswith("2@")
    assert shown.json["image"].startswith("data:image/png;base64,")
    assert shown.json | {"code": "", "image": ""} == {
        "connected": False,
        "connection_state": "connecting",
        "code": "",
        "pairing_code": None,
        "image": "",
    }
    assert shop.owner.get(path).json["connection_state"] == "connecting"

    server(shop).scan(instance["evolution_instance"], PHONE)

    assert shop.owner.get(path + "qrcode/").json == {
        "connected": True,
        "connection_state": "open",
        "code": None,
        "pairing_code": None,
        "image": None,
    }
    now = shop.owner.get(path).json
    assert (now["connection_state"], now["connected_phone"]) == ("open", "+5511990007777")


def test_a_code_changes_while_nobody_scans_it(shop: Shop):
    path = path_of(made(shop)) + "qrcode/"
    first = shop.owner.get(path).json["code"]
    assert shop.owner.get(path).json["code"] == first
    shop.clock.at += 61_000
    assert shop.owner.get(path).json["code"] not in {first, None}


def test_a_phone_asks_for_a_code_to_type(shop: Shop):
    instance = made(shop)
    path = path_of(instance) + "qrcode/"
    code = shop.owner.get(path, phone="(11) 99000-7777").json["pairing_code"]
    assert re.fullmatch(r"[1-9A-HJ-NP-Z]{8}", code)
    pairing = server(shop).instances[instance["evolution_instance"]].pairing
    assert (pairing.phone, pairing.pairing_code) == ("5511990007777", code)
    assert shop.owner.get(path, phone="(11) 99000-7777").json["pairing_code"] == code


def test_a_code_to_type_is_had_also_after_a_qr_code_was_asked_for(shop: Shop):
    path = path_of(made(shop)) + "qrcode/"
    assert shop.owner.get(path).json["pairing_code"] is None
    assert shop.owner.get(path, phone="+55 11 99000-7777").json["pairing_code"]


def test_a_code_to_type_is_for_the_phone_that_asks_and_not_for_the_one_before(shop: Shop):
    instance = made(shop)
    path = path_of(instance) + "qrcode/"
    mistyped = shop.owner.get(path, phone="(11) 99000-7777").json["pairing_code"]
    code = shop.owner.get(path, phone="(11) 99000-8888").json["pairing_code"]
    pairing = server(shop).instances[instance["evolution_instance"]].pairing
    assert (pairing.phone, pairing.pairing_code) == ("5511990008888", code)
    assert code != mistyped
    assert shop.owner.get(path, phone="(11) 99000-8888").json["pairing_code"] == code
    assert shop.owner.get(path).json["pairing_code"] is None


def test_a_phone_that_is_none_is_told(shop: Shop):
    path = path_of(made(shop)) + "qrcode/"
    assert shop.owner.get(path, phone="12").faults == {"phone": "phone_too_short"}
    assert shop.owner.get(path, phone="").faults == {"phone": "required"}


def test_an_instance_that_the_server_forgot_is_made_there_anew(shop: Shop):
    instance = made(shop)
    name = instance["evolution_instance"]
    key = server(shop).instances.pop(name).api_key
    assert shop.owner.get(path_of(instance) + "qrcode/").json["code"]
    assert server(shop).instances[name].api_key == key


def test_one_that_was_registered_is_never_made_anew(shop: Shop):
    instance = shop.instance()
    del server(shop).instances[instance["evolution_instance"]]
    answer = shop.owner.get(path_of(instance) + "qrcode/")
    assert (answer.status, answer.json["reason"]) == (502, "unknown_instance")
    assert shop.owner.get(path_of(instance)).json["connection_state"] == "unknown"


def test_a_phone_that_is_connected_elsewhere_is_refused(shop: Shop):
    connected(shop, "5511990006666")
    second = made(shop)
    shop.owner.get(path_of(second) + "qrcode/")
    server(shop).scan(second["evolution_instance"], "551190006666")
    answer = shop.owner.get(path_of(second) + "qrcode/")
    assert (answer.status, answer.code) == (409, "already_registered")
    assert shop.owner.get(path_of(second)).json["connection_state"] == "unknown"


def test_what_a_server_threw_is_no_code(shop: Shop):
    path = path_of(made(shop)) + "qrcode/"
    server(shop).add_rule(
        Rule(Behaviour.SENT_OTHER_STATUS, operation=Operation.CONNECT, count=1, status=418)
    )
    assert shop.owner.get(path).json["evolution_status"] == 418


def test_the_code_is_the_owners_alone_and_never_logged(
    shop: Shop, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    # In a function every library logs at the level that is set for the function.
    caplog.set_level(logging.DEBUG)
    path = path_of(made(shop)) + "qrcode/"
    for role in (Role.VIEWER, Role.OPERATOR):
        assert shop.client(role).get(path).status == 403
    assert shop.stranger().get(path).status == 404
    code = shop.owner.get(path, phone=PHONE).json
    logged = "".join(capfd.readouterr()) + caplog.text
    assert not any(secret in logged for secret in (code["code"], code["pairing_code"], PHONE))


# Disconnected


def test_a_disconnected_instance_lets_go_of_its_phone(shop: Shop):
    instance = connected(shop, "5511990005555")
    answer = shop.owner.post(path_of(instance) + "disconnect/")
    assert answer.status == 200
    assert (answer.json["connection_state"], answer.json["connected_phone"]) == ("close", None)
    assert server(shop).instances[instance["evolution_instance"]].state is FakeState.CLOSE
    assert shop.owner.get(path_of(instance)).json == answer.json
    assert shop.owner.post(path_of(instance) + "disconnect/").json == answer.json
    assert connected(shop, "5511990005555")["connected_phone"] == "+5511990005555"


def test_a_campaign_is_paused_when_its_instance_is_disconnected(shop: Shop):
    campaign = shop.campaign(shop.contacts(2))
    shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/")
    shop.owner.post(f"{INSTANCES}{campaign['instance']['id']}/disconnect/")
    now = shop.owner.get(f"{CAMPAIGNS}{campaign['id']}/").json
    assert (now["status"], now["auto_pause_reason"]) == ("paused", "instance_disconnected")
    resumed = shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/resume/")
    assert (resumed.status, resumed.code) == (409, "instance_disconnected")


def test_an_instance_that_its_server_has_lost_is_disconnected(shop: Shop):
    instance = shop.instance()
    del server(shop).instances[instance["evolution_instance"]]
    answer = shop.owner.post(path_of(instance) + "disconnect/")
    assert (answer.status, answer.json["connection_state"]) == (200, "close")


def test_a_server_that_will_not_disconnect_is_told_and_the_gate_is_shut(shop: Shop):
    instance = shop.instance()
    server(shop).instances[instance["evolution_instance"]].api_key = "changed"
    answer = shop.owner.post(path_of(instance) + "disconnect/")
    assert (answer.status, answer.json["reason"]) == (502, "wrong_key")
    assert shop.owner.get(path_of(instance)).json["connection_state"] == "close"


# Availability


def test_availability_follows_connection_and_campaign(shop: Shop):
    campaign = shop.campaign(shop.contacts(2))
    path = f"{INSTANCES}{campaign['instance']['id']}/availability/"
    viewer = shop.client(Role.VIEWER)
    free = {
        "is_connected": True,
        "has_active_campaign": False,
        "available": True,
        "current_campaign": None,
    }
    assert viewer.get(path).json == free
    shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/")
    shop.deployment.queue.jobs.pop()
    shop.send_planned()
    assert viewer.get(path).json == {
        "is_connected": True,
        "has_active_campaign": True,
        "available": False,
        "current_campaign": {"id": campaign["id"], "name": "Natal", "progress": 50.0},
    }
    shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/cancel/")
    assert viewer.get(path).json == free
    shop.owner.post(f"{INSTANCES}{campaign['instance']['id']}/disconnect/")
    assert viewer.get(path).json == free | {"is_connected": False, "available": False}
    assert shop.stranger().get(path).status == 404


# Deleted


def test_a_deleted_instance_is_gone_from_the_server_that_it_was_made_on(shop: Shop):
    instance = connected(shop, "5511990004444")
    assert shop.owner.delete(path_of(instance)).status == 204
    assert instance["evolution_instance"] not in on_server(shop)
    assert shop.owner.get(path_of(instance)).status == 404
    assert shop.owner.delete(path_of(instance)).status == 404
    assert shop.owner.get(INSTANCES).json["results"] == []
    assert connected(shop, "5511990004444")["connected_phone"] == "+5511990004444"


def test_one_that_was_registered_stays_on_its_server_and_may_be_registered_anew(shop: Shop):
    instance = shop.instance()
    name = instance["evolution_instance"]
    assert shop.owner.delete(path_of(instance)).status == 204
    assert server(shop).instances[name].state is FakeState.OPEN
    body = {"name": "De novo", "evolution_url": EVOLUTION, "evolution_instance": name}
    again = shop.stranger().post(INSTANCES, body | {"api_key": INSTANCE_KEY})
    assert again.status == 201


def test_a_server_that_is_slow_to_let_go_of_the_phone_is_waited_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    instance = connected(shop, "5511990003333")
    let_go: list[Callable[[], None]] = []
    change = connections.change

    def later(fake: FakeEvolution, of: object, state: FakeState) -> None:
        let_go.append(lambda: change(fake, of, state))

    sleep = shop.clock.sleep
    monkeypatch.setattr(connections, "change", later)
    monkeypatch.setattr(shop.clock, "sleep", lambda ms: (let_go.pop()(), sleep(ms)))
    assert shop.owner.delete(path_of(instance)).status == 204
    assert instance["evolution_instance"] not in on_server(shop)
    assert let_go == []


def test_an_instance_goes_although_its_server_is_silent(shop: Shop):
    instance = made(shop)
    for operation in (Operation.LOGOUT, Operation.DELETE):
        server(shop).add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=operation))
    assert shop.owner.delete(path_of(instance)).status == 204
    assert shop.owner.get(path_of(instance)).status == 404


def test_an_instance_that_was_moved_is_not_deleted_where_it_is_now(shop: Shop):
    instance, name = made(shop), shop.server_instance()
    moved = {"evolution_instance": name, "api_key": INSTANCE_KEY}
    assert shop.owner.patch(path_of(instance), moved).json["created_on_server"] is False
    assert shop.owner.delete(path_of(instance)).status == 204
    assert name in on_server(shop)


def test_an_instance_stays_while_a_campaign_lives_on_it(shop: Shop):
    campaign = shop.campaign(shop.contacts(2))
    path, run = f"{INSTANCES}{campaign['instance']['id']}/", f"{CAMPAIGNS}{campaign['id']}/"
    for step in ("start/", "pause/"):
        shop.owner.post(run + step)
        answer = shop.owner.delete(path)
        assert (answer.status, answer.code) == (409, "instance_in_use")
        assert answer.json["campaign_id"] == campaign["id"]
    shop.owner.post(run + "cancel/")
    assert shop.owner.delete(path).status == 204
    assert shop.owner.get(run).json["instance_name"] is None


@pytest.mark.parametrize("end", ["unschedule/", "cancel/", "start"])
def test_an_instance_stays_while_a_campaign_waits_for_its_time_there(shop: Shop, end: str):
    campaign = shop.campaign(shop.contacts(2), scheduled_at="2026-11-18T12:00:00Z")
    path, run = f"{INSTANCES}{campaign['instance']['id']}/", f"{CAMPAIGNS}{campaign['id']}/"
    assert shop.owner.post(run + "start/").json["status"] == "scheduled"
    answer = shop.owner.delete(path)
    assert (answer.status, answer.code) == (409, "instance_in_use")
    assert answer.json["scheduled_campaigns"] == 1
    if end == "start":
        shop.clock.at += 3_600_000
        shop.app.schedule.tick(shop.clock.now() + 60_000)
        assert shop.owner.get(run).json["status"] == "active"
        shop.owner.post(run + "cancel/")
    else:
        assert shop.owner.post(run + end).status == 200
    assert shop.owner.delete(path).status == 204


def test_a_draft_whose_instance_was_deleted_says_so(shop: Shop):
    campaign = shop.campaign(shop.contacts(1))
    shop.owner.delete(f"{INSTANCES}{campaign['instance']['id']}/")
    path = f"{CAMPAIGNS}{campaign['id']}/"
    checks = shop.owner.get(path + "checks/").json["checks"]
    assert [each["code"] for each in checks if not each["ok"]] == ["instance_missing"]
    answer = shop.owner.post(path + "start/")
    assert (answer.status, answer.code) == (409, "instance_missing")
    shop.owner.patch(path, {"instance_id": shop.instance()["id"]})
    assert shop.owner.post(path + "start/").status == 200


def test_a_deletion_is_judged_by_the_version_that_was_read(shop: Shop):
    path = path_of(made(shop))
    etag = shop.owner.get(path).headers["ETag"]
    shop.owner.patch(path, {"name": "Outro nome"})
    assert shop.owner.delete(path, if_match=etag).status == 412
    assert shop.owner.delete(path, if_match=shop.owner.get(path).headers["ETag"]).status == 204


def test_only_an_owner_deletes_disconnects_and_makes(shop: Shop):
    path, operator = path_of(made(shop)), shop.client(Role.OPERATOR)
    assert operator.delete(path).status == 403
    assert operator.post(path + "disconnect/").status == 403
    assert operator.post(INSTANCES, {"name": "X", "create_on_server": True}).status == 403
    stranger = shop.stranger()
    assert stranger.delete(path).status == 404
    assert stranger.post(path + "disconnect/").status == 404
