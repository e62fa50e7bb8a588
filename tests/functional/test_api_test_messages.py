"""Test messages over HTTP: who may ask, what is refused, and what is told of them."""

import json

import pytest

from campaigns.adapters.job_queue import to_body
from campaigns.domain.job import DirectJob
from campaigns.domain.model import Role
from campaigns_api.language import Language, say
from local.fake_evolution import Behaviour, ConnectionState, Rule
from tests.fakes.api import CAMPAIGNS, CONTACTS, INSTANCES, Answer, Client, Shop

#: The deployment is shared and its clock stands: nobody is written to by two tests.
_FIRST: dict[str, int] = {}


def number(shop: Shop, place: int = 0) -> int:
    """Of one of the phones that are this test's alone."""
    return _FIRST.setdefault(shop.tenant_id, 7_000 + 5 * len(_FIRST)) + place


def phone(shop: Shop, place: int = 0) -> str:
    return f"(11) 99000-{number(shop, place):04d}"


def e164(shop: Shop) -> str:
    return f"+551199000{number(shop):04d}"


def ask(
    shop: Shop,
    instance_id: str,
    client: Client | None = None,
    key: str | None = None,
    **body: object,
) -> Answer:
    wanted = {"phone": phone(shop), "text": "Oi! Teste."} | body
    path = f"{INSTANCES}{instance_id}/test-message/"
    return (client or shop.owner).post(path, wanted, key=key)


def ask_wording(shop: Shop, campaign: dict, place: int = 0, **body: object) -> Answer:
    message_id = campaign["messages"][place]["id"]
    path = f"{CAMPAIGNS}{campaign['id']}/messages/{message_id}/test/"
    return shop.owner.post(path, {"phone": phone(shop)} | body)


def look(shop: Shop, instance_id: str, test_id: str, client: Client | None = None) -> Answer:
    return (client or shop.owner).get(f"{INSTANCES}{instance_id}/test-messages/{test_id}/")


def on_phone(shop: Shop) -> list[str]:
    phones = shop.deployment.evolution.phones()
    return [each.text for it in phones if it.phone == e164(shop)[1:] for each in it.messages]


@pytest.fixture(autouse=True)
def no_rules(shop: Shop) -> None:
    shop.deployment.evolution.clear_rules()


def test_a_test_message_is_queued_sent_and_told(shop: Shop):
    instance_id = shop.instance()["id"]
    answer = ask(shop, instance_id)
    assert answer.status == 202
    queued = answer.json
    assert queued == {
        "id": queued["id"],
        "status": "queued",
        "not_before": "2026-11-18T11:06:40.000Z",
    }
    before = look(shop, instance_id, queued["id"]).json
    assert before == {
        "id": queued["id"],
        "status": "queued",
        "not_before": "2026-11-18T11:06:40.000Z",
        "give_up_at": "2026-11-18T11:16:40.000Z",
        "instance_id": instance_id,
        "phone": e164(shop),
        "text": "Oi! Teste.",
        "error_code": None,
        "error_message": None,
        "created_at": "2026-11-18T11:06:40.000Z",
        "updated_at": "2026-11-18T11:06:40.000Z",
        "sent_at": None,
    }
    shop.send_planned()
    after = look(shop, instance_id, queued["id"]).json
    assert after["status"] == "sent"
    assert after["sent_at"] == "2026-11-18T11:06:40.000Z"
    assert on_phone(shop) == ["Oi! Teste."]
    assert shop.owner.get(f"{INSTANCES}{instance_id}/").json["sent_today"] == 1


def test_its_job_holds_neither_phone_nor_text(shop: Shop):
    ask(shop, shop.instance()["id"])
    (job,) = shop.deployment.queue.jobs
    assert isinstance(job, DirectJob)
    body = to_body(job)
    assert json.loads(body)["kind"] == "direct"
    assert e164(shop)[1:] not in body + job.person
    assert "Teste" not in body


def test_an_operator_sends_and_a_viewer_looks(shop: Shop):
    instance_id = shop.instance()["id"]
    viewer, operator = shop.client(Role.VIEWER), shop.client(Role.OPERATOR)
    refused = ask(shop, instance_id, viewer)
    assert (refused.status, refused.code) == (403, "forbidden")
    queued = ask(shop, instance_id, operator)
    assert queued.status == 202
    assert look(shop, instance_id, queued.json["id"], viewer).status == 200


def test_another_tenant_finds_neither_the_instance_nor_the_message(shop: Shop):
    instance_id, second_id = shop.instance()["id"], shop.instance()["id"]
    stranger = shop.stranger()
    foreign, unknown = ask(shop, instance_id, stranger), ask(shop, "in_unknown", stranger)
    assert foreign.status == unknown.status == 404
    assert foreign.json == unknown.json
    queued = ask(shop, instance_id).json
    for client, place, test_id in (
        (stranger, instance_id, queued["id"]),
        (shop.owner, second_id, queued["id"]),
        (shop.owner, instance_id, "dm_unknown"),
    ):
        assert look(shop, place, test_id, client).status == 404


