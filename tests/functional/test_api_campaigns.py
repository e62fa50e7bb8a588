"""Campaigns over HTTP: created, listed, started, stopped."""

import json

import pytest

from campaigns.domain.instants import MINUTE_MS
from local.fake_evolution import ConnectionState
from tests.fakes.api import CAMPAIGNS, EVENTS, INSTANCES, Shop, invoke

CUSTOM = {
    "schedule_type": "custom_period",
    "morning_start": "09:00",
    "morning_end": "12:00",
    "afternoon_start": "14:00",
    "afternoon_end": "24:00",
}


def call(shop: Shop, campaign, operation: str, body: object = None):
    return shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/{operation}/", body)


def read(shop: Shop, campaign):
    return shop.owner.get(f"{CAMPAIGNS}{campaign['id']}/").json


def test_a_campaign_is_a_draft_whose_recipients_are_prepared_behind_the_answer(shop: Shop):
    instance, ids = shop.instance(), shop.contacts(3)
    answer = shop.owner.post(
        CAMPAIGNS,
        {
            "name": "Natal",
            "description": "Fim de ano",
            "instance_id": instance["id"],
            "contact_ids": [*ids, ids[0]],
            "message_texts": ["Oi, {{nome}}!"],
        },
    )
    assert answer.status == 201
    created = answer.json
    assert (created["status"], created["recipients"]["state"]) == ("draft", "preparing")
    assert created["recipients"]["requested"] == 4
    assert created["can_be_started"] is False
    assert created["instance"] == {
        "id": instance["id"],
        "name": "Loja",
        "connection_state": "open",
    }
    early = call(shop, created, "start")
    assert (early.status, early.code) == (409, "recipients_preparing")
    assert early.headers["Retry-After"] == "2"
    shop.lay()
    ready = read(shop, created)
    assert (ready["recipients"]["state"], ready["recipients"]["repeats"]) == ("ready", 1)
    assert (ready["total_contacts"], ready["pending_messages"]) == (3, 3)
    assert ready["can_be_started"] is True
    assert (ready["description"], ready["timezone"]) == ("Fim de ano", "America/Sao_Paulo")


