"""A campaign is changed: what a draft lets change, what later states do, and what races."""

from itertools import count
from typing import Any

import pytest

from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import Role
from campaigns.services.delete_draft import LEFT_ALONE_MS
from tests.fakes.api import CAMPAIGNS, CONTACTS, INSTANCES, Shop

CUSTOM = {
    "schedule_type": "custom_period",
    "morning_start": "09:00",
    "morning_end": "12:00",
    "afternoon_start": "14:00",
    "afternoon_end": "24:00",
}


#: Whoever was messaged in one test would have to wait in the next.
PEOPLE = count(5_000, 10)


def path_of(campaign: dict[str, Any], rest: str = "") -> str:
    return f"{CAMPAIGNS}{campaign['id']}/{rest}"


def read(shop: Shop, campaign: dict[str, Any]) -> dict[str, Any]:
    return shop.owner.get(path_of(campaign)).json


def in_state(shop: Shop, state: str) -> dict[str, Any]:
    """A campaign that was brought there."""
    fields = {"scheduled_at": "2026-11-20T10:00:00-03:00"} if state == "scheduled" else {}
    campaign = shop.campaign(shop.contacts(2, first=next(PEOPLE)), **fields)
    if state != "draft":
        assert shop.owner.post(path_of(campaign, "start/")).status == 200
    if state == "completed":
        shop.send_everything()
        shop.clock.sleep(MINUTE_MS)
        shop.app.schedule.tick(shop.clock.now() + 300_000)
    elif state in {"paused", "cancelled"}:
        shop.owner.post(path_of(campaign, "pause/" if state == "paused" else "cancel/"))
    seen = read(shop, campaign)
    assert seen["status"] == state
    return seen


STATES = ["draft", "scheduled", "active", "paused", "completed", "cancelled"]


@pytest.mark.parametrize("state", STATES)
def test_get_edit_put_works_in_every_state(shop: Shop, state: str):
    seen = in_state(shop, state)
    for method, name in (("PUT", "Ano novo"), ("PATCH", "Reis")):
        shop.clock.sleep(MINUTE_MS)
        answer = shop.owner.call(method, path_of(seen), seen | {"name": name})
        assert (answer.status, answer.json["name"]) == (200, name)
        same = shop.owner.call(method, path_of(seen), answer.json)
        assert (same.status, same.json["updated_at"]) == (200, answer.json["updated_at"])


@pytest.mark.parametrize("state", STATES[1:])
def test_what_is_no_draft_any_more_is_neither_rescheduled_nor_moved_nor_deleted(
    shop: Shop, state: str
):
    seen, other = in_state(shop, state), shop.instance(name="Outra")
    for change in ({"timezone": "UTC"}, {"instance_id": other["id"]}, {"allow_missing": True}):
        for answer in (
            shop.owner.patch(path_of(seen), change),
            shop.owner.put(path_of(seen), seen | change),
            shop.owner.delete(path_of(seen)),
        ):
            assert (answer.status, answer.code) == (409, "invalid_state")
            assert answer.json["current_status"] == state
    assert read(shop, seen)["updated_at"] == seen["updated_at"]


def test_a_draft_changes_whole(shop: Shop):
    campaign, other = shop.campaign(shop.contacts(2)), shop.instance(name="Outra")
    wanted = CUSTOM | {
        "name": "Ano novo",
        "description": "Fim de ano",
        "instance_id": other["id"],
        "skip_weekends": False,
        "skip_holidays": True,
        "timezone": "America/Manaus",
        "scheduled_at": "2026-12-31T12:00:00.000Z",
        "ignore_quiet_hours": False,
        "allow_missing": True,
        "resume_on_reconnect": True,
    }
    answer = shop.owner.put(path_of(campaign), wanted)
    assert answer.status == 200
    assert {name: answer.json[name] for name in wanted} == wanted
    assert answer.json["instance"]["id"] == other["id"]
    assert answer.json["total_contacts"] == 2
    # What a put leaves out is as it would be at a creation.
    plain = {"name": "Natal", "instance_id": other["id"]}
    answer = shop.owner.put(path_of(campaign), plain)
    assert (answer.json["schedule_type"], answer.json["timezone"]) == (
        "immediate",
        "America/Sao_Paulo",
    )
    assert (answer.json["scheduled_at"], answer.json["morning_start"]) == (None, None)


