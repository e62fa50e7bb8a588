"""`campaigns admin …` as whoever runs a deployment types it, over a table in process."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from unittest.mock import patch
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from campaigns.adapters.dynamodb.table import Table
from campaigns.adapters.dynamodb.tenant_store import TenantStore
from campaigns.bootstrap import App
from campaigns.domain.model import Role
from campaigns.settings import Settings
from campaigns_cli.main import main
from tests.fakes.api import Deployment, Shop, a_deployment
from tests.fakes.aws import CREDENTIALS, ministack_table, model_table
from tests.permissions.operators import at_the_desk

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    with model_table() as table:
        monkeypatch.setenv("TABLE_NAME", table.name)
        yield table


@pytest.fixture
def app(table: Table) -> App:
    return App(Settings(table.name, "", "", ""))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `campaigns admin`; gives its exit code, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["campaigns", "admin", *arguments])
        with at_the_desk(arguments[0] if arguments else ""), pytest.raises(SystemExit) as end:
            main()
        output = capsys.readouterr()
        code = end.value.code
        return code if isinstance(code, int) else 0, output.out, output.err

    return run


def made(run: Run, *arguments: str) -> dict:
    """What a command with `--json` answers."""
    code, out, err = run(*arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


@pytest.fixture
def tenant_id(run: Run, table: Table) -> str:
    return made(run, "tenant", "create", "Padaria do João")["tenant_id"]


def test_a_new_tenant_has_a_key_that_works_and_is_told_once(run: Run, app: App):
    code, out, _ = run("tenant", "create", " Padaria do João ")
    assert code == 0
    assert out.startswith("Empresa criada: tn_")
    key = next(word for word in out.split() if word.startswith("ak_"))
    principal = app.tenants.authenticate(key)
    assert principal.role is Role.OWNER
    assert app.tenants.read(principal.tenant_id).name == "Padaria do João"
    secret = key.rpartition("_")[2]
    assert secret not in run("key", "list", "--tenant", principal.tenant_id, "--json")[1]


def test_a_tenant_is_created_with_zone_and_language(run: Run, app: App):
    options = ("--timezone", "Europe/Lisbon", "--locale", "en")
    tenant = app.tenants.read(made(run, "tenant", "create", "Shop", *options)["tenant_id"])
    assert (tenant.timezone, tenant.locale) == ("Europe/Lisbon", "en")


def test_tenants_are_listed_shown_and_changed(run: Run, app: App, tenant_id: str):
    other = made(run, "tenant", "create", "Ótica")["tenant_id"]
    assert {one["id"] for one in made(run, "tenant", "list")} == {tenant_id, other}
    assert "Ótica" in run("tenant", "list")[1]
    changed = made(
        run, "tenant", "update", tenant_id, "--name", "Padoca", "--quiet-hours", "20h-9h30",
        "--opt-out-keyword", "PARE", "--opt-out-keyword", "chega",
    )  # fmt: skip
    assert changed == made(run, "tenant", "show", tenant_id)
    assert (changed["name"], changed["opt_out_keywords"]) == ("Padoca", ["PARE", "chega"])
    assert (changed["quiet_hours_start"], changed["quiet_hours_end"]) == ("20:00", "09:30")
    assert "20:00-09:30" in run("tenant", "show", tenant_id)[1]
    assert made(run, "tenant", "show", other)["name"] == "Ótica"


def test_of_two_changes_to_a_tenant_at_once_none_is_lost(
    run: Run, app: App, tenant_id: str, monkeypatch: pytest.MonkeyPatch
):
    change, done = TenantStore.change, []

    def overtaken(self, old, new, *, token):
        if not done:
            done.append(None)
            app.tenants.change(app.tenants.read(tenant_id), {"quiet_hours_end": "09:00"})
        return change(self, old, new, token=token)

    monkeypatch.setattr(TenantStore, "change", overtaken)
    changed = made(run, "tenant", "update", tenant_id, "--name", "Padoca")
    assert (changed["name"], changed["quiet_hours_end"]) == ("Padoca", "09:00")
    newest = app.audit.list(tenant_id, after=None, limit=1).items[0]
    assert newest.change.fields == ("name",)


def test_a_table_that_stays_busy_is_told_in_a_sentence(
    run: Run, tenant_id: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(TenantStore, "change", lambda *_, **__: False)
    code, out, err = run("tenant", "update", tenant_id, "--name", "Padoca")
    assert (code, out) == (1, "")
    assert "Outra mudança" in err


def test_keys_are_made_listed_and_deleted(run: Run, app: App, tenant_id: str):
    key = made(run, "key", "create", "Caixa", "--role", "operator", "--tenant", tenant_id)
    principal = app.tenants.authenticate(key["key"])
    assert (principal.tenant_id, principal.role) == (tenant_id, Role.OPERATOR)
    listed = made(run, "key", "list", "--tenant", tenant_id)
    assert {one["name"]: one["role"] for one in listed} == {"owner": "owner", "Caixa": "operator"}
    assert "Caixa" in run("key", "list", "--tenant", tenant_id)[1]
    code, out, _ = run("key", "delete", key["prefix"], "--tenant", tenant_id, "--yes")
    assert (code, out) == (0, "Caixa: apagada\n")
    assert [one["name"] for one in made(run, "key", "list", "--tenant", tenant_id)] == ["owner"]


def test_a_key_is_not_deleted_unasked(run: Run, tenant_id: str):
    key = made(run, "key", "create", "Caixa", "--role", "viewer", "--tenant", tenant_id)
    code, _, err = run("key", "delete", key["id"], "--tenant", tenant_id)
    assert code == 2
    assert "--yes" in err
    assert len(made(run, "key", "list", "--tenant", tenant_id)) == 2


def test_the_last_owner_key_stays(run: Run, tenant_id: str):
    (key,) = made(run, "key", "list", "--tenant", tenant_id)
    code, _, err = run("key", "delete", key["id"], "--tenant", tenant_id, "--yes")
    assert code == 1
    assert "campaigns admin key create" in err
    assert made(run, "key", "list", "--tenant", tenant_id) == [key]


def test_what_is_done_is_in_the_tenants_trail_as_the_admins(run: Run, app: App, tenant_id: str):
    run("tenant", "update", tenant_id, "--name", "Padoca")
    run("tenant", "update", tenant_id, "--name", "Padoca")
    key = made(run, "key", "create", "Caixa", "--role", "viewer", "--tenant", tenant_id)
    run("key", "delete", key["id"], "--tenant", tenant_id, "--yes")
    entries = app.audit.list(tenant_id, after=None, limit=10).items
    told = {(each.actor, each.change.action, each.change.fields) for each in entries}
    assert len(entries) == len(told)
    assert told == {
        ("admin", "create_tenant", ("locale", "name", "timezone")),
        ("admin", "change_tenant", ("name",)),
        ("admin", "create_key", ("name", "role")),
        ("admin", "delete_key", ()),
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("tenant", "create", " "), "name: não pode ficar em branco"),
        (("tenant", "create", "n" * 201), "name: tem mais de 200 caracteres"),
        (("tenant", "create", "x", "--timezone", "Marte"), "timezone: não é um fuso"),
        (("tenant", "create", "x", "--locale", "fr"), "fr"),
        (("tenant", "update", "{tenant}"), "--help"),
        (("tenant", "update", "{tenant}", "--quiet-hours", "9h"), "09:00-12:00"),
        (("tenant", "update", "{tenant}", "--opt-out-keyword", " "), "opt_out_keywords.0: não"),
        (("key", "create", "x", "--role", "admin", "--tenant", "{tenant}"), "admin"),
    ],
)
def test_what_cannot_be_used_is_told_by_its_field(run: Run, tenant_id: str, arguments, says):
    before = made(run, "tenant", "list")
    code, _, err = run(*(argument.format(tenant=tenant_id) for argument in arguments))
    assert code == 2
    assert says in err
    assert made(run, "tenant", "list") == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("tenant", "show", "tn_none"),
        ("tenant", "update", "tn_none", "--name", "x"),
        ("key", "list", "--tenant", "tn_none"),
        ("key", "create", "x", "--role", "owner", "--tenant", "tn_none"),
        ("key", "delete", "x", "--tenant", "tn_none", "--yes"),
        ("campaigns", "list", "--tenant", "tn_none"),
    ],
)
def test_an_unknown_id_says_where_to_find_the_right_one(run: Run, table: Table, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert "campaigns admin tenant list" in err


def test_a_key_of_another_tenant_is_not_found(run: Run, app: App, tenant_id: str):
    other = made(run, "tenant", "create", "Ótica")["tenant_id"]
    key = made(run, "key", "create", "x", "--role", "viewer", "--tenant", other)
    assert run("key", "delete", key["id"], "--tenant", tenant_id, "--yes")[0] == 1
    assert app.tenants.authenticate(key["key"]).tenant_id == other


# --- Campaigns of all tenants ---


@pytest.fixture
def shops(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Shop, Shop]]:
    with a_deployment() as opened:
        monkeypatch.setenv("TABLE_NAME", opened.app.table.name)
        yield opened.open_shop(), another(opened)


def another(deployment: Deployment) -> Shop:
    return deployment.open_shop()


def test_what_runs_is_listed_across_tenants(run: Run, shops: tuple[Shop, Shop]):
    first, second = shops
    running = first.campaign(first.contacts(2), name="[Natal]")
    draft = second.campaign(second.contacts(1), name="Páscoa")
    assert first.owner.post(f"/api/campaigns/campaigns/{running['id']}/start/").status == 200
    (active,) = made(run, "campaigns", "list", "--status", "active")
    assert active["id"] == running["id"]
    assert active["tenant"] == {"id": first.tenant_id, "name": "Loja da Ana"}
    assert active["instance"]["name"] == "Loja"
    assert active["progress_percentage"] == 0
    assert {one["id"] for one in made(run, "campaigns", "list")} == {running["id"], draft["id"]}
    (only,) = made(run, "campaigns", "list", "--tenant", second.tenant_id)
    assert only["id"] == draft["id"]
    _, out, _ = run("campaigns", "list")
    for shown in ("ativa", "rascunho", "[Natal]", "Páscoa", "Loja da Ana", "0%"):
        assert shown in out
    assert "Não há nada" in run("campaigns", "list", "--status", "paused")[1]


# --- Where the deployment is not reached ---


def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path, **variables: str) -> None:
    """An environment without any AWS set-up but these variables."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_without_a_deployment_the_user_is_told_how_to_name_one(run: Run, monkeypatch, tmp_path):
    nowhere(monkeypatch, tmp_path, STATE_DIR=str(tmp_path))
    monkeypatch.delenv("TABLE_NAME", raising=False)
    code, _, err = run("tenant", "list")
    assert code == 2
    assert "TABLE_NAME" in err
    assert "make run" in err


