"""The campaigns API as the command line sees it, in memory: one tenant, one key."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx

KEY = "owner-key"
_CAMPAIGNS = "/api/campaigns/campaigns/"


@dataclass
class FakeCampaignsApi:
    """`before` sees each request first; what it returns, or raises, is the answer."""

    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    campaigns: dict[str, dict[str, Any]] = field(default_factory=dict)
    recipients: list[dict[str, Any]] = field(default_factory=list)
    instances: list[dict[str, Any]] = field(
        default_factory=lambda: [{"id": "in_1", "name": "Loja", "connection_state": "open"}]
    )
    requests: list[httpx.Request] = field(default_factory=list)
    kept_answers: dict[str, httpx.Response] = field(default_factory=dict)
    before: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        if (early := self.before(request)) is not None:
            return early
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return problem(401, "unauthenticated", "A chave não vale.")
        idempotency_key = request.headers.get("Idempotency-Key")
        if idempotency_key in self.kept_answers:
            return _copy(self.kept_answers[idempotency_key])
        response = self._route(request)
        if idempotency_key and response.status_code < 500:
            self.kept_answers[idempotency_key] = _copy(response)
        return response

    def _route(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/api/contacts/contacts/bulk_create/":
            return self._bulk_create(json.loads(request.content))
        if path == "/api/instances/":
            return _list(self.instances)
        if path == _CAMPAIGNS and request.method == "POST":
            return self._create(json.loads(request.content))
        if path == _CAMPAIGNS:
            return _list(list(self.campaigns.values()))
        found = re.fullmatch(f"{_CAMPAIGNS}([^/]+)/([a-z]*)/?", path)
        if found is None or found[1] not in self.campaigns:
            return problem(404, "not_found", "Não encontrado.")
        return self._campaign_call(self.campaigns[found[1]], found[2])

    def _campaign_call(self, campaign: dict[str, Any], call: str) -> httpx.Response:
        match call:
            case "start":
                if campaign["status"] != "draft":
                    return problem(409, "invalid_state", "A campanha já foi iniciada.")
                campaign["status"] = "active"
            case "pause" | "resume" | "cancel":
                campaign["status"] = {"pause": "paused", "resume": "active"}.get(call, "cancelled")
            case "contacts":
                return _list(self.recipients)
            case "checks":
                warnings = [{"code": "no_daily_limit", "message": "Sem limite por dia."}]
                return httpx.Response(200, json={"warnings": warnings})
        return httpx.Response(200, json=campaign)

    def _create(self, body: dict[str, Any]) -> httpx.Response:
        campaign = campaign_object(
            id=f"cp_{len(self.campaigns) + 1}", name=body["name"], body=body,
            total_contacts=len(body["contact_ids"]), pending_messages=len(body["contact_ids"]),
        )  # fmt: skip
        self.campaigns[campaign["id"]] = campaign
        return httpx.Response(201, json=campaign)

    def _bulk_create(self, body: dict[str, Any]) -> httpx.Response:
        answer: dict[str, Any] = {"created": 0, "updated": 0, "skipped": 0}
        answer |= {"errors": [], "contacts": []}
        for index, contact in enumerate(body["contacts"]):
            phone = _person(contact.get("phone", ""))
            if len(phone) < 10 or not contact.get("name"):
                field_name = "phone" if len(phone) < 10 else "name"
                errors = [{"field": field_name, "code": "required", "message": "Obrigatório."}]
                answer["errors"].append({"index": index, "code": "invalid", "errors": errors})
                continue
            contact_id = "ct_" + hashlib.sha256(phone.encode()).hexdigest()[:12]
            result = "updated" if contact_id in self.contacts else "created"
            self.contacts[contact_id] = {**self.contacts.get(contact_id, {}), **contact}
            answer[result] += 1
            entry = {"index": index, "id": contact_id, "phone": phone, "result": result}
            answer["contacts"].append(entry)
        status = 201 if answer["created"] else 200 if answer["contacts"] else 422
        return httpx.Response(status, json=answer)


def campaign_object(**changes: Any) -> dict[str, Any]:
    """A campaign as the API answers it: a draft that is laid, with `changes`."""
    return {
        "id": "cp_1",
        "name": "Natal",
        "status": "draft",
        "timezone": "America/Sao_Paulo",
        "recipients": {"state": "ready", "error": None},
        "total_contacts": 2,
        "pending_messages": 2,
        "in_flight_messages": 0,
        "sent_messages": 0,
        "delivered_messages": 0,
        "read_messages": 0,
        "failed_messages": 0,
        "skipped_messages": 0,
        "unconfirmed_messages": 0,
        "progress_percentage": 0.0,
        "next_scheduled_send": None,
        "scheduled_at": None,
        "estimated_seconds": None,
        "auto_pause_reason": None,
        "last_error": None,
    } | changes


def problem(status: int, code: str, detail: str, **members: Any) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": detail, **members})


@contextmanager
def served(api: Callable[[httpx.Request], httpx.Response]) -> Iterator[str]:
    """Whatever answers requests, on a loopback port of its own; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = httpx.Request(
                self.command, f"http://fake{self.path}", headers=dict(self.headers), content=body
            )
            response = api(request)
            # A client that was interrupted does not wait for its answer.
            with suppress(ConnectionError):
                self.send_response(response.status_code)
                for name, value in response.headers.items():
                    if name.lower() != "content-length":
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(response.content)))
                self.end_headers()
                self.wfile.write(response.content)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - names of http.server

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _person(phone: str) -> str:
    digits = re.sub(r"\D", "", phone).lstrip("0")
    digits = digits[2:] if len(digits) > 11 else digits
    return digits[:2] + digits[-8:]


def _list(results: list[dict[str, Any]]) -> httpx.Response:
    return httpx.Response(200, json={"results": results, "next": None})


def _copy(response: httpx.Response) -> httpx.Response:
    return httpx.Response(response.status_code, content=response.content, headers=response.headers)
