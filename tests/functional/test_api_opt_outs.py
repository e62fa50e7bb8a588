"""Opt-outs over HTTP: those of unknown people, and how long one holds."""

from collections.abc import Iterator

import pytest

from campaigns.domain.model import Role
from campaigns.domain.webhook_event import Inbound
from tests.fakes.api import CAMPAIGNS, CONTACTS, OPT_OUTS, Shop

ANA = {"name": "Ana", "phone": "(11) 99000-2471"}
_NUMBERS: Iterator[int] = iter(range(1_000_000))


def inbound(address: str, text: str = "SAIR", **fields) -> Inbound:
    return Inbound(f"3AF{next(_NUMBERS):017d}", address, text=text, **fields)


def waiting(shop: Shop, **query: object) -> list[dict]:
    return shop.owner.get(OPT_OUTS, **query).json["results"]


def contact(shop: Shop, contact_id: str) -> dict:
    return shop.owner.get(f"{CONTACTS}{contact_id}/").json


def resolve(shop: Shop, review_id: str, body: dict):
    return shop.owner.post(f"{OPT_OUTS}{review_id}/resolve/", body)


def test_who_is_not_known_waits_newest_first_with_what_there_is_to_know_her_by(shop: Shop):
    instance = shop.instance()
    shop.hear(instance["id"], inbound("1@lid", "Sair!", push_name="Aninha"))
    shop.clock.sleep(1_000)
    shop.hear(instance["id"], inbound("2@lid", "parar"))
    newest, oldest = waiting(shop)
    assert newest["text"] == "parar"
    assert oldest == {
        "id": oldest["id"],
        "instance": {"id": instance["id"], "name": "Loja"},
        "text": "Sair!",
        "push_name": "Aninha",
        "received_at": "2026-11-18T11:06:40.000Z",
    }
    page = shop.owner.get(OPT_OUTS, limit=1).json
    assert page["results"] == [newest]
    assert waiting(shop, limit=1, cursor=page["next"]) == [oldest]
    assert shop.client(Role.VIEWER).get(OPT_OUTS).json["results"] == [newest, oldest]
    assert shop.stranger().get(OPT_OUTS).json == {"results": [], "next": None}


def test_what_a_stranger_calls_herself_steers_no_terminal_and_fills_no_page(shop: Shop):
    instance = shop.instance()
    name = "Ana\x1b]0;x\x07\x9b31m\r\n" + "x" * 5_000
    shop.hear(instance["id"], inbound("1@lid", "\x1bSair\n", push_name=name))
    shop.hear(instance["id"], inbound("2@lid", push_name="\x07 "))
    nameless, named = sorted(waiting(shop), key=lambda each: each["push_name"] or "")
    assert (named["text"], nameless["push_name"]) == ("Sair", None)
    assert named["push_name"].startswith("Ana ]0;x 31m xxx")
    assert len(named["push_name"]) == 200


def test_a_page_whose_entries_were_settled_meanwhile_is_no_empty_one(shop: Shop):
    instance = shop.instance()
    for number in range(4):
        shop.hear(instance["id"], inbound(f"{number}@lid", push_name=str(number)))
        shop.clock.sleep(1_000)
    page = shop.owner.get(OPT_OUTS, limit=1).json
    for entry in waiting(shop)[1:3]:
        resolve(shop, entry["id"], {"dismiss": True})
    rest = shop.owner.get(OPT_OUTS, limit=1, cursor=page["next"]).json
    assert [each["push_name"] for each in rest["results"]] == ["0"]


def test_to_say_who_she_is_opts_her_out_and_is_remembered(shop: Shop):
    instance, ana = shop.instance(), shop.owner.post(CONTACTS, ANA).json
    for _ in range(2):
        shop.hear(instance["id"], inbound("7:3@lid"))
    first, second = waiting(shop)
    answer = resolve(shop, first["id"], {"contact_id": ana["id"]})
    assert (answer.status, answer.json) == (200, {"id": first["id"], "outcome": "opted_out"})
    assert waiting(shop) == []
    assert resolve(shop, second["id"], {"dismiss": True}).status == 404
    told = contact(shop, ana["id"])
    assert (told["opt_out_source"], told["opted_out_at"]) == ("reply", "2026-11-18T11:06:40.000Z")
    assert [job.person for job in shop.deployment.queue.jobs] == [
        shop.app.contact_store.read(shop.tenant_id, ana["id"]).person
    ]
    shop.clock.sleep(1_000)
    shop.hear(instance["id"], inbound("7@lid", "VOLTAR"))
    assert contact(shop, ana["id"])["opted_out_at"] is None


def test_who_has_come_back_since_stays(shop: Shop):
    instance, ana = shop.instance(), shop.owner.post(CONTACTS, ANA).json
    shop.hear(instance["id"], inbound("7@lid"))
    shop.clock.sleep(1_000)
    shop.hear(instance["id"], inbound("5511990002471@s.whatsapp.net", "VOLTAR"))
    [entry] = waiting(shop)
    answer = resolve(shop, entry["id"], {"contact_id": ana["id"]})
    assert answer.json["outcome"] == "superseded"
    assert (waiting(shop), contact(shop, ana["id"])["opted_out_at"]) == ([], None)
    assert shop.deployment.queue.jobs == []


