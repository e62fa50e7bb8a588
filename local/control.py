"""The stack's own port: Lambda's Invoke for the functions, and a hand on what goes wrong.

``POST /control/dispatcher/duplicate {"count": n}``  the next n jobs that are due and get finished
    are delivered three times: twice at the same moment, to two workers, and once right after.
``POST /control/dispatcher/kill {"wait_seconds": s}``  KILLs the dispatcher that has an open request
    at the fake, as soon as one has; 404 when none had one within s (10).
``POST /control/aws/restart {"away_seconds": s}``  ends the emulator with TERM and starts it again s
    (0) later, with its state; answers when it is back.
``POST /control/schedule/run``  a tick now; answers what the scheduler answered.
``GET /control/status``  what runs, and what was duplicated and killed.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from local.delivery import Delivery
from local.invoke_api import PATH_PREFIX, InvokeApi
from local.pool import BusyError, Pool
from local.process import StartError
from local.schedule import Schedule

_KILL_WAIT_SECONDS = 10.0
_POLL_SECONDS = 0.02


class Control:
    """The WSGI application on the control port.

    `waiting_process` picks the process that waits for an answer of the fake.
    """

    def __init__(
        self,
        invoke_api: InvokeApi,
        pools: Mapping[str, Pool],
        dispatcher: Pool,
        delivery: Delivery,
        schedule: Schedule,
        waiting_process: Callable[[Iterable[int]], int | None],
        restart_aws: Callable[[float], None],
    ) -> None:
        self._invoke_api = invoke_api
        self._pools = pools
        self._dispatcher = dispatcher
        self._delivery = delivery
        self._schedule = schedule
        self._waiting_process = waiting_process
        self._restart_aws = restart_aws
        self._killed: list[int] = []
        self._killing = threading.Lock()
        self._routes: dict[tuple[str, str], Callable[[Mapping[str, Any]], Response]] = {
            ("POST", "/control/dispatcher/duplicate"): self._duplicate,
            ("POST", "/control/dispatcher/kill"): self._kill,
            ("POST", "/control/aws/restart"): self._restart,
            ("POST", "/control/schedule/run"): self._run_schedule,
            ("GET", "/control/status"): self._status,
        }

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.method == "POST" and request.path.startswith(PATH_PREFIX):
            return self._invoke_api.answer(request)
        route = self._routes.get((request.method, request.path))
        if route is None:
            return _json(404, {"message": "no such operation"})
        try:
            return route(json.loads(request.get_data() or b"{}"))
        except (ValueError, TypeError, AttributeError, BadRequest):
            return _json(400, {"message": "the body cannot be read"})

    def _duplicate(self, body: Mapping[str, Any]) -> Response:
        self._delivery.duplicate(int(body.get("count", 1)))
        return _json(200, {"wanted": self._delivery.wanted})

    def _kill(self, body: Mapping[str, Any]) -> Response:
        deadline = time.monotonic() + float(body.get("wait_seconds", _KILL_WAIT_SECONDS))
        with self._killing:
            while True:
                busy = {process.pid: process for process in self._dispatcher.busy_processes()}
                pid = self._waiting_process(busy) if busy else None
                if pid is not None:
                    busy[pid].kill()
                    self._killed.append(pid)
                    return _json(200, {"pid": pid})
                if time.monotonic() > deadline:
                    return _json(404, {"message": "no dispatcher has an open request"})
                time.sleep(_POLL_SECONDS)

    def _restart(self, body: Mapping[str, Any]) -> Response:
        try:
            self._restart_aws(float(body.get("away_seconds", 0.0)))
        except StartError as error:
            return _json(503, {"message": str(error)})
        return _json(200, {})

    def _run_schedule(self, _: Mapping[str, Any]) -> Response:
        try:
            outcome = self._schedule.tick()
        except BusyError as busy:
            return _json(503, {"message": str(busy)})
        return Response(
            outcome.payload, 502 if outcome.failed else 200, content_type="application/json"
        )

    def _status(self, _: Mapping[str, Any]) -> Response:
        return _json(
            200,
            {
                "functions": {name: pool.status() for name, pool in self._pools.items()},
                "schedule_ticks": self._schedule.ticks,
                "duplicates_wanted": self._delivery.wanted,
                "duplicated": self._delivery.duplicated,
                "killed": self._killed,
            },
        )


def _json(status: int, content: Mapping[str, Any]) -> Response:
    return Response(json.dumps(content), status, content_type="application/json")
