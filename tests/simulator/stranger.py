"""What another tenant can get out of the API about somebody's campaigns: nothing."""

import json
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

from campaigns.bootstrap import App
from campaigns_api.app import build
from tests.fakes.api import Context, http_event
from tests.simulator.evidence import CampaignOf

_CAMPAIGN = "/api/campaigns/campaigns/{}/"
_CALLS = (
    ("GET", _CAMPAIGN),
    ("GET", _CAMPAIGN + "contacts/"),
    ("GET", _CAMPAIGN + "logs/"),
    ("GET", _CAMPAIGN + "checks/"),
    ("POST", _CAMPAIGN + "pause/"),
    ("POST", _CAMPAIGN + "resume/"),
    ("POST", _CAMPAIGN + "cancel/"),
    ("POST", _CAMPAIGN + "start/"),
    ("POST", _CAMPAIGN + "unschedule/"),
    ("POST", _CAMPAIGN + "retry-failed/"),
)
_RECIPIENT = _CAMPAIGN + "contacts/{}/"
_RECIPIENTS_CALLS = (
    ("GET", _RECIPIENT),
    ("POST", _RECIPIENT + "resolve/"),
    ("DELETE", _RECIPIENT),
)
_BODIES = {_RECIPIENT + "resolve/": {"outcome": "sent"}}
#: How many there are about each campaign: an instance's and a contact's as well.
CALLS = len(_CALLS) + len(_RECIPIENTS_CALLS) + 2
_NOBODYS = "01h00000000000000000000000"


def leaks(app: App, campaigns: list[CampaignOf], owner_keys: dict[str, str]) -> Iterator[str]:
    """Every answer about another's that differs from the answer about what nobody has."""
    api = build(app)

    def answer(key: str, method: str, path: str, ids: Sequence[str]) -> tuple[int, Any]:
        event = http_event(method, path.format(*ids), {})
        event["headers"] = {"authorization": f"Bearer {key}"}
        if method == "POST":
            event |= {"body": json.dumps(_BODIES.get(path, {})), "isBase64Encoded": False}
        context: Any = Context()
        made = api.resolve(event, context)
        body = json.loads(made["body"] or "{}")
        body.pop("request_id", None)
        body.pop("instance", None)
        return made["statusCode"], body

    for each in campaigns:
        for stranger in owner_keys.keys() - {each.tenant_id}:
            key = owner_keys[stranger]
            for method, path, ids in _calls(app, each):
                nobodys = [own_id[: own_id.index("_") + 1] + _NOBODYS for own_id in ids]
                status, body = answer(key, method, path, ids)
                if status != HTTPStatus.NOT_FOUND:
                    yield f"{method} {path}: {stranger} got {status} about another's"
                elif body != answer(key, method, path, nobodys)[1]:
                    yield f"{method} {path}: {stranger} can tell that there is one"


def _calls(app: App, campaign: CampaignOf) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each with the ids that its path names."""
    for method, path in _CALLS:
        yield method, path, (campaign.campaign_id,)
    yield "GET", "/api/instances/{}/", (campaign.instance_id,)
    yield "GET", "/api/contacts/contacts/{}/", (campaign.contacts[0],)
    ids = campaign.tenant_id, campaign.campaign_id
    for recipient in app.recipients.page(*ids, 0, 1, limit=1, consistent=True):
        for method, path in _RECIPIENTS_CALLS:
            yield method, path, (campaign.campaign_id, recipient.recipient_id)
