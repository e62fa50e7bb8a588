"""The audit trail: every change once, with its author, and never a value."""

import json
from io import StringIO
from logging import StreamHandler

import pytest
from botocore.exceptions import EndpointConnectionError

import api_handler
from campaigns.adapters.dynamodb.audit_store import AuditStore
from campaigns.domain.model import Role
from campaigns_api.routes import all_operations
from tests.fakes.api import CAMPAIGNS, CONTACTS, EVOLUTION, INSTANCE_KEY, INSTANCES, Client, Shop
from tests.fakes.clock import FakeClock

AUDIT = "/api/audit/"
HOLIDAYS = "/api/campaigns/holidays/"
KEYS = "/api/keys/"
TENANT = "/api/tenant/"
ANA = {"name": "Ana Paula", "phone": "(11) 99000-2471"}


@pytest.fixture(autouse=True)
def time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """No two things happen in the same millisecond, so that their order is known."""

    def tick(clock: FakeClock) -> int:
        clock.at += 1
        return clock.at

    monkeypatch.setattr(FakeClock, "now", tick)


def trail(shop: Shop) -> list[dict]:
    """What was done by keys, newest first; a test's own steps come after the tenant's making."""
    return [each for each in shop.owner.get(AUDIT).json["results"] if each["actor"] != "admin"]


def test_a_change_tells_who_what_and_when(shop: Shop):
    operator = shop.client(Role.OPERATOR)
    contact = operator.post(CONTACTS, ANA).json
    (entry,) = trail(shop)
    assert entry.pop("id").startswith("au_")
    assert entry.pop("created_at").startswith("2026-11-18T11:06:40.")
    assert entry == {
        "actor": f"key:{operator.get('/api/me/').json['key_id']}",
        "action": "create_contact",
        "object": {"kind": "contact", "id": contact["id"]},
        "parent": None,
        "fields": ["name", "phone"],
        "counts": {},
    }


def test_a_tenants_making_is_the_admins(shop: Shop):
    entry = shop.owner.get(AUDIT).json["results"][-1]
    assert (entry["actor"], entry["action"]) == ("admin", "create_tenant")
    assert entry["object"] == {"kind": "tenant", "id": shop.tenant_id}


def test_an_edit_names_the_fields_that_differ(shop: Shop):
    instance = shop.instance()
    path = f"{INSTANCES}{instance['id']}/"
    shop.owner.patch(path, instance | {"daily_limit": 9, "delay_max_seconds": 60})
    assert trail(shop)[0]["fields"] == ["daily_limit", "delay_max_seconds"]
    shop.owner.patch(path, {"api_key": INSTANCE_KEY})
    assert trail(shop)[0]["fields"] == ["api_key"]


def test_what_a_put_leaves_out_is_named_where_it_changes(shop: Shop):
    shop.owner.post(HOLIDAYS, {"date": "2026-12-24", "name": "Véspera", "is_active": False})
    shop.owner.put(HOLIDAYS + "2026-12-24/", {"name": "Véspera"})
    newest = trail(shop)[0]
    assert (newest["action"], newest["fields"]) == ("replace_holiday", ["is_active"])
    assert newest["object"] == {"kind": "holiday", "id": "2026-12-24"}


def test_a_thing_inside_another_names_it(shop: Shop):
    campaign = shop.campaign([])
    messages = f"{CAMPAIGNS}{campaign['id']}/messages/"
    message = shop.owner.post(messages, {"message_text": "Oi"}).json
    shop.owner.delete(f"{messages}{message['id']}/")
    deleted, created = trail(shop)[:2]
    for entry, action in ((created, "create_message"), (deleted, "delete_message")):
        assert entry["action"] == action
        assert entry["object"] == {"kind": "message", "id": message["id"]}
        assert entry["parent"] == {"kind": "campaign", "id": campaign["id"]}


def test_a_change_to_many_is_one_entry_with_counts(shop: Shop):
    shop.contacts(3)
    rows = [{"name": "Outra", "phone": "(11) 99000-0000"}, {"name": "x", "phone": "x"}]
    shop.owner.post(f"{CONTACTS}bulk_create/", {"contacts": rows})
    updated, created = trail(shop)
    assert created["object"] == {"kind": "contact", "id": None}
    assert created["counts"] == {"created": 3, "updated": 0}
    assert updated["counts"] == {"created": 0, "updated": 1}


def test_what_changes_nothing_leaves_no_entry(shop: Shop):
    campaign = shop.campaign(shop.contacts(2))
    path = f"{CAMPAIGNS}{campaign['id']}/"
    assert shop.owner.post(path + "start/").status == 200
    steps = ("pause", "pause", "resume", "resume", "cancel", "cancel")
    before = len(trail(shop))
    assert {shop.owner.post(f"{path}{step}/").status for step in steps} == {200}
    shop.owner.patch(TENANT, shop.owner.get(TENANT).json)
    shop.owner.post(
        f"{CONTACTS}bulk_create/",
        {"contacts": [{"name": "x", "phone": "(11) 99000-0001"}], "on_duplicate": "skip"},
    )
    shop.owner.post("/api/campaigns/messages/preview/", {"message_text": "Oi"})
    entries = trail(shop)
    actions = [each["action"] for each in reversed(entries[: len(entries) - before])]
    assert actions == ["pause_campaign", "resume_campaign", "cancel_campaign"]