def test_unknown_and_foreign_ids_are_listed_alike_and_nothing_is_stored(shop: Shop):
    instance, own = shop.instance(), shop.contact(1)
    stranger = shop.deployment.open_shop()
    foreign, foreign_instance = stranger.contact(2), stranger.instance()
    body = {
        "name": "Natal",
        "instance_id": instance["id"],
        "contact_ids": [own["id"], foreign["id"], "ct_unknown"],
        "message_texts": ["Oi"],
    }
    answer = shop.owner.post(CAMPAIGNS, body)
    assert (answer.status, answer.code) == (422, "unknown_reference")
    assert answer.json["errors"][0]["field"] == "contact_ids"
    assert answer.json["errors"][0]["ids"] == [foreign["id"], "ct_unknown"]
    for wrong in (foreign_instance["id"], "in_unknown"):
        answer = shop.owner.post(CAMPAIGNS, body | {"instance_id": wrong})
        assert (answer.code, answer.json["errors"][0]["ids"]) == ("unknown_reference", [wrong])
    assert [(each["field"], each["count"]) for each in answer.json["errors"]] == [
        ("instance_id", 1),
        ("contact_ids", 2),
    ]
    assert shop.owner.get(CAMPAIGNS).json["results"] == []


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"name": "   "}, {"name": "required"}),
        ({"name": "x" * 201}, {"name": "too_long"}),
        ({"message_texts": []}, {"message_texts": "too_few"}),
        ({"message_texts": ["x"] * 6}, {"message_texts": "too_many"}),
        ({"message_texts": ["x" * 4_097]}, {"message_texts.0": "too_long"}),
        ({"message_texts": ["Oi", " "]}, {"message_texts.1": "required"}),
        ({"contact_ids": ["x"] * 10_001}, {"contact_ids": "too_many"}),
        ({"timezone": "America/Osasco"}, {"timezone": "unknown_timezone"}),
        ({"timezone": "../etc/passwd"}, {"timezone": "unknown_timezone"}),
        ({"timezone": ""}, {"timezone": "unknown_timezone"}),
        ({"timezone": "right/UTC"}, {"timezone": "unknown_timezone"}),
        ({"timezone": "posix/America/Sao_Paulo"}, {"timezone": "unknown_timezone"}),
        ({"timezone": "localtime"}, {"timezone": "unknown_timezone"}),
        ({"timezone": "posixrules"}, {"timezone": "unknown_timezone"}),
        ({"timezone": "Factory"}, {"timezone": "unknown_timezone"}),
        ({"name": "\u200b\u2060"}, {"name": "required"}),
        ({"name": "Natal\x00"}, {"name": "invalid_text"}),
        ({"message_texts": ["Oi\x1b[2J"]}, {"message_texts.0": "invalid_text"}),
        ({"scheduled_at": "2026-12-01T12:00:00"}, {"scheduled_at": "invalid_moment"}),
        ({"scheduled_at": "9999-12-31T23:59:59-12:00"}, {"scheduled_at": "invalid_moment"}),
        ({"scheduled_at": 5}, {"scheduled_at": "invalid_moment"}),
        ({"schedule_type": "sometimes"}, {"schedule_type": "invalid_choice"}),
        ({"skip_weekends": "yes"}, {"skip_weekends": "invalid_type"}),
        ({"schedule_type": "custom_period"}, {"morning_start": "windows_missing"}),
        (CUSTOM | {"morning_end": None}, {"morning_end": "required"}),
        (CUSTOM | {"afternoon_start": "11:00"}, {"afternoon_start": "windows_overlap"}),
        (CUSTOM | {"afternoon_end": "13:00"}, {"afternoon_end": "end_not_after_start"}),
        (CUSTOM | {"morning_start": "9h"}, {"morning_end": "invalid_time"}),
        (CUSTOM | {"afternoon_start": "24:00"}, {"afternoon_end": "invalid_time"}),
        ({"segment_ids": []}, {"segment_ids": "unknown_field"}),
    ],
)
def test_what_makes_no_campaign_is_refused(shop: Shop, change, faults):
    body = {"name": "Natal", "instance_id": "in_x", "message_texts": ["Oi"]}
    answer = shop.owner.post(CAMPAIGNS, body | change)
    assert (answer.status, answer.faults) == (422, faults)


@pytest.mark.parametrize(
    ("schedule", "hours", "skips"),
    [
        ({"schedule_type": "immediate"}, None, (False, False)),
        ({"schedule_type": "business_days", "skip_holidays": False}, None, (True, True)),
        ({"schedule_type": "business_hours", "morning_start": "10:00"}, None, (False, False)),
        (CUSTOM | {"skip_weekends": False}, "09:00", (False, True)),
    ],
)
def test_answers_give_the_schedule_as_it_takes_effect(shop: Shop, schedule, hours, skips):
    campaign = shop.campaign([], **schedule)
    assert campaign["morning_start"] == hours
    assert (campaign["skip_weekends"], campaign["skip_holidays"]) == skips


def test_a_list_is_newest_first_and_takes_one_filter(shop: Shop):
    instance = shop.instance()["id"]
    names = ["Natal", "Dia das mães", "Natal de novo"]
    ids = []
    for name in names:
        ids.append(shop.campaign([], name=name, instance_id=instance)["id"])
        shop.clock.sleep(1_000)

    def found(**query: str) -> list[str]:
        return [each["id"] for each in shop.owner.get(CAMPAIGNS, **query).json["results"]]

    assert found() == ids[::-1]
    assert found(search="natal") == [ids[2], ids[0]]
    assert found(status="draft") == ids[::-1]
    assert found(status="active") == []
    assert found(instance_id=instance) == ids[::-1]
    assert found(instance_id="in_other") == []
    page = shop.owner.get(CAMPAIGNS, search="natal", limit=1).json
    assert [each["id"] for each in page["results"]] == [ids[2]]
    page = shop.owner.get(CAMPAIGNS, search="natal", limit=1, cursor=page["next"]).json
    assert [each["id"] for each in page["results"]] == [ids[0]]


