"""`campaigns opt-outs …` over the API itself."""

import pytest

from campaigns.domain.webhook_event import Inbound
from tests.fakes.cli import gateway, runner
from tests.fakes.fake_campaigns_api import served


@pytest.fixture
def run(monkeypatch, capsys):
    return runner(monkeypatch, capsys)


@pytest.fixture(autouse=True)
def server(shop, monkeypatch):
    with served(gateway(shop)) as url:
        monkeypatch.setenv("CAMPAIGNS_URL", url)
        monkeypatch.setenv("CAMPAIGNS_KEY", shop.owner.key)
        yield url


@pytest.fixture
def instance_id(shop):
    return shop.instance(name="Loja do centro")["id"]


def test_nobody_waits(run):
    assert run("opt-outs", "list").out == "Não há nada para mostrar.\n"


def test_who_waits_is_listed_and_is_said_to_be_a_contact(run, shop, instance_id):
    shop.contact(1, name="Maria Souza")
    shop.hear(instance_id, Inbound("3A1", "7@lid", text="Sair!", push_name="Má"))
    shown = run("opt-outs", "list").out
    assert all(part in shown for part in ("Má", "Sair!", "Loja do centro"))
    [entry] = run("opt-outs", "list", "--json").json
    resolved = run("opt-outs", "resolve", entry["id"], "--contact", "Maria Souza")
    assert (resolved.code, resolved.out) == (0, "Maria Souza não recebe mais nada.\n")
    assert run("opt-outs", "list", "--json").json == []
    shown = run("contacts", "show", "Maria Souza").out
    assert all(part in shown for part in ("pediu para sair", "resposta dela"))


def test_one_is_dismissed(run, shop, instance_id):
    review_id = shop.waiting_opt_out(instance_id)
    dismissed = run("opt-outs", "resolve", review_id, "--dismiss", "--json")
    assert dismissed.json == {"id": review_id, "outcome": "dismissed"}


def test_whoever_has_come_back_is_told_to_stay(run, shop, instance_id):
    shop.contact(1, name="Maria Souza")
    review_id = shop.waiting_opt_out(instance_id)
    shop.clock.sleep(1_000)
    shop.hear(instance_id, Inbound("3A2", "5511990000001@s.whatsapp.net", text="VOLTAR"))
    resolved = run("opt-outs", "resolve", review_id, "--contact", "Maria Souza")
    assert resolved.out.startswith("Maria Souza voltou depois desse pedido")


@pytest.mark.parametrize("options", [[], ["--dismiss", "--contact", "Maria Souza"]])
def test_one_of_the_two_is_to_be_said(run, options):
    refused = run("opt-outs", "resolve", "or_x", *options)
    assert (refused.code, refused.err) == (2, "Diga de quem é com --contact, ou --dismiss.\n")


def test_one_that_is_not_there_is_told_so(run):
    missing = run("opt-outs", "resolve", "or_x", "--dismiss")
    assert missing.code == 1
    assert "campaigns opt-outs list" in missing.err
