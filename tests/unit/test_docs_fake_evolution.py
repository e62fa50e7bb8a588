"""What the documentation tells to be told to the fake, the fake takes."""

import json
import re
from pathlib import Path

import pytest

from local.fake_evolution import Behaviour, ConnectionState, WebhookTrait
from tests.unit.test_fake_evolution import Shop

PAGE = (Path(__file__).parents[2] / "docs" / "local-stack.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"curl -X (\w+) \$FAKE(\S+) -d '(.+)'", PAGE)


@pytest.mark.parametrize(("method", "path", "body"), COMMANDS)
def test_each_example_is_a_command_that_the_fake_takes(method: str, path: str, body: str) -> None:
    shop = Shop()
    message_id = shop.send().json()["key"]["id"]
    if path.endswith("/scan"):
        shop.fake.set_state("loja", ConnectionState.CLOSE)
    told = json.loads(body.replace("3EB0…", message_id))
    assert shop.http.request(method, path, json=told).is_success


def test_each_way_to_fail_is_documented() -> None:
    assert len(COMMANDS) > 15
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert {*Behaviour, *WebhookTrait} - named == set()