def test_name_and_description_alone_change_in_any_state(shop: Shop):
    campaign = shop.campaign(shop.contacts(2))
    call(shop, campaign, "start")
    path = f"{CAMPAIGNS}{campaign['id']}/"
    etag = shop.owner.get(path).headers["ETag"]
    changed = shop.owner.patch(path, read(shop, campaign) | {"name": "Ano novo"}, if_match=etag)
    assert (changed.status, changed.json["name"]) == (200, "Ano novo")
    assert shop.owner.patch(path, {"description": "D"}).json["name"] == "Ano novo"
    for field, value in [("status", "draft"), ("created_by", "eu")]:
        answer = shop.owner.patch(path, {field: value})
        assert (answer.code, answer.faults) == ("read_only_field", {field: "read_only_field"})
    assert shop.owner.patch(path, {"colour": 1}).faults == {"colour": "unknown_field"}
    assert shop.owner.patch(path, {"name": " "}).faults == {"name": "required"}
    assert shop.owner.patch(path, {}, if_match=etag).status == 412


def test_get_edit_and_send_back_works_on_a_campaign_that_goes_on_meanwhile(shop: Shop):
    # People of its own: two sends to one person in a row are refused, whoever sends.
    campaign = shop.campaign(shop.contacts(3, first=500))
    call(shop, campaign, "start")
    seen = read(shop, campaign)
    shop.send_planned()
    path = f"{INSTANCES}{campaign['instance']['id']}/"
    name = shop.owner.get(path).json["evolution_instance"]
    # Closed, it would be paused, which is more than figures that move.
    shop.deployment.evolution.set_state(name, ConnectionState.CONNECTING)
    shop.owner.post(path + "refresh/")
    answer = shop.owner.patch(f"{CAMPAIGNS}{campaign['id']}/", seen | {"name": "Ano novo"})
    assert (answer.status, answer.json["name"]) == (200, "Ano novo")
    assert answer.json["sent_messages"] == 3


def test_what_is_read_upon_a_create_is_read_consistently(shop: Shop):
    instance, ids, reads = shop.instance(), shop.contacts(1), []
    table = shop.app.table
    batch_get, get = table.batch_get, table.get

    def spy_batch(model, keys, *, consistent=False):
        reads.append((model.__name__, consistent))
        return batch_get(model, keys, consistent=consistent)

    def spy(model, key, *, consistent=False):
        reads.append((model.__name__, consistent))
        return get(model, key, consistent=consistent)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(table, "batch_get", spy_batch)
        patched.setattr(table, "get", spy)
        body = {"name": "Natal", "instance_id": instance["id"], "message_texts": ["Oi"]}
        created = shop.owner.post(CAMPAIGNS, body | {"contact_ids": ids}).json
        assert {("ContactItem", True), ("InstanceItem", True)} <= set(reads)
        assert ("ContactItem", False) not in reads
        reads.clear()
        shop.owner.get(f"{CAMPAIGNS}{created['id']}/contacts/")
    assert ("HeadItem", True) in reads


@pytest.mark.parametrize(
    ("texts", "fields", "is_startable"),
    [
        (["Oi {{apelido}}"], {}, False),
        (["Oi {{quem_indicou}}"], {}, False),
        (["Oi {{quem_indicou}}"], {"allow_missing": True}, True),
        (["Oi {{apelido|amiga}}"], {}, True),
    ],
)
def test_can_be_started_is_what_the_checks_say(shop: Shop, texts, fields, is_startable):
    campaign = shop.campaign(shop.contacts(2), message_texts=texts, **fields)
    checks = shop.owner.get(f"{CAMPAIGNS}{campaign['id']}/checks/").json
    assert campaign["can_be_started"] is is_startable
    assert checks["can_be_started"] is is_startable
    assert all(each["ok"] for each in checks["checks"]) is is_startable
    assert (call(shop, campaign, "start").status == 200) is is_startable


def test_checks_tell_that_a_live_campaign_is_no_draft(shop: Shop):
    campaign = shop.campaign(shop.contacts(2))
    call(shop, campaign, "start")
    checks = shop.owner.get(f"{CAMPAIGNS}{campaign['id']}/checks/").json
    assert checks["can_be_started"] is False
    (failure,) = [each for each in checks["checks"] if not each["ok"]]
    assert failure == {
        "code": "not_a_draft",
        "ok": False,
        "message": "Só um rascunho pode ser iniciado, e esta campanha está ativa.",
        "current_status": "active",
    }


