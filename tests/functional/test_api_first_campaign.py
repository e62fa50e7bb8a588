"""The first campaign that the head of the document tells, request by request as it stands there."""

import json
import re

from campaigns_api.first_campaign import FIRST_CAMPAIGN
from tests.fakes.api import Shop

REQUEST = re.compile(r"^(GET|POST) (/\S+)((?:\n(?!GET|POST).+)*)", re.MULTILINE)


def requests() -> list[tuple[str, str, str]]:
    """Method, path and body of each request, in their order."""
    blocks = re.findall(r"```\n(.*?)```", FIRST_CAMPAIGN, flags=re.DOTALL)
    plain = "\n".join(re.sub(r"^ +", "", block, flags=re.MULTILINE) for block in blocks)
    return REQUEST.findall(plain)


def test_whoever_follows_the_document_word_by_word_sends_a_campaign(shop: Shop) -> None:
    ids: dict[str, str] = {}

    def filled(text: str) -> str:
        for name, value in ids.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    seen = []
    for method, path, body in requests():
        answer = shop.owner.call(method, filled(path), json.loads(filled(body)) if body else None)
        seen.append((path, answer))
        assert answer.status in {200, 201, 202}, answer.text
        if path == "/api/instances/":
            ids["instance_id"] = answer.json["id"]
            name = answer.json["evolution_instance"]
        elif path.endswith("/qrcode/"):
            assert answer.json["code"]
            shop.deployment.evolution.scan(name, "5511990000009")
            assert shop.owner.get(filled(path)).json["connected"] is True
        elif path == "/api/campaigns/campaigns/":
            ids["campaign_id"] = answer.json["id"]
            shop.lay()
        elif path.endswith("/checks/"):
            assert answer.json["can_be_started"] is True
    assert len(seen) == 9
    people = seen[-1][1].json["results"]
    assert [each["contact"]["name"] for each in people] == ["Célia Antunes", "João Peçanha"]