def test_a_patch_leaves_alone_what_it_does_not_name_and_clears_what_is_null(shop: Shop):
    campaign = shop.campaign([], scheduled_at="2026-12-31T12:00:00Z", **CUSTOM)
    answer = shop.owner.patch(path_of(campaign), {"afternoon_start": None, "afternoon_end": None})
    assert (answer.status, answer.json["afternoon_end"]) == (200, None)
    assert (answer.json["morning_end"], answer.json["scheduled_at"]) == (
        "12:00",
        "2026-12-31T12:00:00.000Z",
    )
    assert shop.owner.patch(path_of(campaign), {"scheduled_at": None}).json["scheduled_at"] is None
    answer = shop.owner.patch(path_of(campaign), {"schedule_type": "business_days"})
    assert (answer.json["morning_start"], answer.json["skip_weekends"]) == (None, True)
    for name in ("name", "instance_id", "timezone", "skip_weekends", "schedule_type"):
        assert shop.owner.patch(path_of(campaign), {name: None}).status == 422


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"name": " "}, {"name": "required"}),
        ({"description": "x" * 2_001}, {"description": "too_long"}),
        ({"timezone": "America/Osasco"}, {"timezone": "unknown_timezone"}),
        ({"schedule_type": "custom_period"}, {"morning_start": "windows_missing"}),
        (CUSTOM | {"afternoon_start": "11:00"}, {"afternoon_start": "windows_overlap"}),
        ({"scheduled_at": "amanhã"}, {"scheduled_at": "invalid_moment"}),
        ({"instance_id": "in_unknown"}, {"instance_id": "unknown_reference"}),
        ({"colour": "blue"}, {"colour": "unknown_field"}),
        ({"message_texts": ["Oi"]}, {"message_texts": "read_only_field"}),
        ({"contact_ids": []}, {"contact_ids": "read_only_field"}),
        ({"created_by": "eu"}, {"created_by": "read_only_field"}),
    ],
)
def test_what_makes_no_campaign_changes_none(shop: Shop, change, faults):
    campaign = shop.campaign([])
    for answer in (
        shop.owner.patch(path_of(campaign), change),
        shop.owner.put(path_of(campaign), campaign | change),
    ):
        assert (answer.status, answer.faults) == (422, faults)
    assert read(shop, campaign) == campaign


def test_a_foreign_instance_is_told_like_an_unknown_one(shop: Shop):
    campaign, foreign = shop.campaign([]), shop.deployment.open_shop().instance()["id"]
    answer = shop.owner.patch(path_of(campaign), {"instance_id": foreign})
    assert (answer.status, answer.code) == (422, "unknown_reference")
    assert answer.json["errors"][0]["ids"] == [foreign]


def test_messages_that_come_back_changed_are_told_to_be_read_only(shop: Shop):
    campaign = shop.campaign(shop.contacts(1, first=720))
    changed = [campaign["messages"][0] | {"message_text": "Tchau"}, campaign["messages"][1]]
    answer = shop.owner.put(path_of(campaign), campaign | {"messages": changed})
    assert answer.faults == {"messages": "read_only_field"}
    brief = campaign["instance"] | {"id": "in_other"}
    answer = shop.owner.put(path_of(campaign), campaign | {"instance": brief})
    assert answer.faults == {"instance": "read_only_field"}
    # What moves by itself may have moved since it was read.
    counted = [each | {"times_sent": 7} for each in campaign["messages"]]
    renamed = campaign["instance"] | {"name": "Antes", "connection_state": "close"}
    stale = campaign | {"messages": counted, "instance": renamed, "instance_name": "Antes"}
    assert shop.owner.put(path_of(campaign), stale).status == 200


def test_a_change_is_made_to_the_version_that_was_read_or_not_at_all(shop: Shop):
    campaign = shop.campaign([])
    etag = shop.owner.get(path_of(campaign)).headers["ETag"]
    moved = shop.owner.patch(path_of(campaign), {"timezone": "UTC"}, if_match=etag)
    assert (moved.status, moved.headers["ETag"] != etag) == (200, True)
    for method in ("PUT", "PATCH", "DELETE"):
        answer = shop.owner.call(method, path_of(campaign), campaign, {"if-match": etag})
        assert (answer.status, answer.code) == (412, "precondition_failed")
    assert shop.owner.delete(path_of(campaign), if_match=moved.headers["ETag"]).status == 204


def test_a_draft_that_leaves_its_schedule_and_its_instance_starts_on_the_new_one(shop: Shop):
    seen, other = in_state(shop, "scheduled"), shop.instance(name="Outra")
    shop.owner.post(path_of(seen, "unschedule/"))
    change = {"instance_id": other["id"], "scheduled_at": None}
    assert shop.owner.patch(path_of(seen), change).status == 200
    started = shop.owner.post(path_of(seen, "start/"))
    assert (started.status, started.json["status"]) == (200, "active")
    assert started.json["next_scheduled_send"] is not None
    assert {job.instance_id for job in shop.deployment.queue.jobs} == {other["id"]}
    holder = shop.owner.get(f"{INSTANCES}{other['id']}/").json["active_campaign"]
    assert holder["id"] == seen["id"]
    former = shop.owner.get(f"{INSTANCES}{seen['instance_id']}/").json
    assert former["active_campaign"] is None


