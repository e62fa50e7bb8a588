"""What the server answers beside the sends: instances, webhooks, and what it knows of messages.

Each function is called with the state locked and its guards passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import ceil
from typing import Any

from local.fake_evolution import answers, connections, pairing
from local.fake_evolution.answers import Answer
from local.fake_evolution.core import FakeEvolution
from local.fake_evolution.drafts import message_fields
from local.fake_evolution.model import Call, ConnectionState, Instance, Message, Webhook
from local.fake_evolution.numbers import digits_of, is_well_formed, jid_of
from local.fake_evolution.writing import told

_PAGE = 50
_BAILEYS = "WHATSAPP-BAILEYS"


def server(fake: FakeEvolution, call: Call) -> Answer:
    """The server's version; asked with the key of an instance that has its own, that one."""
    own = next((i for i in fake.instances.values() if i.api_key == call.api_key), None)
    return Answer(
        200,
        {
            "status": 200,
            "message": "Welcome to the Evolution API, it is working!",
            "version": fake.spoken_version(own),
            "clientName": "evolution_exchange",
            "manager": f"{fake.server_url}/manager",
            "documentation": "https://doc.evolution-api.com",
        },
    )


def create_instance(fake: FakeEvolution, call: Call) -> Answer:
    name = call.body.get("instanceName")
    if not isinstance(name, str) or "integration" not in call.body:
        missing = "instanceName" if not isinstance(name, str) else "integration"
        return answers.schema_error([f'instance requires property "{missing}"'])
    if name in fake.instances:
        return answers.error(403, [f'This name "{name}" is already in use.'])
    key = call.body.get("token") or fake.new_uuid().upper()
    instance = fake.register_instance(name, key, state=ConnectionState.CLOSE, ever_connected=False)
    described = {
        "instanceName": name,
        "instanceId": instance.instance_id,
        "integration": call.body["integration"],
        "webhookWaBusiness": None,
        "accessTokenWaBusiness": "",
    }
    body: dict[str, object] = {"instance": described, "hash": key, "webhook": {}, "settings": {}}
    if call.body.get("qrcode"):
        pairing.begin(fake, instance, _phone(call.body.get("number")))
        body["qrcode"] = pairing.shown(instance, fake.clock())
    described["status"] = instance.state
    return Answer(201, body)


def connection_state(fake: FakeEvolution, call: Call) -> Answer:
    state = fake.instances[call.instance].state
    described = {"instanceName": call.instance, **({"state": state} if state else {})}
    return Answer(200, {"instance": described})


def connect(fake: FakeEvolution, call: Call) -> Answer:
    instance = fake.instances[call.instance]
    if instance.state is ConnectionState.OPEN:
        return connection_state(fake, call)
    if instance.state is not ConnectionState.CONNECTING:
        # A number is taken only where it begins.
        pairing.begin(fake, instance, _phone(call.query.get("number")))
    return Answer(200, pairing.shown(instance, fake.clock()))


def logout(fake: FakeEvolution, call: Call) -> Answer:
    instance = fake.instances[call.instance]
    if instance.state is ConnectionState.CLOSE:
        return answers.bad_request(f'The "{call.instance}" instance is not connected')
    connections.change(fake, instance, ConnectionState.CLOSE)
    return _done("Instance logged out")


def delete_instance(fake: FakeEvolution, call: Call) -> Answer:
    if fake.instances[call.instance].state is ConnectionState.OPEN:
        return answers.bad_request(f'The "{call.instance}" instance needs to be disconnected')
    del fake.instances[call.instance]
    fake.touch()
    return _done("Instance deleted")


def fetch_instances(fake: FakeEvolution, call: Call) -> Answer:
    """All instances for the global key, and for an instance's key only its own."""
    own = next((i for i in fake.instances.values() if i.api_key == call.api_key), None)
    name = own.name if own and call.api_key != fake.global_key else call.query.get("instanceName")
    if name is not None and name not in fake.instances:
        return answers.error(404, [f'Instance "{name}" not found'])
    return Answer(
        200, [_listed(i) for i in fake.instances.values() if name is None or i.name == name]
    )


def set_webhook(fake: FakeEvolution, call: Call) -> Answer:
    """The webhook from now on; leaving `events` out is the server's own fault, a 500."""
    wanted = call.body.get("webhook")
    if not isinstance(wanted, Mapping):
        return answers.schema_error(['instance requires property "webhook"'])
    missing = [name for name in ("enabled", "url") if name not in wanted]
    if missing:
        return answers.schema_error([f'webhook requires property "{name}"' for name in missing])
    if not str(wanted["url"]).startswith(("http://", "https://")):
        return answers.bad_request('Invalid "url" property')
    if wanted["enabled"] and "events" not in wanted:
        return answers.undefined_property("length")
    instance = fake.instances[call.instance]
    instance.webhook = Webhook(
        url=wanted["url"],
        enabled=bool(wanted["enabled"]),
        events=tuple(wanted["events"]) if wanted["enabled"] else (),
        headers=dict(wanted.get("headers") or {}),
        by_events=bool(wanted.get("byEvents")),
        base64=bool(wanted.get("base64")),
        webhook_id=fake.new_row_id(),
        set_at=fake.clock(),
    )
    fake.touch()
    return Answer(201, _webhook_row(instance))


