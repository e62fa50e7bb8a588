"""Contacts over HTTP."""

import pytest

from campaigns.domain.model import Role
from tests.fakes.api import CAMPAIGNS, CONTACTS, GROUPS, Shop

BULK = CONTACTS + "bulk_create/"
ANA = {"name": "Ana Paula", "phone": "(11) 99000-2471"}


def test_a_contact_comes_back_as_it_is_kept(shop: Shop):
    given = ANA | {
        "email": "ana@example.com",
        "quem_indicou": "Bia",
        "tags": ["vip"],
        "custom_vars": {"cidade": "Osasco"},
        "notes": "Prefere manhã",
        "consent": {"given_at": "2026-03-01", "channel": "loja", "text": "Aceito"},
    }
    created = shop.owner.post(CONTACTS, given)
    assert created.status == 201
    contact = created.json
    assert contact == given | {
        "id": contact["id"],
        "phone": "+5511990002471",
        "is_active": True,
        "source": "api",
        "import_id": None,
        "opted_out_at": None,
        "opt_out_source": None,
        "last_messaged_at": None,
        "last_replied_at": None,
        "groups_count": 0,
        "created_at": "2026-11-18T11:06:40.000Z",
        "updated_at": "2026-11-18T11:06:40.000Z",
    }
    assert shop.owner.get(f"{CONTACTS}{contact['id']}/").json == contact


def test_a_repeat_of_a_person_is_409_and_names_the_contact(shop: Shop):
    contact = shop.owner.post(CONTACTS, ANA).json
    answer = shop.owner.post(CONTACTS, ANA | {"phone": "+55 11 99000 2471"})
    assert (answer.status, answer.code) == (409, "contact_exists")
    assert answer.json["existing_id"] == contact["id"]


def test_a_search_finds_the_beginning_of_a_name_or_a_phone(shop: Shop):
    shop.owner.post(CONTACTS, ANA)
    shop.owner.post(CONTACTS, {"name": "Érica", "phone": "(21) 99000-0001"})
    for search, name in [("erica", "Érica"), ("ANA p", "Ana Paula"), ("(21) 990", "Érica")]:
        found = shop.owner.get(CONTACTS, search=search).json["results"]
        assert [each["name"] for each in found] == [name]


def test_a_contact_is_got_edited_and_put(shop: Shop):
    created = shop.owner.post(CONTACTS, ANA | {"tags": ["vip"], "notes": "x"}).json
    path = f"{CONTACTS}{created['id']}/"
    shop.clock.sleep(1_000)
    whole = shop.owner.get(path).json | {"name": "Ana Maria", "phone": "11 9000-2471"}
    put = shop.owner.put(path, whole)
    assert put.status == 200
    assert put.json == whole | {
        "phone": "+5511990002471",
        "updated_at": "2026-11-18T11:06:41.000Z",
    }
    assert shop.owner.put(path, {"name": "Ana", "phone": ANA["phone"]}).json == created | {
        "name": "Ana",
        "tags": [],
        "notes": None,
        "updated_at": "2026-11-18T11:06:41.000Z",
    }


def test_a_patch_replaces_whole_fields_and_null_empties_one(shop: Shop):
    given = ANA | {"tags": ["vip"], "notes": "x", "custom_vars": {"a": "1"}, "email": "a@b.co"}
    path = f"{CONTACTS}{shop.owner.post(CONTACTS, given).json['id']}/"
    change = {"tags": ["novo", "NOVO"], "custom_vars": {"b": "2"}, "email": None}
    changed = shop.owner.patch(path, change).json
    assert (changed["tags"], changed["custom_vars"]) == (["novo"], {"b": "2"})
    assert (changed["email"], changed["notes"], changed["name"]) == (None, "x", "Ana Paula")
    assert shop.owner.patch(path, {"is_active": False}).json["is_active"] is False
    consent = {"given_at": "2026-03-01", "channel": "loja", "text": "Aceito"}
    assert shop.owner.patch(path, {"consent": consent}).json["consent"] == consent
    emptied = shop.owner.patch(path, {"consent": None, "tags": None, "custom_vars": None}).json
    assert (emptied["consent"], emptied["tags"], emptied["custom_vars"]) == (None, [], {})


