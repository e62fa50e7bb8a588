"""The campaigns API over HTTP: repeats what may be repeated, and words the errors."""

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import httpx

from campaigns_cli.connection import Server
from campaigns_cli.errors import Problem, ServerUnreachable
from campaigns_cli.language import language, t

ATTEMPTS = 5
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
_WORTH_REPEATING = frozenset({429, 503, 504})
_OWN_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})

type Json = dict[str, Any]


class Api:
    """One server and one key.

    A GET, and a POST (each has an Idempotency-Key), is tried again on 429, 503, 504, connection
    errors, and while its first copy still runs. The waits double from half a second, with jitter;
    a `Retry-After` is honoured up to half a minute.
    """

    def __init__(
        self,
        server: Server,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,  # noqa: S311
    ) -> None:
        self.url = server.url
        self._sleep = sleep
        self._jitter = jitter
        self._client = httpx.Client(
            base_url=server.url,
            transport=transport,
            # A proxy of the user's network cannot reach her own machine.
            trust_env=httpx.URL(server.url).host not in _OWN_MACHINE,
            timeout=httpx.Timeout(35.0, connect=5.0),
            headers={
                "Authorization": f"Bearer {server.key}",
                "Accept-Language": language(),
                "User-Agent": "campaigns-cli",
            },
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Json:
        return _accepted(self._repeated("GET", path, params=params))

    def post(self, path: str, body: Json | None = None, *, idempotency_key: str = "") -> Json:
        return _accepted(self.post_raw(path, body, idempotency_key=idempotency_key))

    def post_raw(
        self, path: str, body: Json | None = None, *, idempotency_key: str = ""
    ) -> httpx.Response:
        """The answer as it came, for calls whose 4xx is a result too."""
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        return self._repeated("POST", path, json=body or {}, headers=headers)

    def patch(self, path: str, body: Json) -> Json:
        return _accepted(self._once("PATCH", path, json=body))

    def each(self, path: str, params: Mapping[str, str | int] | None = None) -> Iterator[Json]:
        """Every entry of a list, page after page."""
        query: dict[str, str | int] = {"limit": 200, **(params or {})}
        while True:
            page = self.get(path, query)
            yield from page.get("results", [])
            if not page.get("next"):
                return
            query["cursor"] = page["next"]

    def _repeated(self, method: str, path: str, **options: Any) -> httpx.Response:
        for attempt in range(1, ATTEMPTS):
            asked_wait = 0.0
            try:
                response = self._once(method, path, **options)
            except ServerUnreachable:
                pass
            else:
                if not _is_worth_repeating(response):
                    return response
                asked_wait = _retry_after(response)
            backoff = FIRST_WAIT_SECONDS * 2 ** (attempt - 1) * (0.5 + self._jitter())
            self._sleep(min(max(backoff, asked_wait), LONGEST_WAIT_SECONDS))
        return self._once(method, path, **options)

    def _once(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **options)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ServerUnreachable(
                t(
                    f"O servidor {self.url} não responde. Confira o endereço, a rede e, na pilha "
                    "local, se `make run` está no ar.",
                    f"The server {self.url} does not answer. Check the address, the network and, "
                    "for the local stack, that `make run` is up.",
                )
            ) from error


def _is_worth_repeating(response: httpx.Response) -> bool:
    return response.status_code in _WORTH_REPEATING or (
        response.status_code == 409
        and json_object(response).get("code") == "idempotency_in_progress"
    )


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else 0.0


def _accepted(response: httpx.Response) -> Json:
    """The body of a 2xx; anything else is a `Problem`."""
    if not response.is_success:
        raise problem_of(response)
    return json_object(response)


def problem_of(response: httpx.Response) -> Problem:
    """The error that an answer stands for, readable whoever wrote its body."""
    return Problem(response.status_code, json_object(response))


def json_object(response: httpx.Response) -> Json:
    """The body, or an empty object where it is none."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
