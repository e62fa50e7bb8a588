"""Every file of `events/` put to the built functions, in the order in which AWS would.

The ids, keys and times of the files give way to those that exist.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from campaigns.domain.recipient import RecipientStatus
from local.sam.events import batch, body_of, http, schedule
from tests.built.deployment import INSTANCE_KEY, Asked, Deployment
from tests.built.runtime import Report

#: Those of `http-import-contacts`, and the one of `http-test-message`.
ANA, BIA, TESTER = "5511990001001", "5521990001002", "5511990001003"


@dataclass(frozen=True, slots=True)
class Http:
    """The function's answer to a request, its body read."""

    status: int
    body: Any


@dataclass
class Told:
    """What the functions answered, and what came of it elsewhere."""

    #: By the file of `events/`, without its ending.
    answers: dict[str, Any] = field(default_factory=dict)
    tenant_id: str = ""
    campaign_id: str = ""
    asked: list[Asked] = field(default_factory=list)
    laid: list[RecipientStatus] = field(default_factory=list)
    #: Ids of the messages in the batch of the campaign's jobs.
    jobs: list[str] = field(default_factory=list)
    #: Texts by phone.
    phones: dict[str, list[str]] = field(default_factory=dict)
    #: Jobs that the queue hands out after the batch: none is due.
    due_again: int = 0
    after_jobs: list[RecipientStatus] = field(default_factory=list)
    after_receipt: list[RecipientStatus] = field(default_factory=list)
    #: By function: of its start and of each call.
    reports: dict[str, list[Report]] = field(default_factory=dict)
    #: Ana, who has answered, and Bia.
    have_opted_out: list[bool] = field(default_factory=list)


def tell(deployed: Deployment) -> Told:
    """The way of a first campaign, by the files of `events/` alone."""
    story = _Story(deployed)
    story.connect()
    story.test_the_phone()
    story.run_a_campaign()
    story.hear_of_it()
    story.told.reports = {name: each.reports() for name, each in deployed.functions.items()}
    return story.told


class _Story:
    def __init__(self, deployed: Deployment) -> None:
        self._deployed = deployed
        self._app = deployed.app
        self.told = Told(tenant_id=deployed.tenant_id)

    def connect(self) -> None:
        """Two instances: one that is being tested would make the other's campaign wait."""
        self._second = self._register("suporte")
        self._instance = self._register("loja")
        contacts = self._request("http-import-contacts", "/api/contacts/contacts/bulk_create/")
        self._contacts = [each["id"] for each in contacts["contacts"]]

    def test_the_phone(self) -> None:
        self._request("http-test-message", f"/api/instances/{self._second}/test-message/")
        self._dispatch("direct-job")

    def run_a_campaign(self) -> None:
        body = body_of("http-create-campaign") | {
            "instance_id": self._instance,
            "contact_ids": self._contacts,
        }
        path = "/api/campaigns/campaigns/"
        self._campaign = self._request("http-create-campaign", path, body)["id"]
        self.told.campaign_id = self._campaign
        self.told.asked = list(self._deployed.asked)
        (asked,) = self.told.asked
        self._answer("lay", self._deployed.invoke("scheduler", asked.event))
        self.told.laid = self._statuses()
        self._request("http-start-campaign", f"{path}{self._campaign}/start/")
        self._answer("schedule", self._deployed.invoke("scheduler", schedule(datetime.now(UTC))))
        self.told.jobs = self._dispatch("jobs")
        self.told.due_again = len(self._deployed.receive(seconds=0))
        self.told.after_jobs = self._statuses()
        self._messages = self._deployed.phones()
        self.told.phones = {
            phone: [each["text"] for each in messages] for phone, messages in self._messages.items()
        }

    def hear_of_it(self) -> None:
        (message,) = self._messages[ANA]
        self._report("http-webhook-receipt", {"keyId": message["id"]})
        self.told.after_receipt = self._statuses()
        self._report("http-webhook-reply", {"contextInfo": {"stanzaId": message["id"]}})
        contacts = [self._app.contacts.read(self.told.tenant_id, each) for each in self._contacts]
        self.told.have_opted_out = [each.suppression is not None for each in contacts]

    def _register(self, name: str) -> str:
        self._deployed.add_server_instance(name)
        body = body_of("http-create-instance") | {
            "evolution_url": self._deployed.evolution_url,
            "evolution_instance": name,
            "api_key": INSTANCE_KEY,
        }
        instance_id: str = self._request("http-create-instance", "/api/instances/", body)["id"]
        return instance_id

    def _request(self, name: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What the API answers the tenant."""
        key = f"Bearer {self._deployed.owner_key}"
        once = f"{name}-{len(self.told.answers)}"
        return self._call(name, http(name, path, body, authorization=key, idempotency_key=once))

    def _report(self, name: str, data: Mapping[str, Any]) -> None:
        """The Evolution server tells of what happened to a person's message."""
        body = body_of(name)
        body["data"] |= data
        for key in (body["data"], body["data"].get("key", {})):
            if "remoteJid" in key:
                key["remoteJid"] = f"{ANA}@s.whatsapp.net"
        path = f"/api/webhooks/evolution/{self._instance}/"
        secret = self._app.identity.webhook_secret(self._instance, 1)
        self._call(name, http(name, path, body, x_webhook_secret=secret))

    def _call(self, name: str, event: dict[str, Any]) -> Any:
        answer = self._deployed.invoke("api", event)
        read = Http(answer["statusCode"], json.loads(answer["body"] or "null"))
        return self._answer(name, read).body

    def _dispatch(self, name: str) -> list[str]:
        """A batch of what the queue has; those that the answer does not name are deleted."""
        received = self._deployed.receive()
        answer = self._deployed.invoke("dispatcher", batch(name, received))
        self._answer(name, answer)
        staying = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        for message in received:
            if message["MessageId"] not in staying:
                self._deployed.delete(message)
        return [message["MessageId"] for message in received]

    def _answer(self, name: str, answer: Any) -> Any:
        self.told.answers[name] = answer
        return answer

    def _statuses(self) -> list[RecipientStatus]:
        tenant_id = self._deployed.tenant_id
        page = self._app.recipients.page(
            tenant_id, self._campaign, 0, 10, limit=10, consistent=True
        )
        return [each.status for each in page]