def test_what_moves_nothing_is_no_new_version(shop: Shop):
    created = shop.owner.post(CONTACTS, ANA)
    path = f"{CONTACTS}{created.json['id']}/"
    shop.clock.sleep(1_000)
    again = shop.owner.patch(path, {"name": " Ana Paula ", "phone": "11 99000 2471"})
    assert again.json == created.json
    assert again.headers["ETag"] == created.headers["ETag"]


def test_a_contact_is_changed_only_in_the_version_that_was_read(shop: Shop):
    created = shop.owner.post(CONTACTS, ANA)
    path, etag = f"{CONTACTS}{created.json['id']}/", created.headers["ETag"]
    group = shop.owner.post(GROUPS, {"name": "Osasco"}).json
    ids = {"contact_ids": [created.json["id"]]}
    shop.owner.post(f"{GROUPS}{group['id']}/add_contacts/", ids)
    shop.clock.sleep(1_000)
    assert shop.owner.patch(path, {"name": "Bia"}, if_match=etag).status == 200
    assert shop.owner.patch(path, {"name": "Cid"}, if_match=etag).status == 412
    assert shop.owner.put(path, ANA, if_match=etag).status == 412


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"phone": "(11) 99000-2472"}, 409, "phone_identifies_contact"),
        ({"phone": "990"}, 422, "validation_failed"),
        ({"name": None}, 422, "validation_failed"),
        ({"is_active": None}, 422, "validation_failed"),
        ({"name": "\u200b"}, 422, "validation_failed"),
        ({"source": "manual"}, 422, "read_only_field"),
        ({"import_id": "im_1"}, 422, "read_only_field"),
        ({"opted_out_at": "2026-11-18T11:06:40.000Z"}, 422, "read_only_field"),
        ({"groups_count": 7}, 200, None),
        ({"last_messaged_at": "2026-11-18T11:06:40.000Z"}, 200, None),
        ({"groups": []}, 422, "validation_failed"),
    ],
)
def test_an_edit_keeps_the_rules_of_each_field(shop: Shop, change, status, code):
    created = shop.owner.post(CONTACTS, ANA).json
    path = f"{CONTACTS}{created['id']}/"
    answer = shop.owner.patch(path, change)
    assert answer.status == status
    if code:
        assert answer.code == code
    assert shop.owner.get(path).json == created


def test_a_strangers_contact_is_404_also_to_an_edit(shop: Shop):
    path = f"{CONTACTS}{shop.contact(1)['id']}/"
    stranger = shop.stranger()
    assert stranger.put(path, ANA).status == 404
    assert stranger.patch(path, {"name": "Bia"}).status == 404
    assert shop.client(Role.VIEWER).patch(path, {"name": "Bia"}).status == 403


def test_one_bulk_call_is_one_import(shop: Shop):
    first, second = shop.contacts(2)
    later = shop.contacts(1, first=7)[0]
    contacts = {each: shop.owner.get(f"{CONTACTS}{each}/").json for each in (first, second, later)}
    assert {each["source"] for each in contacts.values()} == {"import"}
    imports = [contacts[each]["import_id"] for each in (first, second, later)]
    assert imports[0] == imports[1] != imports[2]
    assert imports[0].startswith("im_")


def test_a_contact_tells_when_its_person_was_last_messaged(shop: Shop):
    contact = shop.contact(1)
    campaign = shop.campaign([contact["id"]])
    shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/")
    shop.send_everything()
    told = shop.owner.get(f"{CONTACTS}{contact['id']}/").json
    assert told["last_messaged_at"].startswith("2026-11-18T11:06:4")
    assert told["last_replied_at"] is None
    other = shop.stranger()
    theirs = other.post(CONTACTS, {"name": "Ana", "phone": contact["phone"]}).json
    assert theirs["last_messaged_at"] is None


# Filters and tags


def names(shop: Shop, **query: object) -> list[str]:
    return [each["name"] for each in shop.owner.get(CONTACTS, **query).json["results"]]