def test_a_request_that_is_repeated_by_its_key_queues_one(shop: Shop):
    instance_id = shop.instance()["id"]
    first, again = (ask(shop, instance_id, key="um") for _ in range(2))
    assert first.json == again.json
    assert len(shop.deployment.queue.jobs) == 1


def test_not_before_is_where_the_instances_gap_ends(shop: Shop):
    instance_id = shop.instance()["id"]
    ask(shop, instance_id)
    shop.send_planned()
    second = ask(shop, instance_id, phone=phone(shop, 1)).json
    assert second["not_before"] == "2026-11-18T11:07:00.000Z"


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"phone": "11"}, {"phone": "phone_too_short"}),
        ({"phone": ""}, {"phone": "phone_missing"}),
        ({"text": ""}, {"text": "required"}),
        ({"text": "   "}, {"text": "required"}),
        ({"text": "a\x00b"}, {"text": "invalid_text"}),
        ({"text": "a" * 4_097}, {"text": "too_long"}),
        ({"phone": "11", "text": " "}, {"phone": "phone_too_short", "text": "required"}),
        ({"later": True}, {"later": "unknown_field"}),
        ({"text": "Oi, {{nome}}"}, {"contact_id": "missing_values"}),
        ({"contact_id": "ct_unknown"}, {"contact_id": "unknown_reference"}),
    ],
)
def test_what_is_wrong_is_told_field_by_field_and_nothing_is_queued(shop: Shop, body, faults):
    answer = ask(shop, shop.instance()["id"], **body)
    assert (answer.status, answer.faults) == (422, faults)
    assert shop.deployment.queue.jobs == []


def test_a_text_of_4096_characters_goes_through(shop: Shop):
    instance_id = shop.instance()["id"]
    assert ask(shop, instance_id, text="é" * 4_096).status == 202
    shop.send_planned()
    assert on_phone(shop) == ["é" * 4_096]


def test_a_contact_of_another_tenant_reads_like_none(shop: Shop):
    contact_id = shop.contact()["id"]
    stranger = shop.stranger()
    elsewhere = Shop(shop.deployment, "", stranger)
    answer = ask(elsewhere, elsewhere.instance()["id"], contact_id=contact_id)
    assert (answer.status, answer.code) == (422, "unknown_reference")


def test_variables_are_filled_in_for_the_contact_or_by_their_defaults(shop: Shop):
    instance_id = shop.instance(delay_min_seconds=1)["id"]
    contact = shop.contact(1, name="Bia Souza", custom_vars={"cidade": "Osasco"})
    text = "{{saudacao}}, {{primeiro_nome|amigo}}! {{cidade|Sua cidade}} espera. {{ }}"
    ask(shop, instance_id, text=text)
    ask(shop, instance_id, text=text, phone=phone(shop, 1), contact_id=contact["id"])
    texts = [
        shop.app.direct_messages.read(shop.tenant_id, job.direct_message_id).text
        for job in shop.deployment.queue.jobs
    ]
    assert texts == [
        "Bom dia, amigo! Sua cidade espera. {{ }}",
        "Bom dia, Bia! Osasco espera. {{ }}",
    ]


def test_variables_that_nobody_fills_are_named_in_both_languages(shop: Shop):
    instance_id = shop.instance()["id"]
    path = f"{INSTANCES}{instance_id}/test-message/"
    body = {"phone": phone(shop), "text": "{{nome}} de {{cidade}}"}
    portuguese, english = shop.owner.post(path, body), shop.owner.speaking("en").post(path, body)
    names = {"variables": "nome, cidade"}
    for answer, language in ((portuguese, Language.PORTUGUESE), (english, Language.ENGLISH)):
        (fault,) = answer.json["errors"]
        assert fault["message"] == say("missing_values", language, names)
        assert "nome, cidade" in fault["message"]
        assert "{{nome|" in fault["message"]


def test_an_instance_that_is_not_connected_refuses(shop: Shop):
    instance = shop.instance()
    shop.deployment.evolution.set_state(instance["evolution_instance"], ConnectionState.CLOSE)
    shop.owner.post(f"{INSTANCES}{instance['id']}/refresh/")
    answer = ask(shop, instance["id"])
    assert (answer.status, answer.code) == (409, "instance_disconnected")
    assert answer.json["detail"].startswith("O WhatsApp da instância não consta como conectado.")


def test_a_person_who_opted_out_is_refused_in_whatever_spelling(shop: Shop):
    contact = shop.contact(number(shop))
    shop.owner.post(f"{CONTACTS}{contact['id']}/opt-out/")
    answer = ask(shop, shop.instance()["id"], phone=f"11 9000-{number(shop):04d}")
    assert (answer.status, answer.code) == (409, "opted_out")
    assert shop.deployment.queue.jobs == []


