"""Groups over HTTP."""

import pytest

from campaigns.domain.model import Role
from tests.fakes.api import CONTACTS, GROUPS, Shop

OSASCO = {"name": "Osasco", "description": "Quem mora perto"}


def a_group(shop: Shop, **fields: object) -> str:
    created: str = shop.owner.post(GROUPS, OSASCO | fields).json["id"]
    return created


def test_a_group_comes_back_as_it_is_kept(shop: Shop):
    created = shop.owner.post(GROUPS, OSASCO)
    assert created.status == 201
    group = created.json
    assert group == OSASCO | {
        "id": group["id"],
        "contacts_count": 0,
        "created_at": "2026-11-18T11:06:40.000Z",
        "updated_at": "2026-11-18T11:06:40.000Z",
    }
    assert group["id"].startswith("gr_")
    assert shop.owner.get(f"{GROUPS}{group['id']}/").json == group
    assert shop.owner.post(GROUPS, {"name": "Só nome"}).json["description"] == ""


def test_a_group_is_got_edited_and_put(shop: Shop):
    path = f"{GROUPS}{a_group(shop)}/"
    group, etag = shop.owner.get(path).json, shop.owner.get(path).headers["ETag"]
    shop.clock.sleep(1_000)
    put = shop.owner.put(path, group | {"name": "Barueri"}, if_match=etag)
    assert put.json == group | {"name": "Barueri", "updated_at": "2026-11-18T11:06:41.000Z"}
    assert shop.owner.patch(path, {"name": "Cotia"}, if_match=etag).status == 412
    patched = shop.owner.patch(path, {"name": "Cotia"}).json
    assert (patched["name"], patched["description"]) == ("Cotia", OSASCO["description"])
    assert shop.owner.put(path, {"name": "Cotia"}).json["description"] == ""
    assert shop.owner.patch(path, {"id": "gr_x"}).code == "read_only_field"
    assert shop.owner.delete(path, if_match=etag).status == 412
    assert shop.owner.delete(path).status == 204
    assert shop.owner.get(path).status == 404
    assert shop.owner.delete(path).status == 404


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"name": "required"}),
        ({"name": ""}, {"name": "required"}),
        ({"name": " "}, {"name": "required"}),
        ({"name": "g" * 101}, {"name": "too_long"}),
        ({"name": "a\nb"}, {"name": "invalid_text"}),
        ({"name": "a", "contacts_count": 1}, {"contacts_count": "unknown_field"}),
        ({"name": "a", "description": None}, {"description": "invalid_type"}),
    ],
)
def test_what_makes_no_group_is_refused(shop: Shop, body, faults):
    answer = shop.owner.post(GROUPS, body)
    assert (answer.status, answer.faults) == (422, faults)


def test_contacts_go_in_and_out(shop: Shop):
    group = a_group(shop)
    ids = shop.contacts(3)
    add, remove = f"{GROUPS}{group}/add_contacts/", f"{GROUPS}{group}/remove_contacts/"
    body = {"contact_ids": [ids[2], ids[0], "ct_nobody", ids[2]]}
    added = shop.owner.post(add, body)
    assert (added.status, added.json) == (
        200,
        {"changed": 2, "unknown": ["ct_nobody"], "total_contacts": 2},
    )
    assert shop.owner.post(add, body).json["changed"] == 0
    listed = shop.owner.get(f"{GROUPS}{group}/contacts/").json["results"]
    assert [each["id"] for each in listed] == [ids[0], ids[2]]
    assert {each["groups_count"] for each in listed} == {1}
    assert shop.owner.get(f"{GROUPS}{group}/").json["contacts_count"] == 2
    removed = shop.owner.post(remove, {"contact_ids": [ids[0], ids[1]]}).json
    assert removed == {"changed": 1, "unknown": [], "total_contacts": 1}
    shop.owner.delete(f"{CONTACTS}{ids[2]}/")
    assert shop.owner.get(f"{GROUPS}{group}/").json["contacts_count"] == 0


def test_a_groups_contacts_are_told_page_by_page(shop: Shop):
    group, ids = a_group(shop), shop.contacts(3)
    shop.owner.post(f"{GROUPS}{group}/add_contacts/", {"contact_ids": ids})
    path = f"{GROUPS}{group}/contacts/"
    page = shop.owner.get(path, limit=2).json
    rest = shop.owner.get(path, limit=2, cursor=page["next"]).json
    assert [each["id"] for each in page["results"] + rest["results"]] == ids
    assert rest["next"] is None


def test_groups_are_listed_by_name_page_by_page(shop: Shop):
    for name in ("Zona Sul", "ângela", "Bairro"):
        a_group(shop, name=name)
    page = shop.owner.get(GROUPS, limit=2).json
    rest = shop.owner.get(GROUPS, limit=2, cursor=page["next"]).json
    names = [each["name"] for each in page["results"] + rest["results"]]
    assert names == ["ângela", "Bairro", "Zona Sul"]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("ids", "faults"),
    [
        ([], {"contact_ids": "too_few"}),
        (["ct_1"] * 1_001, {"contact_ids": "too_many"}),
        ([1], {"contact_ids.0": "invalid_type"}),
        (["x" * 65], {"contact_ids.0": "too_long"}),
    ],
)
def test_a_wrong_list_of_ids_is_refused(shop: Shop, ids, faults):
    answer = shop.owner.post(f"{GROUPS}{a_group(shop)}/add_contacts/", {"contact_ids": ids})
    assert (answer.status, answer.faults) == (422, faults)


def test_foreign_contacts_are_unknown_and_foreign_groups_are_404(shop: Shop):
    group, contact = a_group(shop), shop.contact(1)["id"]
    stranger = shop.stranger()
    theirs = stranger.post(GROUPS, OSASCO).json["id"]
    ids = {"contact_ids": [contact]}
    assert stranger.post(f"{GROUPS}{theirs}/add_contacts/", ids).json["unknown"] == [contact]
    for answer in (
        stranger.get(f"{GROUPS}{group}/"),
        stranger.put(f"{GROUPS}{group}/", OSASCO),
        stranger.patch(f"{GROUPS}{group}/", {"name": "x"}),
        stranger.delete(f"{GROUPS}{group}/"),
        stranger.get(f"{GROUPS}{group}/contacts/"),
        stranger.post(f"{GROUPS}{group}/add_contacts/", ids),
        stranger.post(f"{GROUPS}{group}/remove_contacts/", ids),
    ):
        assert (answer.status, answer.code) == (404, "not_found")
    assert stranger.get(CONTACTS, group=group).json["results"] == []


def test_a_viewer_reads_groups_and_changes_none(shop: Shop):
    path, viewer = f"{GROUPS}{a_group(shop)}/", shop.client(Role.VIEWER)
    for path_read in (GROUPS, path, path + "contacts/"):
        assert viewer.get(path_read).status == 200
    assert viewer.post(GROUPS, OSASCO).status == 403
    assert viewer.post(path + "add_contacts/", {"contact_ids": ["ct_1"]}).status == 403
    assert viewer.delete(path).status == 403


def test_a_repeat_under_an_idempotency_key_changes_nothing_more(shop: Shop):
    first = shop.owner.post(GROUPS, OSASCO, key="a")
    assert shop.owner.post(GROUPS, OSASCO, key="a").text == first.text
    assert len(shop.owner.get(GROUPS).json["results"]) == 1
