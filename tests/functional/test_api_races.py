"""Two calls at once: what was checked or read is what is written upon, or nothing is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from tests.fakes.api import CAMPAIGNS, CONTACTS, INSTANCES, Answer, Shop

HOLIDAY = "/api/campaigns/holidays/2026-12-24/"


@contextmanager
def before_each(
    target: object, method: str, meanwhile: Callable[[], object], *, times: int = 1
) -> Iterator[list[object]]:
    """Somebody else comes in between, before the first calls of a method."""
    real = getattr(target, method)
    done: list[object] = []

    def late(*arguments: object, **options: object) -> object:
        if len(done) < times:
            done.append(None)
            done[-1] = meanwhile()
        return real(*arguments, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(target, method, late)
        yield done


def start(shop: Shop, campaign) -> Answer:
    return shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/")


def test_a_start_sends_only_wordings_that_are_active_when_it_happens(shop: Shop):
    campaign = shop.campaign(shop.contacts(2))
    path = f"{CAMPAIGNS}{campaign['id']}/"
    gone, kept = (message["id"] for message in campaign["messages"])
    with before_each(
        shop.app.campaign_store, "start", lambda: shop.owner.delete(f"{path}messages/{gone}/")
    ) as meanwhile:
        assert start(shop, campaign).status == 200
    assert meanwhile[0].status == 204
    shop.send_everything()
    recipients = shop.owner.get(path + "contacts/").json["results"]
    assert [each["message_sent"] for each in recipients] == [kept, kept]


@pytest.mark.parametrize(
    ("step", "fields"),
    [("start", {}), ("schedule", {"scheduled_at": "2026-12-01T12:00:00Z"})],
)
def test_what_an_edit_breaks_while_a_start_is_checked_is_told(shop: Shop, step: str, fields):
    campaign = shop.campaign(shop.contacts(2), message_texts=["Oi"], **fields)
    path = f"{CAMPAIGNS}{campaign['id']}/"
    message = f"{path}messages/{campaign['messages'][0]['id']}/"
    with before_each(
        shop.app.campaign_store, step, lambda: shop.owner.patch(message, {"is_active": False})
    ):
        answer = start(shop, campaign)
    assert (answer.status, answer.code) == (409, "no_active_message")
    assert shop.owner.get(path).json["status"] == "draft"


def test_a_start_that_is_always_overtaken_may_be_tried_again(shop: Shop):
    campaign = shop.campaign(shop.contacts(2))
    path, years = f"{CAMPAIGNS}{campaign['id']}/", count(2027)

    def rename() -> object:
        return shop.owner.patch(path, {"name": f"Ano {next(years)}"})

    with before_each(shop.app.campaign_store, "start", rename, times=9) as meanwhile:
        answer = start(shop, campaign)
    assert (answer.status, answer.code) == (503, "concurrent_update")
    assert answer.headers["Retry-After"] == "1"
    assert len(meanwhile) == 3


def test_of_two_starts_the_second_is_told_the_state(shop: Shop):
    campaign = shop.campaign(shop.contacts(2))
    with before_each(shop.app.campaign_store, "start", lambda: start(shop, campaign)):
        answer = start(shop, campaign)
    assert (answer.status, answer.json["current_status"]) == (409, "active")


def things(shop: Shop) -> dict[str, tuple[str, object, str, dict[str, object], dict[str, object]]]:
    """Of each thing: its path, what writes it, one change, and what somebody else changes."""
    campaign = shop.campaign([])
    own = f"{CAMPAIGNS}{campaign['id']}/"
    message = f"{own}messages/{campaign['messages'][0]['id']}/"
    shop.owner.post("/api/campaigns/holidays/", {"date": "2026-12-24", "name": "Véspera"})
    return {
        "campaign": (own, shop.app.catalog, "edit", {"description": "D"}, {"name": "Ano"}),
        "message": (
            message,
            shop.app.catalog,
            "save_text",
            {"is_active": False},
            {"message_text": "Outra"},
        ),
        "instance": (
            f"{INSTANCES}{campaign['instance']['id']}/",
            shop.app.instance_store,
            "change",
            {"daily_limit": 9},
            {"name": "Outra"},
        ),
        "holiday": (
            HOLIDAY,
            shop.app.tenant_store,
            "put_holiday",
            {"is_active": False},
            {"name": "Natal"},
        ),
    }


@pytest.mark.parametrize("thing", ["campaign", "message", "instance", "holiday"])
def test_a_change_overtaken_by_another_is_412_over_the_version_that_was_read(
    shop: Shop, thing: str
):
    path, store, write, mine, others = things(shop)[thing]
    etag = shop.owner.get(path).headers["ETag"]
    with before_each(store, write, lambda: shop.owner.patch(path, others)) as meanwhile:
        answer = shop.owner.patch(path, mine, if_match=etag)
    assert meanwhile[0].status == 200
    assert (answer.status, answer.code) == (412, "precondition_failed")
    stored = shop.owner.get(path).json
    assert {name: stored[name] for name in others} == others
    assert not mine.items() <= stored.items()


@pytest.mark.parametrize("thing", ["campaign", "message", "instance", "holiday"])
def test_a_change_overtaken_by_another_is_made_upon_it_where_no_version_is_named(
    shop: Shop, thing: str
):
    path, store, write, mine, others = things(shop)[thing]
    with before_each(store, write, lambda: shop.owner.patch(path, others)):
        assert shop.owner.patch(path, mine).status == 200
    assert (mine | others).items() <= shop.owner.get(path).json.items()


def test_a_deletion_overtaken_by_a_change_is_412_over_the_version_that_was_read(shop: Shop):
    contact, row = shop.contact(1), {"phone": "(11) 99000-0001", "name": "Outro nome"}
    campaign = shop.campaign([])
    path = f"{CONTACTS}{contact['id']}/"
    message = f"{CAMPAIGNS}{campaign['id']}/messages/{campaign['messages'][0]['id']}/"
    shop.owner.post("/api/campaigns/holidays/", {"date": "2026-12-24", "name": "Véspera"})
    for deleted, store, write, change in (
        (
            path,
            shop.app.contact_store,
            "delete",
            lambda: shop.owner.post(CONTACTS + "bulk_create/", {"contacts": [row]}),
        ),
        (
            message,
            shop.app.catalog,
            "delete_text",
            lambda: shop.owner.patch(message, {"message_text": "Outra"}),
        ),
        (
            HOLIDAY,
            shop.app.tenant_store,
            "delete_holiday",
            lambda: shop.owner.patch(HOLIDAY, {"name": "Natal"}),
        ),
    ):
        etag = shop.owner.get(deleted).headers["ETag"]
        with before_each(store, write, change) as meanwhile:
            answer = shop.owner.delete(deleted, if_match=etag)
        assert meanwhile[0].status == 200
        assert (answer.status, answer.code) == (412, "precondition_failed")
        assert shop.owner.delete(deleted).status == 204
        assert shop.owner.delete(deleted).status == 404
