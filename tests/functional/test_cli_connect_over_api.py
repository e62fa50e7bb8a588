"""`campaigns instances create` and `connect` over the API and the fake Evolution: from nothing."""

import json

import httpx
import pytest

from campaigns_cli import connect_instance, instances_connect
from local.fake_evolution import ConnectionState
from tests.fakes.api import EVOLUTION, INSTANCE_KEY, INSTANCES
from tests.fakes.cli import gateway, runner
from tests.fakes.fake_campaigns_api import served

PHONE = "5511990004001"


@pytest.fixture
def looks(shop):
    """What happens at each look at a QR code: a list of functions, one per look."""
    return []


@pytest.fixture
def run(shop, looks, monkeypatch, capsys):
    answer = gateway(shop)

    def answered(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/qrcode/") and looks:
            looks.pop(0)()
        return answer(request)

    monkeypatch.setattr(connect_instance, "POLL_SECONDS", 0.01)
    monkeypatch.delenv("CAMPAIGNS_EVOLUTION_KEY", raising=False)
    with served(answered) as url:
        monkeypatch.setenv("CAMPAIGNS_URL", url)
        monkeypatch.setenv("CAMPAIGNS_KEY", shop.owner.key)
        yield runner(monkeypatch, capsys)


@pytest.fixture
def scan(shop):
    """A phone scans the newest instance of the server."""

    def scan():
        evolution = shop.deployment.evolution
        evolution.scan(list(evolution.instances)[-1], PHONE)

    yield scan
    # One phone is connected to one record of a deployment, which the tests share.
    for one in shop.owner.get(INSTANCES).json["results"]:
        shop.owner.post(f"{INSTANCES}{one['id']}/disconnect/")


def nothing():
    """Nobody scans."""


def test_from_nothing_to_a_connected_whatsapp_in_one_command(run, looks, scan, shop):
    looks += [nothing, nothing, scan]
    ended = run("instances", "create", "Loja", "--on-server", "--connect")
    assert ended.code == 0, ended.err
    assert "WhatsApp cadastrado: Loja" in ended.err
    assert "Aparelhos conectados" in ended.err
    assert "█" in ended.err
    assert ended.out.startswith("Loja está conectado como (11) 99000-4001.")
    (instance,) = shop.owner.get(INSTANCES).json["results"]
    assert instance["connection_state"] == "open"
    assert instance["created_on_server"] is True


def test_a_program_gets_events_and_the_instance_last(run, looks, scan):
    made = run("instances", "create", "Loja", "--on-server", "--json").json
    looks += [nothing, scan]
    ended = run("instances", "connect", made["id"], "--json")
    assert ended.code == 0, ended.err
    *codes, last = [json.loads(line) for line in ended.out.splitlines()]
    assert codes
    assert all(one["event"] == "code" for one in codes)
    assert last["event"] == "connected"
    assert last["instance"]["id"] == made["id"]
    assert last["instance"]["connected_phone"] == f"+{PHONE}"
    assert ended.err == ""


def test_a_phone_gets_a_code_to_type_instead(run, looks, scan):
    run("instances", "create", "Loja", "--on-server")
    looks += [nothing, nothing, scan]
    ended = run("instances", "connect", "--phone", "(11) 99000-4001")
    assert ended.code == 0, ended.err
    assert "Conectar com número de telefone" in ended.err
    assert "█" not in ended.err


def test_no_qr_and_a_picture(run, looks, scan, tmp_path):
    run("instances", "create", "Loja", "--on-server")
    looks += [nothing, scan]
    picture = tmp_path / "code.png"
    ended = run("instances", "connect", "Loja", "--no-qr", "--image", picture)
    assert ended.code == 0, ended.err
    assert "█" not in ended.err
    assert "2@" in ended.err
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_nobody_scans(run):
    run("instances", "create", "Loja", "--on-server")
    ended = run("instances", "connect", "--timeout", "1")
    assert ended.code == 1
    assert "Ninguém leu o código em 1 s" in ended.err
    assert "campaigns instances connect in_" in ended.err


def test_ctrl_c_leaves_cleanly_and_says_how_to_go_on(run, monkeypatch):
    def press_ctrl_c(_seconds):
        raise KeyboardInterrupt

    run("instances", "create", "Loja", "--on-server")
    monkeypatch.setattr(instances_connect.time, "sleep", press_ctrl_c)
    ended = run("instances", "connect")
    assert ended.code == 130
    assert "continua como estava" in ended.err
    assert "campaigns instances connect in_" in ended.err


def test_a_registered_instance_that_is_connected_needs_no_phone(run, shop, monkeypatch):
    monkeypatch.setenv("CAMPAIGNS_EVOLUTION_KEY", INSTANCE_KEY)
    name = shop.server_instance()
    where = ("--evolution-url", EVOLUTION, "--evolution-instance", name)
    ended = run("instances", "create", "Loja", *where, "--delay-min", "30", "--delay-max", "60",
                "--daily-limit", "100")  # fmt: skip
    assert ended.code == 0, ended.err
    assert "Já está conectado" in ended.out
    (instance,) = shop.owner.get(INSTANCES).json["results"]
    assert (instance["delay_min_seconds"], instance["delay_max_seconds"]) == (30, 60)
    assert instance["daily_limit"] == 100
    assert "conectado" in run("instances", "connect", "Loja").out
    assert INSTANCE_KEY not in ended.out + ended.err


def test_a_registered_instance_without_a_phone_is_told_how_to_connect(run, shop, monkeypatch):
    monkeypatch.setenv("CAMPAIGNS_EVOLUTION_KEY", INSTANCE_KEY)
    name = shop.server_instance()
    shop.deployment.evolution.set_state(name, ConnectionState.CLOSE)
    ended = run("instances", "create", name, "--evolution-url", EVOLUTION)
    assert ended.code == 0, ended.err
    assert "campaigns instances connect in_" in ended.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--on-server"),
        (("--evolution-url", EVOLUTION), "CAMPAIGNS_EVOLUTION_KEY"),
        (("--on-server", "--evolution-url", EVOLUTION), "um dos dois"),
    ],
)
def test_what_is_missing_or_too_much_is_refused_before_anything_is_made(run, shop, options, words):
    ended = run("instances", "create", "Loja", *options)
    assert ended.code == 2
    assert words in ended.err
    assert shop.owner.get(INSTANCES).json["results"] == []


def test_without_any_whatsapp_it_says_where_to_begin(run):
    ended = run("instances", "connect")
    assert ended.code == 2
    assert "campaigns instances create" in ended.err
