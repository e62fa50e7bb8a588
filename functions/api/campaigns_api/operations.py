"""Operations, each declared once: its route, who may call it, what it reads and answers.

A handler's signature says the rest: parameters of its path as `str`, `query` and `body` with their
models, `Edit[Model]` for a change to something that is there, and the model that it returns. The
OpenAPI document is made of the same.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, get_args, get_origin

from campaigns.domain.model import Role
from campaigns_api.call import Answered, Edit, Handler
from campaigns_api.models.base import Answer, Body, Query

BODY_LIMIT_BYTES: Final = 1_000_000
#: A role includes those before it.
_RANK: Final = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.OWNER: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path (``/things/{thing_id}/``). `role` None asks for no key.

    `codes` are the problems that this operation gives beside those that follow from its shape.
    """

    method: str
    path: str
    handler: Handler
    tag: str
    role: Role | None
    status: int = 200
    codes: tuple[str, ...] = ()
    body_limit: int = BODY_LIMIT_BYTES
    #: Statuses that the answer's model can have beside `status`.
    also: tuple[int, ...] = ()
    in_document: bool = True
    #: What a whole reply is, and its headers with what they say; a model is always JSON.
    media_type: str | None = None
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    #: Called by an Evolution server: with a secret of its own, a body of any kind, and no
    #: `Idempotency-Key`.
    is_webhook: bool = False
    #: A POST that only looks: nothing of it goes into the audit trail.
    changes_nothing: bool = False
    query: type[Query] | None = None
    body: type[Body] | None = None
    is_edit: bool = False
    answer: type[Answer] | None = None

    def allows(self, role: Role) -> bool:
        return self.role is not None and _RANK[role] >= _RANK[self.role]

    @property
    def is_audited(self) -> bool:
        """Every change by somebody with a key goes into the tenant's audit trail."""
        return self.role is not None and self.method != "GET" and not self.changes_nothing

    @property
    def kind(self) -> str:
        """What the things of its concern are called, one of them."""
        return self.tag.removesuffix("s")

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def summary(self) -> str:
        return self._documentation[0]

    @property
    def description(self) -> str:
        return self._documentation[1]

    @property
    def _documentation(self) -> tuple[str, str]:
        summary, _, rest = (inspect.getdoc(self.handler) or "").partition("\n\n")
        return summary.replace("\n", " ").rstrip("."), rest


@dataclass
class Routes:
    """The operations of one concern, under one prefix."""

    tag: str
    prefix: str
    operations: list[Operation] = field(default_factory=list)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)

    def get[H: Handler](self, path: str = "", **options: Any) -> Callable[[H], H]:
        return self._route("GET", path, {"role": Role.VIEWER} | options)

    def post[H: Handler](self, path: str = "", **options: Any) -> Callable[[H], H]:
        return self._route("POST", path, {"role": Role.OPERATOR} | options)

    def put[H: Handler](self, path: str = "", **options: Any) -> Callable[[H], H]:
        return self._route("PUT", path, {"role": Role.OPERATOR} | options)

    def patch[H: Handler](self, path: str = "", **options: Any) -> Callable[[H], H]:
        return self._route("PATCH", path, {"role": Role.OPERATOR} | options)

    def delete[H: Handler](self, path: str = "", **options: Any) -> Callable[[H], H]:
        return self._route("DELETE", path, {"role": Role.OPERATOR, "status": 204} | options)

    def _route[H: Handler](
        self, method: str, path: str, options: dict[str, Any]
    ) -> Callable[[H], H]:
        def register(handler: H) -> H:
            self.operations.append(
                Operation(
                    method=method,
                    path=self.prefix + path,
                    handler=handler,
                    tag=self.tag,
                    **_shape_of(handler),
                    **options,
                )
            )
            return handler

        return register


def _shape_of(handler: Handler) -> dict[str, Any]:
    """What a handler's signature says of its query, body and answer."""
    hints: dict[str, Any] = inspect.get_annotations(handler)
    shape: dict[str, Any] = {}
    if "query" in hints:
        shape["query"] = hints["query"]
    if body := hints.get("body"):
        origin: object = get_origin(body)
        shape["is_edit"] = origin is Edit
        shape["body"] = get_args(body)[0] if shape["is_edit"] else body
    answer = hints["return"]
    if get_origin(answer) is Answered:
        answer = get_args(answer)[0]
    # A whole reply, or nothing, has no model.
    if isinstance(answer, type) and issubclass(answer, Answer):
        shape["answer"] = answer
    return shape
