"""The webhook edge: a process like the others, which faults strike and clocks mislead."""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from campaigns.bootstrap import App
from campaigns_api.app import build
from local.fake_evolution import Post
from local.fake_evolution.model import Webhook
from tests.fakes.api import Context, http_event
from tests.fakes.webhooks import EVENTS, HOST
from tests.simulator.deployment import Deployment
from tests.simulator.evidence import Receipt

_SECONDS = 29
_SLOT = "webhook"


@dataclass
class Edge:
    """Takes Evolution's posts. Who crashes answers nothing: Evolution repeats by its own rules."""

    site: Deployment
    #: When what somebody wrote was first taken, by the id of its message.
    taken_at: dict[str, int] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)
    _app: App | None = None
    _api: APIGatewayHttpResolver | None = None

    def __call__(self, post: Post) -> int | None:
        event = http_event("POST", urlsplit(post.url).path, {})
        event["headers"] = {name.lower(): value for name, value in post.headers.items()}
        event |= {"body": json.dumps(post.body), "isBase64Encoded": False}
        context: Any = Context()

        def take(app: App) -> int:
            return int(self._resolver(app).resolve(event, context)["statusCode"])

        made = self.site.invoke(_SLOT, "webhook", take, seconds=_SECONDS)
        status = made.result if made.is_answered else None
        if status == HTTPStatus.OK:
            self._note(post)
        return status

    def _note(self, post: Post) -> None:
        """What was taken."""
        data: Any = post.body["data"]
        now = self.site.clock.now()
        match post.body["event"]:
            case "messages.upsert":
                self.taken_at.setdefault(data["key"]["id"], now)
            case "messages.update":
                self.receipts.append(Receipt(data["keyId"], data["status"], now))

    def _resolver(self, app: App) -> APIGatewayHttpResolver:
        if self._api is None or self._app is not app:
            self._app, self._api = app, build(app)
        return self._api

    def set_webhook(self, evolution_name: str, instance_id: str) -> None:
        """As the product sets it, where it did not do so by itself."""
        secret = self.site.observer.identity.webhook_secret(instance_id, 1)
        self.site.fake.instances[evolution_name].webhook = Webhook(
            url=f"{HOST}/api/webhooks/evolution/{instance_id}/",
            enabled=True,
            events=EVENTS,
            headers={"X-Webhook-Secret": secret},
        )

    def carry(self, until: int) -> None:
        """Post what is due, as an actor, until then or until nobody takes it any more."""
        clock, fake = self.site.clock, self.site.fake
        while clock.now() < until and fake.events.deliver:
            fake.run_due()
            due = fake.next_due()
            # Rounded up, so that it is due then.
            clock.wait(until if due is None else min(until, -int(-due * 1_000 // 1)))
