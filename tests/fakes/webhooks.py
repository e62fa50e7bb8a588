"""Evolution's webhooks on the virtual clock, through the real edge of the API in process."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from campaigns.bootstrap import App
from local.fake_evolution import FakeEvolution, Post
from local.fake_evolution.model import Webhook
from tests.fakes.api import Context, api_of, http_event
from tests.fakes.virtual_clock import VirtualClock

HOST = "https://api.test"
EVENTS = ("MESSAGES_UPSERT", "MESSAGES_UPDATE", "CONNECTION_UPDATE")


@dataclass
class WebhookEdge:
    """Takes the fake's posts, each in a process of its own (kind `webhook`)."""

    clock: VirtualClock
    app: App
    fake: FakeEvolution
    #: Event and status of each answer; None where the process ended before it.
    answers: list[tuple[str, int | None]] = field(default_factory=list)
    #: When what somebody wrote was first taken, epoch milliseconds by the id of its message.
    taken_at: dict[str, int] = field(default_factory=dict)

    @cached_property
    def _api(self) -> APIGatewayHttpResolver:
        return api_of(self.app)

    def __call__(self, post: Post) -> int | None:
        event = http_event("POST", urlsplit(post.url).path, {})
        event["headers"] = {name.lower(): value for name, value in post.headers.items()}
        event |= {"body": json.dumps(post.body), "isBase64Encoded": False}
        context: Any = Context()
        done: list[int] = []
        self.clock.join(
            lambda: done.append(self._api.resolve(event, context)["statusCode"]), kind="webhook"
        )
        status = done[0] if done else None
        self.answers.append((str(post.body["event"]), status))
        if post.body["event"] == "messages.upsert" and status == HTTPStatus.OK:
            data: Any = post.body["data"]
            self.taken_at.setdefault(data["key"]["id"], self.clock.now())
        return status

    def set_webhook(self, evolution_name: str, instance_id: str) -> None:
        """As the product sets it, where it did not do so by itself."""
        self.fake.instances[evolution_name].webhook = Webhook(
            url=f"{HOST}/api/webhooks/evolution/{instance_id}/",
            enabled=True,
            events=EVENTS,
            headers={"X-Webhook-Secret": self.app.identity.webhook_secret(instance_id, 1)},
        )

    def carry(self, until: int) -> None:
        """Post what is due, as an actor, until then."""
        while self.clock.now() < until:
            self.fake.run_due()
            due = self.fake.next_due()
            self.clock.wait(until if due is None else min(until, _ms(due)))


def _ms(seconds: float) -> int:
    """Rounded up, so that it is due then."""
    return -int(-seconds * 1_000 // 1)
