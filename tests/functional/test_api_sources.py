"""Whom a campaign is for, over HTTP: sources, audience, additions, removals, duplicates."""

import pytest

from tests.fakes.api import CAMPAIGNS, CONTACTS, Shop

AUDIENCE = "/api/campaigns/audience/"
GROUPS = "/api/contacts/groups/"


def recipients_of(shop: Shop, campaign) -> list[str]:
    """Ids of the contacts by sequence."""
    page = shop.owner.get(f"{CAMPAIGNS}{campaign['id']}/contacts/", limit=200).json
    return [each["contact"]["id"] for each in page["results"]]


def read(shop: Shop, campaign):
    return shop.owner.get(f"{CAMPAIGNS}{campaign['id']}/").json


def add(shop: Shop, campaign, **named: list[str]):
    return shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/contacts/", named)


def group(shop: Shop, contact_ids: list[str], name: str = "Clientes fiéis") -> str:
    group_id = shop.owner.post(GROUPS, {"name": name}).json["id"]
    shop.owner.post(f"{GROUPS}{group_id}/add_contacts/", {"contact_ids": contact_ids})
    return group_id


def test_a_campaign_is_for_contacts_groups_and_any_of_the_tags(shop: Shop):
    named, first, second = shop.contacts(2), shop.contacts(2, first=2), shop.contacts(2, first=4)
    tagged = shop.contact(6, tags=["VIP"])["id"]
    also = shop.contact(7, tags=["Atacado"])["id"]
    groups = [group(shop, [*first, named[0]]), group(shop, second, "Novos")]
    campaign = shop.campaign(named, group_ids=groups, tags=["vip", "atacado"])
    assert sorted(recipients_of(shop, campaign)) == sorted([*named, *first, *second, tagged, also])
    made = campaign["recipients"]
    assert (made["state"], made["requested"], made["added"], made["repeats"]) == ("ready", 9, 8, 1)
    assert campaign["total_contacts"] == 8


def test_ids_of_groups_that_are_unknown_or_foreign_are_listed_alike(shop: Shop):
    own, instance = group(shop, []), shop.instance()["id"]
    foreign = group(shop.deployment.open_shop(), [])
    body = {"group_ids": [own, foreign, "gr_unknown"], "contact_ids": ["ct_unknown"]}
    whole = {"name": "Natal", "instance_id": instance, "message_texts": ["Oi"], **body}
    draft = shop.campaign([], instance_id=instance)
    for answer in (
        shop.owner.post(CAMPAIGNS, whole),
        shop.owner.post(AUDIENCE, body),
        add(shop, draft, **body),
    ):
        assert (answer.status, answer.code) == (422, "unknown_reference")
        listed = {each["field"]: each["ids"] for each in answer.json["errors"]}
        assert listed == {"contact_ids": ["ct_unknown"], "group_ids": [foreign, "gr_unknown"]}
    assert len(shop.owner.get(CAMPAIGNS).json["results"]) == 1
    assert read(shop, draft)["recipients"]["requested"] == 0


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"group_ids": ["gr_x"] * 31}, {"group_ids": "too_many"}),
        ({"tags": ["x"] * 31}, {"tags": "too_many"}),
        ({"tags": ["x" * 61]}, {"tags.0": "too_long"}),
        ({"tags": ["vip", " "]}, {"tags.1": "blank"}),
        ({"tags": ["a\x00b"]}, {"tags.0": "invalid_text"}),
        ({"tags": "vip"}, {"tags": "invalid_type"}),
        ({"contact_ids": ["x"] * 10_001}, {"contact_ids": "too_many"}),
        ({"segment_ids": []}, {"segment_ids": "unknown_field"}),
    ],
)
def test_what_names_nobody_is_refused_alike_everywhere(shop: Shop, change, faults):
    draft = shop.campaign([])
    body = {"name": "Natal", "instance_id": draft["instance"]["id"], "message_texts": ["Oi"]}
    for answer in (
        shop.owner.post(CAMPAIGNS, body | change),
        shop.owner.post(AUDIENCE, change),
        add(shop, draft, **change),
    ):
        assert (answer.status, answer.faults) == (422, faults)


def test_an_audience_is_what_a_campaign_would_make_of_it(shop: Shop):
    contacts = shop.contacts(6)
    tagged = shop.contact(7, tags=["vip"])["id"]
    shop.owner.post(f"{CONTACTS}{contacts[1]}/opt-out/", {})
    shop.owner.post(f"{CONTACTS}{tagged}/opt-out/", {})
    inactive = shop.contact(8, is_active=False)["id"]
    named = {
        "contact_ids": [*contacts[:3], contacts[0], inactive],
        "group_ids": [group(shop, contacts[2:5])],
        "tags": ["VIP", "ninguém"],
    }
    answer = shop.owner.post(AUDIENCE, named)
    assert answer.status == 200
    assert answer.json == {
        "total": 7,
        "reachable": 4,
        "opted_out": 2,
        "inactive": 1,
        "exact": True,
    }
    campaign = shop.campaign(**named)
    made = campaign["recipients"]
    assert (made["added"], made["opted_out"], made["inactive"]) == (4, 2, 1)
    nobody = shop.owner.post(AUDIENCE, {}).json
    assert nobody == {"total": 0, "reachable": 0, "opted_out": 0, "inactive": 0, "exact": True}


