"""docs/deploy.md is run as it stands there, block by block, as far as the emulator goes.

The tests below are one walk: each goes on where the one before ended. The emulator holds every
call of `aws`, `sam` and `campaigns` against docs/iam, which is all that the guide's user may do.
"""

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path

import pytest

from local.demo_faults import FakePhones
from local.evolution import GLOBAL_KEY
from tests.deployed.account import (
    Account,
    count_items,
    described,
    empty_account,
    failed_stack,
    let_sams_bucket_be_used_without_tls,
    set_up_as_the_template_says,
)
from tests.deployed.customer import eventually
from tests.deployed.reader import ANA, BIA, EXCUSED, FILLED, RIGHTS_IN_THE_EMULATOR
from tests.deployed.releases import changed_release
from tests.deployed.walk import (
    answer,
    outputs,
    put_build,
    put_instance_key,
    scanning_phone,
    short_minutes,
)

pytestmark = pytest.mark.built

NUMBER = "(11) 99000-9999"
#: The next version, which the reader pulls.
NEXT_RELEASE = {
    "DispatcherFunction/dispatcher_handler.py": {'"""The dispatcher': '"""The next dispatcher'}
}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folders = (tmp_path_factory.mktemp("guide") for _ in repeat(None))
    with empty_account(folders, FILLED, EXCUSED) as opened:
        yield opened


def test_the_tools_are_found_and_a_user_without_other_rights_is_made(account: Account) -> None:
    walk = account.walk
    assert "SAM CLI, version" in walk.step("Prepare")
    account_and_user, quota = walk.step("Prepare").splitlines()
    assert account_and_user.startswith("000000000000")
    assert int(quota) > 0
    walk.step("Prepare")
    assert walk.step("Prepare").endswith("user/alrea-campaigns-deploy\n")
    refused = walk.terminal.run("aws dynamodb list-tables 2>&1 || true")
    assert "AccessDenied" in refused
    account.deployment.client("iam").put_user_policy(
        UserName="alrea-campaigns-deploy",
        PolicyName="emulator",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": RIGHTS_IN_THE_EMULATOR}),
    )


def test_the_stack_is_deployed_with_the_values_of_the_stage(account: Account) -> None:
    walk, deployment = account.walk, account.deployment
    walk.step("Deploy")
    let_sams_bucket_be_used_without_tls(account)
    assert "Successfully created/updated stack" in walk.step("Deploy", answers="y\n")
    told = outputs(deployment)
    account.front.target = account.domain.target = deployment.api_url
    assert walk.step("Deploy") == f"{told['ApiUrl']} answers\n"
    assert described(deployment, told["TableName"])["protected"]
    walk.step("Deploy")
    (stack,) = deployment.client("cloudformation").describe_stacks(StackName=deployment.stack_name)[
        "Stacks"
    ]
    assert stack["EnableTerminationProtection"] is True
    # Python finds no addresses below `localhost`, where the emulator has its APIs.
    walk.terminal.run(f"CAMPAIGNS_URL='{deployment.api_url}'")


def test_a_tenant_is_made_by_whoever_knows_the_stacks_name(account: Account) -> None:
    walk = account.walk
    # Typed, so that it stands in no history.
    assert walk.step("The Evolution server's key", answers=f"{GLOBAL_KEY}\n").endswith("1\n")
    kept = account.deployment.client("ssm").get_parameter(
        Name="/alrea-campaigns/evolution-server-key", WithDecryption=True
    )["Parameter"]
    assert (kept["Type"], kept["Value"]) == ("SecureString", GLOBAL_KEY)
    created = walk.step("The first tenant")
    assert "Padaria do João" in walk.step("The first tenant", answers=f"{_key_in(created)}\n")


def test_the_first_message_is_on_its_phone_and_its_receipt_came_back(account: Account) -> None:
    walk, phones = account.walk, FakePhones(account.evolution)
    with scanning_phone(account.evolution, NUMBER):
        assert "Padaria is connected" in walk.step("The first message")
    # The pace of the guide is twenty seconds and more between two messages.
    account.campaigns("instances update Padaria --delay-min 1 --delay-max 1")
    with short_minutes(account.deployment):
        tried = walk.step("The first message")
        assert "It works" in tried, tried
        sent = walk.step("The first message")
    assert account.front.passed, "No webhook came the way back."
    assert _messages(phones) == {"5511990002471": 1, "5511990002472": 1, "5511990002473": 1}
    assert "Ana" in sent
    assert "Bia" in sent