def test_an_opt_out_that_stands_already_or_never_stood_leaves_no_entry(shop: Shop):
    path = f"{CONTACTS}{shop.contact(1)['id']}/"
    steps = ("opt-in", "opt-out", "opt-out", "opt-in", "opt-in")
    before = len(trail(shop))
    assert {shop.owner.post(f"{path}{step}/", {"reason": "x"}).status for step in steps} == {200}
    entries = trail(shop)
    actions = [each["action"] for each in reversed(entries[: len(entries) - before])]
    assert actions == ["opt_out_contact", "opt_in_contact"]


def test_what_fails_leaves_no_entry(shop: Shop):
    viewer, contact = shop.client(Role.VIEWER), shop.contact(1)
    before = trail(shop)
    attempts = [
        viewer.post(CONTACTS, ANA),
        shop.owner.post(CONTACTS, {"name": "Ana"}),
        shop.owner.post(CONTACTS, {"name": "Ana", "phone": contact["phone"]}),
        shop.owner.delete(f"{CONTACTS}ct_none/"),
        shop.owner.delete(f"{CONTACTS}{contact['id']}/", if_match='"other"'),
        shop.owner.post(f"{CONTACTS}bulk_create/", {"contacts": [{"name": "x", "phone": "x"}]}),
        shop.owner.delete(f"{KEYS}{shop.owner.get('/api/me/').json['key_id']}/"),
    ]
    assert [each.status for each in attempts] == [403, 422, 409, 404, 412, 422, 409]
    assert trail(shop) == before


def test_a_repeated_answer_leaves_no_further_entry(shop: Shop):
    for _ in range(2):
        assert shop.owner.post(CONTACTS, ANA, key="k1").status == 201
    assert len(trail(shop)) == 1


def test_values_are_nowhere_in_the_trail(shop: Shop):
    contact = shop.owner.post(CONTACTS, ANA | {"custom_vars": {"cpf": "390.533.447-05"}}).json
    shop.owner.post(f"{CONTACTS}{contact['id']}/opt-out/", {"reason": "pediu"})
    shop.instance()
    made = shop.owner.post(KEYS, {"name": "Caixa", "role": "viewer"}).json
    told = shop.owner.get(AUDIT).text
    for value in ("Ana", "99000", "cpf", "390", "pediu", INSTANCE_KEY, EVOLUTION, "Caixa"):
        assert value not in told
    assert made["key"].rpartition("_")[2] not in told


def test_pages_hold_every_entry_once_newest_first(shop: Shop):
    for number in range(5):
        shop.contact(number)
    found, cursor = [], {}
    while True:
        page = shop.owner.get(AUDIT, limit=2, **cursor).json
        found += page["results"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    times = [each["created_at"] for each in found]
    assert times == sorted(times, reverse=True)
    assert len({each["id"] for each in found}) == len(found) == 6


def test_the_trail_is_the_owners_and_the_tenants_own(shop: Shop):
    shop.contact(1)
    for role in (Role.VIEWER, Role.OPERATOR):
        assert shop.client(role).get(AUDIT).status == 403
    stranger = shop.stranger()
    assert [each["action"] for each in stranger.get(AUDIT).json["results"]] == ["create_tenant"]


def test_an_entry_that_cannot_be_kept_is_logged_and_the_answer_goes_out(shop: Shop):
    (handler,) = api_handler.logger.handlers
    assert isinstance(handler, StreamHandler)
    stream = StringIO()
    before = handler.setStream(stream)

    def fail(*_, **__):
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(AuditStore, "put", fail)
            answer = shop.owner.post(CONTACTS, ANA, key="k1")
    finally:
        handler.setStream(before)
    assert answer.status == 201
    logged = [json.loads(line) for line in stream.getvalue().splitlines()]
    (lost,) = [line for line in logged if line["message"] == "audit_entry_not_kept"]
    assert lost["level"] == "ERROR"
    assert lost["entry"]["change"]["object"]["id"] == answer.json["id"]
    assert "99000" not in stream.getvalue()
    assert shop.owner.post(CONTACTS, ANA, key="k1").text == answer.text


def test_every_change_by_somebody_with_a_key_is_audited_unless_it_only_looks():
    only_look = {each.handler.__name__ for each in all_operations() if each.changes_nothing}
    assert "preview_text" in only_look
    for operation in all_operations():
        expected = operation.role is not None and operation.method != "GET"
        is_look = operation.handler.__name__ in only_look
        assert operation.is_audited is (expected and not is_look)
        assert not (is_look and operation.method != "POST")


def test_actions_are_named_once():
    names = [each.handler.__name__ for each in all_operations()]
    assert len(names) == len(set(names))


def test_a_deleted_keys_entries_stay(shop: Shop):
    made = shop.owner.post(KEYS, {"name": "Caixa", "role": "operator"}).json
    Client(made["key"]).post(CONTACTS, ANA)
    shop.owner.delete(f"{KEYS}{made['id']}/")
    deleted, created, _ = trail(shop)
    assert created["actor"] == f"key:{made['id']}"
    assert deleted["object"] == {"kind": "key", "id": made["id"]}
