"""A customer of a deployment: a tenant of her own, a connected phone, contacts, a campaign.

Everything goes the way of a user: the command line for the tenant and its key, then HTTP.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from campaigns_cli.api import Api
from campaigns_cli.connection import Server
from local.demo_measure import Measured, measure
from local.process import ROOT
from tests.deployed.stack import Deployment

PATIENCE_SECONDS = 100.0
_POLL_SECONDS = 0.25
_COMMAND_SECONDS = 60
_REQUEST_SECONDS = 30.0
_CAMPAIGNS = str(Path(sys.executable).with_name("campaigns"))
# Slow enough to outlive a deploy, until `hurry`.
_PACE = {"delay_min_seconds": 4, "delay_max_seconds": 5, "daily_limit": None}
_QUICK_PACE = {"delay_min_seconds": 1, "delay_max_seconds": 2}
_MESSAGES = ("{{saudacao}}, {{nome}}!", "{{saudacao}}, {{nome}}, chegaram novidades.")
#: Everybody reads what she gets, at once.
_READ_BY_ALL = [
    {"status": "SERVER_ACK", "after": 0.1},
    {"status": "DELIVERY_ACK", "after": 0.3},
    {"status": "READ", "after": 0.6},
]


@dataclass(slots=True)
class Customer:
    """`fake` speaks to the own side of the fake Evolution that has her phone."""

    api: Api
    fake: httpx.Client
    instance_id: str = ""
    campaign_id: str = ""

    def connect_phone(self) -> None:
        """An instance is made on the deployment's own server, and its QR code is scanned."""
        wanted = {"name": "Loja", "create_on_server": True, **_PACE}
        instance = self.api.post("/api/instances/", wanted)
        self.instance_id = instance["id"]
        path = f"/api/instances/{self.instance_id}/"
        assert self.api.get(path + "qrcode/")["code"]
        name = instance["evolution_instance"]
        phone = {"phone": "(11) 99000-9999"}
        self.fake.post(f"instances/{name}/scan", json=phone).raise_for_status()
        eventually(lambda: self.api.get(path)["connected_phone"] == "+5511990009999")

    def import_contacts(self, count: int) -> list[str]:
        """Their ids."""
        rows = [{"name": f"Cliente {n}", "phone": f"(11) 99000-{n:04d}"} for n in range(count)]
        imported = self.api.post("/api/contacts/contacts/bulk_create/", {"contacts": rows})
        assert imported["created"] == count, imported
        return [one["id"] for one in imported["contacts"]]

    def start_campaign(self, contact_ids: list[str]) -> None:
        """To all of them, each of whom will read it."""
        self.fake.put("acks", json=_READ_BY_ALL).raise_for_status()
        body = {
            "name": "Novidades",
            "instance_id": self.instance_id,
            "schedule_type": "immediate",
            "ignore_quiet_hours": True,
            "contact_ids": contact_ids,
            "message_texts": list(_MESSAGES),
        }
        self.campaign_id = self.api.post("/api/campaigns/campaigns/", body)["id"]
        eventually(lambda: self.campaign()["recipients"]["state"] == "ready")
        self.command("start")

    def command(self, name: str) -> dict[str, Any]:
        """`start`, `pause` or `resume`; the campaign as it is then."""
        return self.api.post(self._path + f"{name}/")

    def hurry(self) -> None:
        """From the next plan on messages leave at a quicker pace."""
        self.api.patch(f"/api/instances/{self.instance_id}/", _QUICK_PACE)

    def campaign(self) -> dict[str, Any]:
        return self.api.get(self._path)

    def recipients(self) -> list[dict[str, Any]]:
        return list(self.api.each(self._path + "contacts/"))

    def requests(self) -> list[dict[str, Any]]:
        """The sends that reached Evolution, in the order of their arrival."""
        requests: list[dict[str, Any]] = self.fake.get("requests").json()["requests"]
        return requests

    def measured(self) -> Measured:
        """What the phones say, beside the campaign's books."""
        phones = self.fake.get("phones").json()["phones"]
        return measure(self.recipients(), phones, self.requests())

    def add_instance(self, evolution_url: str) -> httpx.Response:
        """Registers an instance that is said to exist at that address."""
        body = {
            "name": "Filial",
            "evolution_url": evolution_url,
            "evolution_instance": "filial",
            "api_key": "0123456789abcdef0123456789abcdef",
        }
        return self.api.post_raw("/api/instances/", body)

    @property
    def _path(self) -> str:
        return f"/api/campaigns/campaigns/{self.campaign_id}/"


@contextmanager
def new_customer(deployment: Deployment, evolution: str) -> Iterator[Customer]:
    """A tenant and a key for its daily work, made by the deployment's operator."""
    tenant = run_campaigns(deployment, "admin", "tenant", "create", "Loja da Ana")
    key = run_campaigns(
        deployment,
        *("admin", "key", "create", "Balcão", "--role", "owner"),
        *("--tenant", tenant["tenant_id"]),
    )
    server = Server(deployment.api_url, key["key"])
    fake_url = f"{evolution}/_fake/"
    with (
        Api(server) as api,
        httpx.Client(base_url=fake_url, timeout=_REQUEST_SECONDS, trust_env=False) as fake,
    ):
        yield Customer(api, fake)


def run_campaigns(deployment: Deployment, *arguments: str) -> dict[str, Any]:
    """One `campaigns` command on the deployment, as its operator types it; its JSON."""
    done = subprocess.run(  # noqa: S603 - a tool of ours
        [_CAMPAIGNS, *arguments, "--stack", deployment.stack_name, "--json"],
        env=deployment.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_COMMAND_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def eventually(holds: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Polls until it holds; an assertion fails when it never does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(_POLL_SECONDS)