def test_each_filter_finds_its_contacts(shop: Shop):
    ana = shop.owner.post(CONTACTS, ANA | {"tags": ["São Paulo"]}).json
    bia = shop.owner.post(CONTACTS, {"name": "Bia", "phone": "11990000001", "is_active": False})
    shop.owner.post(f"{CONTACTS}{bia.json['id']}/opt-out/", {})
    group = shop.owner.post(GROUPS, {"name": "Osasco"}).json["id"]
    shop.owner.post(f"{GROUPS}{group}/add_contacts/", {"contact_ids": [ana["id"]]})
    assert names(shop, tag="sao paulo") == names(shop, group=group) == ["Ana Paula"]
    assert names(shop, opted_out="true") == names(shop, is_active="false") == ["Bia"]
    assert names(shop, opted_out="false") == names(shop, is_active="true") == ["Ana Paula"]
    assert names(shop, tag="nenhum") == names(shop, group="gr_nenhum") == []


def test_filters_come_one_at_a_time_and_flags_are_true_or_false(shop: Shop):
    answer = shop.owner.get(CONTACTS, tag="vip", is_active="true")
    assert (answer.status, answer.code) == (422, "too_many_filters")
    for wrong in ("1", "yes", "True", ""):
        answer = shop.owner.get(CONTACTS, opted_out=wrong)
        assert answer.faults == {"opted_out": "invalid_choice"}
        assert "true, false" in answer.json["errors"][0]["message"]
    assert shop.owner.get(CONTACTS, tag="").status == 422


def test_a_cursor_of_one_filter_is_none_of_another(shop: Shop):
    for number in range(3):
        shop.contact(number, tags=["vip"])
    page = shop.owner.get(CONTACTS, tag="vip", limit=2).json
    assert len(page["results"]) == 2
    rest = shop.owner.get(CONTACTS, tag="vip", limit=2, cursor=page["next"]).json
    assert (len(rest["results"]), rest["next"]) == (1, None)
    assert shop.owner.get(CONTACTS, tag="VIP2", cursor=page["next"]).code == "invalid_cursor"


def test_tags_are_told_with_their_counts_page_by_page(shop: Shop):
    shop.contact(1, tags=["VIP", "São Paulo"])
    shop.contact(2, tags=["vip"])
    page = shop.owner.get(CONTACTS + "tags/", limit=1).json
    assert page["results"] == [{"tag": "São Paulo", "contacts_count": 1}]
    rest = shop.owner.get(CONTACTS + "tags/", limit=1, cursor=page["next"]).json
    assert rest == {"results": [{"tag": "VIP", "contacts_count": 2}], "next": None}
    assert shop.stranger().get(CONTACTS + "tags/").json["results"] == []
    assert shop.owner.post(CONTACTS + "tags/", {}).status == 405


@pytest.mark.parametrize("action", ["opt-out", "opt-in"])
def test_a_reason_holds_no_control_characters(shop: Shop, action: str):
    path = f"{CONTACTS}{shop.contact(1)['id']}/{action}/"
    assert shop.owner.post(path, {"reason": "\x1b[2J"}).faults == {"reason": "invalid_text"}
    assert shop.owner.post(path, {"reason": None}).status == 200


def test_a_deleted_contact_is_gone_and_its_opt_out_stays(shop: Shop):
    contact = shop.owner.post(CONTACTS, ANA).json
    path = f"{CONTACTS}{contact['id']}/"
    out = shop.owner.post(path + "opt-out/", {"reason": "pediu"})
    assert out.json["opted_out_at"] == "2026-11-18T11:06:40.000Z"
    assert out.json["opt_out_source"] == "operator"
    assert shop.owner.delete(path).status == 204
    assert shop.owner.get(path).status == 404
    assert shop.owner.delete(path).status == 404
    back = shop.owner.post(CONTACTS, ANA).json
    assert back["opted_out_at"] == "2026-11-18T11:06:40.000Z"
    again = shop.owner.post(path + "opt-in/", {"reason": "voltou"}).json
    assert again["opted_out_at"] is None