def test_contacts_are_added_to_a_draft_behind_the_answer(shop: Shop):
    contacts = shop.contacts(4)
    campaign = shop.campaign(contacts[:2])
    answer = add(shop, campaign, contact_ids=contacts[1:], tags=["ninguém"])
    assert answer.status == 202
    assert (answer.json["state"], answer.json["requested"]) == ("preparing", 5)
    shop.lay()
    made = read(shop, campaign)["recipients"]
    assert (made["state"], made["added"], made["repeats"]) == ("ready", 4, 1)
    assert recipients_of(shop, campaign) == contacts
    log = shop.owner.get(f"{CAMPAIGNS}{campaign['id']}/logs/", event_type="recipients_added").json
    assert [each["actor"] for each in log["results"]] == [read(shop, campaign)["created_by"]]


def test_an_addition_with_an_idempotency_key_is_made_once(shop: Shop):
    contacts = shop.contacts(2)
    campaign = shop.campaign([])
    path = f"{CAMPAIGNS}{campaign['id']}/contacts/"
    answers = [shop.owner.post(path, {"contact_ids": contacts}, key="once") for _ in range(2)]
    assert answers[0].json == answers[1].json
    shop.lay()
    assert read(shop, campaign)["recipients"]["requested"] == 2


def test_nothing_is_added_to_what_is_scheduled_or_over_or_with_no_name(shop: Shop):
    contacts = shop.contacts(2)
    campaign = shop.campaign(contacts[:1])
    assert add(shop, campaign).faults == {"contact_ids": "required"}
    path = f"{CAMPAIGNS}{campaign['id']}/"
    shop.owner.post(path + "start/")
    shop.owner.post(path + "cancel/")
    answer = add(shop, campaign, contact_ids=contacts)
    assert (answer.status, answer.code) == (409, "invalid_state")
    assert answer.json["current_status"] == "cancelled"
    later = shop.campaign(contacts, scheduled_at="2100-01-01T12:00:00Z")
    shop.owner.post(f"{CAMPAIGNS}{later['id']}/start/")
    assert add(shop, later, contact_ids=contacts).json["current_status"] == "scheduled"


def test_contacts_are_added_to_a_live_campaign_and_sent_to(shop: Shop):
    contacts = shop.contacts(3)
    campaign = shop.campaign(contacts[:1])
    shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/")
    assert add(shop, campaign, contact_ids=contacts).status == 202
    shop.lay()
    assert read(shop, campaign)["total_contacts"] == 3
    shop.app.schedule.tick(shop.clock.now() + 60_000)
    shop.send_everything()
    assert read(shop, campaign)["sent_messages"] == 3


def test_a_recipient_of_a_draft_is_removed_for_good(shop: Shop):
    contacts = shop.contacts(3)
    campaign = shop.campaign(contacts)
    path = f"{CAMPAIGNS}{campaign['id']}/contacts/"
    first = shop.owner.get(path).json["results"][0]
    assert shop.owner.delete(f"{path}{first['id']}/").status == 204
    assert recipients_of(shop, campaign) == [contacts[2], contacts[1]]
    assert shop.owner.get(f"{path}{first['id']}/").status == 404
    assert shop.owner.delete(f"{path}{first['id']}/").status == 404
    shown = read(shop, campaign)
    assert (shown["total_contacts"], shown["pending_messages"]) == (2, 2)
    assert shown["recipients"]["added"] == 3


def test_a_recipient_of_a_draft_is_not_removed_while_it_is_laid(shop: Shop):
    contacts = shop.contacts(2)
    campaign = shop.campaign(contacts[:1])
    path = f"{CAMPAIGNS}{campaign['id']}/contacts/"
    recipient = shop.owner.get(path).json["results"][0]
    add(shop, campaign, contact_ids=contacts)
    answer = shop.owner.delete(f"{path}{recipient['id']}/")
    assert (answer.status, answer.code) == (409, "recipients_preparing")
    assert answer.headers["Retry-After"]
    shop.lay()
    assert shop.owner.delete(f"{path}{recipient['id']}/").status == 204


