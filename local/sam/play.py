"""A test message and a campaign by nothing but `sam local invoke`, with every file of `events/`.

Each step prints what it called and what came back; the first that came back wrong ends the play.
"""

import json
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from campaigns_cli.language import t
from campaigns_cli.options import say
from local.evolution import put_instance
from local.sam.bench import Bench
from local.sam.events import Event, batch, body_of, http, kept, schedule
from local.sam.functions import InvocationError, SamLocal

_CAMPAIGNS = "/api/campaigns/campaigns/"
# The fake's phones need no rest.
_PACE = {"delay_min_seconds": 1, "delay_max_seconds": 2, "daily_limit": None}
_SENDING_SECONDS = 180.0
# So long after its first slot a batch should reach the function: a job that comes much before its
# slot is put back, one that comes 15 s after it is planned anew.
_AFTER_SLOT_SECONDS = 3.0
_SHOWN_CHARACTERS = 200


class PlayError(Exception):
    """A function answered otherwise than it should; the text shows how."""


class Play:
    """The parts of one play; `run` plays it."""

    def __init__(self, sam: SamLocal, bench: Bench, evolution_url: str) -> None:
        self._sam = sam
        self._bench = bench
        self._evolution_url = evolution_url
        self._evolution = f"sam-{uuid.uuid4().hex[:8]}"
        self._api_key = uuid.uuid4().hex
        self._took_seconds = 0.0

    def run(self) -> None:
        """Raises `PlayError`, or `InvocationError` where a function failed."""
        instance_id = self._connect()
        contacts = self._request("http-import-contacts", "/api/contacts/contacts/bulk_create/")
        contact_ids = [row["id"] for row in contacts["contacts"]]
        self._request("http-test-message", f"/api/instances/{instance_id}/test-message/")
        self._deliver("direct-job")
        campaign_id = self._start_campaign(instance_id, contact_ids)
        self._send_campaign(1 + len(contact_ids))
        self._report("http-webhook-receipt", instance_id, contacts)
        self._report("http-webhook-reply", instance_id, contacts)
        self._judge(campaign_id)

    def _connect(self) -> str:
        """An instance of the fake, at the address that containers have for it."""
        put_instance(self._evolution_url, self._evolution, self._api_key)
        port = httpx.URL(self._evolution_url).port
        where = {
            "name": self._evolution,
            "evolution_instance": self._evolution,
            "evolution_url": f"http://{self._sam.host}:{port}",
            "api_key": self._api_key,
        }
        body = body_of("http-create-instance") | where | _PACE
        instance = self._request("http-create-instance", "/api/instances/", body)
        instance_id: str = instance["id"]
        return instance_id

    def _start_campaign(self, instance_id: str, contact_ids: list[str]) -> str:
        wanted = {"instance_id": instance_id, "contact_ids": contact_ids}
        body = body_of("http-create-campaign") | wanted
        campaign_id: str = self._request("http-create-campaign", _CAMPAIGNS, body)["id"]
        whose = {"tenant_id": self._bench.tenant_id, "campaign_id": campaign_id}
        self._step("SchedulerFunction", "lay", kept("lay") | whose)
        self._request("http-start-campaign", f"{_CAMPAIGNS}{campaign_id}/start/")
        return campaign_id

    def _send_campaign(self, phones: int) -> None:
        """Plans and delivers as each minute does, until so many phones have a message.

        What a slow start made too late for its slot is planned anew.
        """
        deadline = time.monotonic() + _SENDING_SECONDS
        while len(self._received()) < phones:
            _check(deadline)
            self._step("SchedulerFunction", "schedule", schedule(datetime.now(UTC)))
            self._deliver("jobs")

    def _deliver(self, name: str) -> None:
        """Plays the event source until the queue is empty: batches, deletion, put-backs."""
        deadline = time.monotonic() + _SENDING_SECONDS
        while messages := self._bench.receive():
            _check(deadline)
            # SQS may deliver a job again while it is being handled.
            repeat = messages[0] | {"MessageId": str(uuid.uuid4())}
            first_slot = min(json.loads(each["Body"])["slot_at"] for each in messages)
            begin_at = first_slot / 1_000 + _AFTER_SLOT_SECONDS - self._took_seconds
            time.sleep(max(0.0, begin_at - time.time()))
            answer = self._step("DispatcherFunction", name, batch(name, [*messages, repeat]))
            staying = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
            for message in messages:
                if message["MessageId"] not in staying:
                    self._bench.delete(message)

    def _report(self, name: str, instance_id: str, contacts: Mapping[str, Any]) -> None:
        """The Evolution server tells of the first contact's message, with its own secret."""
        phone = contacts["contacts"][0]["phone"].removeprefix("+")
        (message_id,) = self._received()[phone]
        body = body_of(name) | {"instance": self._evolution}
        data = body["data"]
        data.get("key", data)["remoteJid"] = f"{phone}@s.whatsapp.net"
        if name == "http-webhook-receipt":
            data["keyId"] = message_id
        else:
            data["contextInfo"]["stanzaId"] = message_id
        path = f"/api/webhooks/evolution/{instance_id}/"
        headers: dict[str, str] = self._fake(f"/webhook/find/{self._evolution}")["headers"]
        if not self._answered(name, http(name, path, body, **headers))["taken"]:
            raise PlayError(f"{name}: taken: false")

    def _judge(self, campaign_id: str) -> None:
        """Every phone has its one message, and the campaign knows."""
        counts = [len(messages) for messages in self._received().values()]
        path = f"{_CAMPAIGNS}{campaign_id}/"
        headers = self._call_headers()
        event = http("http-start-campaign", path, None, method="GET", **headers)
        campaign = self._answered("http-start-campaign (GET)", event)
        names = ("sent_messages", "delivered_messages", "responded_count")
        told = {name: campaign[name] for name in names}
        if counts != [1, 1, 1] or list(told.values()) != [2, 1, 1]:
            raise PlayError(f"{_outcome()}: {counts} {told}")
        say(_outcome())

    def _received(self) -> dict[str, list[str]]:
        """The ids of the messages of this play, by phone."""
        phones = self._fake("/_fake/phones")["phones"]
        received = {
            phone["phone"]: [
                message["id"]
                for message in phone["messages"]
                if message["instance"] == self._evolution
            ]
            for phone in phones
        }
        return {phone: ids for phone, ids in received.items() if ids}

    def _fake(self, path: str) -> Any:
        answer = httpx.get(
            self._evolution_url + path, headers={"apikey": self._api_key}, trust_env=False
        )
        return answer.raise_for_status().json()

    def _request(self, name: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._answered(name, http(name, path, body, **self._call_headers()))

    def _call_headers(self) -> dict[str, str]:
        key = f"Bearer {self._bench.owner_key}"
        return {"authorization": key, "idempotency_key": str(uuid.uuid4())}

    def _answered(self, name: str, event: Event) -> Any:
        """The body of a good answer of the API."""
        answer = self._invoke("ApiFunction", name, event)
        status, body = answer["statusCode"], answer.get("body") or ""
        if status >= 300:
            raise PlayError(f"{name}: {status} {body}")
        _show(f"{status} {body}")
        return json.loads(body)

    def _step(self, function: str, name: str, event: Event) -> Any:
        answer = self._invoke(function, name, event)
        _show(json.dumps(answer))
        return answer

    def _invoke(self, function: str, name: str, event: Event) -> Any:
        say(f"{function} < events/{name}.json")
        began = time.monotonic()
        try:
            return self._sam.invoke(function, event)
        except InvocationError as error:
            raise InvocationError(f"{name}: {error}") from None
        finally:
            self._took_seconds = time.monotonic() - began


def _outcome() -> str:
    return t(
        "Três celulares com uma mensagem cada; a campanha conta 2 envios, 1 recibo, 1 resposta",
        "Three phones with a message each; the campaign counts 2 sends, 1 receipt, 1 answer",
    )


def _check(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise PlayError(
            t(
                "As mensagens não saíram: esta máquina demora demais para cada chamada",
                "The messages did not leave: this machine takes too long for each call",
            )
        )


def _show(text: str) -> None:
    end = "…" if len(text) > _SHOWN_CHARACTERS else ""
    say(f"    {text[:_SHOWN_CHARACTERS]}{end}")
