"""The tenant's own settings: who may change them, to what, and how soon they bind."""

from dataclasses import replace

import pytest

from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import Role
from tests.fakes.api import CAMPAIGNS, CONTACTS, Shop

TENANT = "/api/tenant/"
SETTINGS = {
    "name": "Padaria do João",
    "timezone": "America/Manaus",
    "locale": "en",
    "opt_out_keywords": ["PARE", "Não quero"],
    "quiet_hours_start": "22:00",
    "quiet_hours_end": "07:30",
}


@pytest.mark.parametrize("role", Role)
def test_every_role_reads_the_tenant(shop: Shop, role: Role):
    answer = shop.client(role).get(TENANT)
    assert answer.json | {"created_at": "", "updated_at": ""} == {
        "id": shop.tenant_id,
        "name": "Loja da Ana",
        "timezone": "America/Sao_Paulo",
        "locale": "pt-BR",
        "opt_out_keywords": ["SAIR", "PARAR", "STOP", "CANCELAR"],
        "quiet_hours_start": "21:00",
        "quiet_hours_end": "08:00",
        "created_at": "",
        "updated_at": "",
    }


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_the_owner_changes_every_setting(shop: Shop, method: str):
    shop.clock.sleep(1_000)
    before = shop.owner.get(TENANT).json
    answer = shop.owner.call(method, TENANT, SETTINGS)
    assert answer.status == 200
    after = shop.owner.get(TENANT)
    assert after.json == answer.json == before | SETTINGS | {"updated_at": after.json["updated_at"]}
    assert after.json["updated_at"] > before["updated_at"]
    assert after.headers["ETag"] == answer.headers["ETag"]
    assert shop.owner.get("/api/me/").json["tenant"]["name"] == "Padaria do João"


def test_what_is_left_out_of_a_patch_stays_and_is_wanted_by_a_put(shop: Shop):
    before = shop.owner.get(TENANT).json
    after = shop.owner.patch(TENANT, {"name": " Padaria "}).json
    assert after | {"updated_at": ""} == before | {"name": "Padaria", "updated_at": ""}
    wanted = {name for name in SETTINGS if name != "name"}
    assert shop.owner.put(TENANT, {"name": "X"}).faults == dict.fromkeys(wanted, "required")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_get_edit_and_send_back_works(shop: Shop, method: str):
    seen = shop.owner.get(TENANT).json
    assert shop.owner.call(method, TENANT, seen | {"locale": "en"}).json["locale"] == "en"
    refused = shop.owner.call(method, TENANT, seen | {"id": "tn_other"})
    assert (refused.status, refused.code) == (422, "read_only_field")


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"name": " "}, {"name": "required"}),
        ({"name": "a\nb"}, {"name": "invalid_text"}),
        ({"name": None}, {"name": "invalid_type"}),
        ({"timezone": "America/Sao Paulo"}, {"timezone": "unknown_timezone"}),
        ({"timezone": "../etc/passwd"}, {"timezone": "unknown_timezone"}),
        ({"timezone": "UTC+3"}, {"timezone": "unknown_timezone"}),
        ({"locale": "fr"}, {"locale": "invalid_choice"}),
        ({"quiet_hours_start": "24:00"}, {"quiet_hours_start": "invalid_time"}),
        ({"quiet_hours_start": "9:00"}, {"quiet_hours_start": "invalid_time"}),
        ({"quiet_hours_end": "24:01"}, {"quiet_hours_end": "invalid_time"}),
        (
            {"quiet_hours_start": "x", "quiet_hours_end": "٠٨:٠٠"},
            {"quiet_hours_start": "invalid_time", "quiet_hours_end": "invalid_time"},
        ),
        ({"opt_out_keywords": []}, {"opt_out_keywords": "too_few"}),
        ({"opt_out_keywords": ["a"] * 51}, {"opt_out_keywords": "too_many"}),
        ({"opt_out_keywords": ["SAIR", " "]}, {"opt_out_keywords.1": "required"}),
        ({"opt_out_keywords": ["x" * 61]}, {"opt_out_keywords.0": "too_long"}),
        ({"opt_out_keywords": ["NÃO", "nao "]}, {"opt_out_keywords.1": "repeated"}),
        ({"owner_keys": 7}, {"owner_keys": "unknown_field"}),
    ],
)
def test_a_wrong_setting_changes_nothing(shop: Shop, fields, faults):
    before = shop.owner.get(TENANT).json
    answer = shop.owner.patch(TENANT, {"name": "Outra"} | fields)
    assert (answer.status, answer.faults) == (422, faults)
    assert all(error["message"] for error in answer.json["errors"])
    assert shop.owner.get(TENANT).json == before


