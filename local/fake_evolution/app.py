"""The fake as a WSGI application: Evolution's own paths, and the fake's under `/_fake/`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from local.fake_evolution import admin, answers, commands, drafts, endpoints, sending
from local.fake_evolution.answers import Answer
from local.fake_evolution.behaviours import Operation
from local.fake_evolution.core import FakeEvolution
from local.fake_evolution.exchanges import Exchange
from local.fake_evolution.model import Call
from local.fake_evolution.waiting import CallerPatience

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

READ_TIMEOUT = "fake_evolution.read_timeout"
"""In the WSGI environment: the caller's read timeout in seconds, where it is in process."""

type Endpoint = Callable[[FakeEvolution, Call], Answer]
type Handle = Callable[[FakeEvolution, Call, CallerPatience], Answer]


class FakeEvolutionApp:
    """Reads a request, lets the fake answer it, writes the answer.

    Where there is no answer, ClientGaveUp, AnswerLost or Unreachable comes out of it.
    """

    def __init__(self, fake: FakeEvolution) -> None:
        self._fake = fake
        self._routes = _routes()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = self._answer(Request(environ))
        response = Response(answer.payload(), answer.status, content_type=answer.content_type)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Answer:
        try:
            handle, path_values = self._routes.bind_to_environ(request.environ).match()
        except HTTPException:
            return answers.error(404, [f"Cannot {request.method} {request.path}"])
        try:
            body = json.loads(request.get_data() or b"{}")
        except ValueError as error:
            return Answer(400, {**_UNREADABLE_BODY, "response": {"message": str(error)}})
        if isinstance(handle, commands.Route):
            in_process = READ_TIMEOUT in request.environ
            return handle.answer(
                self._fake, commands.Command(body, path_values, request.args, in_process)
            )
        call = Call(
            instance=path_values.get("instance", ""),
            api_key=request.headers.get("apikey"),
            body=body if isinstance(body, dict) else {},
            query=request.args,
            client_port=_port(request.environ.get("REMOTE_PORT")),
        )
        patience = self._fake.patience(request.environ.get(READ_TIMEOUT))
        evolution: Handle = handle
        return evolution(self._fake, call, patience)


def _port(value: object) -> int | None:
    return int(str(value)) if value else None


# The server's own words for a body that is no JSON.
_UNREADABLE_BODY = {"status": 400, "error": "Internal Server Error"}


@lru_cache(maxsize=1)
def _routes() -> Map:
    """The same for every fake, and slow to make."""
    rules = [*_evolution_routes(), *admin.routes()]
    return Map(rules, strict_slashes=False, merge_slashes=False)


def _evolution_routes() -> list[Rule]:
    of_instance = (
        (
            "GET",
            "/instance/connectionState",
            endpoints.connection_state,
            Operation.CONNECTION_STATE,
        ),
        ("GET", "/instance/connect", endpoints.connect, Operation.CONNECT),
        ("DELETE", "/instance/logout", endpoints.logout, Operation.LOGOUT),
        ("DELETE", "/instance/delete", endpoints.delete_instance, Operation.DELETE),
        ("POST", "/webhook/set", endpoints.set_webhook, Operation.WEBHOOK_SET),
        ("GET", "/webhook/find", endpoints.find_webhook, Operation.OTHER),
        ("POST", "/chat/findMessages", endpoints.find_messages, Operation.FIND_MESSAGES),
        ("POST", "/chat/findStatusMessage", endpoints.find_status_message, Operation.FIND_MESSAGES),
        ("POST", "/chat/whatsappNumbers", endpoints.whatsapp_numbers, Operation.OTHER),
    )
    return [
        _route("GET", "/", partial(_ask, endpoints.server, Operation.SERVER, _open_to_all)),
        _route(
            "POST",
            "/instance/create",
            partial(_ask, endpoints.create_instance, Operation.CREATE, _global_key_only),
        ),
        _route(
            "GET",
            "/instance/fetchInstances",
            partial(_ask, endpoints.fetch_instances, Operation.OTHER, _any_key),
        ),
        _route("POST", "/message/sendText/<instance>", partial(_send, drafts.read_text)),
        _route("POST", "/message/sendMedia/<instance>", partial(_send, drafts.read_media)),
        *(
            _route(
                method, f"{path}/<instance>", partial(_ask, endpoint, operation, _instance_guard)
            )
            for method, path, endpoint, operation in of_instance
        ),
    ]


def _route(method: str, path: str, handle: Handle) -> Rule:
    return Rule(path, methods=[method], endpoint=handle)


def _send(
    read: drafts.ReadDraft, fake: FakeEvolution, call: Call, patience: CallerPatience
) -> Answer:
    return sending.send(fake, call, read, patience)


def _ask(
    endpoint: Endpoint,
    operation: Operation,
    guard: Callable[[FakeEvolution, Call], Answer | None],
    fake: FakeEvolution,
    call: Call,
    patience: CallerPatience,
) -> Answer:
    with fake.locked():
        refusal = guard(fake, call)
    exchange = Exchange(operation, call.instance, lambda _at, _rule: endpoint(fake, call), refusal)
    return fake.exchanges.perform(exchange, patience)


def _instance_guard(fake: FakeEvolution, call: Call) -> Answer | None:
    return fake.refusal(call)


def _open_to_all(_fake: FakeEvolution, _call: Call) -> Answer | None:
    return None


def _global_key_only(fake: FakeEvolution, call: Call) -> Answer | None:
    if not fake.licensed:
        return answers.licence_not_activated()
    return None if call.api_key == fake.global_key else answers.unauthorized()


def _any_key(fake: FakeEvolution, call: Call) -> Answer | None:
    if any(call.api_key == instance.api_key for instance in fake.instances.values()):
        return None
    return _global_key_only(fake, call)
