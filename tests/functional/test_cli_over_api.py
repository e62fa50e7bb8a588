"""The command line over the API itself: what it asks for is what the API takes."""

import csv
import json

import pytest

from campaigns.domain.model import Role
from tests.fakes.cli import gateway, runner
from tests.fakes.fake_campaigns_api import served
from tests.functional.test_api_resolve_and_retry import ended_badly

MARIA = "(11) 99000-2471"


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
def maria(run):
    return run("contacts", "create", "Maria Souza", MARIA, "--tag", "vip", "--json").json


@pytest.fixture
def natal(run, shop, maria):
    """A draft for one person."""
    shop.instance()
    return run("create", "Natal", "--message", "Oi, {{nome}}!", "--contact", MARIA, "--json").json


def test_a_contact_is_created_shown_changed_and_deleted(run, shop):
    made = run(
        "contacts", "create", "Maria Souza", MARIA, "--tag", "vip", "--var", "cidade=Osasco",
        "--email", "maria@example.com", "--quem-indicou", "Ana", "--consent-at", "1/3/2026",
        "--consent-channel", "loja", "--json",
    ).json  # fmt: skip
    assert made["phone"] == "+5511990002471"
    assert made["custom_vars"] == {"cidade": "Osasco"}
    assert made["consent"] == {"given_at": "2026-03-01", "channel": "loja"}

    shown = run("contacts", "show", "11 99000 2471")
    assert "(11) 99000-2471" in shown.out
    assert "cidade=Osasco" in shown.out

    changed = run(
        "contacts", "update", "maria souza", "--tag", "nova", "--remove-tag", "VIP",
        "--var", "bairro=Centro", "--remove-var", "cidade", "--inactive", "--json",
    ).json  # fmt: skip
    assert changed["tags"] == ["nova"]
    assert changed["custom_vars"] == {"bairro": "Centro"}
    assert changed["is_active"] is False
    assert changed["email"] == "maria@example.com"

    assert run("contacts", "delete", made["id"], "--yes").code == 0
    assert run("contacts", "show", made["id"]).code == 1


def test_a_person_is_told_who_has_the_phone_already(run, maria):
    again = run("contacts", "create", "Outra", "11 9 9000 2471")
    assert again.code == 1
    assert f"campaigns contacts show {maria['id']}" in again.err


def test_a_person_opts_out_and_in(run, maria):
    out = run("contacts", "opt-out", MARIA, "--reason", "pediu no balcão")
    assert out.out == "Maria Souza não recebe mais nada.\n"
    assert [one["id"] for one in run("contacts", "list", "--opted-out", "--json").json] == [
        maria["id"]
    ]
    assert "pediu para sair" in run("contacts", "show", MARIA).out
    assert run("contacts", "opt-in", MARIA, "--json").json["opted_out_at"] is None


def test_contacts_are_listed_by_one_filter_at_a_time(run, shop, maria):
    shop.contacts(3)
    assert len(run("contacts", "list", "--json").json) == 4
    assert [one["name"] for one in run("contacts", "list", "--tag", "vip", "--json").json] == [
        "Maria Souza"
    ]
    assert [one["name"] for one in run("contacts", "list", "--search", "mar", "--json").json] == [
        "Maria Souza"
    ]
    refused = run("contacts", "list", "--tag", "vip", "--search", "mar")
    assert (refused.code, refused.err) == (2, "Use um filtro por vez: o servidor aceita um.\n")
    assert run("contacts", "list", "--state", "inactive").out == "Não há nada para mostrar.\n"


def test_a_list_stops_at_its_limit_and_says_that_there_is_more(run, shop):
    shop.contacts(3)
    short = run("contacts", "list", "--limit", "2", "--json")
    assert len(short.json) == 2
    assert short.err == "Só os primeiros 2; há mais com --all ou um --limit maior.\n"
    assert len(run("contacts", "list", "--limit", "3", "--json").json) == 3
    whole = run("contacts", "list", "--limit", "1", "--all", "--json")
    assert (len(whole.json), whole.err) == (3, "")


def test_tags_are_counted(run, maria):
    assert run("contacts", "tags").out.split()[-2:] == ["vip", "1"]


def test_what_is_exported_is_imported_again(run, shop, maria, tmp_path):
    run("contacts", "update", MARIA, "--var", "cidade=São Paulo", "--notes", "=1+1", "--tag", "b")
    file = tmp_path / "contatos.csv"
    assert run("contacts", "export", file, "--json").json["contacts"] == 1
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    assert rows[0]["Telefone"] == MARIA
    assert rows[0]["Observações"] == "'=1+1"
    run("contacts", "delete", MARIA, "--yes")
    run("contacts", "import", file)
    back = run("contacts", "show", MARIA, "--json").json
    for field in ("id", "name", "phone", "custom_vars", "notes", "email"):
        assert (
            back[field] == {**maria, "custom_vars": {"cidade": "São Paulo"}, "notes": "=1+1"}[field]
        )
    assert sorted(back["tags"]) == ["b", "vip"]


