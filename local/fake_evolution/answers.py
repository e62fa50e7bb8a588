"""What Evolution answers, status by status and body by body."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from local.fake_evolution.numbers import jid_of

JSON = "application/json"
HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; a body that is not JSON is text."""

    status: int
    body: object
    content_type: str = JSON

    def payload(self) -> bytes:
        if self.content_type != JSON:
            return str(self.body).encode()
        return json.dumps(self.body, ensure_ascii=False).encode()


def error(status: int, message: object) -> Answer:
    """Evolution's envelope; `message` is a string, `["…"]`, `[["…"]]` or `[{…}]`."""
    body = {
        "status": status,
        "error": HTTPStatus(status).phrase,
        "response": {"message": message},
    }
    return Answer(status, body)


def unauthorized() -> Answer:
    return error(401, "Unauthorized")


def no_such_instance(name: str) -> Answer:
    return error(404, [f'The "{name}" instance does not exist'])


def licence_not_activated() -> Answer:
    return Answer(503, {"error": "service not activated", "code": "LICENSE_REQUIRED"})


def not_on_whatsapp(number: str) -> Answer:
    return error(400, [{"jid": jid_of(number), "exists": False, "number": number}])


def schema_error(messages: Sequence[str]) -> Answer:
    return error(400, [list(messages)])


def bad_request(message: str) -> Answer:
    """What is thrown around the send itself: the text of the exception, in a list."""
    return error(400, [message])


def internal_error(message: str) -> Answer:
    """What is thrown before the send: the bare message of the exception."""
    return error(500, message)


def undefined_property(name: str) -> Answer:
    return internal_error(f"Cannot read properties of undefined (reading '{name}')")


def plain_page(status: int) -> Answer:
    """The small HTML page with which a proxy answers in the server's place."""
    title = f"{status} {HTTPStatus(status).phrase}"
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Answer(status, page, HTML)
