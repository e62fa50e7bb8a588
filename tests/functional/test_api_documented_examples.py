"""The examples of the document work as they stand there: pasted together, they are a request."""

from typing import Any

import pytest

from campaigns_api.document import document
from tests.fakes.api import CAMPAIGNS, CONTACTS, GROUPS, HOLIDAYS, INSTANCES, Shop

#: What no example can know: ids of the reader's own.
OWN = {"contact_id", "contact_ids", "group_ids", "instance_id", "campaign_id"}


def example_of(schema: dict[str, Any]) -> Any:
    """The first example, else the default; of a list without one, its entry's. None: neither."""
    if "examples" in schema:
        return schema["examples"][0]
    if "default" in schema:
        return schema["default"]
    if "items" in schema:
        return [example_of(schema["items"])]
    return next((found for each in schema.get("anyOf", ()) if (found := example_of(each))), None)


def example_body(model: str) -> dict[str, Any]:
    properties = document()["components"]["schemas"][model]["properties"]
    shown = {name: example_of(schema) for name, schema in properties.items() if name not in OWN}
    return {name: value for name, value in shown.items() if value is not None}


def test_a_campaign_of_all_examples_is_taken_with_its_hours(shop: Shop) -> None:
    body = example_body("CampaignIn") | {"schedule_type": "custom_period"}
    answer = shop.owner.post(CAMPAIGNS, body | {"instance_id": shop.instance()["id"]})
    assert answer.status == 201, answer.text
    hours = ("morning_start", "morning_end", "afternoon_start", "afternoon_end")
    assert [answer.json[name] for name in hours] == ["09:00", "12:00", "13:00", "18:00"]


@pytest.mark.parametrize("model", ["CampaignPut", "CampaignPatch"])
def test_a_draft_takes_the_examples_of_its_change(shop: Shop, model: str) -> None:
    draft = shop.campaign([])
    body = example_body(model) | {"schedule_type": "custom_period"}
    method = "PUT" if model == "CampaignPut" else "PATCH"
    answer = shop.owner.call(
        method, f"{CAMPAIGNS}{draft['id']}/", body | {"instance_id": draft["instance_id"]}
    )
    assert answer.status == 200, answer.text
    assert answer.json["afternoon_end"] == "18:00"


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("ContactIn", CONTACTS),
        ("BulkIn", f"{CONTACTS}bulk_create/"),
        ("GroupIn", GROUPS),
        ("HolidayIn", HOLIDAYS),
        ("PreviewIn", "/api/campaigns/messages/preview/"),
        ("SourcesIn", "/api/campaigns/audience/"),
        ("OptOutIn", f"{CONTACTS}{{contact_id}}/opt-out/"),
        ("TestTextIn", f"{INSTANCES}{{instance_id}}/test-message/"),
        ("DuplicateIn", f"{CAMPAIGNS}{{campaign_id}}/duplicate/"),
    ],
)
def test_what_is_sent_takes_its_examples(shop: Shop, model: str, path: str) -> None:
    answer = shop.owner.post(path.format_map(shop.one_of_everything()), example_body(model))
    assert answer.status in {200, 201, 202}, answer.text


@pytest.mark.parametrize("model", ["TenantPatch", "TenantPut"])
def test_the_tenant_takes_its_examples(shop: Shop, model: str) -> None:
    body = example_body(model) | {"locale": "pt-BR"}
    method = "PUT" if model == "TenantPut" else "PATCH"
    assert shop.owner.call(method, "/api/tenant/", body).status == 200