def test_a_start_that_only_has_to_wait_says_so_among_all_that_fails(shop: Shop):
    instance = shop.instance()
    body = {"name": "Natal", "instance_id": instance["id"], "message_texts": ["Oi {{apelido}}"]}
    created = shop.owner.post(CAMPAIGNS, body | {"contact_ids": shop.contacts(1)}).json
    shop.deployment.evolution.set_state(instance["evolution_instance"], ConnectionState.CLOSE)
    shop.owner.post(f"{INSTANCES}{instance['id']}/refresh/")
    answer = call(shop, created, "start")
    assert (answer.status, answer.code) == (409, "recipients_preparing")
    assert answer.headers["Retry-After"] == "2"
    assert "instance_disconnected" in {each["code"] for each in answer.json["errors"]}


def test_a_page_of_big_campaigns_ends_early_and_goes_on(shop: Shop):
    instance = shop.instance()["id"]
    texts = ["🎁" * 4_096] * 5
    ids = [shop.campaign([], instance_id=instance, message_texts=texts)["id"] for _ in range(55)]
    first = shop.owner.get(CAMPAIGNS, limit=200)
    assert len(first.text.encode()) < 4_500_000
    rest = shop.owner.get(CAMPAIGNS, limit=200, cursor=first.json["next"]).json
    found = [*first.json["results"], *rest["results"]]
    assert [each["id"] for each in found] == sorted(ids, reverse=True)
    assert rest["next"] is None


def test_a_campaign_goes_from_start_over_pause_and_resume_to_its_end(shop: Shop):
    campaign = shop.campaign(shop.contacts(3))
    started = call(shop, campaign, "start")
    assert (started.status, started.json["status"]) == (200, "active")
    assert started.json["started_by"] == started.json["created_by"]
    assert started.json["estimated_seconds"] == 70
    assert started.json["next_scheduled_send"] is not None
    again = call(shop, campaign, "start")
    assert (again.status, again.code) == (409, "invalid_state")
    assert again.json["current_status"] == "active"

    paused = call(shop, campaign, "pause", {"reason": "almoço"}).json
    assert (paused["status"], paused["is_paused"]) == ("paused", True)
    assert call(shop, campaign, "pause").json["paused_at"] == paused["paused_at"]
    assert call(shop, campaign, "resume").json["status"] == "active"
    assert call(shop, campaign, "resume").status == 200

    # What was planned before the pause dies at the claim; the new plan is sent.
    shop.send_planned()
    running = read(shop, campaign)
    assert (running["sent_messages"], running["pending_messages"]) == (3, 0)
    assert running["progress_percentage"] == 100.0
    assert [each["times_sent"] for each in running["messages"]] == [2, 1]
    assert running["last_send_at"] is not None
    assert running["estimated_seconds"] is None

    assert call(shop, campaign, "cancel").json["status"] == "cancelled"
    assert call(shop, campaign, "cancel").status == 200
    late = call(shop, campaign, "resume")
    assert (late.status, late.json["current_status"]) == (409, "cancelled")


def test_of_two_campaigns_on_one_instance_one_starts(shop: Shop):
    ids, instance = shop.contacts(2), shop.instance()["id"]
    first = shop.campaign(ids, instance_id=instance)
    second = shop.campaign(ids, instance_id=instance)
    assert call(shop, first, "start").status == 200
    answer = call(shop, second, "start")
    assert (answer.status, answer.code) == (409, "instance_busy")
    assert shop.owner.get(f"/api/instances/{instance}/").json["active_campaign"] == {
        "id": first["id"],
        "name": "Natal",
        "status": "active",
    }


