"""A campaign's recipients as a spreadsheet: it opens by itself, harms nobody and ends in time."""

import csv
from io import StringIO

import pytest

from campaigns.domain.model import Role
from campaigns_api import recipient_sheet
from campaigns_api.routes import recipients
from tests.fakes.api import CAMPAIGNS, CONTACTS, Answer, Client, Shop

MARK = "\ufeff"


def sheet(client: Client, campaign, **query: str) -> Answer:
    return client.get(f"{CAMPAIGNS}{campaign['id']}/contacts.csv", **query)


def rows(answer: Answer, delimiter: str = ";") -> list[list[str]]:
    text = answer.text.removeprefix(MARK)
    return list(csv.reader(StringIO(text, newline=""), delimiter=delimiter))


def following(answer: Answer) -> dict[str, str]:
    """The query of the next part."""
    address, _, relation = answer.headers["Link"].partition("; ")
    assert relation == 'rel="next"'
    path, _, query = address.strip("<>").partition("?cursor=")
    assert path.endswith("/contacts.csv")
    return {"cursor": query}


def test_it_opens_in_excel_as_people_read_it_here(shop: Shop):
    campaign = shop.campaign(shop.contacts(2, first=800), name="Ação de Natal")
    shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/")
    shop.send_planned()
    answer = sheet(shop.client(Role.VIEWER), campaign)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Language"] == "pt-BR"
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="{campaign["id"]}.csv"; '
        "filename*=UTF-8''A%C3%A7%C3%A3o%20de%20Natal.csv"
    )
    assert "Link" not in answer.headers
    assert answer.text.startswith(f"{MARK}Nº;Nome;Telefone;Situação;Enviada em;")
    first, *_ = shop.owner.get(f"{CAMPAIGNS}{campaign['id']}/contacts/").json["results"]
    assert rows(answer)[1] == [
        "1",
        "Cliente 0800",
        "(11) 99000-0800",
        "Enviada",
        "18/11/2026 08:06:40",
        "",
        "",
        "",
        "",
        first["id"],
    ]
    assert len(rows(answer)) == 3


def test_in_english_it_has_commas_and_english_words(shop: Shop):
    campaign = shop.campaign(shop.contacts(1, first=810), timezone="America/New_York")
    shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/")
    shop.send_planned()
    answer = sheet(shop.owner.speaking("en"), campaign)
    assert answer.headers["Content-Language"] == "en"
    head, row = rows(answer, ",")
    assert head[:5] == ["No.", "Name", "Phone", "Status", "Sent at"]
    assert row[3:5] == ["Sent", "2026-11-18 06:06:40"]


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|'/c calc'!A0"])
def test_a_name_that_looks_like_a_formula_is_computed_by_nobody(shop: Shop, start: str):
    contact = shop.contact(820, name=start)
    (_, row) = rows(sheet(shop.owner, shop.campaign([contact["id"]])))
    assert row[1] == f"'{start}"


def test_a_phone_from_elsewhere_is_guarded_and_what_is_written_is_read_back(shop: Shop):
    abroad = shop.contact(1, name='Ana; "a" & \n', phone="+1 415 555 0100")
    here = shop.contact(2, name="Bia, a outra", phone="(11) 3333-4444")
    campaign = shop.campaign([abroad["id"], here["id"]])
    found = rows(sheet(shop.owner, campaign))[1:]
    assert [row[1:3] for row in found] == [
        [abroad["name"], "'+14155550100"],
        ["Bia, a outra", "(11) 3333-4444"],
    ]
    for row, contact in zip(found, (abroad, here), strict=True):
        again = shop.owner.post(CONTACTS, {"name": "De novo", "phone": row[2]})
        assert (again.status, again.json["existing_id"]) == (409, contact["id"])


