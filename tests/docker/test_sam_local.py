"""`sam local invoke` and `sam local start-api` over the local stack: the same as without Docker."""

import json
import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from local.demo_stack import StackFile
from local.process import ROOT, clean_environment
from local.sam.containers import docker
from local.sam.events import EVENTS, schedule
from local.sam.functions import InvocationError, SamLocal, sam_local
from tests.docker.conftest import make_image

pytestmark = pytest.mark.docker

ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
#: The name under which SAM looks for it.
IMAGE = f"public.ecr.aws/lambda/python:3.13-{ARCHITECTURE}"


def invoke_local(stack_dir: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """As `make invoke-local` runs it, over the stack of that folder."""
    docker_variables = {name: os.environ[name] for name in os.environ if name.startswith("DOCKER_")}
    return subprocess.run(
        [sys.executable, "-m", "local.sam", "invoke"],
        cwd=ROOT,
        env=clean_environment(
            {"STATE_DIR": str(stack_dir), "LANG": "en_US.UTF-8", **docker_variables, **environment}
        ),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def test_an_image_that_is_there_is_not_made_again(engine: str) -> None:
    assert "is there" in make_image()


def test_the_image_has_the_runtime_and_nothing_of_ours(engine: str) -> None:
    finder = (
        "import importlib.util as u, sys; print(sys.version_info[:2] == (3, 13),"
        "*[bool(u.find_spec(name)) for name in ('awslambdaric', 'boto3', 'pydantic', 'campaigns')])"
    )
    found = docker(
        *("run", "--rm", "--pull=never", "--env", "PYTHONPATH=/var/runtime"),
        *("--entrypoint", "python3", IMAGE, "-c", finder),
    )
    # AWS's own image brings a boto3, so ours is the stricter one.
    is_ours = "alrea-campaigns.inputs" in docker(
        "image", "inspect", "--format", "{{ json .Config.Labels }}", IMAGE
    )
    assert found == ("True True False False False" if is_ours else "True True True False False")


def test_every_event_is_played_and_every_phone_has_its_message(
    stack: StackFile, stack_dir: Path
) -> None:
    run = invoke_local(stack_dir)

    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.startswith(f"Local stack: the one in {stack_dir}")
    played = set(re.findall(r"< events/(\S+)\.json$", run.stdout, re.MULTILINE))
    assert played == {path.stem for path in EVENTS.glob("*.json")}
    assert run.stdout.splitlines()[-1].startswith("Three phones with a message each")


def test_the_stack_whose_servers_were_used_is_as_it_was(stack: StackFile, stack_dir: Path) -> None:
    headers = {"authorization": f"Bearer {stack.owner_key}"}
    campaigns = httpx.get(f"{stack.api_url}/api/campaigns/campaigns/", headers=headers).json()
    assert campaigns["results"] == []
    instances = httpx.get(f"{stack.api_url}/api/instances/", headers=headers).json()
    assert [each["evolution_instance"] for each in instances["results"]] == [stack.instance_name]


def test_a_function_that_raises_is_a_failure_though_sam_succeeds(
    stack: StackFile, tmp_path: Path
) -> None:
    broken = {**stack.environment, "TABLE_NAME": ""}
    with (
        sam_local(broken, tmp_path) as sam,
        pytest.raises(InvocationError, match="MissingSetting"),
    ):
        sam.invoke("SchedulerFunction", schedule(datetime.now(UTC)))


REQUESTS = {
    "a page": ("GET", "/api/campaigns/campaigns/?limit=5", None),
    "who am I": ("GET", "/api/me/", None),
    "an unknown path": ("GET", "/api/nothing/", None),
    "an unknown id": ("GET", "/api/campaigns/campaigns/cp_01kaqz6h2e8s4d7f0g3j5k9m1p/", None),
    "a method that is not": ("DELETE", "/api/campaigns/campaigns/", None),
    "a body that is wrong": ("POST", "/api/contacts/contacts/", {"phone": "1"}),
    "a body that is no JSON": ("POST", "/api/contacts/contacts/", b"{"),
    "no webhook of ours": (
        "POST",
        "/api/webhooks/evolution/in_01kaqz6h2e8s4d7f0g3j5k9m1p/",
        json.loads(json.loads((EVENTS / "http-webhook-receipt.json").read_text())["body"]),
    ),
}


def answer(url: str, request: tuple[str, str, object], key: str | None) -> tuple[int, object]:
    method, path, body = request
    content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    got = httpx.request(method, url + path, content=content, headers=headers, timeout=120)
    return got.status_code, got.json()


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("with_key", [True, False], ids=["owner", "nobody"])
def test_the_container_answers_as_the_bridge_does(
    stack: StackFile, sam_api: str, name: str, with_key: bool
) -> None:
    key = stack.owner_key if with_key else None
    request = REQUESTS[name]
    assert answer(sam_api, request, key) == answer(stack.api_url, request, key)


def test_what_a_container_wrote_is_there_for_the_stack(stack: StackFile, sam_api: str) -> None:
    body = {"name": "Célia Antunes", "phone": "(11) 99000-7001"}
    status, contact = answer(sam_api, ("POST", "/api/contacts/contacts/", body), stack.owner_key)
    assert status == 201
    read = ("GET", f"/api/contacts/contacts/{contact['id']}/", None)
    assert answer(stack.api_url, read, stack.owner_key) == (200, contact)

    # And again, the other way round: the same person, refused by both in the same words.
    again = ("POST", "/api/contacts/contacts/", body)
    assert answer(sam_api, again, stack.owner_key) == answer(stack.api_url, again, stack.owner_key)


def test_a_campaign_is_created_in_a_container_and_told_by_both(
    stack: StackFile, sam_api: str
) -> None:
    key = stack.owner_key
    _, instances = answer(stack.api_url, ("GET", "/api/instances/", None), key)
    body = {
        "name": "Novembro",
        "instance_id": instances["results"][0]["id"],
        "message_texts": ["Oi, {{primeiro_nome|tudo bem}}!"],
    }
    status, campaign = answer(sam_api, ("POST", "/api/campaigns/campaigns/", body), key)
    assert (status, campaign["status"]) == (201, "draft")
    read = ("GET", f"/api/campaigns/campaigns/{campaign['id']}/", None)
    told = [answer(url, read, key)[1] for url in (sam_api, stack.api_url)]
    # Meanwhile the stack's own scheduler prepares its recipients.
    for name in ("id", "name", "status", "messages", "created_at"):
        assert told[0][name] == told[1][name] == campaign[name]


def test_nothing_is_left_of_the_functions_of_a_run(
    engine: str, sam_api: str, sam: SamLocal
) -> None:
    """The container of the API that runs is the only one."""
    running = docker("ps", "--all", "--format", '{{ .Label "sam.cli.function.name" }}')
    assert set(running.splitlines()) <= {"ApiFunction"}