def test_a_bulk_call_tells_what_became_of_each_row(shop: Shop):
    shop.contact(1)
    rows = [
        {"name": "Nova", "phone": "(11) 99000-0002"},
        {"name": "Outro nome", "phone": "(11) 99000-0001", "tags": ["vip"]},
        {"name": "Sem telefone"},
        {"name": "Curta", "phone": "990"},
        {"name": "Nova de novo", "phone": "+55 (11) 99000-0002"},
        {"nome": "Campo errado", "phone": "(11) 99000-0003"},
    ]
    answer = shop.owner.post(BULK, {"contacts": rows})
    assert answer.status == 201
    body = answer.json
    assert (body["created"], body["updated"], body["skipped"]) == (1, 2, 0)
    assert [(each["index"], each["result"]) for each in body["contacts"]] == [
        (0, "created"),
        (1, "updated"),
        (4, "updated"),
    ]
    assert {each["index"]: each["errors"][0]["field"] for each in body["errors"]} == {
        2: "phone",
        3: "phone",
        5: "nome",
    }
    assert all(each["code"] and each["errors"][0]["message"] for each in body["errors"])


def test_a_row_that_is_no_object_spoils_no_other(shop: Shop):
    row = {"name": "Nova", "phone": "(11) 99000-0002"}
    answer = shop.owner.post(BULK, {"contacts": ["x", row, None]})
    assert (answer.status, answer.json["created"]) == (201, 1)
    assert {each["index"]: each["errors"][0]["code"] for each in answer.json["errors"]} == {
        0: "not_an_object",
        2: "not_an_object",
    }


def test_a_thousand_bad_rows_get_an_answer_of_a_sane_size(shop: Shop):
    row = {f"{number:03d}" + "x" * 200: 1 for number in range(15)}
    answer = shop.owner.post(BULK, {"contacts": [row] * 1_000})
    assert answer.status == 422
    assert {len(each["errors"]) for each in answer.json["errors"]} == {10}
    assert len(answer.text) < 4_000_000


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"name": "\u200b"}, {"name": "required"}),
        ({"name": "Ana\x00"}, {"name": "invalid_text"}),
        ({"notes": "\x1b[2J"}, {"notes": "invalid_text"}),
        ({"custom_vars": {"cidade": "\x00"}}, {"custom_vars": "invalid_text"}),
        ({"custom_vars": {"cor\x07": "azul"}}, {"custom_vars": "invalid_text"}),
        ({"email": "a\x00@b.co"}, {"email": "invalid_text"}),
        (
            {"consent": {"given_at": "2026-03-01", "channel": "loja", "text": "\x1b[2J"}},
            {"consent.text": "invalid_text"},
        ),
        (
            {"consent": {"given_at": "ontem", "channel": "loja"}},
            {"consent.given_at": "invalid_moment"},
        ),
        ({"consent": {"given_at": "", "channel": "loja"}}, {"consent.given_at": "required"}),
    ],
)
def test_what_makes_no_contact_is_refused(shop: Shop, change, faults):
    contact = {"name": "Ana", "phone": "(11) 99000-0001"}
    answer = shop.owner.post(CONTACTS, contact | change)
    assert (answer.status, answer.faults) == (422, faults)


@pytest.mark.parametrize(
    ("on_duplicate", "status", "result"),
    [("update", 200, "updated"), ("skip", 200, "skipped"), ("error", 422, None)],
)
def test_a_person_who_is_there_is_treated_as_was_asked(shop: Shop, on_duplicate, status, result):
    contact = shop.contact(1)
    row = {"name": "Outro nome", "phone": "(11) 99000-0001"}
    answer = shop.owner.post(BULK, {"contacts": [row], "on_duplicate": on_duplicate})
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/json"
    assert [each["result"] for each in answer.json["contacts"]] == ([result] if result else [])
    assert [each["code"] for each in answer.json["errors"]] == (
        [] if result else ["contact_exists"]
    )
    name = shop.owner.get(f"{CONTACTS}{contact['id']}/").json["name"]
    assert (name == "Outro nome") is (on_duplicate == "update")


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"contacts": "required"}),
        ({"contacts": []}, {"contacts": "too_few"}),
        ({"contacts": [{}] * 1_001}, {"contacts": "too_many"}),
        ({"contacts": [{}], "on_duplicate": "x"}, {"on_duplicate": "invalid_choice"}),
    ],
)
def test_a_bulk_call_that_is_wrong_as_a_whole_is_refused(shop: Shop, body, faults):
    answer = shop.owner.post(BULK, body)
    assert (answer.status, answer.faults) == (422, faults)