def test_a_group_gains_and_loses_contacts(run, shop, maria, tmp_path):
    shop.contact(7)
    group = run("groups", "create", "VIP", "--description", "compram todo mês", "--json").json
    people = tmp_path / "pessoas.txt"
    people.write_text("(11) 99000-0007\n\nct_nobody\n")
    added = run("groups", "add", "vip", "Maria Souza", "--from-file", people)
    assert added.out == "VIP: 2 mudaram, 2 no grupo\nNão existe: ct_nobody\n"
    assert [one["name"] for one in run("groups", "contacts", group["id"], "--json").json] == [
        "Cliente 0007",
        "Maria Souza",
    ]
    assert [one["name"] for one in run("contacts", "list", "--group", "VIP", "--json").json] == [
        "Cliente 0007",
        "Maria Souza",
    ]
    assert run("groups", "remove", "VIP", MARIA, "--json").json["total_contacts"] == 1
    assert run("groups", "update", "VIP", "--name", "Clientes").out == "Clientes: atualizado\n"
    assert run("groups", "show", "Clientes", "--json").json["contacts_count"] == 1
    assert "Clientes" in run("groups", "list").out
    assert run("groups", "delete", "Clientes", "--yes").code == 0
    gone = run("groups", "show", "Clientes")
    assert gone.err == "Não achei o grupo “Clientes”. Veja o que há: campaigns groups list\n"


def test_a_campaign_is_created_for_tags_groups_and_contacts(run, shop, maria):
    shop.contacts(2)
    shop.instance(name="Loja")
    run("groups", "create", "VIP")
    run("groups", "add", "VIP", "Cliente 0000")
    sources = ("--tag", "vip", "--group", "VIP", "--contact", "Cliente 0001")
    counted = run("audience", *sources, "--json").json
    assert (counted["total"], counted["reachable"]) == (3, 3)
    made = run(
        "create", "Natal", "--message", "Oi", *sources, "--instance", "loja", "--morning", "9h-12h",
        "--with-weekends", "--at", "25/12/2026 9h", "--timezone", "America/Manaus",
        "--ignore-quiet-hours", "--description", "fim de ano", "--json",
    ).json  # fmt: skip
    assert made["total_contacts"] == 3
    assert made["schedule_type"] == "custom_period"
    assert (made["morning_start"], made["morning_end"]) == ("09:00", "12:00")
    assert made["skip_weekends"] is False
    assert made["scheduled_at"].startswith("2026-12-25T13:00:00")
    changed = run("update", "Natal", "--schedule-type", "immediate", "--at", "agora", "--json").json
    assert changed["schedule_type"] == "immediate"
    assert changed["morning_start"] is None
    assert changed["scheduled_at"] is None


def test_a_campaign_goes_its_way(run, shop, natal):
    assert natal["status"] == "draft"
    assert f"campaigns start {natal['id']}" in run("checks", "natal").out
    started = run("start", "Natal")
    assert started.code == 0
    already = run("checks", "natal").out
    assert already.rstrip().endswith(f"campaigns watch {natal['id']}")
    assert "--url" not in already
    assert "Campanha Natal iniciada." in started.err
    assert run("pause", natal["id"][:12], "--reason", "estoque").out == "Natal: pausada\n"
    assert run("resume", "Natal").out == "Natal: ativa\n"
    again = run("start", "Natal", "--yes")
    assert again.code == 1
    assert "Traceback" not in again.err
    shop.send_everything()
    over = run("watch", "Natal", "--json").json
    assert (over["status"], over["sent_messages"]) == ("completed", 1)
    assert "Concluída" in run("show", "Natal").out
    logged = run("logs", "Natal", "--json").json
    assert {"campaign_created", "campaign_paused", "message_sent", "campaign_completed"} <= {
        entry["event_type"] for entry in logged
    }
    followed = run("logs", "Natal", "--follow", "--limit", "1")
    assert len(followed.out.splitlines()) == 1
    late = run("pause", "Natal")
    assert late.code == 1
    assert f"campaigns duplicate {natal['id']}" in late.err