@pytest.mark.parametrize(
    ("variables", "says"),
    [({}, "AWS_DEFAULT_REGION"), ({"AWS_DEFAULT_REGION": "sa-east-1"}, "AWS_PROFILE")],
)
@pytest.mark.parametrize("command", [("tenant", "list"), ("tenant", "show", "tn_1")])
def test_without_region_or_credentials_the_user_is_told_what_to_set(
    run: Run, monkeypatch, tmp_path, variables, says, command
):
    nowhere(monkeypatch, tmp_path, TABLE_NAME="campaigns", **variables)
    code, _, err = run(*command)
    assert code == 2
    assert says in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("command", [("tenant", "list"), ("tenant", "create", "Padaria")])
def test_a_table_that_is_not_there_is_told_with_its_region(
    run: Run, table: Table, monkeypatch, command
):
    monkeypatch.setenv("TABLE_NAME", "nowhere")
    code, _, err = run(*command)
    assert code == 1
    assert "nowhere" in err
    assert "us-east-1" in err
    assert "Traceback" not in err


def test_a_local_stack_that_is_down_is_told_as_such(run: Run, monkeypatch, tmp_path):
    nowhere(monkeypatch, tmp_path, STATE_DIR=str(tmp_path), AWS_PROFILE="mine")
    monkeypatch.delenv("TABLE_NAME", raising=False)
    stack = {
        "TABLE_NAME": "campaigns",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    (tmp_path / "stack.json").write_text(json.dumps({"environment": stack}))
    with (
        patch.dict(os.environ),
        patch("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None)),
    ):
        code, _, err = run("tenant", "list")
    assert code == 1
    assert "make run" in err


# --- The table of a stack on AWS ---

STACK = "loja-da-ana"


@pytest.fixture
def stack_of(
    ministack_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[dict[str, str]], None]]:
    """Makes the stack on an emulator of AWS, with these outputs."""
    for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL": ministack_url}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TABLE_NAME", raising=False)
    cloudformation = boto3.client("cloudformation")

    def make(outputs: dict[str, str]) -> None:
        template = {
            "Resources": {"Group": {"Type": "AWS::Logs::LogGroup"}},
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
        cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(template))
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=STACK, WaiterConfig={"Delay": 1}
        )

    # What a command finds out is in the environment afterwards.
    with patch.dict(os.environ):
        yield make
    cloudformation.delete_stack(StackName=STACK)


