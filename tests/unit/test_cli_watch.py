"""What the command line says about a campaign, and when it stops watching."""

import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import httpx
import pytest
from rich.console import Console

from campaigns_cli.api import Api
from campaigns_cli.campaign_shown import show_campaign
from campaigns_cli.connection import Server
from campaigns_cli.errors import CliError, UnusableInput
from campaigns_cli.send_campaign import (
    CampaignPlan,
    check_messages,
    create_campaign,
    find_instance,
    wait_until_prepared,
)
from campaigns_cli.session import Session
from campaigns_cli.watch_campaign import first_send_later, status_line, watch_campaign
from campaigns_cli.wording import duration, moment
from tests.fakes.fake_campaigns_api import KEY, FakeCampaignsApi, campaign_object

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
FRIDAY_NIGHT = datetime(2026, 11, 20, 21, 30, tzinfo=SAO_PAULO)


@pytest.fixture
def fake():
    return FakeCampaignsApi()


@pytest.fixture
def api(fake):
    return Api(Server("http://api", KEY), transport=httpx.MockTransport(fake), sleep=lambda _: None)


def iso(at):
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (FRIDAY_NIGHT + timedelta(hours=1), "hoje às 22:30"),
        (FRIDAY_NIGHT + timedelta(hours=11, minutes=30), "amanhã às 09:00"),
        (datetime(2026, 11, 23, 9, tzinfo=SAO_PAULO), "segunda-feira, 23/11/2026, às 09:00"),
    ],
)
def test_a_time_is_said_as_people_say_it(at, words):
    assert moment(at.astimezone(UTC), SAO_PAULO, FRIDAY_NIGHT.astimezone(UTC)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "menos de 1 min"), (720, "12 min"), (7500, "2 h 05 min"), (190_000, "2 d 4 h")],
)
def test_a_duration_is_rough(seconds, words):
    assert duration(seconds) == words


def test_a_first_message_that_leaves_later_is_announced():
    campaign = campaign_object(next_scheduled_send=iso(datetime(2026, 11, 23, 9, tzinfo=SAO_PAULO)))
    assert first_send_later(campaign, FRIDAY_NIGHT) == "segunda-feira, 23/11/2026, às 09:00"
    soon = campaign_object(next_scheduled_send=iso(FRIDAY_NIGHT + timedelta(seconds=40)))
    assert first_send_later(soon, FRIDAY_NIGHT) is None
    assert first_send_later(campaign_object(), FRIDAY_NIGHT) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "active", "estimated_seconds": 720}, "enviando, termina em 12 min"),
        ({"status": "active"}, "enviando"),
        ({"status": "paused"}, "pausada"),
        (
            {"status": "paused", "auto_pause_reason": "instance_disconnected"},
            "pausada pelo sistema: o WhatsApp desconectou; reconecte-o; depois: "
            "campaigns resume cp_1",
        ),
        (
            {
                "status": "paused",
                "auto_pause_reason": "instance_disconnected",
                "resume_on_reconnect": True,
            },
            "pausada pelo sistema: o WhatsApp desconectou; reconecte-o, e ela continua sozinha",
        ),
        (
            {
                "status": "paused",
                "auto_pause_reason": "instance_disconnected",
                "resume_on_reconnect": True,
                "last_error": "other_phone_connected",
            },
            "pausada pelo sistema: outro número foi conectado, e ela não continua sozinha; "
            "depois: campaigns resume cp_1",
        ),
        (
            {"status": "paused", "auto_pause_reason": "many_failures"},
            "pausada pelo sistema: muitos envios seguidos falharam; veja os motivos antes de "
            "retomar: campaigns logs cp_1; depois: campaigns resume cp_1",
        ),
        (
            {"status": "active", "pending_messages": 0, "in_flight_messages": 2},
            "conferindo se as últimas saíram · 2 a verificar",
        ),
        (
            {"status": "paused", "pending_messages": 0, "in_flight_messages": 48},
            "pausada · 48 a verificar",
        ),
        (
            {"status": "completed", "sent_messages": 1, "unconfirmed_messages": 1},
            "concluída · 1 enviada · 1 sem confirmação",
        ),
        (
            {"status": "paused", "auto_pause_reason": "new", "last_error": "Algo novo"},
            "pausada pelo sistema: Algo novo; depois: campaigns resume cp_1",
        ),
        (
            {"status": "scheduled", "scheduled_at": iso(FRIDAY_NIGHT + timedelta(hours=1))},
            "agendada para hoje às 22:30",
        ),
        (
            {"status": "completed", "sent_messages": 1200, "failed_messages": 1},
            "concluída · 1.200 enviadas · 1 falhou",
        ),
        (
            {
                "status": "completed",
                "sent_messages": 5,
                "delivered_messages": 4,
                "read_messages": 2,
                "responded_count": 1,
            },
            "concluída · 5 enviadas · 4 entregues · 2 lidas · 1 respondeu",
        ),
    ],
)
def test_a_campaigns_line_says_what_happens_and_why(changes, words):
    assert status_line(campaign_object(**changes), FRIDAY_NIGHT) == words