def test_an_alarm_is_tried(account: Account) -> None:
    assert account.walk.step("Alarms").endswith("ALARM\n")
    topics = account.deployment.client("sns").list_subscriptions()["Subscriptions"]
    assert [(one["Protocol"], one["Endpoint"]) for one in topics] == [("email", "you@example.com")]


def test_numbers_report_to_the_domain_in_front_once_they_are_refreshed(account: Account) -> None:
    walk = account.walk
    walk.step("A domain of your own")
    walk.step("A domain of your own")
    # The command line believes no certificate of a server on its own machine but a public one.
    url = f"CAMPAIGNS_URL='{account.deployment.api_url}'"
    walk.step("A domain of your own", answers="y\n", **{"CAMPAIGNS_URL=https://DOMAIN": url})
    assert account.function("api")["Environment"]["Variables"]["PUBLIC_URL"] == account.domain.url
    _an_answer_is_heard(account, ANA, "Obrigada!")


def test_an_upgrade_is_looked_at_first_and_leaves_what_runs_where_it_is(
    account: Account, tmp_path: Path
) -> None:
    walk, deployment = account.walk, account.deployment
    _start_a_long_campaign(account)
    before = outputs(deployment)
    release = changed_release(deployment.build, tmp_path / "release", NEXT_RELEASE)
    put_build(walk.folder, release)
    code = account.function("dispatcher")["CodeSha256"]
    assert walk.step("Upgrade") == "v2\nv2\n"
    assert "Changeset created successfully" in walk.step("Upgrade")
    assert account.function("dispatcher")["CodeSha256"] == code
    upgraded = walk.step("Upgrade", answers="y\n")
    assert "Successfully created/updated stack" in upgraded
    assert "There are no dead letters" in upgraded
    assert account.function("dispatcher")["CodeSha256"] != code
    assert outputs(deployment) == before
    assert account.campaigns("show Long")["status"] == "active"


def test_the_version_before_is_deployed_over_the_new_one(account: Account) -> None:
    walk, deployment = account.walk, account.deployment
    code = account.function("dispatcher")["CodeSha256"]
    with failed_stack(account) as name:
        walk.terminal.run(f"CAMPAIGNS_STACK={name}")
        assert "Broken\tCREATE_FAILED" in walk.step("Rollback")
    walk.terminal.run(f"CAMPAIGNS_STACK={deployment.stack_name}")
    put_build(walk.folder, deployment.build)
    before = outputs(deployment)
    walk.step("Rollback", answers="y\n")
    assert account.function("dispatcher")["CodeSha256"] != code
    assert outputs(deployment) == before
    assert account.campaigns("show Long")["status"] == "active"


def test_a_restored_table_is_all_that_the_lost_one_was(account: Account) -> None:
    walk, deployment = account.walk, account.deployment
    lost = outputs(deployment)["TableName"]
    set_up_as_the_template_says(deployment, lost)
    before = datetime.now(UTC).isoformat(timespec="seconds")
    assert "Stopped at 20" in walk.step("Restore from backup")
    _nothing_runs(account)
    earliest, latest = map(datetime.fromisoformat, walk.step("Restore from backup").split())
    assert earliest <= latest <= datetime.now(UTC)
    assert walk.step("Restore from backup", RESTORE_TIME=before).endswith("is ACTIVE\n")
    restored = walk.terminal.value("RESTORED")
    assert described(deployment, restored)["recovery"] == "DISABLED"
    walk.step("Restore from backup")
    walk.step("Restore from backup")
    assert described(deployment, restored) == described(deployment, lost)
    assert "Long" in walk.step("Restore from backup")
    assert account.campaigns("show Long")["status"] == "active", "A dry run changed something."


def test_the_functions_work_on_the_restored_table_alone(account: Account) -> None:
    walk, deployment = account.walk, account.deployment
    lost = outputs(deployment)["TableName"]
    walk.step("Restore from backup")
    restored = walk.terminal.value("RESTORED")
    switched = walk.step("Restore from backup", answers="y\n", RESTORED_TABLE=restored)
    assert switched.count(f"{restored}\n") == 2
    assert outputs(deployment)["TableName"] == restored
    shown = account.campaigns("show Long")
    assert (shown["status"], shown["auto_pause_reason"]) == ("paused", "restored_from_backup")
    items = count_items(deployment, lost)
    assert "Long" in walk.step("Restore from backup", **{"resume CAMPAIGN": "resume Long"})
    assert account.campaigns("show Long")["status"] == "active"
    account.campaigns("contacts create Caio '(11) 99000-2480'")
    assert count_items(deployment, restored) > items
    assert count_items(deployment, lost) == items
    rules = deployment.client("events").list_rules()["Rules"]
    assert {rule["State"] for rule in rules} == {"ENABLED"}