def test_what_is_dismissed_goes_and_does_not_come_back_with_a_repeat(shop: Shop):
    instance = shop.instance()
    heard = inbound("7@lid")
    shop.hear(instance["id"], heard)
    [entry] = waiting(shop)
    assert resolve(shop, entry["id"], {"dismiss": True}).json["outcome"] == "dismissed"
    shop.hear(instance["id"], heard)
    assert waiting(shop) == []
    assert resolve(shop, entry["id"], {"dismiss": True}).status == 404


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"contact_id": "required"}),
        ({"dismiss": False}, {"contact_id": "required"}),
        ({"contact_id": None}, {"contact_id": "required"}),
        ({"contact_id": "ct_x", "dismiss": True}, {"dismiss": "not_with_contact"}),
        ({"contact_id": "ct_x"}, {"contact_id": "unknown_reference"}),
        ({"dismiss": "yes"}, {"dismiss": "invalid_type"}),
        ({"contato": "x"}, {"contato": "unknown_field"}),
    ],
)
def test_one_of_the_two_is_to_be_said(shop: Shop, body: dict, faults: dict[str, str]):
    review_id = shop.waiting_opt_out(shop.instance()["id"])
    answer = resolve(shop, review_id, body)
    assert (answer.status, answer.faults) == (422, faults)
    assert [each["id"] for each in waiting(shop)] == [review_id]


def test_a_viewer_resolves_nothing_and_what_an_operator_does_is_in_the_audit_trail(shop: Shop):
    review_id = shop.waiting_opt_out(shop.instance()["id"])
    path = f"{OPT_OUTS}{review_id}/resolve/"
    assert shop.client(Role.VIEWER).post(path, {"dismiss": True}).status == 403
    assert shop.client(Role.OPERATOR).post(path, {"dismiss": True}).status == 200
    entries = shop.owner.get("/api/audit/").json["results"]
    [resolved] = [entry for entry in entries if entry["action"] == "resolve_opt_out"]
    assert resolved["object"] == {"kind": "review", "id": review_id}


def test_an_instance_that_is_deleted_has_no_name(shop: Shop):
    instance = shop.instance()
    shop.hear(instance["id"], inbound("7@lid"))
    shop.owner.delete(f"/api/instances/{instance['id']}/")
    [entry] = waiting(shop)
    assert entry["instance"] == {"id": instance["id"], "name": None}


# How long one holds


@pytest.mark.parametrize("spelling", ["(11) 9000-2471", "+55 11 99000 2471", "5511990002471"])
@pytest.mark.parametrize("way", ["create", "bulk"])
def test_an_opt_out_by_answer_survives_deletion_reimport_and_the_ninth_digit(
    shop: Shop, spelling: str, way: str
):
    instance, ana = shop.instance(), shop.owner.post(CONTACTS, ANA).json
    # WhatsApp tells her old number, without the ninth digit.
    shop.hear(instance["id"], inbound("551190002471@s.whatsapp.net"))
    assert shop.owner.delete(f"{CONTACTS}{ana['id']}/").status == 204
    row = {"name": "Ana", "phone": spelling}
    if way == "create":
        shop.owner.post(CONTACTS, row)
    else:
        shop.owner.post(CONTACTS + "bulk_create/", {"contacts": [row]})
    again = contact(shop, ana["id"])
    assert again["opt_out_source"] == "reply"
    [listed] = shop.owner.get(CONTACTS, opted_out="true").json["results"]
    assert listed["id"] == ana["id"]
    campaign = shop.campaign([ana["id"]], instance_id=instance["id"])
    assert (campaign["recipients"]["opted_out"], campaign["total_contacts"]) == (1, 0)


def test_an_opt_out_before_she_was_a_contact_holds_from_her_first_campaign_on(shop: Shop):
    instance = shop.instance()
    shop.hear(instance["id"], inbound("5511990002471@s.whatsapp.net"))
    ana = shop.owner.post(CONTACTS, ANA).json
    assert ana["opt_out_source"] == "reply"


def test_another_tenants_opt_out_says_nothing_here(shop: Shop):
    other = shop.deployment.open_shop()
    other.hear(other.instance()["id"], inbound("5511990002471@s.whatsapp.net"))
    assert shop.owner.post(CONTACTS, ANA).json["opted_out_at"] is None


def test_an_answer_is_told_of_contact_and_recipient(shop: Shop):
    instance, ana = shop.instance(), shop.owner.post(CONTACTS, ANA).json
    campaign = shop.campaign([ana["id"]], instance_id=instance["id"])
    path = f"{CAMPAIGNS}{campaign['id']}/"
    shop.owner.post(f"{path}start/")
    shop.send_everything()
    shop.clock.sleep(5_000)
    shop.hear(instance["id"], inbound("5511990002471@s.whatsapp.net", "Quero!"))
    assert contact(shop, ana["id"])["last_replied_at"] is not None
    [recipient] = shop.owner.get(f"{path}contacts/").json["results"]
    assert recipient["status"] == "responded"
    told = shop.owner.get(path).json
    assert (told["responded_count"], told["response_rate"]) == (1, 100.0)
