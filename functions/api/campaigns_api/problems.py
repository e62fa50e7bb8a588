"""Every error as an RFC 9457 problem: one map from what went wrong to a status, one body."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from campaigns.domain.errors import (
    CampaignsError,
    CheckFailure,
    ConcurrentUpdate,
    Conflict,
    ConflictCode,
    FieldError,
    Forbidden,
    GatewayRefused,
    InvalidState,
    NotFound,
    NotYet,
    PreconditionFailed,
    StartRefused,
    Throttled,
    Unauthenticated,
    Unavailable,
    ValidationFailed,
)
from campaigns.services.start_conditions import StartCheck
from campaigns_api.catalogue import SENTENCES
from campaigns_api.language import Language, say

TYPE_PREFIX: Final = "urn:alrea-campaigns:problem:"

#: Statuses of everything that the rules can say to a caller.
_STATUS: Final[Mapping[type[CampaignsError], int]] = {
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    InvalidState: 409,
    Conflict: 409,
    StartRefused: 409,
    PreconditionFailed: 412,
    ValidationFailed: 422,
    Throttled: 429,
    GatewayRefused: 502,
    ConcurrentUpdate: 503,
    NotYet: 503,
    Unavailable: 503,
}
#: A problem has the code of its fields where all of them have this one.
_TELLING: Final = frozenset(
    {"unknown_reference", "read_only_field", "too_many_filters", "invalid_cursor"}
)
#: The closed list of problems' codes.
_STATUS_OF_CODE: Final[Mapping[str, int]] = {
    **{kind.code: status for kind, status in _STATUS.items() if kind is not Conflict},
    **{code.value: 409 for code in (*ConflictCode, *StartCheck)},
    **dict.fromkeys(_TELLING, 422),
    "method_not_allowed": 405,
    "body_too_large": 413,
    "internal_error": 500,
    "unavailable": 503,
}
_THROTTLES: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        # As reasons of a cancelled transaction:
        "ProvisionedThroughputExceeded",
        "ThrottlingError",
    }
)
#: A request that the store will never take: to repeat it is no use.
_OURS: Final = frozenset(
    {
        "AccessDeniedException",
        "ResourceNotFoundException",
        "ValidationException",
        "AccessDenied",
        "ValidationError",
    }
)
#: `status` is the problem's own; an Evolution server's goes by another name.
_MEMBERS: Final = {"status": "evolution_status"}
#: Conflicts that pass by themselves.
_PASSING: Final = frozenset(
    {ConflictCode.IDEMPOTENCY_IN_PROGRESS, ConflictCode.RECIPIENTS_PREPARING}
)
_RETRY_SOON_SECONDS: Final = 1
_RETRY_PREPARED_SECONDS: Final = 2


class MethodNotAllowed(CampaignsError):
    """The path is there, its method is not."""

    code = "method_not_allowed"

    def __init__(self, allowed: Iterable[str]) -> None:
        super().__init__()
        self.allowed = tuple(sorted(allowed))


class BodyTooLarge(CampaignsError):
    """The body is over what this operation takes, in bytes."""

    code = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(limit=limit)


@dataclass(frozen=True, slots=True)
class Problem:
    """What goes out: `members` are the codes' own, beside the standard ones."""

    status: int
    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    members: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[FieldError, ...] = ()
    failures: tuple[CheckFailure, ...] = ()
    #: The key of a sentence that says more than the code's own.
    detail: str | None = None

    def body(self, language: Language) -> dict[str, object]:
        gaps = _gaps(self.params, language)
        body: dict[str, object] = {
            **self.members,
            "type": TYPE_PREFIX + self.code,
            "title": say(f"title.{self.status}", language),
            "status": self.status,
            "detail": say(self.detail or f"problem.{self.code}", language, gaps),
            "code": self.code,
        }
        if self.errors or self.failures:
            body["errors"] = [
                *(worded(error, language) for error in self.errors),
                *(worded_failure(failure, language) for failure in self.failures),
            ]
        return body


def worded(error: FieldError, language: Language) -> dict[str, object]:
    """A wrong field as answers show it; ids that explain it are listed, and counted."""
    shown: dict[str, object] = {
        "field": error.field,
        "code": error.code,
        "message": say(error.message_key, language, error.params),
    }
    if "ids" in error.params:
        shown |= {"ids": error.params["ids"], "count": error.params["count"]}
    return shown