def test_a_pending_recipient_of_a_live_campaign_is_skipped_and_a_sent_one_stays(shop: Shop):
    campaign = shop.campaign(shop.contacts(2))
    path = f"{CAMPAIGNS}{campaign['id']}/"
    shop.owner.post(path + "start/")
    first, second = shop.owner.get(path + "contacts/").json["results"]
    assert shop.owner.delete(f"{path}contacts/{second['id']}/").status == 204
    shown = shop.owner.get(f"{path}contacts/{second['id']}/").json
    assert (shown["status"], shown["error_code"]) == ("skipped", "removed")
    assert shown["error_message"]
    again = shop.owner.delete(f"{path}contacts/{second['id']}/")
    assert (again.status, again.json["current_status"]) == (409, "skipped")
    shop.send_everything()
    settled = shop.owner.delete(f"{path}contacts/{first['id']}/")
    assert (settled.status, settled.code) == (409, "invalid_state")
    assert read(shop, campaign)["skipped_messages"] == 1


def test_a_duplicate_says_the_same_to_whom_it_is_asked_to(shop: Shop):
    contacts = shop.contacts(3)
    shop.deployment.evolution.not_on_whatsapp("5511990000002")
    original = shop.campaign(
        contacts,
        description="Fim de ano",
        schedule_type="custom_period",
        morning_start="08:00",
        morning_end="20:00",
        skip_weekends=False,
        skip_holidays=False,
        allow_missing=True,
        resume_on_reconnect=True,
    )
    path = f"{CAMPAIGNS}{original['id']}/"
    shop.owner.post(path + "start/")
    shop.send_everything()
    answer = shop.owner.post(path + "duplicate/", {"name": "De novo", "recipients": "failed"})
    assert answer.status == 201
    duplicate = answer.json
    assert (duplicate["name"], duplicate["status"]) == ("De novo", "draft")
    assert duplicate["recipients"]["state"] == "preparing"
    same = {
        "description", "instance", "schedule_type", "morning_start", "morning_end",
        "skip_weekends", "skip_holidays", "timezone", "ignore_quiet_hours", "allow_missing",
        "resume_on_reconnect",
    }  # fmt: skip
    assert {name: duplicate[name] for name in same} == {name: original[name] for name in same}
    texts = [(each["order"], each["message_text"]) for each in original["messages"]]
    assert [(each["order"], each["message_text"]) for each in duplicate["messages"]] == texts
    assert not {each["id"] for each in duplicate["messages"]} & {
        each["id"] for each in original["messages"]
    }
    shop.lay()
    assert recipients_of(shop, duplicate) == [contacts[2]]
    nobody = shop.owner.post(path + "duplicate/", {"name": "Sem ninguém"}).json
    assert (nobody["recipients"]["state"], nobody["total_contacts"]) == ("ready", 0)


def test_a_duplicate_leaves_out_a_start_that_is_past_and_keeps_one_that_is_ahead(shop: Shop):
    for moment, kept in (("2020-01-01T12:00:00Z", None), ("2100-01-01T12:00:00.000Z",) * 2):
        original = shop.campaign([], scheduled_at=moment)
        path = f"{CAMPAIGNS}{original['id']}/duplicate/"
        assert shop.owner.post(path, {"name": "De novo"}).json["scheduled_at"] == kept


def test_what_makes_no_duplicate_is_refused(shop: Shop):
    contacts = shop.contacts(2)
    original = shop.campaign(contacts)
    path = f"{CAMPAIGNS}{original['id']}/duplicate/"
    assert shop.owner.post(path, {}).faults == {"name": "required"}
    assert shop.owner.post(path, {"name": " "}).faults == {"name": "required"}
    wrong = shop.owner.post(path, {"name": "De novo", "recipients": "everybody"})
    assert wrong.faults == {"recipients": "invalid_choice"}
    add(shop, original, contact_ids=contacts)
    preparing = shop.owner.post(path, {"name": "De novo", "recipients": "same"})
    assert (preparing.status, preparing.code) == (409, "recipients_preparing")
    assert shop.owner.post(path, {"name": "De novo"}).status == 201


def test_a_stranger_finds_nothing_to_add_to_remove_from_or_duplicate(shop: Shop):
    campaign = shop.campaign(shop.contacts(1))
    path = f"{CAMPAIGNS}{campaign['id']}/"
    recipient = shop.owner.get(path + "contacts/").json["results"][0]["id"]
    stranger = shop.stranger()
    for answer in (
        stranger.post(path + "contacts/", {"contact_ids": ["ct_x"]}),
        stranger.delete(f"{path}contacts/{recipient}/"),
        stranger.post(path + "duplicate/", {"name": "Meu", "recipients": "same"}),
    ):
        assert (answer.status, answer.code) == (404, "not_found")
    assert recipients_of(shop, campaign) != []


def test_a_group_that_is_deleted_before_it_is_laid_adds_nobody(shop: Shop):
    group_id = group(shop, shop.contacts(2))
    campaign = shop.campaign([])
    add(shop, campaign, group_ids=[group_id])
    shop.owner.delete(f"{GROUPS}{group_id}/")
    shop.lay()
    made = read(shop, campaign)["recipients"]
    assert (made["state"], made["requested"]) == ("ready", 0)
    assert shop.app.memberships.existing_groups(shop.tenant_id, [group_id]) == set()