@pytest.fixture
def stacked_table(ministack_url: str, stack_of: Callable) -> Table:
    with ministack_table(ministack_url, f"admin-{uuid4().hex}") as table:
        stack_of({"TableName": table.name})
        return table


@pytest.mark.ministack
def test_the_stack_on_aws_names_the_table(run: Run, stacked_table: Table, monkeypatch):
    tenant = made(run, "tenant", "create", "Padaria do João", "--stack", STACK)
    assert App(Settings(stacked_table.name, "", "", "")).tenants.read(tenant["tenant_id"])
    monkeypatch.delenv("TABLE_NAME")
    monkeypatch.setenv("CAMPAIGNS_STACK", STACK)
    (key,) = made(run, "key", "list", "--tenant", tenant["tenant_id"])
    assert key["role"] == "owner"
    assert made(run, "campaigns", "list") == []


@pytest.mark.ministack
def test_a_stack_and_a_table_that_is_not_its_own_are_not_chosen_between(
    run: Run, stacked_table: Table, monkeypatch
):
    monkeypatch.setenv("TABLE_NAME", "restored")
    code, out, err = run("tenant", "create", "Padaria", "--stack", STACK)
    assert (code, out) == (2, "")
    assert f"{stacked_table.name}, e TABLE_NAME diz restored" in err
    monkeypatch.setenv("TABLE_NAME", stacked_table.name)
    assert made(run, "tenant", "list", "--stack", STACK) == []


