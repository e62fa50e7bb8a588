"""An account of the emulator that starts empty, and a reader of docs/deploy.md who works in it."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.process import ROOT
from tests.deployed.customer import eventually
from tests.deployed.guide import terminal
from tests.deployed.outside import Domain, domain_in_front, running_evolution
from tests.deployed.stack import ARCHITECTURE, Deployment, undeployed
from tests.deployed.walk import Walk, reader_folder


@dataclass(frozen=True, slots=True)
class Account:
    """The emulator's account, what is outside of it, and the walk through it."""

    walk: Walk
    deployment: Deployment
    evolution: str
    front: Domain
    domain: Domain

    def function(self, name: str) -> dict[str, Any]:
        lambdas = self.deployment.client("lambda")
        told: dict[str, Any] = lambdas.get_function_configuration(
            FunctionName=f"{self.deployment.stack_name}-{name}"
        )
        return told

    def campaigns(self, command: str) -> Any:
        """A command of the reader's terminal beside the guide; its JSON, which is its last line."""
        return json.loads(self.walk.terminal.run(f"campaigns {command} --json").splitlines()[-1])

    @property
    def instance(self) -> str:
        """The name of Padaria's instance at the fake Evolution."""
        name: str = self.campaigns("instances show Padaria")["evolution_instance"]
        return name


@contextmanager
def empty_account(
    folders: Iterator[Path], filled: Mapping[str, str], excused: Mapping[str, str]
) -> Iterator[Account]:
    """An account, an Evolution server, two domains, and a reader before the first line.

    `folders` gives empty ones; `filled` and `excused` are those of :class:`Walk`.
    """
    folder, aside = next(folders), next(folders)
    with ExitStack() as stack:
        deployment = stack.enter_context(undeployed())
        fronts = [stack.enter_context(domain_in_front(next(folders))) for _ in range(2)]
        trusted = aside / "trusted.pem"
        trusted.write_text("".join(front.certificate.read_text() for front in fronts))
        evolution = stack.enter_context(running_evolution(aside, trusted))
        reader_folder(folder, deployment.build)
        environment = _environment_of_a_reader(deployment, aside, trusted)
        session = stack.enter_context(terminal(folder, environment, aside))
        known = {
            **filled,
            "https://evolution.example.com": evolution,
            "https://DOMAIN": fronts[1].url,
            "DOMAIN": "campaigns.example.com",
        }
        walk = Walk(session, folder, "prod", known, excused)
        # What the emulator needs in place of AWS: plain http, this machine's processor, and an
        # address with TLS, which its own have not.
        walk.set_values(
            {
                "EvolutionAllowPrivateAddresses": "true",
                "Architecture": ARCHITECTURE,
                "PublicUrl": fronts[0].url,
            }
        )
        yield Account(walk, deployment, evolution, *fronts)


def _environment_of_a_reader(deployment: Deployment, aside: Path, trusted: Path) -> dict[str, str]:
    """AWS is the emulator, and an administrator has signed in."""
    credentials = aside / "credentials"
    credentials.write_text("[default]\naws_access_key_id = local\naws_secret_access_key = local\n")
    kept = {
        name: value
        for name, value in deployment.environment.items()
        if name not in {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"}
    }
    return {
        **kept,
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_CONFIG_FILE": str(aside / "config"),
        "SSL_CERT_FILE": str(trusted),
        # The guide's own `aws` is the one that is tried, whichever else the machine has.
        "PATH": os.pathsep.join(
            one for one in kept["PATH"].split(os.pathsep) if not (Path(one) / "aws").exists()
        ),
        "SAM_CLI_POLL_DELAY": "1",
    }


@contextmanager
def failed_stack(account: Account) -> Iterator[str]:
    """The name of a stack whose deployment failed, at an alarm that the emulator refuses."""
    cloudformation = account.deployment.client("cloudformation")
    name = f"{account.deployment.stack_name}-failed"
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": []}}
    template = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "Broken": alarm}}
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    eventually(
        lambda: (
            "ROLLBACK_COMPLETE"
            in cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        )
    )
    yield name
    cloudformation.delete_stack(StackName=name)


def let_sams_bucket_be_used_without_tls(account: Account) -> None:
    """Made as `sam deploy` makes it; its policy refuses http, and the emulator speaks no other."""
    python = ROOT / "tools" / "sam" / ".venv" / "bin" / "python"
    make = (
        "from samcli.lib.bootstrap.bootstrap import manage_stack; manage_stack(None, 'us-east-1')"
    )
    account.walk.terminal.run(f'{python} -c "{make}"')
    s3 = account.deployment.client("s3")
    (bucket,) = s3.list_buckets()["Buckets"]
    s3.delete_bucket_policy(Bucket=bucket["Name"])


def described(deployment: Deployment, table: str) -> dict[str, Any]:
    """All that the template says of its table, as it is of this one."""
    dynamodb = deployment.client("dynamodb")
    told = dynamodb.describe_table(TableName=table)["Table"]
    backups = dynamodb.describe_continuous_backups(TableName=table)
    tags = dynamodb.list_tags_of_resource(ResourceArn=told["TableArn"])["Tags"]
    return {
        "time_to_live": dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"],
        "recovery": backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"][
            "PointInTimeRecoveryStatus"
        ],
        # A parameter's value is a text, which the emulator keeps.
        "protected": str(told["DeletionProtectionEnabled"]).lower() == "true",
        "billing": told["BillingModeSummary"]["BillingMode"],
        "keys": told["KeySchema"],
        "indexes": {
            index["IndexName"]: (index["KeySchema"], index["Projection"])
            for index in told["GlobalSecondaryIndexes"]
        },
        "tags": {tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith("aws:")},
        "items": count_items(deployment, table),
    }


def set_up_as_the_template_says(deployment: Deployment, table: str) -> None:
    """What the template says of its table and the emulator's CloudFormation does not do."""
    template = yaml.safe_load((deployment.build / "template.yaml").read_text(encoding="utf-8"))
    properties = template["Resources"]["Table"]["Properties"]
    # `described` tells of all of them but the encryption, which a restore keeps.
    assert properties.keys() == {
        "AttributeDefinitions",
        "BillingMode",
        "DeletionProtectionEnabled",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "PointInTimeRecoverySpecification",
        "SSESpecification",
        "TimeToLiveSpecification",
    }
    dynamodb = deployment.client("dynamodb")
    dynamodb.update_time_to_live(
        TableName=table, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
    )
    dynamodb.update_continuous_backups(
        TableName=table,
        PointInTimeRecoverySpecification=properties["PointInTimeRecoverySpecification"],
    )


def count_items(deployment: Deployment, table: str) -> int:
    count: int = deployment.client("dynamodb").scan(TableName=table, Select="COUNT")["Count"]
    return count
