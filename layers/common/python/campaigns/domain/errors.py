"""What can go wrong by the rules, as one tree; the edge has one map from it to answers.

    CampaignsError
    ├── Unauthenticated        no valid key
    ├── Forbidden              the role may not call the operation at all
    ├── NotFound               nothing of this tenant has that id
    ├── InvalidState           the thing is in a state that does not allow it
    ├── Conflict               what is there already stands against it; `code` says what
    ├── StartRefused           start conditions that do not hold, all at once
    ├── PreconditionFailed     the caller saw another version than the stored one
    ├── ValidationFailed       fields that are wrong, all at once
    │   └── UnknownReference   ids inside a body that are unknown or another tenant's
    ├── TextTooLong            a rendered text is over the limit
    ├── Throttled              asked too fast; it may be asked again
    ├── ConcurrentUpdate       the write lost a race; read again and decide again
    ├── NotYet                 what it speaks of may be written in a moment
    ├── Unavailable            the Evolution server does not answer
    └── GatewayRefused         the Evolution server answered, and refused

`code` is stable and part of the contract. `context` goes into answers and logs: ids, counts and
codes, never a phone and never a secret.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

UNKNOWN_IDS_NAMED: Final = 100


class CampaignsError(Exception):
    """A rule said no. The text of the exception is its code and context, fit for any log."""

    code: str = "error"

    def __init__(self, code: str | None = None, /, **context: object) -> None:
        if code is not None:
            self.code = code
        self.context: Mapping[str, object] = MappingProxyType(context)
        super().__init__(self.code)

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value!r}" for name, value in self.context.items())
        return f"{self.code} ({details})" if details else self.code


class Unauthenticated(CampaignsError):
    """No valid key came with the request."""

    code = "unauthenticated"


class Forbidden(CampaignsError):
    """The key's role may not call this operation, whatever the id."""

    code = "forbidden"


class NotFound(CampaignsError):
    """Nothing of this tenant has that id; a foreign id reads exactly the same."""

    code = "not_found"


class InvalidState(CampaignsError):
    """The state does not allow the operation; `current_status` says which state that is."""

    code = "invalid_state"

    def __init__(self, current_status: str, **context: object) -> None:
        super().__init__(None, current_status=str(current_status), **context)
        self.current_status = str(current_status)


class ConflictCode(StrEnum):
    """What can stand against a write (closed list of the contract)."""

    ALREADY_CREATED = "already_created"
    ALREADY_REGISTERED = "already_registered"
    CONTACT_EXISTS = "contact_exists"
    DAILY_LIMIT_REACHED = "daily_limit_reached"
    IDEMPOTENCY_IN_PROGRESS = "idempotency_in_progress"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    INSTANCE_BUSY = "instance_busy"
    INSTANCE_DISCONNECTED = "instance_disconnected"
    INSTANCE_IN_USE = "instance_in_use"
    INSTANCE_MISSING = "instance_missing"
    LAST_OWNER_KEY = "last_owner_key"
    MESSAGE_ORDER_TAKEN = "message_order_taken"
    NO_SERVER_CONFIGURED = "no_server_configured"
    OPTED_OUT = "opted_out"
    PHONE_IDENTIFIES_CONTACT = "phone_identifies_contact"
    RECIPIENTS_PREPARING = "recipients_preparing"
    TOO_MANY_INSTANCES = "too_many_instances"
    TOO_MANY_MESSAGES = "too_many_messages"


class Conflict(CampaignsError):
    """What is there already stands against it; `existing_id` names it where the caller may know."""

    code: str

    def __init__(
        self, code: ConflictCode, *, existing_id: str | None = None, **context: object
    ) -> None:
        if existing_id is not None:
            context["existing_id"] = existing_id
        super().__init__(code.value, **context)
        self.existing_id = existing_id


@dataclass(frozen=True, slots=True)
class CheckFailure:
    """One start condition that does not hold: its code, and counts or ids that explain it."""

    code: str
    context: Mapping[str, object] = dataclasses.field(default_factory=dict)


class StartRefused(CampaignsError):
    """A campaign starts only if every condition holds; all that do not are told at once."""

    code = "start_refused"

    def __init__(self, failures: Iterable[CheckFailure]) -> None:
        self.failures = tuple(failures)
        super().__init__(failures=[failure.code for failure in self.failures])


class PreconditionFailed(CampaignsError):
    """The caller's `If-Match` names another version than the stored one."""

    code = "precondition_failed"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field.

    `field` is its path in the body, dots between the parts. `message_key` names the sentence in
    the catalogue of messages, `params` fills it.
    """

    field: str
    code: str
    message_key: str
    params: Mapping[str, object] = dataclasses.field(default_factory=dict)


class ValidationFailed(CampaignsError):
    """Fields that are wrong, all told at once. Their values are not repeated."""

    code = "validation_failed"

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = tuple(errors)
        # Codes only: the path of a field may hold what a customer typed.
        super().__init__(errors=[error.code for error in self.errors])


class UnknownReference(ValidationFailed):
    """Ids inside a body that are unknown or another tenant's: both kinds are listed alike.

    By field; the first hundred of each are named, all are counted.
    """

    code = "unknown_reference"

    def __init__(self, unknown: Mapping[str, Sequence[str]]) -> None:
        super().__init__(
            FieldError(
                field,
                self.code,
                self.code,
                {"ids": list(ids[:UNKNOWN_IDS_NAMED]), "count": len(ids)},
            )
            for field, ids in unknown.items()
        )


class TextTooLong(CampaignsError):
    """A rendered text is over the limit; both lengths are in characters (Unicode code points)."""

    code = "text_too_long"

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(length=length, limit=limit)
        self.length = length
        self.limit = limit


class Throttled(CampaignsError):
    """Asked faster than the store or the service takes; `retry_after` is in whole seconds."""

    code = "throttled"

    def __init__(self, retry_after: int, **context: object) -> None:
        super().__init__(None, retry_after=retry_after, **context)
        self.retry_after = retry_after


class ConcurrentUpdate(CampaignsError):
    """The condition of a write no longer held: read again and decide again."""

    code = "concurrent_update"


class NotYet(CampaignsError):
    """What it speaks of is not there, and may be in a moment: to be sent again."""

    code = "not_yet"


class Unavailable(CampaignsError):
    """The Evolution server could not be reached or gave no answer in time."""

    code = "evolution_unreachable"


class GatewayRefused(CampaignsError):
    """The Evolution server answered, and refused; `status` in the context is its own."""

    code = "evolution_error"