def test_an_operator_decides_about_somebody_unconfirmed_and_puts_failed_ones_back(
    run, shop, monkeypatch
):
    shop.instance()
    shop.contacts(4)
    people = [option for n in range(4) for option in ("--contact", f"11 99000-{n:04d}")]
    campaign = run("create", "Natal", "--message", "Oi", *people, "--json").json
    run("start", "Natal", "--yes")
    ids = [each.recipient_id for each in ended_badly(shop, campaign["id"])]
    shop.clock.sleep(180_000)
    shop.app.schedule.tick(shop.clock.now() + 300_000)

    sent = run("recipients", "resolve", "Natal", ids[0], "sent")
    assert sent.out == "Cliente 0000: enviada\n"
    refused = run("recipients", "resolve", "Natal", ids[1], "resend")
    assert refused.code != 0, "the risk is not taken without a word"
    assert "Enviar de novo a Cliente 0001?" in refused.err
    again = run("recipients", "resolve", "Natal", ids[1], "resend", "--yes")
    assert again.out == "Cliente 0001: pendente\n"
    assert f"campaigns resume {campaign['id']}" in again.err
    assert run("recipients", "resolve", "Natal", ids[2], "failed", "--json").json["error_code"] == (
        "resolved_as_failed"
    )
    retried = run("retry-failed", "Natal")
    assert (
        "Natal: 1 de volta na fila, 1 fica como falha\n  1  a mensagem pode já ter chegado"
        in retried.out
    )
    assert f"campaigns resume {campaign['id']}" in retried.err
    assert run("retry-failed", "Natal", "--json").json == {
        "requeued": 0,
        "excluded": {"may_have_been_sent": 1},
        "complete": True,
    }
    monkeypatch.setattr("campaigns_api.routes.recipients._TIME_MS", 0)
    out_of_time = run("retry-failed", "Natal")
    assert "O tempo acabou antes de olhar todos." in out_of_time.err


def test_a_day_that_is_over_starts_no_campaign(run, shop, natal):
    past = run("update", "Natal", "--at", "25/12/2020 9h")
    assert past.code == 2
    assert past.err == (
        "25/12/2020 09:00 já passou. Diga um momento que está por vir, ou --at agora para não "
        "esperar.\n"
    )


def test_a_draft_for_nobody_says_how_to_add_people(run, shop):
    shop.instance()
    made = run("create", "Vazia", "--message", "Oi")
    assert "ainda sem ninguém" in made.out
    assert "campaigns recipients add cp_" in made.out


def test_what_cannot_start_is_refused_before_anybody_is_asked(run, shop, natal, monkeypatch):
    run("messages", "update", "Natal", "1", "--message", "Oi, {{cidade}}!")
    monkeypatch.setattr("campaigns_cli.campaign_running.is_interactive", lambda: True)
    monkeypatch.setattr(
        "campaigns_cli.campaign_running.confirmed", lambda _: pytest.fail("nobody is to be asked")
    )
    refused = run("start", "Natal")
    assert refused.code == 1
    assert "Aviso" not in refused.err


def test_the_hours_of_a_campaign_tell_all_that_keeps_it_waiting(run, shop, natal):
    assert "a qualquer hora, menos no horário de silêncio" in run("show", "Natal").out
    run("update", "Natal", "--ignore-quiet-hours")
    assert "a qualquer hora, também no horário de silêncio" in run("show", "Natal").out
    run(
        "update", "Natal", "--morning", "9h-12h", "--with-weekends", "--skip-holidays",
        "--respect-quiet-hours",
    )  # fmt: skip
    shown = run("show", "Natal").out
    assert "horário próprio, 09:00-12:00, também no fim de semana, sem feriados" in shown


def test_a_scheduled_campaign_becomes_a_draft_again(run, shop, natal):
    run("update", "Natal", "--at", "25/12/2027 9h")
    assert "agendada para" in run("start", "Natal").err
    assert run("unschedule", "Natal").out == "Natal: rascunho\n"


def test_what_keeps_a_campaign_from_its_start_is_told_with_what_helps(run, shop, natal):
    run("messages", "update", "Natal", "1", "--message", "Oi, {{cidade}}!")
    refused = run("start", "Natal")
    assert refused.code == 1
    corrected = f"campaigns messages update {natal['id']} 1 --message"
    # Accepting the gap would not help: nobody has a value.
    assert "--allow-missing" not in refused.err
    assert corrected in refused.err
    missing = run("checks", "Natal").out
    assert "✗" in missing
    assert corrected in missing


