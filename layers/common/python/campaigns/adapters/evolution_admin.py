"""What Evolution says of itself and of an instance (Evolution API 2.x).

`/instance/fetchInstances` answers a list of rows with `name` and `ownerJid`, the connected phone's
jid, or null where none was ever connected. It also holds the instance's key: nothing of an answer
is ever logged.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import httpx

from campaigns.domain.errors import GatewayRefused, Unavailable
from campaigns.domain.model import ConnectionState
from campaigns.services.ports_registry import AdminRefusal, Connection

#: Three requests in a row have to fit into the 30 s that an HTTP API waits.
_TIMEOUT: Final = httpx.Timeout(5, connect=3)
#: What is kept and shown as a version; which ones will do is for the rules to say.
_VERSION: Final = re.compile(r"[\x21-\x7e]{1,40}")


class EvolutionAdmin:
    """See :class:`campaigns.services.ports_registry.GatewayAdmin`."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def version(self, server: str) -> str | None:
        # Without a key: the server may turn out to be no Evolution at all.
        answer = self._get(f"{server}/", {})
        version = _mapping(_json(answer)).get("version")
        if answer.status_code != httpx.codes.OK or not isinstance(version, str):
            return None
        return version if _VERSION.fullmatch(version) else None

    def connection(self, server: str, instance: str, api_key: str) -> Connection | AdminRefusal:
        path = f"/instance/connectionState/{quote(instance, safe='')}"
        answer = self._get(server + path, {"apikey": api_key})
        match answer.status_code:
            case httpx.codes.OK:
                pass
            case httpx.codes.UNAUTHORIZED:
                return AdminRefusal.WRONG_KEY
            case httpx.codes.NOT_FOUND:
                return AdminRefusal.UNKNOWN_INSTANCE
            case status:
                raise GatewayRefused(status=status)
        state = _mapping(_mapping(_json(answer)).get("instance")).get("state")
        if state != ConnectionState.OPEN:
            return Connection(_state(state))
        return Connection(ConnectionState.OPEN, self._phone(server, instance, api_key))

    def _phone(self, server: str, instance: str, api_key: str) -> str | None:
        url = f"{server}/instance/fetchInstances?instanceName={quote(instance, safe='')}"
        rows = _json(self._get(url, {"apikey": api_key}))
        for row in rows if isinstance(rows, list) else []:
            if _mapping(row).get("name") == instance:
                return _digits(_mapping(row).get("ownerJid"))
        return None

    def _get(self, url: str, headers: Mapping[str, str]) -> httpx.Response:
        try:
            answer = self._client.get(url, headers=dict(headers), timeout=_TIMEOUT)
        except (httpx.RequestError, httpx.InvalidURL):
            raise Unavailable from None
        status = answer.status_code
        if answer.is_redirect or answer.is_server_error or status == httpx.codes.TOO_MANY_REQUESTS:
            # A proxy, or a server in trouble: nothing is said of Evolution or the instance.
            raise GatewayRefused(status=status)
        return answer


def _json(answer: httpx.Response) -> object:
    try:
        body: object = answer.json()
    # RecursionError: nested without end.
    except (ValueError, RecursionError):
        return None
    return body


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _state(state: object) -> ConnectionState:
    """Evolution may leave the state out."""
    try:
        return ConnectionState(str(state))
    except ValueError:
        return ConnectionState.UNKNOWN


def _digits(jid: object) -> str | None:
    """``5511…@s.whatsapp.net``, or with the device behind a colon; an alias has no phone."""
    user, _, server = str(jid).partition("@")
    digits = user.partition(":")[0]
    is_phone = digits.isascii() and digits.isdecimal() and server in {"s.whatsapp.net", "c.us"}
    return digits if is_phone else None
