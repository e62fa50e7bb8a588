"""What Evolution says of itself and of an instance, and what it is told (Evolution API 2.x).

`/instance/fetchInstances` answers a list of rows with `name` and `ownerJid`, the connected phone's
jid, or null where none was ever connected. A phone that has just scanned is in its row a moment
after `connectionState` says "open": the row's own `connectionStatus` says so too once it is. It
also holds the instance's key, as `/instance/create` does, and what `/instance/connect` answers
opens a phone: nothing of an answer is ever logged.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import httpx

from campaigns.domain.errors import GatewayRefused, Unavailable
from campaigns.domain.model import ConnectionState
from campaigns.services.ports_evolution import AdminRefusal, Connection, Pairing, Webhook

#: Three requests in a row have to fit into the 30 s that an HTTP API waits.
_TIMEOUT: Final = httpx.Timeout(5, connect=3)
#: For who is waited for himself, as an event is by its server.
QUICK: Final = httpx.Timeout(3, connect=2)
#: These come behind up to three others.
_WEBHOOK_TIMEOUT: Final = httpx.Timeout(4, connect=2)
#: Evolution passes it on with each event.
_HEADER: Final = "X-Webhook-Secret"
#: Evolution itself waits 2 s for the code.
_PAIRING_TIMEOUT: Final = httpx.Timeout(8, connect=3)
#: What is kept and shown as a version; which ones will do is for the rules to say.
_VERSION: Final = re.compile(r"[\x21-\x7e]{1,40}")
_REFUSALS: Final[Mapping[int, AdminRefusal]] = {
    httpx.codes.UNAUTHORIZED: AdminRefusal.WRONG_KEY,
    httpx.codes.NOT_FOUND: AdminRefusal.UNKNOWN_INSTANCE,
}


class EvolutionAdmin:
    """See :class:`campaigns.services.ports_evolution.GatewayAdmin`.

    `timeout` is for each question whose answer Evolution has at hand.
    """

    def __init__(self, client: httpx.Client, timeout: httpx.Timeout = _TIMEOUT) -> None:
        self._client = client
        self._timeout = timeout

    def version(self, server: str) -> str | None:
        # Without a key: the server may turn out to be no Evolution at all.
        answer = self._ask("GET", f"{server}/", None)
        version = _mapping(_json(answer)).get("version")
        if answer.status_code != httpx.codes.OK or not isinstance(version, str):
            return None
        return version if _VERSION.fullmatch(version) else None

    def connection(self, server: str, instance: str, api_key: str) -> Connection | AdminRefusal:
        answer = self._ask("GET", _url(server, "connectionState", instance), api_key)
        if refusal := _refusal(answer):
            return refusal
        return self._connection(answer, server, instance, api_key)

    def connect(
        self, server: str, instance: str, api_key: str, *, phone: str | None = None
    ) -> Pairing | Connection | AdminRefusal:
        url = _url(server, "connect", instance) + (f"?number={phone}" if phone else "")
        answer = self._ask("GET", url, api_key, timeout=_PAIRING_TIMEOUT)
        if refusal := _refusal(answer):
            return refusal
        told = _json(answer)
        if not isinstance(told, dict) or told.get("error"):
            # What it threw comes in an answer of 200.
            raise GatewayRefused(status=answer.status_code)
        if "instance" in told:
            return self._connection(answer, server, instance, api_key)
        return Pairing(_text(told, "code"), _text(told, "pairingCode"), _text(told, "base64"))

    def webhook(self, server: str, instance: str, api_key: str) -> Webhook | AdminRefusal | None:
        url = f"{server}/webhook/find/{quote(instance, safe='')}"
        answer = self._ask("GET", url, api_key, timeout=_WEBHOOK_TIMEOUT)
        return _refusal(answer) or _webhook(_json(answer))

    def set_webhook(
        self, server: str, instance: str, api_key: str, webhook: Webhook
    ) -> AdminRefusal | None:
        wanted = {
            "enabled": webhook.is_enabled,
            "url": webhook.url,
            "byEvents": False,
            "base64": False,
            "headers": {_HEADER: webhook.secret},
            "events": sorted(webhook.events),
        }
        answer = self._ask(
            "POST",
            f"{server}/webhook/set/{quote(instance, safe='')}",
            api_key,
            json={"webhook": wanted},
            timeout=_WEBHOOK_TIMEOUT,
        )
        return None if answer.status_code == httpx.codes.CREATED else _refusal(answer)

    def logout(self, server: str, instance: str, api_key: str) -> AdminRefusal | None:
        answer = self._ask("DELETE", _url(server, "logout", instance), api_key)
        if answer.status_code == httpx.codes.BAD_REQUEST:
            # It is not connected.
            return None
        return _refusal(answer)

    def create(
        self, server: str, server_key: str, instance: str, api_key: str
    ) -> str | AdminRefusal:
        # Without a QR code, for which Evolution waits 5 s: that is asked for when it is wanted.
        wanted = {
            "instanceName": instance,
            "integration": "WHATSAPP-BAILEYS",
            "token": api_key,
            "qrcode": False,
        }
        answer = self._ask("POST", f"{server}/instance/create", server_key, json=wanted)
        match answer.status_code:
            case httpx.codes.CREATED:
                return _key_in(_mapping(_json(answer)).get("hash"))
            case httpx.codes.UNAUTHORIZED:
                return AdminRefusal.SERVER_KEY_REFUSED
            case httpx.codes.FORBIDDEN:
                return AdminRefusal.NAME_TAKEN
            case status:
                raise GatewayRefused(status=status)

    def delete(self, server: str, instance: str, api_key: str) -> AdminRefusal | None:
        answer = self._ask("DELETE", _url(server, "delete", instance), api_key)
        if answer.status_code == httpx.codes.BAD_REQUEST:
            return AdminRefusal.STILL_CONNECTED
        return _refusal(answer)

    def _connection(
        self, answer: httpx.Response, server: str, instance: str, api_key: str
    ) -> Connection:
        state = _mapping(_mapping(_json(answer)).get("instance")).get("state")
        if state != ConnectionState.OPEN:
            return Connection(_state(state))
        row = self._row(server, instance, api_key)
        if row.get("connectionStatus", ConnectionState.OPEN) != ConnectionState.OPEN:
            # Whose phone it is it does not say yet; one that it names may be the one before.
            return Connection(ConnectionState.CONNECTING)
        return Connection(ConnectionState.OPEN, _digits(row.get("ownerJid")))

    def _row(self, server: str, instance: str, api_key: str) -> Mapping[str, object]:
        url = f"{server}/instance/fetchInstances?instanceName={quote(instance, safe='')}"
        rows = _json(self._ask("GET", url, api_key))
        for row in rows if isinstance(rows, list) else []:
            if _mapping(row).get("name") == instance:
                return _mapping(row)
        return {}

    def _ask(
        self,
        method: str,
        url: str,
        api_key: str | None,
        *,
        json: Mapping[str, object] | None = None,
        timeout: httpx.Timeout | None = None,
    ) -> httpx.Response:
        headers = {} if api_key is None else {"apikey": api_key}
        wait = timeout or self._timeout
        try:
            answer = self._client.request(method, url, headers=headers, json=json, timeout=wait)
        except (httpx.RequestError, httpx.InvalidURL):
            raise Unavailable from None
        status = answer.status_code
        if answer.is_redirect or answer.is_server_error or status == httpx.codes.TOO_MANY_REQUESTS:
            # A proxy, or a server in trouble: nothing is said of Evolution or the instance.
            raise GatewayRefused(status=status)
        return answer


def _url(server: str, action: str, instance: str) -> str:
    return f"{server}/instance/{action}/{quote(instance, safe='')}"


def _refusal(answer: httpx.Response) -> AdminRefusal | None:
    """None for an answer that is one; raises GatewayRefused where it says neither."""
    if answer.status_code == httpx.codes.OK:
        return None
    refusal = _REFUSALS.get(answer.status_code)
    if refusal is None:
        raise GatewayRefused(status=answer.status_code)
    return refusal


def _webhook(told: object) -> Webhook | None:
    row = _mapping(told)
    url, secret = row.get("url"), _mapping(row.get("headers")).get(_HEADER)
    events = row.get("events")
    is_ours = (
        row.get("enabled") is True
        and not row.get("webhookByEvents")
        and not row.get("webhookBase64")
    )
    if not (is_ours and isinstance(url, str) and isinstance(secret, str)):
        return None
    names = events if isinstance(events, list) else []
    return Webhook(url, secret, frozenset(name for name in names if isinstance(name, str)))


def _key_in(made: object) -> str:
    """The key of a new instance: a text, or under `apikey` in the oldest 2.x."""
    key = _mapping(made).get("apikey", made)
    if not isinstance(key, str) or not key:
        raise GatewayRefused(status=httpx.codes.CREATED.value)
    return key


def _json(answer: httpx.Response) -> object:
    try:
        body: object = answer.json()
    # RecursionError: nested without end.
    except (ValueError, RecursionError):
        return None
    return body


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(values: Mapping[str, object], name: str) -> str | None:
    value = values.get(name)
    return value if isinstance(value, str) and value else None


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
