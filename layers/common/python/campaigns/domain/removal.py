"""A draft that was deleted: what it leaves behind until all of it is swept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RemovalKey:
    """Names a campaign whose head is gone and whose items are still to be removed."""

    tenant_id: str
    campaign_id: str


@dataclass(frozen=True, slots=True)
class Removal:
    """How far it has come: blocks of recipients below `block` are empty; `total` were laid."""

    key: RemovalKey
    total: int
    block: int = 0
