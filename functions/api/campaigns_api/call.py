"""A call on its way through the edge: who, in which language, with what; and what it answers."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from campaigns.bootstrap import App
from campaigns.domain.errors import (
    FieldError,
    PreconditionFailed,
    ValidationFailed,
)
from campaigns.services.manage_tenants import Principal
from campaigns_api.cursors import Cursors
from campaigns_api.language import Language, of_locale, preferred
from campaigns_api.models.base import Answer, Body, PagedQuery
from campaigns_api.reply import Reply
from campaigns_api.validation import parsed


@dataclass(frozen=True, slots=True)
class Answered[A: Answer]:
    """An answer with a status of its own."""

    status: int
    body: A


@dataclass
class Call:
    """One call. `principal` is None only where no key is asked for.

    `headers` by lower-case name; `path` without its trailing slash; `domain` is the one that was
    called.
    """

    app: App
    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    request_id: str
    domain: str | None = None
    principal: Principal | None = None
    #: What the audit trail is to know of the change beside its object.
    is_unchanged: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    edited: "Edited | None" = None

    @cached_property
    def language(self) -> Language:
        """What `Accept-Language` wants, else the tenant's language, else Portuguese."""
        wanted = preferred(self.headers.get("accept-language"))
        if wanted or self.principal is None:
            return wanted or Language.PORTUGUESE
        return of_locale(self.app.tenants.rules(self.tenant_id).tenant.locale)

    @property
    def spoken(self) -> Language | None:
        """The language of the answer, once something in it was worded."""
        return vars(self).get("language")

    @property
    def caller(self) -> Principal:
        assert self.principal is not None, "an operation without a key has no caller"
        return self.principal

    @property
    def tenant_id(self) -> str:
        return self.caller.tenant_id

    @property
    def actor(self) -> str:
        return self.caller.actor

    def unchanged(self) -> None:
        """The call succeeded and changed nothing: nothing goes into the audit trail."""
        self.is_unchanged = True

    def counted(self, **counts: int) -> None:
        """How many of many the call changed; where all are zero it changed nothing."""
        self.counts = counts
        self.is_unchanged = not any(counts.values())

    def after(self, query: PagedQuery) -> str | None:
        """The position of the query's cursor."""
        return None if query.cursor is None else self._cursors(query).open(query.cursor)

    def cursor(self, query: PagedQuery, position: str | None) -> str | None:
        """The cursor of the next page of the same list."""
        return None if position is None else self._cursors(query).seal(position)

    def require_match(self, current: Answer) -> None:
        """Raises :class:`PreconditionFailed` where `If-Match` names another version."""
        wanted = self.headers.get("if-match")
        if wanted is None or wanted.strip() == "*":
            return
        if etag_of(current) not in {tag.strip() for tag in wanted.split(",")}:
            raise PreconditionFailed

    def _cursors(self, query: PagedQuery) -> Cursors:
        return Cursors(self.app.identity.secret, self.tenant_id, self.path, query.filters())


@dataclass(frozen=True, slots=True)
class Edited:
    """A thing as it was before its edit, and the fields that the caller gave."""

    before: Mapping[str, Any] = field(repr=False)
    given: frozenset[str]


@dataclass(frozen=True, slots=True)
class Edit[B: Body]:
    """A change to something that is there, not yet read against it."""

    call: Call
    model: type[B]
    values: Mapping[str, Any] = field(repr=False)

    def over(self, current: Answer) -> B:
        """The change, once it fits the present version and leaves alone what is read-only.

        A read-only field that equals what is stored is ignored, so that get, edit, put works.
        """
        self.call.require_match(current)
        shown = current.model_dump(mode="json")
        writable, readable = self.model.model_fields, type(current).model_fields
        read_only = {name: self.values[name] for name in self.values if name not in writable}
        moving = current.made_on_reading
        changed = [
            FieldError(name, "read_only_field", "read_only_field")
            for name, value in read_only.items()
            if name in self.model.given_once
            or (
                name in readable
                and name not in moving
                and _still(value, name, moving) != _still(shown[name], name, moving)
            )
        ]
        if changed:
            raise ValidationFailed(changed)
        ignored = read_only.keys() & readable.keys()
        self.call.edited = Edited(shown, frozenset(self.values.keys() - ignored))
        return parsed(self.model, {k: v for k, v in self.values.items() if k not in ignored})


def _still(value: object, name: str, moving: frozenset[str]) -> object:
    """The value without those of its fields that move by themselves."""
    if isinstance(value, list):
        return [_still(each, name, moving) for each in value]
    if isinstance(value, dict):
        return {key: each for key, each in value.items() if f"{name}.{key}" not in moving}
    return value


def etag_of(answer: Answer) -> str:
    """A strong tag of what can be edited: figures that move by themselves make no new version."""
    shown = answer.model_dump(mode="json", include=set(answer.versioned_by))
    text = json.dumps(shown, sort_keys=True, ensure_ascii=False)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


type Handler = Callable[..., Answer | Answered[Any] | Reply | None]
