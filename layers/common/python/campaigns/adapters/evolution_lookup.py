"""Looks for messages in an Evolution server's own database (Evolution API 2.x).

A proxy may answer in its place, or a server in trouble: whatever is not a list of messages is no
answer. Rows hold phones and texts: nothing of them is ever logged.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote

import httpx

from campaigns.domain.errors import Unavailable
from campaigns.domain.instants import SECOND_MS, to_iso
from campaigns.domain.model import Instance
from campaigns.domain.reconciling import Row
from campaigns.domain.webhook_event import AckStatus

#: Looking must never hold up what is to be planned.
_TIMEOUT: Final = httpx.Timeout(5, connect=3)
#: Seconds reach this in the year 5138; a number beyond it is in milliseconds.
_SECONDS_LIMIT: Final = 10**11
_DIGITS_LIMIT: Final = 13


class EvolutionLookup:
    """See :class:`campaigns.services.ports_lookup.MessageLookup`."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def version(self, server: str) -> str | None:
        # Without a key: it is the server's to say, whoever asks.
        version = _field(self._ask("GET", f"{server.rstrip('/')}/", None, None), "version")
        return version if isinstance(version, str) else None

    def by_id(self, instance: Instance, api_key: str, whatsapp_message_id: str) -> Sequence[Row]:
        rows = self._find(instance, api_key, {"key": {"id": whatsapp_message_id}})
        return [row for row in rows if row.whatsapp_message_id == whatsapp_message_id]

    def by_address(
        self, instance: Instance, api_key: str, remote_jid: str, *, since: int, until: int
    ) -> Sequence[Row]:
        # With one bound alone the server would disregard both.
        bounds = {"gte": to_iso(since), "lte": to_iso(until)}
        where = {"key": {"remoteJid": remote_jid, "fromMe": True}, "messageTimestamp": bounds}
        rows = self._find(instance, api_key, where)
        return [row for row in rows if row.remote_jid == remote_jid]

    def _find(self, instance: Instance, api_key: str, where: Mapping[str, object]) -> Iterator[Row]:
        server = instance.evolution_url.rstrip("/")
        name = quote(instance.evolution_instance, safe="")
        found = self._ask("POST", f"{server}/chat/findMessages/{name}", api_key, {"where": where})
        records = _field(_field(found, "messages"), "records")
        if not isinstance(records, list):
            raise Unavailable
        return (row for row in map(_row, records) if row is not None)

    def _ask(
        self, method: str, url: str, api_key: str | None, body: Mapping[str, object] | None
    ) -> object:
        headers = {} if api_key is None else {"apikey": api_key}
        try:
            answer = self._client.request(method, url, headers=headers, json=body, timeout=_TIMEOUT)
            if not answer.is_success:
                raise Unavailable
            return answer.json()
        # RecursionError: nested without end.
        except (httpx.RequestError, httpx.InvalidURL, ValueError, RecursionError):
            raise Unavailable from None


def _row(record: object) -> Row | None:
    """A row of ours; one without an id, or of what somebody wrote to us, is none."""
    key, message = _field(record, "key"), _field(record, "message")
    message_id, remote_jid = _field(key, "id"), _field(key, "remoteJid")
    if not isinstance(message_id, str) or not message_id or _field(key, "fromMe") is False:
        return None
    text = _field(message, "conversation") or _field(_field(message, "extendedTextMessage"), "text")
    return Row(
        message_id,
        remote_jid=remote_jid if isinstance(remote_jid, str) else None,
        text=text if isinstance(text, str) else None,
        sent_at=_instant(_field(record, "messageTimestamp")),
        statuses=frozenset(_statuses(_field(record, "MessageUpdate"))),
    )


def _statuses(updates: object) -> Iterator[AckStatus]:
    for update in updates if isinstance(updates, list) else []:
        status = _field(update, "status")
        if isinstance(status, str) and status in AckStatus:
            yield AckStatus(status)


def _instant(value: object) -> int | None:
    """Seconds or milliseconds, as a number, as digits, or as the halves of a long integer."""
    if isinstance(value, dict):
        value = value.get("low")
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value) if len(value) <= _DIGITS_LIMIT else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    if not 0 < value < _SECONDS_LIMIT * SECOND_MS:
        return None
    return int(value * SECOND_MS if value < _SECONDS_LIMIT else value)


def _field(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None