def test_a_campaign_is_copied_put_away_and_deleted(run, shop, natal):
    copy = run("duplicate", "Natal", "--name", "Ano Novo", "--recipients", "same", "--json").json
    assert (copy["name"], copy["status"]) == ("Ano Novo", "draft")
    asked = run("delete", "Ano Novo")
    assert (asked.code, "--yes" in asked.err) == (2, True)
    assert run("delete", "Ano Novo", "--yes").out == "Ano Novo: apagada\n"
    run("start", "Natal")
    assert run("cancel", "Natal", "--yes").out == "Natal: cancelada\n"
    assert run("archive", "Natal").out == "Natal: arquivada\n"
    assert run("list", "--json").json == []
    assert [one["name"] for one in run("list", "--archived", "--json").json] == ["Natal"]
    assert run("unarchive", natal["id"]).code == 0
    assert "cancelada" in run("list").out


def test_campaigns_are_listed_by_state_and_name(run, shop, natal):
    assert [one["id"] for one in run("list", "--status", "draft", "--json").json] == [natal["id"]]
    assert run("list", "--status", "active", "--json").json == []
    assert [one["id"] for one in run("list", "--search", "nat", "--json").json] == [natal["id"]]
    assert [one["id"] for one in run("list", "--instance", "Loja", "--json").json] == [natal["id"]]


def test_the_people_of_a_campaign_are_listed_added_removed_and_written_to_a_file(
    run, shop, natal, tmp_path
):
    shop.contact(7)
    assert run("recipients", "add", "Natal", "--contact", "Cliente 0007").out == (
        "Natal: 1 a mais, 2 no total\n"
    )
    people = run("recipients", "list", "Natal", "--json").json
    assert {one["contact"]["name"] for one in people} == {"Maria Souza", "Cliente 0007"}
    second = next(one for one in people if one["contact"]["name"] == "Cliente 0007")
    assert "Cliente 0007" in run("recipients", "show", "Natal", second["id"]).out
    file = tmp_path / "natal.csv"
    written = run("recipients", "list", "Natal", "--csv", file)
    assert written.out == f"2 pessoas em {file}\n"
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.reader(lines, delimiter=";"))
    assert len(rows) == 3
    assert MARIA in rows[1] + rows[2]
    assert run("recipients", "remove", "Natal", second["id"], "--yes").code == 0
    assert len(run("recipients", "list", "Natal", "--json").json) == 1
    unknown = run("recipients", "show", "Natal", "rc_nobody")
    assert unknown.err.startswith("Não achei o destinatário rc_nobody.")


def test_wordings_are_added_changed_previewed_and_deleted(run, shop, natal, tmp_path, monkeypatch):
    text = tmp_path / "convite.txt"
    text.write_text("{{saudacao}}, {{primeiro_nome}}!\n", encoding="utf-8")
    assert run("messages", "add", "Natal", "--message", f"@{text}").out == "Texto 2 acrescentado\n"
    seen = run("messages", "preview", "Natal", "2", "--at", "25/12/2026 9h", "--json").json
    assert seen["previews"][0]["rendered_message"] == "Bom dia, Maria!"
    unsaved = run("messages", "preview", "Natal", "--message", "Oi, {{cidade}}")
    assert "Ninguém tem valor para: cidade" in unsaved.out
    assert run("messages", "preview", "--message", "Oi, {{nome}}").out.startswith("Maria Souza")
    assert (
        run("messages", "update", "Natal", "2", "--inactive", "--json").json["is_active"] is False
    )
    assert run("messages", "delete", "Natal", "2", "--yes").code == 0
    assert len(run("messages", "list", "Natal", "--json").json) == 1
    missing = run("messages", "update", "Natal", "4", "--inactive")
    assert missing.err == "A campanha Natal não tem o texto 4. Tem: 1\n"


def test_a_test_message_is_sent_and_waited_for(run, shop, natal):
    taken = run("instances", "test-message", "Loja", "--phone", MARIA, "--message", "Olá", "--json")
    assert taken.json["status"] == "queued"
    shop.clock.sleep(60_000)
    shop.send_planned()
    shop.clock.sleep(120_000)
    wording = run("messages", "test", "Natal", "1", "--phone", MARIA, "--contact", MARIA)
    assert wording.out.startswith("Na fila;")


def test_a_whatsapp_number_is_shown_changed_and_deleted(run, shop):
    made = shop.instance()
    assert "conectado" in run("instances", "list").out
    changed = run(
        "instances", "update", "Loja", "--name", "Centro", "--daily-limit", "300", "--json"
    ).json
    assert (changed["name"], changed["daily_limit"]) == ("Centro", 300)
    assert (
        run("instances", "update", "Centro", "--no-daily-limit", "--json").json["daily_limit"]
        is None
    )
    assert run("instances", "refresh", "centro", "--json").json["connection_state"] == "open"
    assert run("instances", "availability", "Centro", "--json").json["available"] is True
    assert run("instances", "show", made["id"][:10]).code == 0
    assert run("instances", "disconnect", "Centro", "--yes").out == "Centro: desconectado\n"
    assert run("instances", "delete", "Centro", "--yes").code == 0
    assert run("instances", "list", "--json").json == []


