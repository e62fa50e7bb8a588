"""A campaign's wordings over HTTP."""

import pytest

from campaigns.domain.model import Role
from tests.fakes.api import CAMPAIGNS, Shop

PREVIEW = "/api/campaigns/messages/preview/"


def messages_of(campaign) -> str:
    return f"{CAMPAIGNS}{campaign['id']}/messages/"


def test_wordings_are_kept_in_their_order(shop: Shop):
    path = messages_of(shop.campaign([]))
    added = shop.owner.post(path, {"message_text": "Terceira"})
    assert (added.status, added.json["order"]) == (201, 3)
    listed = shop.owner.get(path).json
    assert [each["order"] for each in listed["results"]] == [1, 2, 3]
    assert listed["next"] is None
    assert shop.owner.get(f"{path}{added.json['id']}/").json == added.json


def test_a_free_place_is_taken_again(shop: Shop):
    path = messages_of(shop.campaign([]))
    first = shop.owner.get(path).json["results"][0]
    assert shop.owner.delete(f"{path}{first['id']}/").status == 204
    assert shop.owner.delete(f"{path}{first['id']}/").status == 404
    assert shop.owner.post(path, {"message_text": "Nova"}).json["order"] == 1


def test_an_order_is_unique_and_a_sixth_is_refused(shop: Shop):
    path = messages_of(shop.campaign([]))
    taken = shop.owner.post(path, {"message_text": "x", "order": 2})
    assert (taken.status, taken.code) == (409, "message_order_taken")
    for _ in range(3):
        assert shop.owner.post(path, {"message_text": "x"}).status == 201
    sixth = shop.owner.post(path, {"message_text": "x"})
    assert (sixth.status, sixth.code) == (409, "too_many_messages")
    assert shop.owner.post(path, {"message_text": "x", "order": 6}).faults == {
        "order": "out_of_range"
    }


def test_a_wording_is_changed_in_part_or_as_a_whole(shop: Shop):
    path = messages_of(shop.campaign([]))
    message = shop.owner.get(path).json["results"][0]
    own = f"{path}{message['id']}/"
    assert shop.owner.patch(own, {"is_active": False}).json == message | {"is_active": False}
    put = {"message_text": "Outra", "order": 4}
    answer = shop.owner.put(own, message | put)
    assert answer.json == message | put
    assert shop.owner.put(own, {"message_text": "Sem ordem"}).faults == {"order": "required"}
    assert shop.owner.put(own, put, if_match='"other"').status == 412
    assert shop.owner.patch(own, {"message_text": None}).faults == {"message_text": "invalid_type"}
    answer = shop.owner.patch(own, {"times_sent": 3})
    assert answer.faults == {"times_sent": "read_only_field"}


def test_on_a_live_campaign_nothing_changes(shop: Shop):
    campaign = shop.campaign(shop.contacts(1))
    shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/")
    path = messages_of(campaign)
    message = shop.owner.get(path).json["results"][0]
    own = f"{path}{message['id']}/"
    for answer in (
        shop.owner.post(path, {"message_text": "x"}),
        shop.owner.patch(own, {"is_active": False}),
        shop.owner.delete(own),
    ):
        assert (answer.status, answer.code) == (409, "invalid_state")
    assert shop.owner.get(own).json == message


def test_a_preview_shows_what_three_recipients_would_read(shop: Shop):
    ids = shop.contacts(4)
    text = "{{saudacao}}, {{primeiro_nome}}! {{dia_semana}} {{cidade|aí}} {{apelido}}"
    campaign = shop.campaign(ids, message_texts=[text])
    path = f"{messages_of(campaign)}{campaign['messages'][0]['id']}/preview/"
    shown = shop.owner.get(path, at="2026-11-22T20:00:00-03:00").json
    assert shown["original_message"] == text
    assert shown["previews"][0] == {
        "contact_name": "Cliente 0000",
        "contact_phone": "+5511990000000",
        "rendered_message": "Boa noite, Cliente! Domingo aí ",
    }
    assert len(shown["previews"]) == 3
    assert shown["unknown_variables"] == ["apelido"]
    # Now: Wednesday, eight in the morning in São Paulo.
    assert "Bom dia" in shop.owner.get(path).json["previews"][0]["rendered_message"]
    assert shop.owner.get(path, at="ontem").faults == {"at": "invalid_moment"}


def test_a_text_that_is_not_stored_is_shown_for_some_contacts(shop: Shop):
    shop.contact(1, custom_vars={"cidade": "Osasco"})
    body = {"message_text": "{{nome}} de {{ Cidade }}, {{apelido}}"}
    shown = shop.owner.post(PREVIEW, body).json
    assert [each["rendered_message"] for each in shown["previews"]] == ["Cliente 0001 de Osasco, "]
    assert shown["unknown_variables"] == ["apelido"]


def test_a_viewer_may_see_how_a_text_would_read(shop: Shop):
    assert shop.client(Role.VIEWER).post(PREVIEW, {"message_text": "Oi"}).status == 200


def test_a_text_that_is_not_stored_is_shown_for_a_campaigns_recipients(shop: Shop):
    shop.contact(1)
    chosen = shop.contact(2)
    campaign = shop.campaign([chosen["id"]])
    body = {"message_text": "{{nome}}", "campaign_id": campaign["id"]}
    shown = shop.owner.post(PREVIEW, body).json
    assert [each["contact_name"] for each in shown["previews"]] == ["Cliente 0002"]
    for wrong in ("cp_x", shop.deployment.open_shop().campaign([])["id"]):
        answer = shop.owner.post(PREVIEW, body | {"campaign_id": wrong})
        assert (answer.status, answer.code) == (422, "unknown_reference")


@pytest.mark.parametrize("text", ["{{nome}}" * 400, "{{nome}}" + "x" * 4_088])
def test_a_text_that_gets_too_long_is_told_in_the_preview(shop: Shop, text: str):
    shop.contact(1)
    answer = shop.owner.post(PREVIEW, {"message_text": text})
    assert (answer.status, answer.faults) == (422, {"message_text": "text_too_long"})
