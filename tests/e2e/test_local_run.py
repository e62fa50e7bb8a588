"""`make run` as its user has it: ready, used, ended, and started again where it stopped."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from campaigns_cli.api import Api, Json
from campaigns_cli.connection import Server
from campaigns_cli.contact_file import read_contact_file
from campaigns_cli.import_contacts import import_contacts
from campaigns_cli.send_campaign import (
    CampaignPlan,
    create_campaign,
    find_instance,
    start_campaign,
    wait_until_prepared,
)
from campaigns_cli.watch_campaign import campaign_path
from local.demo import CONTACTS, MESSAGES
from local.demo_faults import FakePhones
from local.demo_stack import QUICK_FAULTS
from local.fake_evolution.numbers import canonical_phone
from local.process import ROOT
from local.supervisor import WORKERS
from tests.e2e.conftest import eventually

pytestmark = pytest.mark.stack

PASTED_RECIPIENTS = 10
PACE: Json = {"delay_min_seconds": 1, "delay_max_seconds": 1}
# What the user is promised for TERM and Ctrl-C.
STOP_SECONDS = 5.0
PATIENCE_SECONDS = 120.0
# With the stack itself, the emulator and the fake.
PROCESSES = sum(WORKERS.values()) + 3
FIELDS = {"api_url", "evolution_url", "owner_key", "tenant_id", "pid"}


@dataclass(frozen=True, slots=True)
class Running:
    """A stack that is ready, what it printed, and what it wrote down."""

    process: subprocess.Popen[str]
    state_dir: Path
    welcome: str

    @property
    def stack(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.state_dir / "stack.json").read_text())
        return content

    @property
    def processes(self) -> list[psutil.Process]:
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]

    def api(self) -> Api:
        stack = self.stack
        return Api(Server(stack["api_url"], stack["owner_key"]))

    def phones(self) -> FakePhones:
        return FakePhones(self.stack["evolution_url"])

    def set_pace(self) -> None:
        with self.api() as api:
            instance = find_instance(api, self.stack["instance_name"])
            api.patch(f"/api/instances/{instance['id']}/", PACE)

    def start_campaign(self, name: str, contacts: int) -> str:
        """The id of a running campaign to the last so many contacts of the examples.

        Not the first: the line to paste has just written to them, and a person is left in peace.
        """
        self.set_pace()
        with self.api() as api:
            *_, report = import_contacts(api, read_contact_file(CONTACTS))
            instance = find_instance(api, self.stack["instance_name"])
            plan = CampaignPlan(name, str(instance["id"]), MESSAGES, ignore_quiet_hours=True)
            draft = create_campaign(api, plan, list(report.contact_ids)[-contacts:])
            campaign = wait_until_prepared(api, draft, time.sleep)
            return str(start_campaign(api, str(campaign["id"]))["id"])


@contextmanager
def running(state_dir: Path) -> Iterator[Running]:
    """`python -m local.run`, from its last line on; ended at the end if it still runs."""
    ports = {"API_PORT": "0", "EVOLUTION_PORT": "0"}
    quick = {**QUICK_FAULTS, "SCHEDULE_PERIOD_SECONDS": "2"}
    with subprocess.Popen(
        [sys.executable, "-m", "local.run"],
        cwd=ROOT,
        env={**os.environ, **ports, **quick, "STATE_DIR": str(state_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            lines: list[str] = []
            while not lines or not lines[-1].startswith("Ctrl-C"):
                lines.append(process.stdout.readline())
                assert lines[-1], f"it ended before it was ready: {lines}"
            yield Running(process, state_dir, "".join(lines))
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("run") / "state") as stack:
        yield stack


@pytest.fixture(scope="module")
def pasted(stack: Running) -> subprocess.CompletedProcess[str]:
    """What the line to paste came to."""
    stack.set_pace()
    (line,) = [line for line in stack.welcome.splitlines() if " send " in line]
    return subprocess.run(  # noqa: S602 - the stack's own line, as a shell gets it
        line, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def messages_by_phone(phones: FakePhones) -> dict[str, int]:
    return {one["phone"]: len(one["messages"]) for one in phones.phones() if one["messages"]}


def logs(state_dir: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (state_dir / "logs").iterdir()}


def spellings(phone: str) -> Iterator[str]:
    """The digits of a Brazilian phone as a log could show them: E.164, national, without the 9."""
    national = phone.removeprefix("+55")
    for digits in (national, f"{national[:2]}{national[-8:]}"):
        yield digits
        yield f"55{digits}"


def assert_no_log_tells(state_dir: Path, phones: Sequence[str], keys: Sequence[str]) -> None:
    numbers = {digits for phone in phones for digits in spellings(phone)}
    assert numbers
    for name, text in logs(state_dir).items():
        assert not numbers & set(re.findall(r"\d+", text)), name
        assert not [key for key in keys if key in text], name


def contact_phones(run: Running) -> list[str]:
    with run.api() as api:
        return [one["phone"] for one in api.each("/api/contacts/contacts/")]


def keys_of(run: Running) -> list[str]:
    """The owner's key and its secret part, and the key of the instance."""
    kept = json.loads((run.state_dir / "owner.json").read_text())
    return [kept["owner_key"], kept["owner_key"].rpartition("_")[2], kept["instance_key"]]


def test_a_ready_stack_says_where_it_is(stack: Running) -> None:
    path = stack.state_dir / "stack.json"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stack.stack.keys() >= FIELDS
    assert stack.stack["pid"] == stack.process.pid
    for field in ("api_url", "evolution_url", "owner_key"):
        assert stack.stack[field] in stack.welcome
    with stack.api() as api:
        assert api.get("/api/instances/")["results"][0]["connection_state"] == "open"


