"""Instances: the limits of what an owner may set, and how one is told from another."""

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Final

from campaigns.domain.errors import FieldError
from campaigns.domain.identity import Identity
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import ConnectionState, InstanceGate
from campaigns.domain.phone import InvalidPhone, parse_phone
from campaigns.domain.plain_text import has_controls, is_blank

NAME_LIMIT: Final = 200
EVOLUTION_INSTANCE_LIMIT: Final = 100
API_KEY_LIMIT: Final = 500
DELAY_RANGE: Final = (1, 3_600)
DAILY_LIMIT_RANGE: Final = (1, 100_000)

_VISIBLE_ASCII: Final = re.compile(r"[\x21-\x7e]+")
#: It becomes one segment of a path.
_NOT_IN_A_SEGMENT: Final = frozenset("/\\?#%")
_VERSION: Final = re.compile(r"v?([0-9]+)(?:\.[0-9]+)+")


@dataclass(frozen=True, slots=True)
class InstanceDraft:
    """An instance as an owner gives it. `daily_limit` None is "no limit", said in so many words."""

    name: str
    evolution_url: str
    evolution_instance: str
    api_key: str = field(repr=False)
    delay_min_seconds: int = 20
    delay_max_seconds: int = 50
    daily_limit: int | None = 250

    def reaches_as(self, other: "InstanceDraft") -> bool:
        """Both are reached in the same way: nothing has to be proved again."""
        return (self.evolution_url, self.evolution_instance, self.api_key) == (
            other.evolution_url,
            other.evolution_instance,
            other.api_key,
        )


@dataclass(frozen=True, slots=True)
class ConnectedPhone:
    """The phone of an instance, and the place that it takes in the deployment."""

    e164: str | None = field(repr=False)
    places: tuple[str, ...] = ()


def check_instance(draft: InstanceDraft) -> tuple[FieldError, ...]:
    """Delays are 1 to 3,600 s, the smaller one first; the server's address is judged elsewhere."""
    errors = [*_check_names(draft)]
    if len(draft.api_key) > API_KEY_LIMIT or not _VISIBLE_ASCII.fullmatch(draft.api_key):
        errors.append(FieldError("api_key", "invalid_api_key", "invalid_api_key"))
    for name in ("delay_min_seconds", "delay_max_seconds"):
        errors += _check_range(name, getattr(draft, name), DELAY_RANGE)
    if draft.daily_limit is not None:
        errors += _check_range("daily_limit", draft.daily_limit, DAILY_LIMIT_RANGE)
    if not errors and draft.delay_min_seconds > draft.delay_max_seconds:
        errors.append(FieldError("delay_max_seconds", "delay_order", "delay_order"))
    return tuple(errors)


def is_supported(version: str | None) -> bool:
    """Evolution 2 and later; 1.x takes another body, and an unknown version could be anything."""
    match = _VERSION.match(version or "")
    return match is not None and int(match[1]) >= 2


def server_digest(evolution_url: str, evolution_instance: str) -> str:
    """Names an instance on its server, in whatever tenant; the URL as `AddressPolicy` gives it."""
    place = evolution_url.partition("://")[2] + "\x1f" + evolution_instance
    return "server-" + hashlib.sha256(place.encode()).hexdigest()


def connected_phone(digits: str | None, identity: Identity) -> ConnectedPhone:
    """A phone is one place in whatever spelling WhatsApp uses, with Brazil's ninth digit or not."""
    if not digits:
        return ConnectedPhone(None)
    number = "+" + digits.removeprefix("+")
    try:
        phone = parse_phone(number)
    except InvalidPhone:
        return ConnectedPhone(number, (_phone_digest(identity, number),))
    return ConnectedPhone(phone.e164, (_phone_digest(identity, phone.person_key),))


def connected_as(gate: InstanceGate, state: ConnectionState) -> InstanceGate:
    """The gate once it is noted how it is connected; unchanged where that is known already."""
    if gate.connection_state is state:
        return gate
    version = gate.connection_version + 1
    return replace(gate, connection_state=state, connection_version=version)


def next_allowed_at(gate: InstanceGate, now: int, day: str, next_day_at: int) -> int | None:
    """From when on the next request may leave, as far as gap and day's limit go; None is now."""
    is_full = gate.daily_limit is not None and gate.sent_on(day) >= gate.daily_limit
    opens_at = max(gate.gap_ends_at, next_day_at if is_full else 0)
    return opens_at if opens_at > now else None


def delay_ms(seconds: int) -> int:
    return seconds * SECOND_MS


def _phone_digest(identity: Identity, person_key: str) -> str:
    return "phone-" + identity.person(person_key)


def _check_names(draft: InstanceDraft) -> list[FieldError]:
    errors = [
        *_check_text("name", draft.name.strip(), NAME_LIMIT),
        *_check_text("evolution_instance", draft.evolution_instance, EVOLUTION_INSTANCE_LIMIT),
    ]
    if has_controls(draft.name, lines=False):
        errors.append(FieldError("name", "invalid_text", "invalid_text"))
    name = draft.evolution_instance
    if name in {".", ".."} or not name.isprintable() or _NOT_IN_A_SEGMENT & set(name):
        errors.append(FieldError("evolution_instance", "invalid_name", "invalid_name"))
    return errors


def _check_text(field_name: str, value: str, limit: int) -> list[FieldError]:
    if is_blank(value):
        return [FieldError(field_name, "required", "required")]
    if len(value) > limit:
        return [FieldError(field_name, "too_long", "too_long", {"limit": limit})]
    return []


def _check_range(field_name: str, value: int, limits: tuple[int, int]) -> list[FieldError]:
    low, high = limits
    if low <= value <= high:
        return []
    return [FieldError(field_name, "out_of_range", "out_of_range", {"low": low, "high": high})]
