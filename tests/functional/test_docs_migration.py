"""docs/migration.md: each difference that it tells a client of is shown by a call."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from campaigns.domain.model import Role
from local.fake_evolution import Behaviour, Rule
from tests.fakes.api import CAMPAIGNS, CONTACTS, INSTANCES, Client, Shop, a_deployment

PAGE = (Path(__file__).parents[2] / "docs" / "migration.md").read_text("utf-8")
HOLIDAYS = "/api/campaigns/holidays/"

type Show = Callable[[Shop], None]
SHOWN: dict[str, Show] = {}


def shows(show: Show) -> Show:
    SHOWN[show.__name__] = show
    return show


def started(shop: Shop, people: int = 1, **fields: object) -> str:
    """A campaign that runs; its id."""
    campaign = shop.campaign(shop.contacts(people), **fields)
    answer = shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/")
    assert answer.status == 200, answer.text
    return str(campaign["id"])


@shows
def keys(shop: Shop) -> None:
    assert shop.owner.key
    assert shop.owner.key.startswith("ak_")
    assert Client("something-else").get(CAMPAIGNS).status == 401
    assert shop.client(Role.VIEWER).get(CAMPAIGNS).status == 200
    assert shop.client(Role.VIEWER).post(CAMPAIGNS, {}).status == 403
    assert shop.client(Role.OPERATOR).post(INSTANCES, {}).status == 403


@shows
def ids(shop: Shop) -> None:
    instance = shop.instance()
    campaign = shop.campaign([], instance_id=instance["id"])
    found = [campaign["id"], shop.contact()["id"], instance["id"]]
    assert [each.partition("_")[0] for each in found] == ["cp", "ct", "in"]


@shows
def lists(shop: Shop) -> None:
    shop.contacts(3)
    first = shop.owner.get(CONTACTS, limit=2).json
    assert first.keys() == {"results", "next"}
    second = shop.owner.get(CONTACTS, limit=2, cursor=first["next"]).json
    assert (len(first["results"]), len(second["results"]), second["next"]) == (2, 1, None)
    assert shop.owner.get(CONTACTS, limit=201).status == 422


@shows
def errors(shop: Shop) -> None:
    answer = shop.owner.post(CONTACTS, {"name": "", "phone": "12"})
    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {"code", "title", "detail", "errors"} <= answer.json.keys()
    assert all(each.keys() == {"field", "code", "message"} for each in answer.json["errors"])


@shows
def unknown_fields(shop: Shop) -> None:
    answer = shop.owner.post(CONTACTS, {"name": "Ana", "phone": "(11) 99000-0001", "age": 3})
    assert (answer.status, answer.faults) == (422, {"age": "unknown_field"})


@shows
def read_only_fields(shop: Shop) -> None:
    path = f"{CAMPAIGNS}{shop.campaign([])['id']}/"
    seen = shop.owner.get(path).json
    assert shop.owner.patch(path, seen | {"name": "Páscoa"}).json["name"] == "Páscoa"
    answer = shop.owner.patch(path, {"created_by": "somebody"})
    assert (answer.status, answer.faults) == (422, {"created_by": "read_only_field"})


@shows
def times(shop: Shop) -> None:
    campaign = shop.campaign([], timezone="America/Manaus")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", campaign["created_at"])
    assert campaign["timezone"] == "America/Manaus"


@shows
def foreign_ids(shop: Shop) -> None:
    contact_id = shop.contact()["id"]
    stranger = shop.stranger()
    foreign, unknown = (stranger.get(f"{CONTACTS}{each}/") for each in (contact_id, "ct_none"))
    assert (foreign.status, foreign.text) == (404, unknown.text)
    body = {"name": "Natal", "instance_id": shop.instance()["id"], "message_texts": ["Oi"]}
    answer = shop.owner.post(CAMPAIGNS, body | {"contact_ids": ["ct_none"]})
    assert (answer.status, answer.code) == (422, "unknown_reference")
    assert shop.owner.get(CAMPAIGNS).json["results"] == []


@shows
def wrong_state(shop: Shop) -> None:
    draft = shop.campaign([])
    answer = shop.owner.post(f"{CAMPAIGNS}{draft['id']}/pause/")
    assert (answer.status, answer.code) == (409, "invalid_state")
    assert answer.json["current_status"] == "draft"


@shows
def recipients_behind(shop: Shop) -> None:
    body = {
        "name": "Natal",
        "instance_id": shop.instance()["id"],
        "contact_ids": shop.contacts(2),
        "message_texts": ["Oi"],
    }
    created = shop.owner.post(CAMPAIGNS, body)
    assert (created.status, created.json["recipients"]["state"]) == (201, "preparing")
    start = f"{CAMPAIGNS}{created.json['id']}/start/"
    early = shop.owner.post(start)
    assert (early.status, early.code) == (409, "recipients_preparing")
    assert int(early.headers["Retry-After"]) > 0
    shop.lay()
    assert shop.owner.post(start).status == 200


@shows
def start_conditions(shop: Shop) -> None:
    draft = shop.campaign([], message_texts=["Oi, {{cidade}}!"])
    texts = f"{CAMPAIGNS}{draft['id']}/messages/"
    only = shop.owner.get(texts).json["results"][0]
    shop.owner.patch(f"{texts}{only['id']}/", {"is_active": False})
    answer = shop.owner.post(f"{CAMPAIGNS}{draft['id']}/start/")
    assert answer.status == 409
    told = {each["code"] for each in answer.json["errors"]}
    checks = shop.owner.get(f"{CAMPAIGNS}{draft['id']}/checks/").json["checks"]
    assert told == {each["code"] for each in checks if not each["ok"]}
    assert len(told) > 1


@shows
def repeats(shop: Shop) -> None:
    path = f"{CAMPAIGNS}{started(shop)}/"
    for action in ("resume", "pause", "pause", "resume", "cancel", "cancel"):
        assert shop.owner.post(f"{path}{action}/").status == 200, action


@shows
def one_per_number(shop: Shop) -> None:
    instance_id = shop.instance()["id"]
    started(shop, instance_id=instance_id)
    second = shop.campaign([shop.contact(7)["id"]], instance_id=instance_id)
    answer = shop.owner.post(f"{CAMPAIGNS}{second['id']}/start/")
    assert (answer.status, answer.code) == (409, "instance_busy")


@shows
def same_person(shop: Shop) -> None:
    first = shop.owner.post(CONTACTS, {"name": "Ana", "phone": "(31) 98765-4321"}).json
    again = shop.owner.post(CONTACTS, {"name": "Ana", "phone": "+55 31 8765-4321"})
    assert (again.status, again.code) == (409, "contact_exists")
    assert again.json["existing_id"] == first["id"]


@shows
def quiet_hours(shop: Shop) -> None:
    tenant = shop.app.tenants.rules(shop.tenant_id).tenant
    assert (tenant.quiet_hours_start, tenant.quiet_hours_end) == ("21:00", "08:00")
    assert shop.campaign([], ignore_quiet_hours=True)["ignore_quiet_hours"] is True


@shows
def daily_limit(shop: Shop) -> None:
    assert shop.instance()["daily_limit"] == 250
    assert shop.instance(daily_limit=None)["daily_limit"] is None


@shows
def doubt(shop: Shop) -> None:
    evolution = shop.deployment.evolution
    evolution.add_rule(Rule(Behaviour.SENT_THEN_400, row=False))
    path = f"{CAMPAIGNS}{started(shop)}/"
    before = len(evolution.requests())
    shop.send_everything()
    evolution.clear_rules()
    for _ in range(30):
        shop.clock.sleep(60_000)
        shop.app.schedule.tick(shop.clock.now() + 300_000)
        shop.send_planned()
    assert shop.owner.get(path).json["unconfirmed_messages"] == 1
    assert len(evolution.requests()) - before == 1


@shows
def exclusive_counts(shop: Shop) -> None:
    path = f"{CAMPAIGNS}{started(shop, people=3)}/"
    shop.send_everything()
    books = shop.owner.get(path).json
    parts = ("pending", "in_flight", "sent", "failed", "skipped", "unconfirmed")
    assert sum(books[f"{part}_messages"] for part in parts) == books["total_contacts"] == 3
    assert books["sent_messages"] == 3


@shows
def rates(shop: Shop) -> None:
    assert shop.campaign([])["response_rate"] is None
    path = f"{CAMPAIGNS}{started(shop)}/"
    shop.send_everything()
    assert shop.owner.get(path).json["response_rate"] == 0.0


@shows
def progress(shop: Shop) -> None:
    path = f"{CAMPAIGNS}{started(shop, people=2)}/"
    shop.send_everything()
    assert shop.owner.get(path).json["progress_percentage"] == 100.0


@shows
def paused(shop: Shop) -> None:
    path = f"{CAMPAIGNS}{started(shop)}/"
    shop.owner.post(f"{path}pause/")
    assert shop.owner.get(path).json["is_paused"] is True
    assert shop.owner.patch(path, {"is_paused": False}).faults == {"is_paused": "read_only_field"}


@shows
def message_limit(shop: Shop) -> None:
    draft = shop.campaign([], message_texts=[f"Oi {number}" for number in range(5)])
    sixth = {"message_text": "Oi", "order": 5}
    answer = shop.owner.post(f"{CAMPAIGNS}{draft['id']}/messages/", sixth)
    assert (answer.status, answer.code) == (409, "too_many_messages")


@shows
def variables(shop: Shop) -> None:
    referred = shop.contact(1, quem_indicou="Carlos")["id"]
    everybody = [referred, *shop.contacts(1, first=2)]

    def refusals(text: str, **fields: object) -> set[str]:
        draft = shop.campaign(everybody, message_texts=[text], **fields)
        answer = shop.owner.post(f"{CAMPAIGNS}{draft['id']}/start/")
        return {each["code"] for each in answer.json.get("errors", [])} | {
            answer.json.get("code", "")
        }

    assert "unknown_variables" in refusals("Oi, {{cidade}}!")
    assert "unknown_variables" not in refusals("Oi, {{cidade|você}}!")
    assert "missing_values" in refusals("{{quem_indicou}} mandou um oi")
    assert "missing_values" not in refusals("{{quem_indicou}} mandou um oi", allow_missing=True)


@shows
def opt_out(shop: Shop) -> None:
    contact_id = shop.contact()["id"]
    campaign = shop.campaign([contact_id, *shop.contacts(1, first=2)])
    shop.owner.post(f"{CONTACTS}{contact_id}/opt-out/", {"reason": "pediu"})
    shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/")
    shop.send_everything()
    people = shop.owner.get(f"{CAMPAIGNS}{campaign['id']}/contacts/").json["results"]
    assert [each["status"] for each in people] == ["skipped", "sent"]
    assert shop.owner.delete(f"{CONTACTS}{contact_id}/").status == 204
    assert shop.contact()["opted_out_at"] is not None


@shows
def bulk(shop: Shop) -> None:
    good, bad = {"name": "Ana", "phone": "(11) 99000-0001"}, {"name": "Bia", "phone": "1"}

    def status(*rows: dict[str, str]) -> int:
        return shop.owner.post(f"{CONTACTS}bulk_create/", {"contacts": list(rows)}).status

    assert [status(good, bad), status(good, bad), status(bad)] == [201, 200, 422]


@shows
def deleting(shop: Shop) -> None:
    draft = f"{CAMPAIGNS}{shop.campaign([])['id']}/"
    assert shop.owner.delete(draft).status == 204
    ended = f"{CAMPAIGNS}{started(shop)}/"
    shop.owner.post(f"{ended}cancel/")
    assert shop.owner.delete(ended).status == 409
    assert shop.owner.post(f"{ended}archive/").json["archived_at"] is not None


@shows
def instance_key(shop: Shop) -> None:
    assert "api_key" not in shop.instance()


@shows
def holidays(shop: Shop) -> None:
    def days() -> dict[str, str]:
        found = shop.owner.get(HOLIDAYS, year=2025).json["results"]
        return {each["date"]: each["name"] for each in found}

    assert len(days()) == 14
    own = {"date": "2025-12-25", "name": "Loja aberta", "is_active": False}
    assert shop.owner.post(HOLIDAYS, own).status == 201
    assert (len(days()), days()["2025-12-25"]) == (14, "Loja aberta")


@shows
def idempotency(shop: Shop) -> None:
    body = {"name": "Ana", "phone": "(11) 99000-0001"}
    first, again = (shop.owner.post(CONTACTS, body, key="uma-vez") for _ in range(2))
    assert (first.status, again.status, again.text) == (201, 201, first.text)


@shows
def etags(shop: Shop) -> None:
    path = f"{CAMPAIGNS}{shop.campaign([])['id']}/"
    tag = shop.owner.get(path).headers["ETag"]
    assert shop.owner.patch(path, {"name": "Um"}, if_match=tag).status == 200
    assert shop.owner.patch(path, {"name": "Dois"}, if_match=tag).status == 412


@shows
def languages(shop: Shop) -> None:
    titles = {
        shop.owner.speaking(each).get(f"{CONTACTS}ct_none/").json["title"]
        for each in ("pt-BR", "en")
    }
    assert len(titles) == 2


@shows
def slashes(shop: Shop) -> None:
    assert shop.owner.get(CONTACTS).json == shop.owner.get(CONTACTS.rstrip("/")).json


def rows() -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE)


@pytest.mark.parametrize("row", rows())
def test_a_difference_that_the_page_names_is_so(row: str) -> None:
    # A deployment of its own: whoever lets time pass sends what other tenants have started.
    with a_deployment() as deployment:
        SHOWN[row](deployment.open_shop())


def test_every_difference_that_is_shown_is_on_the_page_once() -> None:
    assert sorted(rows()) == sorted(SHOWN)
