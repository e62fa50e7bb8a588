"""A campaign's recipients and its log over HTTP."""

from collections.abc import Iterator

import pytest

from local.fake_evolution import Behaviour, Rule
from tests.fakes.api import CAMPAIGNS, Deployment, Shop, a_deployment


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    """One of its own for each test: a person who was messaged in one must not wait in the next."""
    with a_deployment() as opened:
        yield opened


def sent_campaign(shop: Shop, count: int = 3, **fields: object) -> str:
    """A campaign all of whose messages were tried; its path."""
    campaign = shop.campaign(shop.contacts(count), **fields)
    path = f"{CAMPAIGNS}{campaign['id']}/"
    assert shop.owner.post(path + "start/").status == 200
    shop.send_everything()
    return path


def test_recipients_are_listed_by_sequence_with_what_they_got(shop: Shop):
    path = sent_campaign(shop, 2)
    first, second = shop.owner.get(path + "contacts/").json["results"]
    assert (first["sequence"], second["sequence"]) == (0, 1)
    assert first["contact"]["name"] == "Cliente 0000"
    assert first["contact"]["phone"] == "+5511990000000"
    assert (first["status"], first["attempts"], first["error_code"]) == ("sent", 1, None)
    assert first["message_sent_preview"] == "Oi, Cliente 0000!"
    assert second["message_sent_preview"] == "Olá, Cliente 0001!"
    assert first["message_sent"] != second["message_sent"]
    assert first["sent_at"] < second["sent_at"]


def test_a_recipient_has_its_whole_text_and_its_history(shop: Shop):
    path = sent_campaign(shop, 1, message_texts=["x" * 300])
    listed = shop.owner.get(path + "contacts/").json["results"][0]
    assert listed["message_sent_preview"] == "x" * 100
    recipient = shop.owner.get(f"{path}contacts/{listed['id']}/").json
    assert recipient["rendered_text"] == "x" * 300
    assert [each["event_type"] for each in recipient["history"]] == ["message_sent"]
    assert {name: recipient[name] for name in listed} == listed
    other = sent_campaign(shop, 1, instance_id=shop.instance()["id"])
    assert shop.owner.get(f"{other}contacts/{listed['id']}/").status == 404
    assert shop.owner.get(f"{path}contacts/rc_x/").status == 404


def test_a_deleted_contact_leaves_its_recipient_without_name_and_phone(shop: Shop):
    path = sent_campaign(shop, 1)
    contact = shop.owner.get(path + "contacts/").json["results"][0]["contact"]
    shop.owner.delete(f"/api/contacts/contacts/{contact['id']}/")
    shown = shop.owner.get(path + "contacts/").json["results"][0]["contact"]
    assert shown == {"id": contact["id"], "name": None, "phone": None}


def test_a_filtered_list_goes_on_until_it_has_found_something(shop: Shop):
    shop.deployment.evolution.not_on_whatsapp("5511990000005")
    path = sent_campaign(shop, 6)
    page = shop.owner.get(path + "contacts/", status="failed", limit=1).json
    assert [each["sequence"] for each in page["results"]] == [5]
    assert page["next"] is None
    assert page["results"][0]["error_code"] == "number_not_on_whatsapp"
    assert page["results"][0]["error_message"] == "O número não está no WhatsApp."
    english = shop.owner.speaking("en").get(path + "contacts/", status="failed").json
    assert english["results"][0]["error_message"] == "The number is not on WhatsApp."
    pages = shop.owner.get(path + "contacts/", status="sent", limit=2).json
    assert [each["sequence"] for each in pages["results"]] == [0, 1]
    following = shop.owner.get(
        path + "contacts/", status="sent", limit=3, cursor=pages["next"]
    ).json
    assert [each["sequence"] for each in following["results"]] == [2, 3, 4]
    assert following["next"] is None
    assert shop.owner.get(path + "contacts/", status="gone").faults == {"status": "invalid_choice"}


def test_the_log_tells_of_the_campaign_and_of_its_recipients_newest_first(shop: Shop):
    shop.deployment.evolution.not_on_whatsapp("5511990000001")
    path = sent_campaign(shop, 3)
    entries = shop.owner.get(path + "logs/").json["results"]
    told = [(each["event_type"], each["level"], each["message"]) for each in entries]
    assert told[:4] == [
        ("campaign_completed", "success", "Campanha concluída."),
        ("message_sent", "success", "Destinatário 3: mensagem enviada."),
        (
            "message_failed",
            "error",
            "Destinatário 2: mensagem não enviada. O número não está no WhatsApp.",
        ),
        ("message_sent", "success", "Destinatário 1: mensagem enviada."),
    ]
    assert {each["event_type"] for each in entries[4:]} == {
        "campaign_started",
        "recipients_ready",
        "campaign_created",
    }
    times = [each["created_at"] for each in entries]
    assert times == sorted(times, reverse=True)
    assert entries[1]["actor"] == "system"
    assert "99000" not in str(entries)


