"""Contacts over HTTP."""

import pytest

from tests.fakes.api import CONTACTS, Shop

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
        "opted_out_at": None,
        "opt_out_source": None,
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
        (
            {"consent": {"given_at": "ontem", "channel": "loja"}},
            {"consent.given_at": "invalid_moment"},
        ),
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