def follow(api, fake, *steps):
    """Watches while the campaign goes through `steps`, one per poll; gives it and the output."""
    remaining = list(steps)
    fake.campaigns["cp_1"] = campaign_object(**remaining.pop(0))
    output = StringIO()
    campaign = watch_campaign(
        api,
        "cp_1",
        Console(file=output),
        sleep=lambda _: fake.campaigns["cp_1"].update(remaining.pop(0)),
        now=lambda: FRIDAY_NIGHT,
    )
    return campaign, output.getvalue().splitlines()


def test_a_campaign_is_followed_to_its_end(api, fake):
    campaign, lines = follow(
        api,
        fake,
        {"status": "active"},
        {},
        {"pending_messages": 1, "sent_messages": 1},
        {"status": "paused"},
        {"status": "active"},
        {"status": "completed", "pending_messages": 0, "sent_messages": 2},
    )
    assert campaign["status"] == "completed"
    assert lines == [
        "0/2 enviando",
        "1/2 enviando · 1 enviada",
        "1/2 pausada · 1 enviada",
        "1/2 enviando · 1 enviada",
        "2/2 concluída · 2 enviadas",
    ]


@pytest.mark.parametrize("width", [60, 100, 200])
def test_a_terminal_shows_the_whole_of_what_is_to_be_done(width, monkeypatch):
    # The shell finds the program by its name.
    monkeypatch.setattr("sys.argv", ["campaigns"])
    paused = campaign_object(
        id="cp_01hz7q3v9k2m4n6p8r0s2t4v6x", status="paused", total_contacts=24,
        auto_pause_reason="instance_disconnected",
    )  # fmt: skip
    drawn = StringIO()
    api = Api(
        Server("http://api", "k"),
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json=paused)),
    )

    def leave(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch_campaign(
            api, "cp_1", Console(file=drawn, force_terminal=True, width=width),
            sleep=leave, now=lambda: FRIDAY_NIGHT,
        )  # fmt: skip
    shown = " ".join(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", drawn.getvalue()).split())
    assert "reconecte-o; depois: campaigns resume cp_01hz7q3v9k2m4n6p8r0s2t4v6x" in shown
    assert "/24" in shown
    assert "…" not in shown


def test_a_draft_is_not_followed(api, fake):
    with pytest.raises(CliError, match="rascunho"):
        follow(api, fake, {"status": "draft"})


def test_an_instance_is_found_by_id_or_name_or_because_it_is_the_only_one(api, fake):
    assert find_instance(api, None)["id"] == "in_1"
    fake.instances.append({"id": "in_2", "name": "Filial"})
    assert find_instance(api, "filial")["id"] == "in_2"
    assert find_instance(api, "in_1")["id"] == "in_1"


@pytest.mark.parametrize("wanted", [None, "Matriz", "filial"])
def test_an_instance_that_is_not_one_is_refused_with_the_choice(api, fake, wanted):
    fake.instances += [{"id": "in_2", "name": "Filial"}, {"id": "in_3", "name": "FILIAL"}]
    with pytest.raises(CliError, match=r"Filial \(in_2\)"):
        find_instance(api, wanted)


@pytest.mark.parametrize("texts", [[], ["a"] * 6, [" "], ["a" * 4097]])
def test_messages_that_no_campaign_can_have_are_refused(texts):
    with pytest.raises(UnusableInput):
        check_messages(texts)


def test_the_same_request_creates_one_campaign(api, fake):
    plan = CampaignPlan("Natal", "in_1", ("Oi",))
    first = create_campaign(api, plan, ["ct_1", "ct_2"])
    fake.campaigns[first["id"]]["status"] = "active"
    assert create_campaign(api, plan, ["ct_1", "ct_2"])["status"] == "active"
    assert create_campaign(api, plan, ["ct_1"])["id"] != first["id"]
    assert len(fake.campaigns) == 2


def test_laying_is_waited_for(api, fake):
    preparing = campaign_object(recipients={"state": "preparing"})
    states = [{"state": "preparing"}, {"state": "ready"}]
    fake.campaigns["cp_1"] = campaign_object()

    def lay_on(_):
        fake.campaigns["cp_1"]["recipients"] = states.pop(0)

    assert wait_until_prepared(api, preparing, lay_on)["recipients"] == {"state": "ready"}
    assert states == []


def test_a_failed_laying_ends_the_command(api):
    failed = campaign_object(recipients={"state": "failed", "error": "sem contatos"})
    with pytest.raises(CliError, match="sem contatos"):
        wait_until_prepared(api, failed, lambda _: None)


def shown(capsys, **changes):
    fields = {"created_at": "2026-11-20T12:00:00.000Z", "messages": [], **changes}
    show_campaign(Session(None), campaign_object(**fields))
    return capsys.readouterr().out


def test_the_counts_of_a_campaign_add_up(capsys):
    text = shown(capsys, total_contacts=9, pending_messages=4, sent_messages=3,
                 in_flight_messages=2, status="paused")  # fmt: skip
    assert re.search(r"Saindo ou a verificar +2", text)


def test_a_paused_campaign_says_why_and_promises_no_end(capsys):
    text = shown(capsys, status="paused", auto_pause_reason="many_failures", estimated_seconds=720)
    assert "muitos envios seguidos falharam" in text
    assert "Termina em" not in text