def test_the_docs_and_the_phones_that_it_names_are_there(stack: Running) -> None:
    addresses = re.findall(r"http://\S+(?:/docs|/_fake/)", stack.welcome)

    assert len(addresses) == 2
    for address in addresses:
        page = httpx.get(address)
        assert page.status_code == 200
        assert "<html" in page.text


def test_the_line_to_paste_sends_a_first_campaign(
    stack: Running, pasted: subprocess.CompletedProcess[str]
) -> None:
    assert pasted.returncode == 0, pasted.stderr
    assert f"{PASTED_RECIPIENTS}/{PASTED_RECIPIENTS}" in pasted.stderr
    assert list(messages_by_phone(stack.phones()).values()) == [1] * PASTED_RECIPIENTS


def test_nothing_goes_wrong_in_a_campaign_that_goes_well(
    stack: Running, pasted: subprocess.CompletedProcess[str]
) -> None:
    assert pasted.returncode == 0, pasted.stderr
    of_functions = [text for name, text in logs(stack.state_dir).items() if "campaigns-" in name]
    lines = [json.loads(line) for text in of_functions for line in text.splitlines()]

    assert lines
    assert {line["level"] for line in lines if "_aws" not in line} == {"INFO"}


def test_no_log_tells_a_phone_or_a_key(
    stack: Running, pasted: subprocess.CompletedProcess[str]
) -> None:
    assert pasted.returncode == 0, pasted.stderr
    assert_no_log_tells(stack.state_dir, contact_phones(stack), keys_of(stack))


def test_everybody_is_delivered_and_who_answers_sair_is_opted_out_and_told_once(
    stack: Running, pasted: subprocess.CompletedProcess[str]
) -> None:
    assert pasted.returncode == 0, pasted.stderr
    fake = stack.stack["evolution_url"]
    with stack.api() as api:
        (campaign,) = api.each("/api/campaigns/campaigns/")
        path = campaign_path(campaign["id"])
        eventually(lambda: api.get(path)["delivered_messages"] == PASTED_RECIPIENTS)
        contact = next(iter(api.each(f"{path}contacts/")))["contact"]
        phone = canonical_phone(contact["phone"])

        twice = {"trait": "doubled", "event": "messages.upsert", "count": 1}
        httpx.post(f"{fake}/_fake/webhook-rules", json=twice).raise_for_status()
        answer = {"text": "Sair!"}
        httpx.post(f"{fake}/_fake/phones/{phone}/replies", json=answer).raise_for_status()

        def messages() -> list[dict[str, Any]]:
            shown = next(each for each in stack.phones().phones() if each["phone"] == phone)
            found: list[dict[str, Any]] = shown["messages"]
            return found

        def is_told() -> bool:
            return len(messages()) > 1 and "DELIVERY_ACK" in messages()[1]["statuses"]

        # Nobody gets two messages within a minute, this one included.
        eventually(is_told, PATIENCE_SECONDS)
        assert "VOLTAR" in messages()[1]["text"]
        assert len(messages()) == 2
        assert api.get(f"/api/contacts/contacts/{contact['id']}/")["opted_out_at"]
        assert api.get(path)["responded_count"] == 1
    assert_no_log_tells(stack.state_dir, contact_phones(stack), keys_of(stack))


def test_a_dispatcher_that_waits_for_the_fake_is_killed_and_replaced(stack: Running) -> None:
    phones = stack.phones()
    before = sum(messages_by_phone(phones).values())
    phones.hold_one_answer(after=0)
    stack.start_campaign("killed", contacts=1)

    killed = httpx.post(
        f"{stack.stack['control_url']}/control/dispatcher/kill",
        json={"wait_seconds": 20},
        timeout=30,
    ).json()["pid"]

    def replaced() -> bool:
        status = httpx.get(f"{stack.stack['control_url']}/control/status").json()
        living = status["functions"]["campaigns-dispatcher"]["pids"]
        return killed not in living and len(living) == WORKERS["DispatcherFunction"]

    eventually(replaced)
    phones.release()
    assert sum(messages_by_phone(phones).values()) == before + 1
    assert_no_log_tells(stack.state_dir, contact_phones(stack), keys_of(stack))


def test_a_campaign_that_ran_goes_on_at_the_next_start(tmp_path: Path) -> None:
    recipients = 12
    with running(tmp_path) as first:
        campaign_id = first.start_campaign("through a restart", recipients)
        eventually(lambda: len(messages_by_phone(first.phones())) >= 3)
        owner_key, processes = first.stack["owner_key"], first.processes
        first.process.send_signal(signal.SIGTERM)
        _, left = psutil.wait_procs(processes, timeout=STOP_SECONDS)

    assert len(processes) == PROCESSES
    assert left == []
    assert first.process.returncode == 0
    assert not (tmp_path / "stack.json").exists()

    with running(tmp_path) as second, second.api() as api:
        assert second.stack["owner_key"] == owner_key
        assert 3 <= len(messages_by_phone(second.phones())) < recipients

        def completed() -> bool:
            return bool(api.get(campaign_path(campaign_id))["status"] == "completed")

        eventually(completed, PATIENCE_SECONDS)
        assert list(messages_by_phone(second.phones()).values()) == [1] * recipients
        campaign = api.get(campaign_path(campaign_id))
        assert (campaign["sent_messages"], campaign["progress_percentage"]) == (recipients, 100)
        assert_no_log_tells(tmp_path, contact_phones(second), keys_of(second))
        second.process.send_signal(signal.SIGINT)
        assert second.process.wait(STOP_SECONDS) == 0