@pytest.mark.ministack
def test_a_stack_that_is_no_deployment_is_told_as_such(run: Run, stack_of: Callable):
    stack_of({"Other": "value"})
    code, _, err = run("tenant", "list", "--stack", STACK)
    assert (code, "saída TableName" in err) == (2, True)
    code, _, err = run("tenant", "list", "--stack", "nobody")
    assert (code, "Não achei a instalação nobody" in err) == (1, True)


def test_who_may_not_look_at_a_stack_is_told_the_right_it_takes(run: Run, table: Table):
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeStacks")
    with patch("campaigns_cli.deployment.output_of", side_effect=denied):
        code, _, err = run("tenant", "list", "--stack", STACK)
    assert (code, "cloudformation:DescribeStacks" in err) == (1, True)


def test_errors_are_english_where_the_locale_is(run: Run, table: Table, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert "cannot be blank" in run("tenant", "create", " ")[2]
    assert "Not found" in run("tenant", "show", "tn_none")[2]


# After a restore


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Shop, dict]]:
    with a_deployment() as deployment:
        monkeypatch.setenv("TABLE_NAME", deployment.app.settings.table_name)
        shop = deployment.open_shop()
        campaign = shop.campaign(shop.contacts(3))
        assert shop.owner.post(f"/api/campaigns/campaigns/{campaign['id']}/start/").status == 200
        yield shop, campaign


def test_a_restore_pauses_what_is_live_and_tells_what_it_did(
    live: tuple[Shop, dict], run: Run
) -> None:
    shop, campaign = live
    restore = ("after-restore", "--restored-to", "2026-01-05T12:00Z", "--yes")
    _, out, err = run(*restore, "--dry-run", "--json")
    assert "Destinatários vistos: 3" in err
    told = json.loads(out)
    assert (told["dry_run"], told["campaigns"][0]["in_doubt"]) == (True, 3)
    path = f"/api/campaigns/campaigns/{campaign['id']}/"
    assert shop.owner.get(path).json["status"] == "active"

    _, out, _ = run(*restore, "--json")
    assert json.loads(out)["campaigns"] == [
        {
            "id": campaign["id"],
            "name": campaign["name"],
            "tenant_id": shop.tenant_id,
            "was": "active",
            "in_doubt": 3,
            "done_before": False,
        }
    ]
    paused = shop.owner.get(path).json
    assert (paused["status"], paused["auto_pause_reason"]) == ("paused", "restored_from_backup")
    code, out, _ = run(*restore)
    assert (code, "já tratada" in out) == (0, True)
    assert "descadastros" in out


def test_a_restore_that_is_cut_short_is_to_be_run_again(
    live: tuple[Shop, dict], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("campaigns.services.after_restore.AfterRestore._finish", interrupted)
    restore = ("after-restore", "--restored-to", "2026-01-05T12:00Z", "--yes")
    code, _, err = run(*restore)
    assert code == 130
    assert "Rode o mesmo comando de novo" in err


@pytest.mark.parametrize(
    "moments",
    [
        ("--restored-to", "2999-01-01T00:00Z"),
        ("--restored-to", "2026-01-05T12:00Z", "--stopped-at", "2026-01-05T11:00Z"),
        ("--restored-to", "2026-01-05T12:00Z", "--stopped-at", "2999-01-01T00:00Z"),
        ("--restored-to", "anteontem"),
    ],
)
def test_moments_that_cannot_be_are_refused(run: Run, table: Table, moments: tuple) -> None:
    code, out, err = run("after-restore", *moments, "--yes")
    assert (code, out) == (2, "")
    assert err


def test_a_restore_is_not_dealt_with_unless_somebody_is_sure(run: Run, table: Table) -> None:
    code, _, err = run("after-restore", "--restored-to", "2026-01-05T12:00Z")
    assert code == 2
    assert "--yes" in err
