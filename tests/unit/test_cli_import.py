"""A contact list on its way to the API."""

import json

import httpx
import pytest

from campaigns_cli import import_contacts as import_module
from campaigns_cli.api import Api
from campaigns_cli.connection import Server
from campaigns_cli.contact_file import read_contact_file
from campaigns_cli.contact_import import run_import
from campaigns_cli.errors import CliError, Problem
from campaigns_cli.import_contacts import OnDuplicate, import_contacts
from tests.fakes.fake_campaigns_api import KEY, FakeCampaignsApi, problem


@pytest.fixture
def fake():
    return FakeCampaignsApi()


@pytest.fixture
def api(fake):
    return Api(Server("http://api", KEY), transport=httpx.MockTransport(fake), sleep=lambda _: None)


@pytest.fixture
def source(tmp_path):
    """Seven rows: five people, one of them twice with two spellings, and one bad phone."""
    path = tmp_path / "c.csv"
    path.write_text(
        "Nome,Telefone\nAna,(11) 99000-0001\nBia,(11) 99000-0002\nRuim,123\n"
        "Caio,(11) 99000-0003\nANA,+55 11 99000-0001\nDani,(11) 99000-0004\nEva,(11) 99000-0005\n",
        encoding="utf-8",
    )
    return read_contact_file(path)


@pytest.fixture
def chunks_of_two(monkeypatch):
    monkeypatch.setattr(import_module, "CHUNK_ROWS", 2)


def imported(api, source):
    *_, report = import_contacts(api, source)
    return report


def test_rows_go_in_chunks_in_the_order_of_the_file(api, fake, source, chunks_of_two):
    report = imported(api, source)
    sent = [json.loads(request.content)["contacts"] for request in fake.requests]
    assert [[one["name"] for one in chunk] for chunk in sent] == [
        ["Ana", "Bia"],
        ["Ruim", "Caio"],
        ["ANA", "Dani"],
        ["Eva"],
    ]
    assert report.to_json() == {
        "rows": 7,
        "contacts": 5,
        "created": 5,
        "updated": 1,
        "skipped": 0,
        "refused": 1,
    }
    assert [(one.row.line, one.reason) for one in report.refused] == [(4, "Telefone: Obrigatório.")]


def test_a_chunk_stays_below_the_limit_of_a_body(api, fake, source, monkeypatch):
    monkeypatch.setattr(import_module, "CHUNK_BYTES", 100)
    imported(api, source)
    assert len(fake.requests) > 1
    assert all(len(request.content) < 200 for request in fake.requests)


def test_a_contact_that_is_in_the_file_twice_is_one_recipient(api, source):
    ids = list(imported(api, source).contact_ids)
    assert len(ids) == len(set(ids)) == 5


def test_rows_that_are_no_contact_are_refused_without_being_sent(api, fake, tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("Nome,Telefone\nSilva, Ana,11990000001\nBia,11990000002\n")
    report = imported(api, read_contact_file(path))
    assert [one["name"] for one in json.loads(fake.requests[0].content)["contacts"]] == ["Bia"]
    assert len(report.refused) == 1


def test_a_list_of_bad_rows_only_is_no_error(api, tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("Nome,Telefone\nAna,1\nBia,2\n")
    assert imported(api, read_contact_file(path)).to_json()["refused"] == 2


def test_a_lost_answer_imports_nobody_twice(api, fake, source, chunks_of_two):
    answered = []

    def lose_the_first_answer(request):
        if not answered:
            fake.before = lambda _: None
            answered.append(fake(request))
            raise httpx.ReadTimeout("slow")

    fake.before = lose_the_first_answer
    assert imported(api, source).to_json()["created"] == 5


def test_a_second_run_ends_the_same_and_meets_the_contacts_as_they_are(api, fake, source):
    first = imported(api, source)
    gone = next(iter(fake.contacts))
    del fake.contacts[gone]
    second = imported(api, source)
    assert list(second.contact_ids) == list(first.contact_ids)
    assert gone in fake.contacts
    assert len(second.refused) == len(first.refused)


def test_what_to_do_with_a_repeat_is_said_to_the_server(api, fake, source):
    list(import_contacts(api, source, OnDuplicate.SKIP))
    assert json.loads(fake.requests[0].content)["on_duplicate"] == "skip"


def after(count, fault):
    seen = []

    def before(request):
        seen.append(request)
        if len(seen) > count:
            if isinstance(fault, httpx.Response):
                return fault
            raise fault
        return None

    return before


def test_a_lost_server_says_how_far_the_import_came(api, fake, source, chunks_of_two):
    fake.before = after(2, httpx.ConnectError("refused"))
    with pytest.raises(CliError, match="4 de 7 linhas foram processadas") as cut:
        run_import(api, source, OnDuplicate.UPDATE)
    assert cut.value.exit_code == 1


def test_an_interruption_says_how_far_the_import_came(api, fake, source, chunks_of_two):
    fake.before = after(1, KeyboardInterrupt())
    with pytest.raises(CliError, match="2 de 7 linhas foram processadas") as cut:
        run_import(api, source, OnDuplicate.UPDATE)
    assert cut.value.exit_code == 130


def test_a_fault_of_the_server_on_the_way_says_how_far_the_import_came(
    api, fake, source, chunks_of_two
):
    fake.before = after(1, httpx.Response(500))
    with pytest.raises(CliError, match="2 de 7 linhas foram processadas"):
        run_import(api, source, OnDuplicate.UPDATE)


def test_a_refused_key_is_told_alone(api, fake, source):
    fake.before = lambda _: problem(401, "unauthenticated", "Falta uma chave.")
    with pytest.raises(Problem, match="não aceita esta chave") as refusal:
        run_import(api, source, OnDuplicate.UPDATE)
    assert "linhas" not in refusal.value.message