def test_an_instance_that_changes_while_a_start_is_checked_is_the_one_that_is_taken(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    campaign, other = shop.campaign(shop.contacts(1)), shop.instance(name="Outra")
    start = shop.app.campaign_store.start

    def overtaken(*arguments):
        monkeypatch.undo()
        answer = shop.owner.patch(path_of(campaign), {"instance_id": other["id"]})
        assert answer.status == 200
        return start(*arguments)

    monkeypatch.setattr(shop.app.campaign_store, "start", overtaken)
    assert shop.owner.post(path_of(campaign, "start/")).json["status"] == "active"
    former = shop.owner.get(f"{INSTANCES}{campaign['instance_id']}/").json
    assert former["active_campaign"] is None
    live = shop.owner.get(f"{INSTANCES}{other['id']}/").json
    assert live["active_campaign"]["id"] == campaign["id"]
    assert {job.instance_id for job in shop.deployment.queue.jobs} == {other["id"]}


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        (None, "2026-11-20T10:00:00-03:00", "start"),
        ("2026-11-20T10:00:00-03:00", None, "schedule"),
    ],
)
def test_a_time_that_changes_while_a_start_is_checked_makes_another_start_of_it(
    shop: Shop, before: str | None, after: str | None, step: str, monkeypatch: pytest.MonkeyPatch
):
    campaign = shop.campaign(shop.contacts(1), scheduled_at=before)
    write = getattr(shop.app.campaign_store, step)

    def overtaken(*arguments):
        monkeypatch.undo()
        answer = shop.owner.patch(path_of(campaign), {"scheduled_at": after})
        assert answer.status == 200
        return write(*arguments)

    monkeypatch.setattr(shop.app.campaign_store, step, overtaken)
    answer = shop.owner.post(path_of(campaign, "start/"))
    assert (answer.status, answer.code) == (503, "concurrent_update")
    assert read(shop, campaign)["status"] == "draft"
    assert shop.deployment.queue.jobs == []