def find_webhook(fake: FakeEvolution, call: Call) -> Answer:
    return Answer(200, _webhook_row(fake.instances[call.instance]))


def find_messages(fake: FakeEvolution, call: Call) -> Answer:
    """The rows that fit `where`, newest first. A row is written after the send."""
    where = call.body.get("where") or {}
    written_until = fake.clock() - fake.row_delay
    found = [
        row
        for at, row in _rows(fake, call.instance)
        if at <= written_until and _fits(at, row, where)
    ]
    size, page = int(call.body.get("offset") or _PAGE), int(call.body.get("page") or 1)
    shown = found[(page - 1) * size : page * size]
    messages = {
        "total": len(found),
        "pages": ceil(len(found) / size),
        "currentPage": page,
        "records": shown,
    }
    return Answer(200, {"messages": messages})


def find_status_message(fake: FakeEvolution, call: Call) -> Answer:
    """Each status that came for the message of that id."""
    where = call.body.get("where") or {}
    instance_id = fake.instances[call.instance].instance_id
    return Answer(
        200,
        [
            {
                "keyId": row.id,
                "remoteJid": row.jid,
                "fromMe": True,
                "participant": None,
                "pollUpdates": None,
                "status": status,
                "instanceId": instance_id,
                "messageId": row.row_id,
            }
            for row in fake.phone_book.rows(call.instance)
            if where.get("id") in {None, row.id} and where.get("remoteJid") in {None, row.jid}
            for status in row.statuses
        ],
    )


def whatsapp_numbers(fake: FakeEvolution, call: Call) -> Answer:
    numbers = call.body.get("numbers")
    if not isinstance(numbers, list):
        return answers.schema_error(['instance requires property "numbers"'])
    instance = fake.instances[call.instance]
    if not instance.ever_connected:
        return answers.undefined_property("onWhatsApp")
    if instance.state is not ConnectionState.OPEN:
        return answers.internal_error("Connection Closed")
    return Answer(
        200,
        [
            {
                "jid": jid_of(number),
                "exists": is_well_formed(number) and fake.phone_book.on_whatsapp(number),
                "number": number,
            }
            for number in map(str, numbers)
        ],
    )


def _phone(number: object) -> str | None:
    return digits_of(str(number)) if number else None


def _done(message: str) -> Answer:
    return Answer(200, {"status": "SUCCESS", "error": False, "response": {"message": message}})


def _listed(instance: Instance) -> dict[str, object]:
    return {
        "id": instance.instance_id,
        "name": instance.name,
        "connectionStatus": instance.state,
        "ownerJid": jid_of(instance.number) if instance.number else None,
        "profileName": None,
        "profilePicUrl": None,
        "integration": _BAILEYS,
        "number": instance.number,
        "token": instance.api_key,
    }


def _webhook_row(instance: Instance) -> dict[str, object] | None:
    webhook = instance.webhook
    if webhook is None:
        return None
    set_at = _utc(webhook.set_at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "id": webhook.webhook_id,
        "url": webhook.url,
        "headers": webhook.headers,
        "enabled": webhook.enabled,
        "events": list(webhook.events),
        "webhookByEvents": webhook.by_events,
        "webhookBase64": webhook.base64,
        "createdAt": set_at,
        "updatedAt": set_at,
        "instanceId": instance.instance_id,
    }


def _rows(fake: FakeEvolution, name: str) -> list[tuple[float, dict[str, Any]]]:
    """What the server's database holds of an instance, newest first, each with its time."""
    instance, book = fake.instances[name], fake.phone_book
    rows = [(row.received_at, _record(row, instance.instance_id)) for row in book.rows(name)]
    rows += [
        (reply.written_at, {"id": reply.row_id, **told(reply, instance), "MessageUpdate": []})
        for reply in book.all_replies()
        if reply.instance == name
    ]
    return sorted(rows, key=lambda row: row[0], reverse=True)


def _record(row: Message, instance_id: str) -> dict[str, Any]:
    return {
        "id": row.row_id,
        **message_fields(row, instance_id),
        "pushName": "Você",
        "contextInfo": None,
        "MessageUpdate": [{"status": status} for status in row.statuses],
    }


def _fits(at: float, row: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    key = where.get("key") or {}
    # What is false, empty or left out of a filter asks for nothing.
    asked = {name: key[name] for name in ("id", "remoteJid", "fromMe") if key.get(name)}
    if any(row["key"].get(name) != value for name, value in asked.items()):
        return False
    bounds = where.get("messageTimestamp") or {}
    # With one bound alone the real server ignores both.
    if not (bounds.get("gte") and bounds.get("lte")):
        return True
    low, high = (int(_moment(bounds[name]).timestamp()) for name in ("gte", "lte"))
    return low <= int(at) <= high


def _moment(iso: str) -> datetime:
    moment = datetime.fromisoformat(iso)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)
