"""The webhook of an instance: set at its server, kept as it should be, its secret rotated."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from campaigns.domain.errors import Unavailable
from campaigns.domain.model import Instance
from local.fake_evolution import Behaviour, FakeEvolution, Operation, Rule
from local.fake_evolution.model import Webhook
from tests.fakes.api import INSTANCE_KEY, INSTANCES, Answer, Deployment, Shop

DOMAIN = "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"
REFUSED = Rule(Behaviour.CONNECTION_REFUSED, operation=Operation.WEBHOOK_SET)


@pytest.fixture(autouse=True)
def _a_server_in_good_health(deployment: Deployment):
    yield
    deployment.evolution.clear_rules()


def server(shop: Shop) -> FakeEvolution:
    return shop.deployment.evolution


def path_of(instance: dict[str, Any], action: str = "") -> str:
    return f"{INSTANCES}{instance['id']}/{action}"


def standing(shop: Shop, instance: dict[str, Any]) -> Webhook:
    webhook = server(shop).instances[instance["evolution_instance"]].webhook
    assert webhook is not None
    return webhook


def kept(shop: Shop, instance: dict[str, Any]) -> Instance:
    found = shop.app.instance_store.read(instance["id"])
    assert found is not None
    return found


def secret(shop: Shop, instance: dict[str, Any], version: int) -> str:
    return shop.app.identity.webhook_secret(instance["id"], version)


def refresh(shop: Shop, instance: dict[str, Any]) -> Answer:
    return shop.owner.post(path_of(instance, "refresh/"))


def rotate(shop: Shop, instance: dict[str, Any]) -> Answer:
    return shop.owner.post(path_of(instance, "rotate-webhook-secret/"))


def knock(shop: Shop, instance: dict[str, Any], version: int) -> int:
    """How an event is answered that comes with that version of the secret."""
    event = {"event": "connection.update", "data": {"state": "open"}}
    headers = {"x-webhook-secret": secret(shop, instance, version)}
    path = f"/api/webhooks/evolution/{instance['id']}/"
    return replace(shop.owner, key=None).call("POST", path, event, headers).status


def is_as_it_should_be(shop: Shop, instance: dict[str, Any], version: int = 1) -> bool:
    webhook = standing(shop, instance)
    return (
        webhook.enabled
        and webhook.url == f"https://{DOMAIN}/api/webhooks/evolution/{instance['id']}/"
        and set(webhook.events) == {"MESSAGES_UPSERT", "MESSAGES_UPDATE", "CONNECTION_UPDATE"}
        and webhook.headers == {"X-Webhook-Secret": secret(shop, instance, version)}
        and not (webhook.by_events or webhook.base64)
    )


# Set


def test_a_registered_instance_reports_to_the_domain_that_it_was_registered_by(shop: Shop):
    instance = shop.instance()
    assert instance["webhook_state"] == "set"
    assert is_as_it_should_be(shop, instance)
    assert kept(shop, instance).webhook_url == standing(shop, instance).url
    assert shop.owner.get(path_of(instance)).json == instance


def test_an_instance_that_is_made_reports_before_a_phone_is_connected(shop: Shop):
    made = shop.owner.post(INSTANCES, {"name": "Filial", "create_on_server": True}).json
    assert made["webhook_state"] == "set"
    assert is_as_it_should_be(shop, made)


def test_an_address_of_ones_own_goes_before_the_domain(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    webhooks = replace(shop.app.set_webhook, public_url="https://api.example.com/v1/")
    manage = replace(shop.app.instances, webhooks=webhooks)
    monkeypatch.setitem(shop.app.__dict__, "instances", manage)
    url = standing(shop, shop.instance()).url
    assert url.startswith("https://api.example.com/v1/api/webhooks/evolution/in_")


def test_a_server_that_cannot_be_told_leaves_the_instance_as_it_is_and_says_so(shop: Shop):
    server(shop).add_rule(REFUSED)
    instance = shop.instance()
    assert (instance["connection_state"], instance["webhook_state"]) == ("open", "failed")
    assert kept(shop, instance).webhook_url is None
    assert refresh(shop, instance).json["webhook_state"] == "failed"
    server(shop).clear_rules()
    assert refresh(shop, instance).json["webhook_state"] == "set"
    assert is_as_it_should_be(shop, instance)


def test_a_campaign_that_would_hear_nothing_is_warned_before_it_starts(shop: Shop):
    contacts = shop.contacts(1)
    for rules, expected in (([REFUSED], True), ([], False)):
        for rule in rules:
            server(shop).add_rule(rule)
        campaign = shop.campaign(contacts)
        server(shop).clear_rules()
        checks = shop.owner.get(f"/api/campaigns/campaigns/{campaign['id']}/checks/").json
        told = {each["code"]: each["message"] for each in checks["warnings"]}
        assert ("no_receipts_expected" in told) is expected
        assert checks["can_be_started"]


# Checked


@pytest.mark.parametrize(
    "spoil",
    [
        lambda webhook: replace(webhook, url="https://elsewhere.example.com/hook"),
        lambda webhook: replace(webhook, enabled=False),
        lambda webhook: replace(webhook, events=("MESSAGES_UPSERT", "CONNECTION_UPDATE")),
        lambda webhook: replace(webhook, events=(*webhook.events, "SEND_MESSAGE")),
        lambda webhook: replace(webhook, headers={"X-Webhook-Secret": "another"}),
        lambda webhook: replace(webhook, headers={}),
        lambda webhook: replace(webhook, by_events=True),
        lambda webhook: replace(webhook, base64=True),
        lambda _: None,
    ],
)
def test_a_webhook_that_is_not_as_it_should_be_is_set_again_by_a_refresh(
    shop: Shop, spoil: Callable[[Webhook], Webhook | None]
):
    instance = shop.instance()
    place = server(shop).instances[instance["evolution_instance"]]
    place.webhook = spoil(standing(shop, instance))
    assert refresh(shop, instance).json["webhook_state"] == "set"
    assert is_as_it_should_be(shop, instance)


def test_a_webhook_that_is_as_it_should_be_is_left_alone(shop: Shop):
    instance = shop.instance()
    before = standing(shop, instance)
    server(shop).add_rule(REFUSED)
    assert refresh(shop, instance).json == instance
    assert standing(shop, instance) == before


def test_an_instance_that_moves_to_another_server_reports_from_there(shop: Shop):
    instance = shop.instance()
    name = shop.server_instance()
    patched = {"evolution_instance": name, "api_key": INSTANCE_KEY}
    moved = shop.owner.patch(path_of(instance), patched).json
    assert (moved["evolution_instance"], moved["webhook_state"]) == (name, "set")
    assert is_as_it_should_be(shop, moved)
    # The one before would go on telling us what people write to a number that is not ours.
    assert not standing(shop, instance).enabled


def test_an_instance_with_a_new_key_at_its_old_place_goes_on_reporting(shop: Shop):
    instance = shop.instance()
    server(shop).instances[instance["evolution_instance"]].api_key = "another-key"
    assert shop.owner.patch(path_of(instance), {"api_key": "another-key"}).status == 200
    assert is_as_it_should_be(shop, instance)


def test_an_instance_that_its_server_lost_reports_again_as_soon_as_it_is_put_back(shop: Shop):
    made = shop.owner.post(INSTANCES, {"name": "Filial", "create_on_server": True}).json
    del server(shop).instances[made["evolution_instance"]]
    assert shop.owner.get(path_of(made, "qrcode/")).status == 200
    assert is_as_it_should_be(shop, made)


# Rotated


def test_a_new_secret_is_told_and_the_one_before_is_valid_for_a_day(shop: Shop):
    instance = shop.instance()
    rotated = rotate(shop, instance)
    assert (rotated.status, rotated.json) == (200, instance)
    assert is_as_it_should_be(shop, instance, 2)
    assert [knock(shop, instance, version) for version in (1, 2, 3)] == [200, 200, 401]
    shop.clock.sleep(24 * 3_600_000 + 60_000)
    assert [knock(shop, instance, version) for version in (1, 2)] == [401, 200]


def test_a_secret_that_cannot_be_told_ends_nothing(shop: Shop):
    instance = shop.instance()
    server(shop).add_rule(REFUSED)
    answer = rotate(shop, instance)
    assert (answer.status, answer.code) == (503, "evolution_unreachable")
    assert is_as_it_should_be(shop, instance)
    assert shop.owner.get(path_of(instance)).json == instance
    # It goes on with the first, for as long as nobody repeats it.
    shop.clock.sleep(10 * 24 * 3_600_000)
    assert knock(shop, instance, 1) == 200


def test_a_rotation_whose_answer_was_lost_has_happened(shop: Shop):
    instance = shop.instance()
    server(shop).add_rule(
        Rule(Behaviour.SENT_ANSWER_LOST, operation=Operation.WEBHOOK_SET, count=1)
    )
    assert rotate(shop, instance).status == 200
    assert is_as_it_should_be(shop, instance, 2)
    assert kept(shop, instance).webhook_version == 2


def test_where_nobody_knows_whether_it_was_told_both_secrets_stay_and_a_repeat_settles_it(
    shop: Shop,
):
    instance = shop.instance()
    asked: list[int] = []
    find = shop.app.set_webhook.admin.webhook

    def found_once(*place: str) -> Any:
        asked.append(1)
        if len(asked) > 1:
            server(shop).add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=Operation.OTHER))
        return find(*place)

    server(shop).add_rule(REFUSED)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(shop.app.set_webhook.admin), "webhook", lambda _, *at: found_once(*at))
        assert rotate(shop, instance).status == 503
    assert [knock(shop, instance, version) for version in (1, 2)] == [200, 200]
    server(shop).clear_rules()
    assert rotate(shop, instance).status == 200
    # The one that was begun is finished: the server still had the first.
    assert is_as_it_should_be(shop, instance, 2)
    assert kept(shop, instance).webhook_version == 2


def test_an_instance_that_its_server_does_not_know_keeps_its_secret(shop: Shop):
    instance = shop.instance()
    del server(shop).instances[instance["evolution_instance"]]
    answer = rotate(shop, instance)
    assert (answer.status, answer.json["reason"]) == (502, "unknown_instance")
    assert kept(shop, instance).webhook_version == 1


def test_of_two_rotations_at_once_one_is_told_to_try_again(shop: Shop):
    instance = shop.instance()
    stale = kept(shop, instance)
    assert rotate(shop, instance).status == 200
    webhooks = shop.app.set_webhook
    assert not webhooks.instances.note_webhook(stale, replace(stale, webhook_version=2))
    assert is_as_it_should_be(shop, instance, 2)


def test_a_secret_of_somebody_else_on_the_server_is_no_rotation_that_ended_half_way(shop: Shop):
    instance = shop.instance()
    place = server(shop).instances[instance["evolution_instance"]]
    place.webhook = replace(standing(shop, instance), headers={"X-Webhook-Secret": "another"})
    assert rotate(shop, instance).status == 200
    # Whoever has the first is not to stay valid for good.
    assert is_as_it_should_be(shop, instance, 2)
    shop.clock.sleep(24 * 3_600_000 + 60_000)
    assert [knock(shop, instance, version) for version in (1, 2)] == [401, 200]


def test_a_server_that_takes_a_new_secret_after_we_gave_up_is_still_believed(shop: Shop):
    instance = shop.instance()
    webhooks, told = shop.app.set_webhook, []
    tell = webhooks.admin.set_webhook

    def too_slow(*place: Any) -> None:
        told.append(place)
        raise Unavailable

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(webhooks.admin), "set_webhook", lambda _, *at: too_slow(*at))
        assert rotate(shop, instance).status == 503
    shop.clock.sleep(60_000)
    assert tell(*told[0]) is None
    assert is_as_it_should_be(shop, instance, 2)
    assert knock(shop, instance, 2) == 200


def test_the_day_of_the_secret_before_begins_once_the_server_has_the_new_one(shop: Shop):
    instance = shop.instance()
    with pytest.MonkeyPatch.context() as patched:
        admin = type(shop.app.set_webhook.admin)
        patched.setattr(admin, "set_webhook", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            shop.app.instances.rotate_webhook_secret(
                kept(shop, instance).tenant_id, instance["id"], domain=DOMAIN
            )
    # A process that ended half-way, which nobody heard of: the server goes on with the first.
    shop.clock.sleep(10 * 24 * 3_600_000)
    assert knock(shop, instance, 1) == 200
    assert refresh(shop, instance).status == 200
    assert is_as_it_should_be(shop, instance, 2)
    assert [knock(shop, instance, version) for version in (1, 2)] == [200, 200]
    shop.clock.sleep(24 * 3_600_000 + 60_000)
    assert [knock(shop, instance, version) for version in (1, 2)] == [401, 200]


def test_a_refresh_that_read_before_a_rotation_leaves_the_new_secret_at_the_server(shop: Shop):
    instance = shop.instance()
    stale = kept(shop, instance)
    assert rotate(shop, instance).status == 200
    assert shop.app.set_webhook.check(stale, DOMAIN).webhook_version == 2
    assert is_as_it_should_be(shop, instance, 2)


def test_a_registered_instance_that_is_deleted_is_reported_no_more(shop: Shop):
    instance = shop.instance()
    assert shop.owner.delete(path_of(instance)).status == 204
    assert not standing(shop, instance).enabled


def test_a_webhook_that_somebody_else_set_is_left_alone_by_a_deletion(shop: Shop):
    instance = shop.instance()
    held = server(shop).instances[instance["evolution_instance"]]
    held.webhook = replace(standing(shop, instance), url="https://crm.example/hook")
    assert shop.owner.delete(path_of(instance)).status == 204
    assert standing(shop, instance).enabled


def test_a_server_that_cannot_be_told_keeps_no_instance_from_being_deleted(shop: Shop):
    instance = shop.instance()
    server(shop).add_rule(REFUSED)
    assert shop.owner.delete(path_of(instance)).status == 204
    assert shop.owner.get(path_of(instance)).status == 404


def test_neither_secret_nor_key_is_in_any_answer_or_log(
    shop: Shop, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.DEBUG):
        instance = shop.instance()
        answers = [refresh(shop, instance), rotate(shop, instance)]
        server(shop).add_rule(REFUSED)
        answers += [rotate(shop, instance), shop.owner.get(path_of(instance))]
        standing(shop, instance).headers["X-Webhook-Secret"] = "spoilt"
        answers.append(refresh(shop, instance))
    assert answers[-1].json["webhook_state"] == "failed"
    told = "\n".join([*(answer.text for answer in answers), caplog.text])
    told += "".join(str(vars(record)) for record in caplog.records)
    for version in (1, 2, 3):
        assert secret(shop, instance, version) not in told
    assert "whs_" not in told
    assert INSTANCE_KEY not in told