def test_keys_are_changed_and_the_old_ones_open_nothing(account: Account) -> None:
    walk = account.walk
    assert walk.step("Key rotation") == "True\n"
    old, new = walk.terminal.value("CAMPAIGNS_KEY"), _key_in(walk.step("Key rotation"))
    assert "Padaria do João" in walk.step("Key rotation", answers=f"{new}\n")
    refused = walk.terminal.run(f"CAMPAIGNS_KEY={old} campaigns me 2>&1 || true")
    assert "Padaria do João" not in refused
    assert new not in refused

    walk.step("Key rotation")
    _an_answer_is_heard(account, BIA, "SAIR")
    assert account.campaigns(f"contacts show '{BIA}'")["opted_out_at"]

    put_instance_key(account.evolution, account.instance, "another-key")
    walk.step("Key rotation", answers="another-key\n")
    assert account.campaigns("instances refresh Padaria")["connection_state"] == "open"


def test_nothing_is_left_but_what_the_reader_is_asked_to_delete(account: Account) -> None:
    walk, deployment = account.walk, account.deployment
    cloudformation, dynamodb = deployment.client("cloudformation"), deployment.client("dynamodb")
    kept = walk.step("Removal").split()[-3:]
    began = time.time() * 1000
    walk.step("Removal")
    stacks = cloudformation.describe_stacks()["Stacks"]
    assert [one["StackName"] for one in stacks] == ["aws-sam-cli-managed-default"]
    assert set(dynamodb.list_tables()["TableNames"]) == set(kept[:2])
    key = deployment.client("kms").describe_key(KeyId=kept[2])["KeyMetadata"]
    assert key["KeyState"] == "Enabled"
    groups = deployment.client("logs").describe_log_groups()["logGroups"]
    # One made since is of a call that was under way, to which the emulator gives what no role may.
    assert [one for one in groups if one["creationTime"] < began] == []
    assert deployment.client("ssm").describe_parameters()["Parameters"] == []

    walk.step("Removal")
    assert dynamodb.list_tables()["TableNames"] == []
    key = deployment.client("kms").describe_key(KeyId=kept[2])["KeyMetadata"]
    assert key["KeyState"] == "PendingDeletion"
    walk.step("Removal")
    assert deployment.client("s3").list_buckets()["Buckets"] == []
    assert cloudformation.describe_stacks()["Stacks"] == []
    iam = deployment.client("iam")
    iam.delete_user_policy(UserName="alrea-campaigns-deploy", PolicyName="emulator")
    walk.step("Removal")
    assert iam.list_users()["Users"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []
    walk.finish()
    assert walk.replaced.keys() | EXCUSED.keys() <= walk.used


def _key_in(printed: str) -> str:
    found = re.search(r"ak_\w+", printed)
    assert found, printed
    return found[0]


def _messages(phones: FakePhones) -> dict[str, int]:
    """How many messages each phone shows."""
    return {one["phone"]: len(one["messages"]) for one in phones.phones() if one["messages"]}


def _an_answer_is_heard(account: Account, phone: str, text: str) -> None:
    """What somebody writes back comes through the domain in front, and is believed."""
    before = len(account.domain.passed)
    answer(account.evolution, phone, text)
    eventually(lambda: len(account.domain.passed) > before)
    assert {passed.status for passed in account.domain.passed[before:]} == {200}


def _start_a_long_campaign(account: Account) -> None:
    """Its first message has left, and the others come so slowly that it stays live."""
    account.campaigns("instances update Padaria --delay-min 600 --delay-max 600")
    rows = [f"Cliente {n},(11) 99000-{n:04d}" for n in range(5)]
    (account.walk.folder / "long.csv").write_text("\n".join(["nome,telefone", *rows]))
    account.campaigns(
        "send --file long.csv --name Long --instance Padaria --yes --ignore-quiet-hours "
        "--message 'Oi {{primeiro_nome}}'"
    )


def _nothing_runs(account: Account) -> None:
    lambdas = account.deployment.client("lambda")
    mappings = lambdas.list_event_source_mappings()["EventSourceMappings"]
    assert {mapping["State"] for mapping in mappings} == {"Disabled"}
    rules = account.deployment.client("events").list_rules()["Rules"]
    assert {rule["State"] for rule in rules} == {"DISABLED"}
