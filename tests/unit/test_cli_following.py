"""What is followed while it happens: a campaign's log, and a message to one phone."""

import json

import httpx
import pytest

from campaigns_cli import campaign_logs, campaign_running, direct_message, prepare_recipients
from campaigns_cli.api import Api
from campaigns_cli.campaign_logs import logs
from campaigns_cli.connection import Server
from campaigns_cli.direct_message import queued
from campaigns_cli.errors import CliError
from campaigns_cli.prepare_recipients import prepared
from campaigns_cli.session import Session
from tests.fakes.fake_campaigns_api import campaign_object


def session_over(answer):
    api = Api(
        Server("http://api", "k"), transport=httpx.MockTransport(answer), sleep=lambda _: None
    )
    return Session(api, as_json=True)


def entry(number):
    return {
        "id": f"lg_{number}",
        "level": "info",
        "message": f"Mensagem {number}",
        "created_at": "2026-11-20T12:00:00Z",
    }


def test_a_followed_log_tells_each_entry_once_and_ends_with_the_campaign(monkeypatch, capsys):
    campaign = campaign_object(status="active")
    log = [entry(2), entry(1)]

    def answer(request):
        if request.url.path.endswith("/logs/"):
            return httpx.Response(200, json={"results": log, "next": None})
        return httpx.Response(200, json=campaign)

    def later(_):
        if campaign["status"] == "active" and len(log) == 3:
            campaign["status"] = "completed"
            log.insert(0, entry(4))
        else:
            # A late receipt stands below what is newer.
            log.insert(1, entry(3))

    monkeypatch.setattr(campaign_logs.time, "sleep", later)
    logs(session_over(answer), "cp_1", follow_it=True, limit=1)
    told = [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    assert told == ["lg_2", "lg_3", "lg_4"]


def interrupted(_):
    raise KeyboardInterrupt


def test_whoever_stops_following_a_log_is_told_that_the_campaign_goes_on(monkeypatch):
    def answer(request):
        if request.url.path.endswith("/logs/"):
            return httpx.Response(200, json={"results": [entry(1)], "next": None})
        return httpx.Response(200, json=campaign_object(status="active", id="cp_1"))

    monkeypatch.setattr(campaign_logs.time, "sleep", interrupted)
    with pytest.raises(CliError, match="A campanha continua no servidor") as end:
        logs(session_over(answer), "cp_1", follow_it=True, limit=1)
    assert end.value.exit_code == 130


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("active", "continua no servidor. .*; para parar: .*campaigns pause cp_1"),
        ("paused", "está pausada. .*; para retomar: .*campaigns resume cp_1"),
        ("scheduled", "continua agendada. .*; para voltar a rascunho: .*unschedule cp_1"),
    ],
)
def test_whoever_stops_watching_is_told_how_the_campaign_stands(monkeypatch, state, said):
    campaign = campaign_object(status=state, id="cp_1")
    monkeypatch.setattr(campaign_running.time, "sleep", interrupted)
    session = session_over(lambda _: httpx.Response(200, json=campaign))
    with pytest.raises(CliError, match=said) as end:
        campaign_running.follow(session.api, "cp_1", as_json=False)
    assert end.value.exit_code == 130


def test_whoever_stops_waiting_for_a_message_is_told_that_it_leaves(monkeypatch):
    monkeypatch.setattr(direct_message.time, "sleep", interrupted)
    session = session_over(lambda _: httpx.Response(200, json={"status": "queued"}))
    with pytest.raises(CliError, match="continua na fila") as end:
        queued(session, "in_1", {"id": "dm_1"}, "11990002471", wait=True)
    assert end.value.exit_code == 130


def test_whoever_stops_waiting_for_recipients_is_told_of_the_draft_there_is(monkeypatch):
    monkeypatch.setattr(prepare_recipients.time, "sleep", interrupted)
    laying = campaign_object(id="cp_1", recipients={"state": "preparing"})
    api = session_over(lambda _: httpx.Response(200, json=laying)).api
    with pytest.raises(CliError, match="campaigns show cp_1") as end:
        prepared(api, laying)
    assert end.value.exit_code == 130


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ({"status": "failed", "error_message": "Não está no WhatsApp."}, "Não está no WhatsApp."),
        ({"status": "failed", "error_code": "new_code"}, "new_code"),
        ({"status": "unconfirmed"}, "confira no telefone"),
    ],
)
def test_a_message_that_may_not_have_arrived_ends_in_an_error(monkeypatch, ending, words):
    states = [{"status": "queued"}, {"status": "sending"}, ending]
    monkeypatch.setattr(direct_message.time, "sleep", lambda _: states.pop(0))
    session = session_over(lambda _: httpx.Response(200, json=states[0]))
    with pytest.raises(CliError, match=words):
        queued(session, "in_1", {"id": "dm_1"}, "11990002471", wait=True)


def test_a_message_that_was_sent_is_told(monkeypatch, capsys):
    states = [{"status": "queued"}, {"status": "sent", "phone": "+5511990002471"}]
    monkeypatch.setattr(direct_message.time, "sleep", lambda _: states.pop(0))
    session = Session(session_over(lambda _: httpx.Response(200, json=states[0])).api)
    queued(session, "in_1", {"id": "dm_1"}, "11990002471", wait=True)
    assert capsys.readouterr().out == "(11) 99000-2471: enviada\n"
