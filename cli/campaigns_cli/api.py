"""The campaigns API over HTTP: repeats what may be repeated, and words the errors."""

import random
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Self

import httpx

from campaigns_cli.connection import Server
from campaigns_cli.errors import NotTheApi, Problem, ServerUnreachable
from campaigns_cli.hints import Asked
from campaigns_cli.language import language, t

ATTEMPTS = 5
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
NOTICED_WAIT_SECONDS = 3.0
LARGEST_PAGE = 200
PRECONDITION_FAILED = 412
_WORTH_REPEATING = frozenset({429, 503, 504})
OWN_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})

type Json = dict[str, Any]


class Api:
    """One server and one key.

    A GET, and a POST (each has an Idempotency-Key), is tried again on 429, 503, 504, connection
    errors, and while its first copy still runs; a PATCH or DELETE only where the answer says that
    it did nothing. The waits double from half a second, with jitter; a `Retry-After` is honoured up
    to half a minute, and `on_wait` hears of waits that a person would notice.
    """

    def __init__(
        self,
        server: Server,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,  # noqa: S311
        on_wait: Callable[[float], None] = lambda _: None,
    ) -> None:
        self.url = server.url
        self._sleep = sleep
        self._on_wait = on_wait
        self._jitter = jitter
        self._client = httpx.Client(
            base_url=server.url,
            transport=transport,
            # A proxy of the user's network cannot reach her own machine.
            trust_env=httpx.URL(server.url).host not in OWN_MACHINE,
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

    def patch(self, path: str, body: Json, *, etag: str | None = None) -> Json:
        headers = {"If-Match": etag} if etag else {}
        return _accepted(self._careful("PATCH", path, json=body, headers=headers))

    def edit(self, path: str, changes: Callable[[Json], Json]) -> Json:
        """Changes a thing as it is now: `changes` makes the PATCH of what was read.

        Changed by somebody else meanwhile, it is read again.
        """
        for _ in range(ATTEMPTS):
            read = self._repeated("GET", path)
            body = changes(_accepted(read))
            answer = self._careful(
                "PATCH", path, json=body, headers={"If-Match": read.headers.get("ETag", "*")}
            )
            if answer.status_code != PRECONDITION_FAILED:
                break
        return _accepted(answer)

    def delete(self, path: str) -> None:
        _accepted(self._careful("DELETE", path))

    def get_raw(self, path: str, params: Mapping[str, str | int] | None = None) -> httpx.Response:
        """An answer that is no JSON; its errors are."""
        response = self._repeated("GET", path, params=params)
        if not response.is_success:
            raise problem_of(response)
        return response

    def each(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        page_size: int = LARGEST_PAGE,
    ) -> Iterator[Json]:
        """Every entry of a list, page after page."""
        query: dict[str, str | int] = {"limit": page_size, **(params or {})}
        while True:
            page = self.get(path, query)
            if not isinstance(page.get("results"), list):
                raise NotTheApi(self.url)
            yield from page["results"]
            if not page.get("next"):
                return
            query["cursor"] = page["next"]

    def listed(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        at_most: int | None,
    ) -> tuple[list[Json], bool]:
        """The first entries of a list, and whether there are more; without `at_most` all."""
        if at_most is None:
            return list(self.each(path, params)), False
        at_most = min(at_most, sys.maxsize - 1)
        # One more than asked for tells whether there are more.
        entries = self.each(path, params, page_size=min(at_most + 1, LARGEST_PAGE))
        found = list(islice(entries, at_most + 1))
        return found[:at_most], len(found) > at_most

    def _careful(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A change without Idempotency-Key: repeated only where the first did nothing for sure."""
        for attempt in range(1, ATTEMPTS):
            response = self._once(method, path, **options)
            if not _did_nothing(response):
                return response
            self._wait(attempt, _retry_after(response))
        return self._once(method, path, **options)

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
            self._wait(attempt, asked_wait)
        return self._once(method, path, **options)

    def _wait(self, attempt: int, asked_seconds: float) -> None:
        backoff = FIRST_WAIT_SECONDS * 2 ** (attempt - 1) * (0.5 + self._jitter())
        seconds = min(max(backoff, asked_seconds), LONGEST_WAIT_SECONDS)
        if seconds >= NOTICED_WAIT_SECONDS:
            self._on_wait(seconds)
        self._sleep(seconds)

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


def _did_nothing(response: httpx.Response) -> bool:
    return response.status_code == 429 or (
        response.status_code == 503 and json_object(response).get("code") == "concurrent_update"
    )


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else 0.0


def _accepted(response: httpx.Response) -> Json:
    """The body of a 2xx; anything else is a `Problem`."""
    if not response.is_success:
        raise problem_of(response)
    if response.content and _object(response) is None:
        raise NotTheApi(_server_of(response.request))
    return json_object(response)


def problem_of(response: httpx.Response) -> Problem:
    """The error that an answer stands for, readable whoever wrote its body."""
    request = response.request
    asked = Asked(
        request.method,
        request.url.path,
        _server_of(request),
        response.headers.get("X-Request-Id", ""),
    )
    return Problem(response.status_code, json_object(response), asked)


def _server_of(request: httpx.Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc.decode()}"


def json_object(response: httpx.Response) -> Json:
    """The body, or an empty object where it is none."""
    return _object(response) or {}


def _object(response: httpx.Response) -> Json | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
