"""One campaign through two releases, as AWS runs it; what was seen on the way.

The first release is deployed and a campaign started. While it sends, another release is deployed
over it: other code, another value. Then the campaign is paused, a deploy fails, the campaign is
resumed and ends.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import yaml

from local.demo_measure import Measured
from local.evolution import GLOBAL_KEY, put_instance
from tests.deployed.customer import Customer, eventually, new_customer
from tests.deployed.facts import Facts, facts_of
from tests.deployed.outside import Domain, domain_in_front, running_evolution
from tests.deployed.releases import changed_release
from tests.deployed.stack import DeployError, Deployment, undeployed

CONTACTS = 24
GREETINGS = ("Bom dia", "Boa tarde", "Boa noite")
NEW_GREETING = "Viva"
WORDS = "Não encontrado."
NEW_WORDS = "Nada aqui."
ALARM_EMAIL = "operator@example.com"
_SENT_BEFORE_UPGRADE = 2
# The emulator ends a function that is updated in the middle of its call, which AWS does not: what a
# dispatcher had in hand comes again when its lease is over.
_RECOVERY_SECONDS = 200.0
_API_CODE = "ApiFunction/campaigns_api/catalogue/problems.py"
_LAYER_CODE = "CommonLayer/python/campaigns/domain/rendering.py"


@dataclass(slots=True)
class Story:
    """The evidence. Moments are epoch seconds; `seconds` says how long each deploy took."""

    deployment: Deployment
    domain: Domain
    evolution: str
    folder: Path
    seconds: dict[str, float] = field(default_factory=dict)
    before: Facts = field(init=False)
    upgraded: Facts = field(init=False)
    after_failure: Facts = field(init=False)
    failure: str = ""
    failure_events: list[tuple[str, str]] = field(default_factory=list)
    stack_status: str = ""
    hosts_before: httpx.Response = field(init=False)
    hosts_after: httpx.Response = field(init=False)
    upgrade_began: float = 0
    paused: float = 0
    resumed: float = 0
    status_while_paused: str = ""
    campaign: dict[str, Any] = field(default_factory=dict)
    measured: Measured = field(init=False)
    requests: list[dict[str, Any]] = field(default_factory=list)
    recipients: list[dict[str, Any]] = field(default_factory=list)

    def deploy_first(self) -> None:
        """As the deployment's operator does it, from an empty account."""
        self.deployment.client("ssm").put_parameter(
            Name=f"/{self.deployment.stack_name}/evolution-server-key",
            Value=GLOBAL_KEY,
            Type="SecureString",
        )
        overrides = {
            "EvolutionServerUrl": self.evolution,
            "EvolutionAllowedHosts": "127.0.0.1",
            "EvolutionAllowPrivateAddresses": "true",
            "PublicUrl": self.domain.url,
            "AlarmEmail": ALARM_EMAIL,
            "LogRetentionDays": "7",
        }
        self.seconds["first"] = self.deployment.deploy(overrides)
        self.domain.target = self.deployment.api_url

    def begin(self, customer: Customer) -> None:
        """The campaign is started, and the first messages leave."""
        customer.connect_phone()
        put_instance(self.evolution, "filial", "0123456789abcdef0123456789abcdef")
        self.hosts_before = customer.add_instance(self._by_another_name())
        self.before = facts_of(self.deployment)
        customer.start_campaign(customer.import_contacts(CONTACTS))
        eventually(lambda: len(customer.requests()) >= _SENT_BEFORE_UPGRADE)

    def upgrade(self, customer: Customer) -> None:
        """A release with other code in function and layer, and another value of a parameter."""
        changes = {
            _API_CODE: {f'"{WORDS}"': f'"{NEW_WORDS}"'},
            _LAYER_CODE: {f'"{each}"': f'"{NEW_GREETING}"' for each in GREETINGS},
        }
        release = changed_release(self.deployment.build, self.folder / "second", changes)
        self.upgrade_began = time.time()
        self.seconds["second"] = self.deployment.deploy(
            {"EvolutionAllowedHosts": "127.0.0.1,localhost"}, build=release
        )
        self.deployment.build = release
        self.upgraded = facts_of(self.deployment)
        self.hosts_after = customer.add_instance(self._by_another_name())

    def fail_while_paused(self, customer: Customer) -> None:
        """A third release, of which one alarm cannot be made, while the campaign is paused."""
        customer.command("pause")
        self.paused = time.time()
        release = changed_release(
            self.deployment.build,
            self.folder / "third",
            {_API_CODE: {f'"{NEW_WORDS}"': '"Never."'}},
        )
        _break(release / "template.yaml")
        began, known = time.monotonic(), len(self.deployment.events())
        try:
            self.deployment.deploy({"EvolutionAllowedHosts": "example.com"}, build=release)
        except DeployError as error:
            self.failure = str(error)
        self.seconds["failed"] = time.monotonic() - began
        self.failure_events = self.deployment.events()[known:]
        self.stack_status = self.deployment.stack()["StackStatus"]
        self.after_failure = facts_of(self.deployment)
        self.status_while_paused = customer.campaign()["status"]
        customer.hurry()
        self.resumed = time.time()
        customer.command("resume")

    def end(self, customer: Customer) -> None:
        """Everybody has it and has read it, and the books are closed, or time is up.

        Until the schedule has called the scheduler by itself, nothing is done about it. From then
        on the last minutes are not waited for.
        """
        eventually(lambda: len(customer.requests()) >= CONTACTS, _RECOVERY_SECONDS)
        eventually(lambda: self.deployment.logged("scheduler", '"schedule_run"'))
        eventually(lambda: self._has_ended(customer))
        eventually(lambda: customer.campaign()["read_messages"] == CONTACTS)
        self.campaign = customer.campaign()
        self.measured = customer.measured()
        self.requests = customer.requests()
        self.recipients = customer.recipients()

    def _has_ended(self, customer: Customer) -> bool:
        self.deployment.client("lambda").invoke(
            FunctionName=self.deployment.outputs["SchedulerFunctionName"],
            Payload=b"{}",
        )
        return bool(customer.campaign()["status"] == "completed")

    def _by_another_name(self) -> str:
        """The same server, at a host that the first release does not allow."""
        return f"http://localhost:{urlsplit(self.evolution).port}"


@contextmanager
def told(folder: Path) -> Iterator[Story]:
    """All of it; the deployment stands until the end of the context."""
    with (
        undeployed() as deployment,
        domain_in_front(folder) as domain,
        running_evolution(folder, domain.certificate) as evolution,
    ):
        story = Story(deployment, domain, evolution, folder)
        story.deploy_first()
        with new_customer(deployment, evolution) as customer:
            story.begin(customer)
            story.upgrade(customer)
            story.fail_while_paused(customer)
            story.end(customer)
        yield story


def _break(template: Path) -> None:
    """Adds an alarm without a threshold, which comes when the API's function has been updated."""
    content = yaml.safe_load(template.read_text(encoding="utf-8"))
    content["Resources"]["BrokenAlarm"] = {
        "Type": "AWS::CloudWatch::Alarm",
        "DependsOn": "ApiFunction",
        "Properties": {
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "Period": 60,
            "Statistic": "Sum",
        },
    }
    template.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
