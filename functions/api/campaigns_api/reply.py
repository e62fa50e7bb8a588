"""What leaves the function."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

JSON: Final = "application/json"
PROBLEM_JSON: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: no model any more, only text."""

    status: int
    content_type: str | None
    body: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    #: The id of what was created, where the body holds a secret: it is not kept to be repeated.
    secret_id: str | None = None
