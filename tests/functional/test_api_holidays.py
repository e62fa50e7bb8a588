"""Holidays over HTTP."""

import pytest

from tests.fakes.api import Shop

HOLIDAYS = "/api/campaigns/holidays/"


def test_a_year_has_brazils_national_holidays(shop: Shop):
    days = {each["date"]: each for each in shop.owner.get(HOLIDAYS, year=2025).json["results"]}
    assert len(days) == 14
    assert {"2025-03-04", "2025-06-19", "2025-12-25"} <= set(days)
    assert days["2025-12-25"] == {
        "id": "2025-12-25",
        "date": "2025-12-25",
        "name": "Natal",
        "is_active": True,
        "source": "national",
    }


def test_without_a_year_it_is_this_one(shop: Shop):
    days = shop.owner.get(HOLIDAYS).json["results"]
    assert {each["date"][:4] for each in days} == {"2026"}


def test_an_own_entry_replaces_a_national_one_until_it_is_removed(shop: Shop):
    body = {"date": "2026-12-25", "name": "Loja aberta", "is_active": False}
    created = shop.owner.post(HOLIDAYS, body)
    assert created.status == 201
    assert created.json == body | {"id": "2026-12-25", "source": "tenant"}
    path = HOLIDAYS + "2026-12-25/"
    assert shop.owner.get(path).json == created.json
    names = {each["date"]: each["name"] for each in shop.owner.get(HOLIDAYS).json["results"]}
    assert names["2026-12-25"] == "Loja aberta"
    assert shop.owner.delete(path).status == 204
    assert shop.owner.get(path).status == 404
    names = {each["date"]: each["name"] for each in shop.owner.get(HOLIDAYS).json["results"]}
    assert names["2026-12-25"] == "Natal"


def test_an_own_entry_is_changed_in_part_or_as_a_whole(shop: Shop):
    shop.owner.post(HOLIDAYS, {"date": "2026-10-05", "name": "Aniversário"})
    path = HOLIDAYS + "2026-10-05/"
    entry = shop.owner.get(path)
    assert shop.owner.patch(path, {"is_active": False}).json == entry.json | {"is_active": False}
    assert shop.owner.put(path, {"name": "Balanço"}, if_match='"other"').status == 412
    put = shop.owner.put(path, entry.json | {"name": "Balanço"}).json
    assert put == entry.json | {"name": "Balanço"}
    answer = shop.owner.patch(path, {"date": "2026-10-06"})
    assert answer.faults == {"date": "read_only_field"}


def test_a_national_holiday_is_read_only(shop: Shop):
    path = HOLIDAYS + "2026-12-25/"
    assert shop.owner.patch(path, {"name": "x"}).status == 404
    assert shop.owner.delete(path).status == 404


@pytest.mark.parametrize("day", ["2026-02-30", "20261225", "1999-01-01", 20261225, "hoje"])
def test_what_is_no_day_is_refused(shop: Shop, day):
    answer = shop.owner.post(HOLIDAYS, {"date": day, "name": "x"})
    assert answer.faults == {"date": "invalid_date"}
    assert shop.owner.get(f"{HOLIDAYS}{day}/").status == 404