def worded_failure(failure: CheckFailure, language: Language) -> dict[str, object]:
    """A start condition that does not hold, with the counts and ids that explain it."""
    message = say(f"check.{failure.code}", language, _gaps(failure.context, language))
    return {"code": failure.code, "message": message, **failure.context}


def _gaps(context: Mapping[str, object], language: Language) -> dict[str, object]:
    """What fills a sentence: lists are told as such, a status in words."""
    gaps = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in context.items()
    }
    if isinstance(status := context.get("current_status"), str):
        gaps["current_status"] = _status_in_words(status, language)
    if isinstance(missing := context.get("missing"), list):
        gaps["variables"] = ", ".join(each["variable"] for each in missing)
    return gaps


def _status_in_words(status: str, language: Language) -> str:
    """A campaign's, else a recipient's; the code where it is another's."""
    keys = (f"state.{status}", f"status.{status}")
    key = next((key for key in keys if key in SENTENCES), None)
    return say(key, language).lower() if key else status


def problem_of(error: Exception) -> Problem:
    """The problem that an exception stands for; whatever nobody foresaw is a plain 500."""
    match error:
        case MethodNotAllowed():
            return Problem(405, error.code, headers={"Allow": ", ".join(error.allowed)})
        case BodyTooLarge():
            return Problem(413, error.code, error.context)
        case ValidationFailed():
            return Problem(422, _code_of(error), errors=error.errors)
        case StartRefused():
            return _refused_start(error)
        case CampaignsError():
            return _by_the_map(error)
        case ClientError() if _codes_of_aws(error) & _THROTTLES:
            return _by_the_map(Throttled(_RETRY_SOON_SECONDS))
        case ClientError() if _codes_of_aws(error) & _OURS:
            return Problem(500, "internal_error")
        case ClientError() | BotoCoreError():
            return Problem(503, "unavailable", headers=_retry_after(_RETRY_SOON_SECONDS))
    # A library's own error is judged by what it wraps.
    if isinstance(cause := error.__cause__, ClientError | BotoCoreError):
        return problem_of(cause)
    return Problem(500, "internal_error")


def problem_codes() -> list[str]:
    """Every code that a problem can have."""
    return sorted(_STATUS_OF_CODE)


def status_of(code: str) -> int:
    """The status of a problem with that code."""
    return _STATUS_OF_CODE[code]


def _by_the_map(error: CampaignsError) -> Problem:
    status = _STATUS.get(type(error))
    if status is None:
        return Problem(500, "internal_error")
    headers = {}
    if isinstance(error, Unauthenticated):
        headers = {"WWW-Authenticate": "Bearer"}
    elif isinstance(error, Throttled):
        headers = _retry_after(error.retry_after)
    elif isinstance(error, ConcurrentUpdate | NotYet) or error.code in _PASSING:
        headers = _retry_after(_RETRY_SOON_SECONDS)
    members = {_MEMBERS.get(name, name): value for name, value in error.context.items()}
    reason = error.context.get("reason") if isinstance(error, GatewayRefused) else None
    detail = f"reason.{reason}" if reason else None
    return Problem(status, error.code, error.context, members, headers, detail=detail)


def _refused_start(error: StartRefused) -> Problem:
    """All conditions that fail, each with its code.

    The problem has the code of the only one; or of the one that passes by itself, to wait for.
    """
    codes = {failure.code for failure in error.failures}
    if StartCheck.RECIPIENTS_PREPARING in codes:
        return Problem(
            409,
            StartCheck.RECIPIENTS_PREPARING,
            headers=_retry_after(_RETRY_PREPARED_SECONDS),
            failures=error.failures,
        )
    only = error.failures[0] if len(error.failures) == 1 else None
    return Problem(
        409,
        only.code if only else error.code,
        only.context if only else {},
        failures=error.failures,
    )


def _code_of(error: ValidationFailed) -> str:
    codes = {each.code for each in error.errors}
    return codes.pop() if len(codes) == 1 and codes <= _TELLING else error.code


def _codes_of_aws(error: ClientError) -> set[str]:
    """What AWS says, and of a cancelled transaction what it says of each write."""
    reasons = error.response.get("CancellationReasons", [])
    told = [error.response.get("Error", {}), *reasons]
    return {each["Code"] for each in told if "Code" in each}


def _retry_after(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}
