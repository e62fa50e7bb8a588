"""The command line as a user runs it, against a server that answers as the API does."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import httpx
import pytest

from campaigns_cli.main import main
from tests.fakes.fake_campaigns_api import KEY, FakeCampaignsApi, campaign_object, served

EXAMPLE = Path(__file__).parents[2] / "examples" / "contatos.csv"


@pytest.fixture
def fake():
    return FakeCampaignsApi()


@pytest.fixture(autouse=True)
def server(fake, monkeypatch):
    with served(fake) as url:
        monkeypatch.setenv("CAMPAIGNS_URL", url)
        monkeypatch.setenv("CAMPAIGNS_KEY", KEY)
        yield url


@pytest.fixture
def contact_list(tmp_path):
    path = tmp_path / "contatos.csv"
    path.write_bytes(EXAMPLE.read_bytes())
    return path


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the program; gives its exit code, stdout and stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["campaigns", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        output = capsys.readouterr()
        return end.value.code or 0, output.out, output.err

    return run


def test_the_example_is_imported_whole_and_a_second_run_ends_the_same(run, fake, contact_list):
    code, out, _ = run("contacts", "import", contact_list, "--json")
    first = json.loads(out)
    assert code == 0
    assert first["rows"] == 248
    assert first["refused"] == 3
    assert first["contacts"] == len(fake.contacts) == 244
    with Path(first["rejected_file"]).open(encoding="utf-8-sig", newline="") as file:
        refused = list(csv.DictReader(file))
    assert [row["Nome"] for row in refused] == ["", "Sem Telefone", "Telefone Ruim"]
    assert all(row["Motivo da recusa"] for row in refused)
    code, out, _ = run("contacts", "import", contact_list, "--json")
    second = json.loads(out)
    assert code == 0
    assert {**second, "created": 0, "updated": 0} == {**first, "created": 0, "updated": 0}
    assert len(fake.contacts) == 244


def test_an_import_tells_its_counts_in_portuguese(run, contact_list):
    code, out, err = run("contacts", "import", contact_list)
    assert code == 0
    assert err.splitlines() == ["0 de 248 linhas", "248 de 248 linhas"]
    assert out.splitlines() == [
        "Linhas no arquivo: 248",
        "Contatos: 244 (linhas novas: 244, atualizadas: 1, mantidas: 0)",
        f"Linhas recusadas: 3, com os motivos em {contact_list}.rejected.csv",
    ]


def test_an_english_locale_reads_english(run, contact_list, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert "Rows in the file: 248" in run("contacts", "import", contact_list)[1]


@pytest.mark.parametrize("content", [b"", b"\0\1\2", b"Nome;Idade\nAna;30\n"])
def test_a_file_that_cannot_be_a_list_is_refused_before_the_first_request(
    run, fake, tmp_path, content
):
    path = tmp_path / "c.csv"
    path.write_bytes(content)
    code, out, err = run("contacts", "import", path)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert fake.requests == []


def test_a_wrong_key_ends_in_a_sentence(run, contact_list, server):
    code, _, err = run("contacts", "import", contact_list, "--key", "wrong")
    assert code == 1
    assert err.splitlines()[-2:] == [
        f"O servidor {server} não aceita esta chave.",
        "Confira a chave em --key ou CAMPAIGNS_KEY.",
    ]


def test_a_refused_file_that_cannot_be_written_is_told(run, contact_list):
    Path(f"{contact_list}.rejected.csv").mkdir()
    code, out, err = run("contacts", "import", contact_list)
    assert code == 1
    assert "Linha 92: Telefone: Obrigatório." in out
    assert "Os contatos foram importados, mas" in err


def send(contact_list, *options):
    texts = ("--message", "Oi {{primeiro_nome}}", "--message", "{{saudacao}}, {{nome}}")
    return ("send", "--file", contact_list, *texts, *options)


def test_send_imports_creates_and_starts(run, fake, contact_list):
    code, out, err = run(
        *send(contact_list, "--instance", "loja", "--name", "Natal", "--limit", "40"),
        "--schedule-type", "business_hours", "--ignore-quiet-hours", "--json",
    )  # fmt: skip
    assert code == 0
    campaign = json.loads(out)
    assert campaign["status"] == "active"
    body = campaign["body"]
    assert len(body.pop("contact_ids")) == 40
    assert body == {
        "name": "Natal",
        "instance_id": "in_1",
        "schedule_type": "business_hours",
        "ignore_quiet_hours": True,
        "message_texts": ["Oi {{primeiro_nome}}", "{{saudacao}}, {{nome}}"],
    }
    assert "Aviso: Sem limite por dia." in err
    assert "A primeira mensagem já vai sair." in err
    assert f"campaigns watch {campaign['id']}" in err


def test_send_says_when_the_first_message_leaves_later(run, fake, contact_list):
    def night(request):
        for campaign in fake.campaigns.values():
            campaign["next_scheduled_send"] = "2099-11-23T12:00:00Z"

    fake.before = night
    err = run(*send(contact_list))[2]
    assert "A primeira mensagem sai segunda-feira, 23/11/2099, às 09:00." in err


def test_a_repeated_send_messages_nobody_again(run, fake, contact_list):
    run(*send(contact_list))
    code, _, err = run(*send(contact_list))
    assert code == 0
    assert len(fake.campaigns) == 1
    assert "não envio outra vez" in err
    starts = [request for request in fake.requests if request.url.path.endswith("/start/")]
    assert len(starts) == 1


def test_a_send_that_is_cut_short_may_be_repeated(run, fake, contact_list):
    def interrupt_the_start(request):
        if request.url.path.endswith("/checks/"):
            fake.before = lambda _: None
            os.kill(os.getpid(), signal.SIGINT)

    fake.before = interrupt_the_start
    code, _, err = run(*send(contact_list))
    assert code == 130
    assert "ninguém recebe duas vezes" in err
    assert run(*send(contact_list))[0] == 0
    assert [one["status"] for one in fake.campaigns.values()] == ["active"]


def test_a_send_to_more_than_a_campaign_takes_is_refused_before_the_first_request(
    run, fake, tmp_path
):
    path = tmp_path / "c.csv"
    path.write_text("Telefone\n" + "11990000001\n" * 10_001)
    code, _, err = run(*send(path))
    assert code == 2
    assert "--limit" in err
    assert fake.requests == []


def test_a_followed_campaign_ends_with_its_counts_and_failures(run, fake):
    fake.campaigns["cp_1"] = campaign_object(
        status="completed", name="[Natal]", pending_messages=0, sent_messages=1, failed_messages=1
    )
    contact = {"id": "ct_1", "name": "Bia [vip]", "phone": "+5511990000002"}
    fake.recipients = [{"contact": contact, "error_message": "O número não tem WhatsApp."}]
    code, out, err = run("watch", "cp_1")
    assert code == 0
    assert "2/2 concluída · 1 enviada · 1 falhou" in err
    assert "[Natal]" in out
    assert "  Bia [vip] (11) 99000-0002: O número não tem WhatsApp." in out


def test_an_unknown_campaign_ends_in_a_sentence(run):
    code, _, err = run("watch", "cp_9/../x")
    assert code == 1
    assert err == "Não achei a campanha “cp_9/../x”. Veja o que há: campaigns list\n"


@pytest.mark.parametrize(
    ("command", "status"), [("pause", "pausada"), ("resume", "ativa"), ("cancel", "cancelada")]
)
def test_a_campaign_is_steered(run, fake, command, status):
    fake.campaigns["cp_1"] = campaign_object(status="active")
    sure = ("--yes",) if command == "cancel" else ()
    assert run(command, "cp_1", *sure)[:2] == (0, f"Natal: {status}\n")


def test_what_cannot_be_taken_back_wants_a_yes_where_nobody_can_be_asked(run, fake):
    fake.campaigns["cp_1"] = campaign_object(status="active")
    code, _, err = run("cancel", "natal")
    assert code == 2
    assert err == "Cancelar Natal para sempre? Para confirmar sem terminal, use --yes.\n"
    assert fake.campaigns["cp_1"]["status"] == "active"


def test_what_there_is_is_listed(run, fake):
    fake.campaigns["cp_1"] = campaign_object()
    assert "Natal" in run("list")[1]
    assert json.loads(run("list", "--json")[1])[0]["id"] == "cp_1"
    assert "Loja" in run("instances", "list")[1]


def test_an_unforeseen_error_ends_in_a_sentence(run, fake, contact_list):
    fake.before = lambda _: httpx.Response(200, json={"results": [{"no": "id"}], "next": None})
    code, _, err = run("list")
    assert code == 1
    assert err.startswith("Erro inesperado (KeyError).")


def test_a_tenant_needs_a_deployment_to_be_created_in(run, monkeypatch, tmp_path):
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.delenv("TABLE_NAME", raising=False)
    code, _, err = run("admin", "tenant", "create", "Padaria", "--json")
    assert code == 2
    assert "TABLE_NAME" in err


def test_help_has_examples_and_the_version_is_told(run):
    assert "campaigns send --file contatos.csv" in run("send", "--help")[1]
    assert run("--version")[1].startswith("campaigns ")


def test_a_campaign_that_another_run_started_meanwhile_is_followed_by_both(run, fake, contact_list):
    def the_other_was_faster(request):
        if request.url.path.endswith("/start/"):
            for campaign in fake.campaigns.values():
                campaign["status"] = "active"

    fake.before = the_other_was_faster
    code, out, err = run("send", "--file", contact_list, "--message", "Oi", "--yes", "--json")
    assert code == 0
    assert json.loads(out)["status"] == "active"
    assert "já foi iniciada hoje" in err


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_names_with_any_sign_are_told_to_any_terminal(fake, encoding):
    name = "Loja 🌸 Conceição"
    fake.instances = [{"id": "in_1", "name": name, "connection_state": "open", "sent_today": 0}]

    def said(*more):
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "campaigns_cli.main", "instances", "list", *more],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONIOENCODING": encoding, "LC_ALL": "C.UTF-8"},
            check=True,
        ).stdout.decode(encoding)

    assert "Loja" in said()
    assert json.loads(said("--json"))[0]["name"] == name


def test_ctrl_c_while_the_program_still_loads_ends_it_quietly(monkeypatch):
    class Interrupted:
        def find_spec(self, name, *_):
            if name == "campaigns_cli.program":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "campaigns_cli.program", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 130


def test_ctrl_c_while_the_commands_are_laid_out_ends_it_quietly(monkeypatch):
    def interrupted(_app):
        raise KeyboardInterrupt

    monkeypatch.setattr("campaigns_cli.program.get_command", interrupted)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 130


@pytest.mark.parametrize("command", [["contacts", "import"], ["send", "--message", "Oi", "--file"]])
def test_ctrl_c_in_the_middle_says_how_far_it_came(fake, tmp_path, command):
    path = tmp_path / "c.csv"
    path.write_text("Nome,Telefone\n" + "Ana,11990000001\n" * 1_200)
    reached, release = Event(), Event()
    chunks = []

    def hold_the_second_chunk(request):
        if request.url.path.endswith("/bulk_create/"):
            chunks.append(request)
            if len(chunks) == 2:
                reached.set()
                release.wait(30)

    fake.before = hold_the_second_chunk
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "campaigns_cli.main", *command, path],
        stderr=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    try:
        assert reached.wait(30)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
        release.set()
    assert process.returncode == 130
    assert "500 de 1.200 linhas foram processadas." in err
    assert "Traceback" not in err