def test_a_schedule_that_was_made_anew_elsewhere_is_not_undone_by_who_saw_the_former(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    seen, other = in_state(shop, "scheduled"), shop.instance(name="Outra")
    unschedule = shop.app.campaign_store.unschedule

    def overtaken(*arguments):
        monkeypatch.undo()
        shop.owner.post(path_of(seen, "unschedule/"))
        assert shop.owner.patch(path_of(seen), {"instance_id": other["id"]}).status == 200
        assert shop.owner.post(path_of(seen, "start/")).json["status"] == "scheduled"
        return unschedule(*arguments)

    monkeypatch.setattr(shop.app.campaign_store, "unschedule", overtaken)
    answer = shop.owner.post(path_of(seen, "unschedule/"))
    assert (answer.status, answer.code) == (409, "invalid_state")
    assert shop.owner.delete(f"{INSTANCES}{other['id']}/").code == "instance_in_use"
    assert shop.owner.post(path_of(seen, "unschedule/")).json["status"] == "draft"
    assert shop.owner.delete(f"{INSTANCES}{other['id']}/").status == 204


def everything_of(shop: Shop, campaign_id: str) -> list[str]:
    """The keys of all items that name the campaign, in whatever partition."""
    scan = shop.app.table.connection.scan(shop.app.table.name)["Items"]
    found = [item for item in scan if campaign_id in item["pk"]["S"]]
    found += [item for item in scan if item.get("campaign_id", {}).get("S") == campaign_id]
    return sorted({f"{item['pk']['S']} {item['sk']['S']}" for item in found})


def test_a_deleted_draft_is_gone_at_once_and_the_schedule_removes_all_of_it(shop: Shop):
    campaign = shop.campaign(shop.contacts(3), description="Fim de ano")
    rest = ("", "contacts/", "messages/", "logs/", "checks/", "contacts.csv")
    one = shop.owner.get(path_of(campaign, "contacts/")).json["results"][0]["id"]
    assert shop.owner.delete(path_of(campaign)).status == 204
    for path in (*rest, f"contacts/{one}/"):
        assert shop.owner.get(path_of(campaign, path)).status == 404
    assert shop.owner.get(CAMPAIGNS).json["results"] == []
    assert shop.owner.delete(path_of(campaign)).status == 404
    assert everything_of(shop, campaign["id"]) != []
    shop.clock.sleep(LEFT_ALONE_MS)
    shop.app.schedule.tick(shop.clock.now() + 300_000)
    assert everything_of(shop, campaign["id"]) == []
    # Its people are still there.
    assert len(shop.owner.get(CONTACTS).json["results"]) == 3


def test_a_draft_is_deleted_while_its_recipients_are_waiting_to_be_laid(shop: Shop):
    instance, ids = shop.instance(), shop.contacts(2)
    body = {"name": "Natal", "instance_id": instance["id"], "message_texts": ["Oi"]}
    created = shop.owner.post(CAMPAIGNS, body | {"contact_ids": ids}).json
    assert shop.owner.delete(path_of(created)).status == 204
    shop.lay()
    shop.clock.sleep(LEFT_ALONE_MS)
    shop.app.schedule.tick(shop.clock.now() + 300_000)
    assert everything_of(shop, created["id"]) == []


def test_of_a_deletion_and_a_start_one_wins(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    campaign = shop.campaign(shop.contacts(1))
    start = shop.app.campaign_store.start

    def overtaken(*arguments):
        monkeypatch.undo()
        assert shop.owner.delete(path_of(campaign)).status == 204
        return start(*arguments)

    monkeypatch.setattr(shop.app.campaign_store, "start", overtaken)
    assert shop.owner.post(path_of(campaign, "start/")).status == 404
    instance = shop.owner.get(f"{INSTANCES}{campaign['instance_id']}/").json
    assert instance["active_campaign"] is None
    assert shop.deployment.queue.jobs == []


def test_strangers_and_viewers_change_and_delete_nothing(shop: Shop):
    campaign = shop.campaign([])
    for method in ("PUT", "PATCH", "DELETE"):
        assert shop.stranger().call(method, path_of(campaign), {}).status == 404
        assert shop.client(Role.VIEWER).call(method, path_of(campaign), {}).status == 403
    for operation in ("archive/", "unarchive/"):
        assert shop.stranger().post(path_of(campaign, operation)).status == 404
        assert shop.client(Role.VIEWER).post(path_of(campaign, operation)).status == 403
    assert shop.stranger().get(path_of(campaign, "contacts.csv")).status == 404
    assert read(shop, campaign) == campaign


@pytest.mark.parametrize("state", ["completed", "cancelled"])
def test_a_campaign_that_is_over_is_archived_and_taken_back(shop: Shop, state: str):
    campaign = in_state(shop, state)
    archived = shop.owner.post(path_of(campaign, "archive/"))
    assert (archived.status, archived.json["status"]) == (200, state)
    assert archived.json["archived_at"] is not None
    again = shop.owner.post(path_of(campaign, "archive/"))
    assert (again.status, again.json) == (200, archived.json)

    def listed(**query: str) -> list[str]:
        return [each["id"] for each in shop.owner.get(CAMPAIGNS, **query).json["results"]]

    assert listed() == []
    assert listed(status=state) == []
    assert listed(archived="false") == []
    assert listed(archived="true") == [campaign["id"]]
    assert listed(search="natal") == [campaign["id"]]
    assert shop.owner.get(path_of(campaign, "contacts/")).json["results"] != []
    back = shop.owner.post(path_of(campaign, "unarchive/")).json
    assert (back["archived_at"], listed(), listed(archived="true")) == (None, [campaign["id"]], [])
    assert shop.owner.post(path_of(campaign, "unarchive/")).json == back


@pytest.mark.parametrize("state", ["draft", "scheduled", "paused"])
def test_what_is_not_over_is_not_archived(shop: Shop, state: str):
    campaign = in_state(shop, state)
    answer = shop.owner.post(path_of(campaign, "archive/"))
    assert (answer.status, answer.code) == (409, "invalid_state")
    assert read(shop, campaign)["archived_at"] is None


def test_archived_is_one_filter_among_those_of_which_one_is_taken(shop: Shop):
    answer = shop.owner.get(CAMPAIGNS, archived="true", search="natal")
    assert (answer.status, answer.code) == (422, "too_many_filters")
    assert shop.owner.get(CAMPAIGNS, archived="talvez").status == 422


@pytest.mark.parametrize("former", ["immediate", "business_hours"])
def test_a_draft_that_gets_hours_of_its_own_leaves_weekends_and_holidays_out_unless_told(
    shop: Shop, former: str
):
    hours = {"schedule_type": "custom_period", "morning_start": "09:00", "morning_end": "12:00"}

    def flags(**given: bool) -> tuple[bool, bool]:
        path = f"{CAMPAIGNS}{shop.campaign([], schedule_type=former)['id']}/"
        changed = shop.owner.patch(path, hours | given).json
        return changed["skip_weekends"], changed["skip_holidays"]

    assert flags() == (True, True)
    assert flags(skip_weekends=False) == (False, True)