def test_a_full_day_refuses(shop: Shop):
    instance_id = shop.instance(daily_limit=1)["id"]
    ask(shop, instance_id)
    shop.send_planned()
    answer = ask(shop, instance_id, phone=phone(shop, 1))
    assert (answer.status, answer.code) == (409, "daily_limit_reached")


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (Behaviour.NOT_ON_WHATSAPP, "number_not_on_whatsapp"),
        (Behaviour.UNAUTHORIZED, "instance_unauthorized"),
    ],
)
def test_why_it_was_not_sent_is_told_in_words(shop: Shop, behaviour: Behaviour, code: str):
    instance_id = shop.instance()["id"]
    shop.deployment.evolution.add_rule(Rule(behaviour, count=1))
    test_id = ask(shop, instance_id).json["id"]
    shop.send_planned()
    told = look(shop, instance_id, test_id).json
    assert (told["status"], told["error_code"]) == ("failed", code)
    assert told["error_message"] == say(f"recipient.{code}", Language.PORTUGUESE)


def test_one_that_was_not_sent_in_its_time_says_so_in_both_languages(shop: Shop):
    instance_id = shop.instance()["id"]
    test_id = ask(shop, instance_id).json["id"]
    shop.clock.sleep(600_000)
    told = look(shop, instance_id, test_id).json
    assert (told["status"], told["error_code"]) == ("failed", "not_sent_in_time")
    assert told["error_message"] == say("direct.not_sent_in_time", Language.PORTUGUESE)
    english = look(shop, instance_id, test_id, shop.owner.speaking("en")).json
    assert english["error_message"] == say("direct.not_sent_in_time", Language.ENGLISH)


# A campaign's message


def test_a_campaigns_message_is_sent_as_the_contact_would_read_it(shop: Shop):
    contact = shop.contact(1, name="Bia Souza")
    campaign = shop.campaign([contact["id"]])
    answer = ask_wording(shop, campaign, 1, contact_id=contact["id"])
    assert (answer.status, answer.json["status"]) == (202, "queued")
    shop.send_planned()
    assert on_phone(shop) == ["Olá, Bia Souza!"]
    told = look(shop, campaign["instance"]["id"], answer.json["id"]).json
    assert (told["status"], told["text"]) == ("sent", "Olá, Bia Souza!")


def test_without_a_contact_a_variable_needs_a_default(shop: Shop):
    campaign = shop.campaign(
        [shop.contact()["id"]], message_texts=["Oi, {{nome}}!", "Oi, {{nome|você}}!"]
    )
    assert ask_wording(shop, campaign, 0).faults == {"contact_id": "missing_values"}
    assert ask_wording(shop, campaign, 1).status == 202
    shop.send_planned()
    assert on_phone(shop) == ["Oi, você!"]


def test_where_the_campaign_lets_values_be_missing_the_contact_shows_it(shop: Shop):
    contact = shop.contact()
    texts, values = ["Oi! {{cidade}}"], {"contact_id": contact["id"]}
    strict = shop.campaign([contact["id"]], message_texts=texts)
    lenient = shop.campaign([contact["id"]], message_texts=texts, allow_missing=True)
    assert ask_wording(shop, strict, **values).faults == {"contact_id": "missing_values"}
    assert ask_wording(shop, lenient).faults == {"contact_id": "missing_values"}
    assert ask_wording(shop, lenient, **values).status == 202
    shop.send_planned()
    assert on_phone(shop) == ["Oi! "]


def test_it_is_sent_in_whatever_state_the_campaign_is_and_changes_nothing_of_it(shop: Shop):
    contact_id = shop.contact()["id"]
    campaign = shop.campaign([contact_id])
    path = f"{CAMPAIGNS}{campaign['id']}/"
    shop.owner.post(path + "start/")
    shop.owner.post(path + "cancel/")
    shop.deployment.queue.jobs.clear()
    before = shop.owner.get(path).json
    assert ask_wording(shop, campaign, contact_id=contact_id).status == 202
    shop.send_planned()
    assert shop.owner.get(path).json == before
    assert len(on_phone(shop)) == 1


def test_a_message_of_another_campaign_or_tenant_is_not_found(shop: Shop):
    contact_id = shop.contact()["id"]
    campaign, other = shop.campaign([contact_id]), shop.campaign([contact_id])
    body, theirs = {"phone": phone(shop)}, campaign["messages"][0]["id"]
    for client, campaign_id, message_id in (
        (shop.owner, other["id"], theirs),
        (shop.owner, "cp_unknown", theirs),
        (shop.owner, campaign["id"], "ms_unknown"),
        (shop.stranger(), campaign["id"], theirs),
    ):
        path = f"{CAMPAIGNS}{campaign_id}/messages/{message_id}/test/"
        assert client.post(path, body).status == 404