def test_whoever_was_not_sent_to_says_why(shop: Shop):
    ids = shop.contacts(2, first=830)
    campaign = shop.campaign(ids)
    shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/")
    shop.owner.post(f"{CONTACTS}{ids[0]}/opt-out/", {})
    shop.send_planned()
    first, second = rows(sheet(shop.owner, campaign))[1:]
    assert (first[3], first[8]) == ("Pulada", "A pessoa pediu para não receber mensagens.")
    assert (second[3], second[8]) == ("Enviada", "")
    shop.owner.delete(f"{CONTACTS}{ids[1]}/")
    gone = rows(sheet(shop.owner, campaign))[2]
    assert gone[1:4] == ["", "", "Enviada"]


@pytest.mark.parametrize("cause", ["rows", "bytes", "time"])
def test_what_does_not_fit_goes_on_in_parts_that_make_one_file(
    shop: Shop, cause: str, monkeypatch: pytest.MonkeyPatch
):
    campaign = shop.campaign(shop.contacts(7, first=840))
    whole = sheet(shop.owner, campaign).text
    if cause == "rows":
        monkeypatch.setattr(recipient_sheet, "MOST_ROWS", 3)
    elif cause == "bytes":
        monkeypatch.setattr(recipient_sheet, "MOST_BYTES", 200)
    else:
        monkeypatch.setattr(recipients, "_TIME_MS", -1)
    parts = [sheet(shop.owner, campaign)]
    while "Link" in parts[-1].headers:
        parts.append(sheet(shop.owner, campaign, **following(parts[-1])))
    assert len(parts) == {"rows": 3, "bytes": 3, "time": 7}[cause]
    assert "".join(part.text for part in parts) == whole


def test_a_part_is_measured_as_the_gateway_takes_it(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    # A quotation mark is doubled in a sheet, and both are escaped in the function's answer.
    ids = [shop.contact(number, name='"' * 200)["id"] for number in range(850, 853)]
    campaign = shop.campaign(ids)
    monkeypatch.setattr(recipient_sheet, "MOST_BYTES", 800)
    first = sheet(shop.owner, campaign)
    assert len(rows(first)) == 2
    assert "Link" in first.headers


@pytest.mark.parametrize("path", ["contacts.csv", "contacts/"])
def test_whoever_an_older_read_does_not_know_yet_is_not_left_out(
    shop: Shop, path: str, monkeypatch: pytest.MonkeyPatch
):
    campaign, page = shop.campaign(shop.contacts(3, first=860)), shop.app.recipients.page

    def older(*place, consistent=False, **options):
        found = page(*place, consistent=consistent, **options)
        return found if consistent else [each for each in found if each.sequence < 2]

    monkeypatch.setattr(shop.app.recipients, "page", older)
    answer = shop.owner.get(f"{CAMPAIGNS}{campaign['id']}/{path}")
    assert "Cliente 0862" in answer.text


def test_the_next_part_belongs_to_its_campaign(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recipient_sheet, "MOST_ROWS", 1)
    one, other = shop.campaign(shop.contacts(2)), shop.campaign(shop.contacts(2))
    query = following(sheet(shop.owner, one))
    answer = sheet(shop.owner, other, **query)
    assert (answer.status, answer.code) == (422, "invalid_cursor")
    assert sheet(shop.owner, one, cursor="x").code == "invalid_cursor"
    assert sheet(shop.owner, one, limit="5").faults == {"limit": "unknown_parameter"}


def test_a_campaign_without_recipients_is_a_header(shop: Shop):
    assert len(rows(sheet(shop.owner, shop.campaign([])))) == 1


def test_a_point_in_a_path_is_a_point(shop: Shop):
    campaign = shop.campaign([])
    assert shop.owner.get(f"{CAMPAIGNS}{campaign['id']}/contacts.csv/").status == 200
    assert shop.owner.get(f"{CAMPAIGNS}{campaign['id']}/contactsxcsv").status == 404
    assert shop.owner.get("/openapi.json").status == 200
    assert shop.owner.get("/openapixjson").status == 404