def test_all_that_stands_against_a_start_is_told_at_once(shop: Shop):
    instance = shop.instance()
    shop.deployment.evolution.set_state(instance["evolution_instance"], ConnectionState.CLOSE)
    shop.owner.post(f"/api/instances/{instance['id']}/refresh/")
    texts = ["Oi {{apelido}}", "Oi {{quem_indicou}}"]
    campaign = shop.campaign(shop.contacts(2), instance_id=instance["id"], message_texts=texts)
    answer = call(shop, campaign, "start")
    assert (answer.status, answer.code) == (409, "start_refused")
    errors = {each["code"]: each for each in answer.json["errors"]}
    assert set(errors) == {"unknown_variables", "missing_values", "instance_disconnected"}
    assert errors["unknown_variables"]["variables"] == ["apelido"]
    assert errors["unknown_variables"]["message"].startswith(
        "Nenhum contato tem valor para: apelido."
    )
    assert errors["missing_values"]["missing"][0]["count"] == 2
    assert campaign["can_be_started"] is False

    checks = shop.owner.get(f"{CAMPAIGNS}{campaign['id']}/checks/").json
    assert checks["can_be_started"] is False
    wrong = {each["code"]: each["message"] for each in checks["checks"] if not each["ok"]}
    assert wrong == {code: each["message"] for code, each in errors.items()}


def test_checks_tell_every_condition_and_when_it_would_go(shop: Shop):
    campaign = shop.campaign(shop.contacts(2))
    checks = shop.owner.get(f"{CAMPAIGNS}{campaign['id']}/checks/").json
    assert checks["can_be_started"] is True
    assert all(each["ok"] for each in checks["checks"])
    assert [each["code"] for each in checks["warnings"]] == ["quiet_hours_ignored"]
    assert checks["next_scheduled_send"] == "2026-11-18T11:06:40.000Z"
    assert checks["estimated_seconds"] == 35
    assert checks["estimated_completion_at"] == "2026-11-18T11:07:15.000Z"


def test_a_draft_is_forecast_through_its_window(shop: Shop):
    # 8:06 in São Paulo: the window opens at 9:00.
    campaign = shop.campaign(shop.contacts(2), schedule_type="business_hours")
    assert campaign["estimated_completion_at"] == "2026-11-18T12:00:35.000Z"


def test_a_start_ahead_of_its_time_is_put_on_schedule_and_can_be_undone(shop: Shop):
    campaign = shop.campaign(shop.contacts(2), scheduled_at="2026-11-18T10:00:00-03:00")
    assert campaign["scheduled_at"] == "2026-11-18T13:00:00.000Z"
    scheduled = call(shop, campaign, "start").json
    assert scheduled["status"] == "scheduled"
    assert scheduled["next_scheduled_send"] == "2026-11-18T13:00:00.000Z"
    assert call(shop, campaign, "unschedule").json["status"] == "draft"
    again = call(shop, campaign, "unschedule")
    assert (again.status, again.code) == (409, "invalid_state")
    shop.clock.sleep(180 * MINUTE_MS)
    assert call(shop, campaign, "start").json["status"] == "active"


def test_the_kept_events_make_and_start_a_campaign(shop: Shop):
    def event(name: str, **changes: object):
        kept = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
        kept["headers"]["authorization"] = f"Bearer {shop.owner.key}"
        return kept | changes

    body = json.loads(event("http-create-campaign")["body"])
    body |= {"instance_id": shop.instance()["id"], "contact_ids": shop.contacts(2)}
    created = invoke(event("http-create-campaign", body=json.dumps(body)))
    assert created.status == 201
    assert len(created.json["messages"]) == 3
    shop.lay()
    path = f"{CAMPAIGNS}{created.json['id']}/start/"
    started = invoke(event("http-start-campaign", rawPath=path))
    assert (started.status, started.json["status"]) == (200, "active")


def test_ten_thousand_contacts_are_taken_in_one_call(shop: Shop):
    instance, contact = shop.instance(), shop.contact(1)
    stored = shop.app.contact_store.read(shop.tenant_id, contact["id"])
    ids = [f"ct_{number:026d}" for number in range(10_000)]
    body = {
        "name": "Natal",
        "description": "d" * 2_000,
        "instance_id": instance["id"],
        "contact_ids": ids,
        "message_texts": ["x" * 4_096] * 5,
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            shop.app.contact_store,
            "read_many",
            lambda _, wanted, **__: dict.fromkeys(wanted, stored),
        )
        answer = shop.owner.post(CAMPAIGNS, body)
    assert answer.status == 201
    assert answer.json["recipients"]["requested"] == 10_000
    assert shop.deployment.kicks.waiting == [(shop.tenant_id, answer.json["id"])]
