"""The look before a start: conditions, warnings in words, and how it would go."""

from typing import Any

from campaigns.domain.start_warnings import MANY_FIRST_CONTACTS
from campaigns.services.start_conditions import StartCheck
from tests.fakes.api import CAMPAIGNS, INSTANCES, Shop


def checks(shop: Shop, campaign: dict[str, Any], language: str = "pt-BR") -> Any:
    client = shop.owner.speaking(language)
    return client.get(f"{CAMPAIGNS}{campaign['id']}/checks/").json


def test_every_condition_is_told_with_its_state(shop: Shop):
    found = checks(shop, shop.campaign([]))
    assert [each["code"] for each in found["checks"]] == list(StartCheck)
    wrong = [each for each in found["checks"] if not each["ok"]]
    assert [each["code"] for each in wrong] == ["no_recipients"]
    assert found["daily_forecast"] == []
    assert found["next_scheduled_send"] is not None


def test_the_forecast_tells_each_day_and_what_makes_it_wait(shop: Shop):
    instance = shop.instance(daily_limit=3, delay_min_seconds=30, delay_max_seconds=30)
    campaign = shop.campaign(
        shop.contacts(8), instance_id=instance["id"], schedule_type="business_days"
    )
    found = checks(shop, campaign)
    # Wednesday to Monday: Friday, 20 November, is a holiday in all of Brazil.
    assert found["daily_forecast"] == [
        {"date": "2026-11-18", "messages": 3},
        {"date": "2026-11-19", "messages": 3},
        {"date": "2026-11-23", "messages": 2},
    ]
    assert found["next_scheduled_send"] == "2026-11-18T12:00:00.000Z"
    assert found["estimated_completion_at"] == "2026-11-23T12:00:30.000Z"
    assert found["warnings"] == [
        {
            "code": "daily_limit_spans_days",
            "message": "Com o limite de 3 mensagens por dia, o envio leva 3 dias.",
            "daily_limit": 3,
            "days": 3,
        }
    ]


def test_where_the_day_has_had_its_messages_the_first_leaves_on_the_next(shop: Shop):
    instance = shop.instance(daily_limit=2, delay_min_seconds=1, delay_max_seconds=1)
    before = shop.campaign(shop.contacts(2, first=900), instance_id=instance["id"])
    shop.owner.post(f"{CAMPAIGNS}{before['id']}/start/")
    shop.send_everything()
    shop.owner.post(f"{CAMPAIGNS}{before['id']}/cancel/")
    campaign = shop.campaign(
        shop.contacts(1, first=910), instance_id=instance["id"], schedule_type="business_hours"
    )
    found = checks(shop, campaign)
    assert found["daily_forecast"] == [{"date": "2026-11-19", "messages": 1}]
    assert found["next_scheduled_send"] == "2026-11-19T12:00:00.000Z"


def test_messages_that_wait_for_the_end_of_the_quiet_hours_are_told_in_both_languages(shop: Shop):
    # From 8:06 to 21:00 about 1,300 messages leave at a mean gap of 35 s.
    instance = shop.instance(delay_min_seconds=3_600, delay_max_seconds=3_600)
    campaign = shop.campaign(
        shop.contacts(15), instance_id=instance["id"], ignore_quiet_hours=False
    )
    (warning,) = checks(shop, campaign)["warnings"]
    assert warning["code"] == "quiet_hours"
    assert "entre 21:00 e 08:00 nada sai" in warning["message"]
    (warning,) = checks(shop, campaign, "en")["warnings"]
    assert "between 21:00 and 08:00 nothing leaves" in warning["message"]


def test_many_who_never_had_a_message_are_told_as_a_risk(shop: Shop):
    campaign = shop.campaign(
        shop.contacts(MANY_FIRST_CONTACTS, first=920), schedule_type="business_days"
    )
    found = checks(shop, campaign)
    assert found["can_be_started"] is True
    (warning,) = found["warnings"]
    assert (warning["code"], warning["first_contacts"], warning["recipients"]) == (
        "first_contact_with_many",
        MANY_FIRST_CONTACTS,
        MANY_FIRST_CONTACTS,
    )
    assert warning["message"].startswith("20 de 20 pessoas nunca receberam mensagem sua.")


def test_a_number_without_a_limit_is_told(shop: Shop):
    instance = shop.instance(daily_limit=None)
    campaign = shop.campaign(
        shop.contacts(1), instance_id=instance["id"], schedule_type="business_days"
    )
    assert [each["code"] for each in checks(shop, campaign)["warnings"]] == ["no_daily_limit"]


def test_a_draft_without_its_instance_has_its_checks_all_the_same(shop: Shop):
    instance = shop.instance()
    campaign = shop.campaign(shop.contacts(1), instance_id=instance["id"])
    assert shop.owner.delete(f"{INSTANCES}{instance['id']}/").status == 204
    found = checks(shop, campaign)
    assert found["can_be_started"] is False
    assert [each["code"] for each in found["checks"] if not each["ok"]] == ["instance_missing"]
    assert found["daily_forecast"] == []