@pytest.mark.parametrize(
    ("start", "end"),
    [("00:00", "24:00"), ("08:00", "08:00"), ("00:00", "00:00"), ("12:00", "13:00")],
)
def test_quiet_hours_may_be_any_part_of_the_day_all_of_it_or_none(shop: Shop, start, end):
    hours = {"quiet_hours_start": start, "quiet_hours_end": end}
    assert shop.owner.patch(TENANT, hours).json.items() >= hours.items()


def test_a_change_happens_only_over_the_version_that_was_read(shop: Shop):
    etag = shop.owner.get(TENANT).headers["ETag"]
    assert shop.owner.patch(TENANT, {"name": "Um"}, if_match=etag).status == 200
    assert shop.owner.patch(TENANT, {"name": "Dois"}, if_match=etag).status == 412
    assert shop.owner.put(TENANT, SETTINGS, if_match=etag).status == 412


def test_of_two_changes_at_once_none_is_lost(shop: Shop):
    """The clock stands: a version is not its time."""
    store = shop.app.tenant_store
    change, done = type(store).change, []

    def overtaken(self, old, new, *, token):
        if not done:
            done.append(None)
            shop.owner.patch(TENANT, {"quiet_hours_end": "09:00"})
        return change(self, old, new, token=token)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(store), "change", overtaken)
        assert shop.owner.patch(TENANT, {"name": "Outra"}).status == 200
    after = shop.owner.get(TENANT).json
    assert (after["name"], after["quiet_hours_end"]) == ("Outra", "09:00")


def test_problems_are_told_in_the_new_language_at_once(shop: Shop):
    assert shop.owner.get(f"{CONTACTS}x/").json["title"] == "Não encontrado"
    shop.owner.patch(TENANT, {"locale": "en"})
    assert shop.owner.get(f"{CONTACTS}x/").json["title"] == "Not found"


def test_another_process_sends_by_the_new_quiet_hours_within_a_minute(shop: Shop):
    from campaigns.services.tenant_rules import CachedTenantRules

    other = CachedTenantRules(shop.app.tenant_store, shop.clock)
    assert other.rules(shop.tenant_id).tenant.quiet_hours_start == "21:00"
    shop.owner.patch(TENANT, {"quiet_hours_start": "18:00"})
    shop.clock.sleep(MINUTE_MS)
    assert other.rules(shop.tenant_id).tenant.quiet_hours_start == "18:00"


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_campaign_takes_the_new_zone_also_where_another_process_changed_it(
    shop: Shop, method: str
):
    campaign = shop.campaign([])
    body = {
        "name": "Natal",
        "instance_id": campaign["instance_id"],
        "message_texts": ["Oi"],
    }
    path = CAMPAIGNS
    if method == "PUT":
        body, path = campaign, f"{CAMPAIGNS}{campaign['id']}/"
        del body["timezone"]
    seen = shop.app.tenants.rules(shop.tenant_id).tenant
    changed = replace(seen, timezone="America/Manaus", updated_at=seen.updated_at + 1)
    assert shop.app.tenant_store.change(seen, changed, token="another")
    assert shop.owner.call(method, path, body).json["timezone"] == "America/Manaus"


def test_one_tenants_settings_are_not_anothers(shop: Shop):
    stranger = shop.stranger()
    before = stranger.get(TENANT).json
    shop.owner.put(TENANT, SETTINGS)
    assert stranger.get(TENANT).json == before
