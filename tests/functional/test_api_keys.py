"""Keys: made with their text shown once, listed without it, deleted at once, never the last."""

import pytest

from campaigns.domain.model import Role
from tests.fakes.api import Client, Shop

KEYS = "/api/keys/"
ME = "/api/me/"
TILL = {"name": "Caixa", "role": "operator"}


def own_key(client: Client) -> str:
    return client.get(ME).json["key_id"]


@pytest.mark.parametrize("role", Role)
def test_a_new_key_opens_its_tenant_with_its_role(shop: Shop, role: Role):
    answer = shop.owner.post(KEYS, {"name": " Caixa ", "role": role})
    assert (answer.status, answer.json["name"]) == (201, "Caixa")
    me = Client(answer.json["key"]).get(ME).json
    assert (me["key_id"], me["role"]) == (answer.json["id"], role)
    assert me["tenant"]["id"] == shop.tenant_id


def test_a_list_shows_what_to_know_a_key_by_and_no_secret(shop: Shop):
    shop.clock.sleep(1)
    made = shop.owner.post(KEYS, TILL).json
    before = shop.owner.get(KEYS)
    assert "key" not in before.json["results"][1]
    assert made["key"].rpartition("_")[2] not in before.text
    assert made["key"].startswith(made["prefix"] + "_")
    first, second = before.json["results"]
    assert (first["role"], second["role"]) == ("owner", "operator")
    assert second == {name: value for name, value in made.items() if name != "key"}
    assert second["last_used_at"] is None
    Client(made["key"]).get(ME)
    assert shop.owner.get(KEYS).json["results"][1]["last_used_at"] == "2026-11-18T11:06:40.001Z"


def test_keys_are_listed_page_by_page(shop: Shop):
    made = [shop.owner.post(KEYS, TILL | {"name": f"Caixa {n}"}).json["id"] for n in range(3)]
    found, cursor = [], {}
    while True:
        page = shop.owner.get(KEYS, limit=2, **cursor).json
        found += [each["id"] for each in page["results"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert sorted(found) == sorted([own_key(shop.owner), *made])


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"name": "required", "role": "required"}),
        (TILL | {"name": " "}, {"name": "required"}),
        (TILL | {"name": "a\x1b[2J"}, {"name": "invalid_text"}),
        (TILL | {"name": "n" * 201}, {"name": "too_long"}),
        (TILL | {"role": "admin"}, {"role": "invalid_choice"}),
        (TILL | {"key": "ak_1"}, {"key": "unknown_field"}),
    ],
)
def test_a_key_with_a_wrong_field_is_not_made(shop: Shop, body, faults):
    assert shop.owner.post(KEYS, body).faults == faults
    assert len(shop.owner.get(KEYS).json["results"]) == 1


def test_the_text_of_a_key_is_not_told_again_under_its_idempotency_key(shop: Shop):
    made = shop.owner.post(KEYS, TILL, key="k1").json
    again = shop.owner.post(KEYS, TILL, key="k1")
    assert (again.status, again.code) == (409, "already_created")
    assert again.json["existing_id"] == made["id"]
    assert "ak_" not in again.text
    assert len(shop.owner.get(KEYS).json["results"]) == 2


def test_the_text_of_a_key_is_in_no_stored_answer(shop: Shop):
    made = shop.owner.post(KEYS, TILL, key="k1").json
    stored = shop.app.table.connection.scan(shop.app.table.name)["Items"]
    assert made["key"].rpartition("_")[2] not in str(stored)
    kept = [item for item in stored if item.get("secret_id", {}).get("S") == made["id"]]
    assert len(kept) == 1


def test_a_deleted_key_opens_nothing_from_then_on(shop: Shop):
    made = shop.owner.post(KEYS, TILL).json
    till = Client(made["key"])
    assert till.get(ME).status == 200
    assert shop.owner.delete(f"{KEYS}{made['id']}/").status == 204
    assert (till.get(ME).status, till.get(ME).code) == (401, "unauthenticated")
    assert shop.owner.delete(f"{KEYS}{made['id']}/").status == 404
    assert len(shop.owner.get(KEYS).json["results"]) == 1


def test_the_last_owner_key_stays_whoever_else_has_one(shop: Shop):
    shop.client(Role.OPERATOR)
    answer = shop.owner.delete(f"{KEYS}{own_key(shop.owner)}/")
    assert (answer.status, answer.code) == (409, "last_owner_key")
    assert shop.owner.get(ME).status == 200


def test_a_key_may_delete_itself_where_another_owner_is_left(shop: Shop):
    heir = shop.client(Role.OWNER)
    assert shop.owner.delete(f"{KEYS}{own_key(shop.owner)}/").status == 204
    assert shop.owner.get(ME).status == 401
    assert heir.delete(f"{KEYS}{own_key(heir)}/").code == "last_owner_key"


def test_another_tenants_key_reads_like_none(shop: Shop):
    stranger = shop.stranger()
    foreign = shop.owner.delete(f"{KEYS}{own_key(stranger)}/")
    unknown = shop.owner.delete(f"{KEYS}{'0' * 26}/")
    assert (foreign.status, foreign.text) == (404, unknown.text)
    assert stranger.get(ME).status == 200
    assert len(shop.owner.get(KEYS).json["results"]) == 1


def test_if_match_is_honoured(shop: Shop):
    made = shop.owner.post(KEYS, TILL)
    path = f"{KEYS}{made.json['id']}/"
    assert shop.owner.delete(path, if_match='"other"').status == 412
    assert shop.owner.delete(path, if_match=made.headers["ETag"]).status == 204
