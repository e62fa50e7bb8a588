"""The audit trail: who changed what, and when. Of what changed it keeps names, never values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

from campaigns.domain.identity import new_id

#: The actor of whoever runs the deployment and works on the table itself.
ADMIN: Final = "admin"


@dataclass(frozen=True, slots=True)
class AuditObject:
    """What was changed: its kind and its id; no id where it is many at once."""

    kind: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change that succeeded. `parent` is what the object lies in; `fields` are those that differ
    from before, or that were given; `counts` say how many of many.
    """

    action: str
    object: AuditObject
    parent: AuditObject | None = None
    fields: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A change with its author (`key:<key id>`, `admin`) and its time (epoch ms)."""

    entry_id: str
    tenant_id: str
    actor: str
    change: Change
    created_at: int


def new_audit_entry(
    tenant_id: str, actor: str, change: Change, now: int, random: Random
) -> AuditEntry:
    """An entry of this moment (epoch ms); its id sorts by it."""
    return AuditEntry(new_id("au", now, random), tenant_id, actor, change, now)