def test_a_pace_that_contradicts_itself_is_refused(run, shop):
    shop.instance()
    both = run("instances", "update", "Loja", "--daily-limit", "10", "--no-daily-limit")
    assert both.code == 2
    assert both.err.startswith("Use --daily-limit ou --no-daily-limit")


def test_keys_come_and_go(run, shop, monkeypatch):
    made = run("keys", "create", "Sistema", "--role", "viewer", "--json").json
    assert {one["name"] for one in run("keys", "list", "--json").json} >= {"Sistema"}
    monkeypatch.setenv("CAMPAIGNS_KEY", made["key"])
    assert run("me", "--json").json["role"] == "viewer"
    forbidden = run("contacts", "create", "Maria", MARIA)
    assert forbidden.code == 1
    assert "campaigns me" in forbidden.err
    monkeypatch.setenv("CAMPAIGNS_KEY", shop.owner.key)
    assert run("keys", "delete", "Sistema", "--yes").out == "Sistema: apagada\n"
    assert run("keys", "create", "Balcão", "--role", "viewer").code == 0
    begun = next(one for one in run("keys", "list", "--json").json if one["name"] == "Balcão")
    assert run("keys", "delete", begun["prefix"], "--yes").out == "Balcão: apagada\n"
    owner = run("me", "--json").json["key_id"]
    last = run("keys", "delete", owner, "--yes")
    assert last.code == 1
    assert "campaigns keys create" in last.err


def test_the_tenant_is_shown_and_changed_and_the_audit_tells_who_did_it(run, shop):
    changed = run(
        "tenant", "update", "--quiet-hours", "20h-9h", "--opt-out-keyword", "SAIR", "--json"
    ).json
    assert (changed["quiet_hours_start"], changed["quiet_hours_end"]) == ("20:00", "09:00")
    assert changed["opt_out_keywords"] == ["SAIR"]
    assert "20:00-09:00" in run("tenant", "show").out
    entries = run("audit", "--json").json
    assert ["opt_out_keywords", "quiet_hours_end", "quiet_hours_start"] in [
        sorted(entry["fields"]) for entry in entries
    ]
    told = run("audit").out
    assert "quiet_hours_start" in told
    name = next(one["name"] for one in run("keys", "list", "--json").json)
    assert name in told
    assert "key:" not in told


def test_holidays_are_typed_as_people_write_days(run):
    added = run("holidays", "add", "24/12/2026", "Véspera", "--json").json
    assert added["date"] == "2026-12-24"
    assert run("holidays", "update", "2026-12-24", "--name", "Fechados", "--inactive").out == (
        "24/12/2026: Fechados\n"
    )
    days = run("holidays", "list", "--year", "2026", "--json").json
    assert [one["name"] for one in days if one["source"] == "tenant"] == ["Fechados"]
    assert run("holidays", "delete", "24/12/2026", "--yes").code == 0
    again = run("holidays", "delete", "24/12/2026", "--yes")
    assert again.err == (
        "Não achei um feriado próprio em 24/12/2026. Veja: campaigns holidays list\n"
        "Para trabalhar num feriado nacional: campaigns holidays add 24/12/2026 NOME --inactive\n"
    )


def test_a_name_that_two_have_is_not_guessed(run, shop, natal):
    run("create", "Natal", "--message", "Oi", "--tag", "vip")
    both = run("cancel", "Natal", "--yes")
    assert both.code == 2
    assert both.err.startswith("“Natal” pode ser mais de um; use o id: Natal (cp_")


def test_a_wrong_field_is_told_by_its_name(run):
    refused = run("contacts", "create", "Maria", "123")
    assert refused.code == 1
    assert "  - phone: " in refused.err


def test_a_viewer_reads(run, shop, monkeypatch, maria):
    monkeypatch.setenv("CAMPAIGNS_KEY", shop.client(Role.VIEWER).key)
    assert run("contacts", "show", MARIA).code == 0
    assert run("audit").code == 1


def test_english_speakers_read_english(run, maria, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert run("contacts", "opt-out", MARIA).out == "Maria Souza gets no more messages.\n"
    assert json.loads(run("contacts", "list", "--json").out)[0]["id"] == maria["id"]
