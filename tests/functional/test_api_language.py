"""Every answer that holds a sentence says it in the caller's language, and says which it is."""

import pytest

from tests.fakes.api import CAMPAIGNS, CONTACTS, INSTANCES, Client, Shop


@pytest.mark.parametrize(
    ("locale", "header", "language"),
    [
        ("pt-BR", None, "pt-BR"),
        ("en", None, "en"),
        ("en", "pt-BR", "pt-BR"),
        ("pt-BR", "en-GB, pt;q=0.5", "en"),
        ("en", "fr", "en"),
    ],
)
def test_the_header_wins_over_the_tenants_language(shop: Shop, locale, header, language):
    assert shop.owner.patch("/api/tenant/", {"locale": locale}).status == 200
    # The tenant's rules are kept for a minute.
    shop.clock.sleep(61_000)
    client = shop.owner.speaking(header) if header else shop.owner
    campaign = shop.campaign(shop.contacts(1))
    log = client.get(f"{CAMPAIGNS}{campaign['id']}/logs/")
    created = {"pt-BR": "Campanha criada.", "en": "Campaign created."}[language]
    assert created in [each["message"] for each in log.json["results"]]
    assert log.headers["Content-Language"] == language
    problem = client.get(f"{CAMPAIGNS}cp_unknown/")
    assert problem.headers["Content-Language"] == language
    assert problem.json["title"] == {"pt-BR": "Não encontrado", "en": "Not found"}[language]


def test_a_log_is_worded_when_it_is_read(shop: Shop):
    instance, ids = shop.instance(), shop.contacts(2)
    body = {"name": "Natal", "instance_id": instance["id"], "message_texts": ["Oi"]}
    created = shop.owner.post(CAMPAIGNS, body | {"contact_ids": ids}).json
    path = f"{CAMPAIGNS}{created['id']}/"
    # What happens in one millisecond has no order.
    shop.clock.sleep(1_000)
    shop.lay()
    for operation, reason in (("start", {}), ("pause", {"reason": "Faltou estoque"})):
        shop.clock.sleep(1_000)
        shop.owner.post(f"{path}{operation}/", reason)
    told = {
        language: [
            each["message"]
            for each in shop.owner.speaking(language).get(path + "logs/").json["results"]
        ]
        for language in ("pt-BR", "en")
    }
    assert told == {
        "pt-BR": [
            "Campanha pausada. Motivo: Faltou estoque",
            "Campanha iniciada. Destinatários: 2.",
            "Destinatários prontos: 2.",
            "Campanha criada.",
        ],
        "en": [
            "Campaign paused. Reason: Faltou estoque",
            "Campaign started. Recipients: 2.",
            "Recipients ready: 2.",
            "Campaign created.",
        ],
    }


def test_a_state_is_told_in_words_and_as_its_code(shop: Shop):
    campaign = shop.campaign(shop.contacts(1))
    shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/")
    for language, word in (("pt-BR", "ativa"), ("en", "active")):
        answer = shop.owner.speaking(language).delete(f"{CAMPAIGNS}{campaign['id']}/")
        assert answer.json["current_status"] == "active"
        assert answer.json["detail"].endswith(f": {word}.")


def test_missing_values_are_told_with_the_variables_that_lack_them(shop: Shop):
    campaign = shop.campaign(shop.contacts(2), message_texts=["Oi {{quem_indicou}}"])
    answer = shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/")
    assert (answer.status, answer.code) == (409, "missing_values")
    assert "não têm valor para: quem_indicou." in answer.json["detail"]
    assert "{{nome|amigo}}" in answer.json["detail"]


def sentences(client: Client, campaign_id: str, contact_id: str) -> dict[str, str | None]:
    """The language that each answer with sentences in it names."""
    path = f"{CAMPAIGNS}{campaign_id}/"
    bulk = {"contacts": [{"name": "Ana", "phone": "0"}]}
    answers = {
        "logs": client.get(path + "logs/"),
        "checks": client.get(path + "checks/"),
        "recipients": client.get(path + "contacts/"),
        "sheet": client.get(path + "contacts.csv"),
        "bulk": client.post(CONTACTS + "bulk_create/", bulk),
        "refused": client.post(INSTANCES, {}),
        "unknown": client.get(f"{CONTACTS}ct_unknown/"),
        # Nothing in it is worded.
        "contact": client.get(f"{CONTACTS}{contact_id}/"),
    }
    return {name: answer.headers.get("Content-Language") for name, answer in answers.items()}


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_each_answer_with_sentences_names_its_language(shop: Shop, language: str):
    ids = shop.contacts(1)
    campaign = shop.campaign(ids)
    named = sentences(shop.owner.speaking(language), campaign["id"], ids[0])
    assert named.pop("contact") is None
    assert set(named.values()) == {language}


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("pt-BR", "Valores aceitos: viewer, operator, owner."),
        ("en", "Accepted values: viewer, operator, owner."),
    ],
)
def test_a_list_of_choices_has_no_word_of_another_language(
    shop: Shop, language: str, sentence: str
):
    answer = shop.owner.speaking(language).post("/api/keys/", {"name": "Loja", "role": "boss"})
    assert [each["message"] for each in answer.json["errors"]] == [sentence]