def test_a_stop_is_told_with_its_reason_and_its_actor(shop: Shop):
    campaign = shop.campaign(shop.contacts(1))
    path = f"{CAMPAIGNS}{campaign['id']}/"
    shop.owner.post(path + "start/")
    shop.clock.sleep(1_000)
    shop.owner.post(path + "pause/", {"reason": "almoço"})
    entry = shop.owner.get(path + "logs/").json["results"][0]
    assert entry["event_type"] == "campaign_paused"
    assert entry["metadata"] == {"reason": "almoço"}
    assert entry["actor"] == campaign["created_by"]


def test_a_pause_by_the_system_is_told_with_its_reason_in_words(shop: Shop):
    evolution = shop.deployment.evolution
    evolution.add_rule(Rule(Behaviour.UNAUTHORIZED))
    campaign = shop.campaign(shop.contacts(1))
    path = f"{CAMPAIGNS}{campaign['id']}/"
    shop.owner.post(path + "start/")
    shop.send_planned()
    paused = shop.owner.get(path).json
    assert (paused["status"], paused["auto_pause_reason"]) == ("paused", "instance_unauthorized")
    entry = shop.owner.get(path + "logs/", event_type="campaign_auto_paused").json["results"][0]
    assert entry["message"] == (
        "Campanha pausada pelo sistema: o servidor recusou a chave da instância. Informe a chave "
        "atual e retome a campanha."
    )


def test_the_pages_of_a_log_hold_everything_once(shop: Shop):
    path = sent_campaign(shop, 7)
    whole = shop.owner.get(path + "logs/", limit=200).json
    assert whole["next"] is None
    for limit in (1, 2, 3, 5):
        found, query = [], {"limit": limit}
        while True:
            page = shop.owner.get(path + "logs/", **query).json
            assert page["results"]
            found += page["results"]
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
        assert sorted(each["id"] for each in found) == sorted(
            each["id"] for each in whole["results"]
        )
        assert [each["created_at"] for each in found] == [
            each["created_at"] for each in whole["results"]
        ]


@pytest.mark.parametrize(
    ("query", "events"),
    [
        ({"event_type": "campaign_started"}, ["campaign_started"]),
        ({"event_type": "message_failed"}, ["message_failed"]),
        ({"level": "error"}, ["message_failed"]),
        ({"level": "success", "limit": 1}, ["campaign_completed"]),
        ({"level": "debug"}, []),
        ({"event_type": "campaign_cancelled"}, []),
    ],
)
def test_a_filtered_log_shows_what_fits(shop: Shop, query, events):
    shop.deployment.evolution.not_on_whatsapp("5511990000001")
    path = sent_campaign(shop, 3)
    page = shop.owner.get(path + "logs/", **query).json
    assert [each["event_type"] for each in page["results"]] == events


def test_a_log_takes_one_filter(shop: Shop):
    path = sent_campaign(shop, 1)
    answer = shop.owner.get(path + "logs/", level="error", event_type="message_failed")
    assert (answer.status, answer.code) == (422, "too_many_filters")


def test_a_send_of_unknown_outcome_is_in_flight_and_told(shop: Shop):
    evolution = shop.deployment.evolution
    evolution.add_rule(Rule(Behaviour.SENT_THEN_400))
    path = sent_campaign(shop, 1)
    evolution.clear_rules()
    campaign = shop.owner.get(path).json
    assert (campaign["in_flight_messages"], campaign["pending_messages"]) == (1, 0)
    entry = shop.owner.get(path + "logs/", event_type="message_unknown").json["results"][0]
    assert entry["level"] == "warning"
    assert entry["metadata"]["error_code"] == "send_threw"


def test_a_page_of_the_log_costs_the_same_far_inside(shop: Shop):
    path = sent_campaign(shop, 40)
    reads: list[str] = []
    client = shop.app.table.connection.client
    client.meta.events.register("before-call.dynamodb", lambda model, **_: reads.append(model.name))

    def cost(cursor: str | None) -> tuple[int, str | None]:
        reads.clear()
        query = {"limit": 5} | ({"cursor": cursor} if cursor else {})
        page = shop.owner.get(path + "logs/", **query).json
        return len(reads), page["next"]

    first, cursor = cost(None)
    for _ in range(5):
        again, cursor = cost(cursor)
        assert again <= first + 1
