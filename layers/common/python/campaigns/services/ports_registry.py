"""What keeping contacts, instances and tenants needs from outside, as protocols.

They widen the protocols of :mod:`campaigns.services.ports` by the writes and lists of the API.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from campaigns.domain.membership import Places
from campaigns.domain.model import (
    ConnectionState,
    Contact,
    Instance,
    InstanceGate,
    Key,
    Suppression,
    Tenant,
    TenantHoliday,
)
from campaigns.services.ports import (
    Contacts,
    Instances,
    Listing,
    Suppressions,
    Tenants,
    Vault,
)


@dataclass(frozen=True, slots=True)
class Versioned[T]:
    """A stored value and the token of the write that made it.

    `behind`: where entries of its lists lie that an interrupted change has not moved yet.
    """

    value: T
    version: str
    behind: Places = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Stale[T]:
    """A write came too late: another version stands there by now (None: nothing does)."""

    current: Versioned[T] | None


class ContactOrder(StrEnum):
    NAME = "name"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class ContactScan:
    """A tenant's contacts in an order, those whose sort key begins with `prefix`.

    In the order of names also those alone that are listed as (not) active or (not) opted out.
    """

    order: ContactOrder
    prefix: str = field(default="", repr=False)
    is_active: bool | None = None
    opted_out: bool | None = None


class ContactBook(Contacts, Protocol):
    def read_versions(
        self, tenant_id: str, contact_ids: Sequence[str]
    ) -> dict[str, Versioned[Contact]]:
        """Consistently, in few requests; those that exist, by id."""

    def save(
        self, contact: Contact, *, seen: Versioned[Contact] | None, token: str
    ) -> Stale[Contact] | None:
        """Write it, with its entries in lists, if what was `seen` stands there. None when done.

        Raises ConcurrentUpdate where somebody else came between the steps of a change of very many
        lists: part of it is done.
        """

    def delete(self, seen: Versioned[Contact]) -> Stale[Contact] | None:
        """Delete it, with its entries in lists, if what was `seen` stands there. None when done.

        Raises ConcurrentUpdate as `save` does.
        """

    def page(
        self, tenant_id: str, scan: ContactScan, *, after: str | None, limit: int
    ) -> Listing[Contact]:
        """From an index: a contact written within the last second may be missing.

        Raises ValueError where `after` is no position of this scan.
        """


class SuppressionBook(Suppressions, Protocol):
    def of_persons(self, tenant_id: str, persons: Sequence[str]) -> dict[str, Suppression]:
        """The suppressions that there are, by person."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What holds a place of which the deployment has one: a server's instance, a phone."""

    digest: str
    instance_id: str
    tenant_id: str


@dataclass(frozen=True, slots=True)
class InstanceChange:
    """An instance and its gate before and after, with the places taken and given back."""

    old: Instance
    new: Instance
    old_gate: InstanceGate
    new_gate: InstanceGate
    taken: tuple[str, ...] = ()
    given_back: tuple[str, ...] = ()


class InstanceBook(Instances, Protocol):
    def gates(self, instance_ids: Sequence[str]) -> dict[str, InstanceGate]: ...

    def page(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[Instance]:
        """In the order in which they were created."""

    def create(
        self, instance: Instance, gate: InstanceGate, taken: Sequence[str]
    ) -> Registration | None:
        """Instance, gate and places in one step. None when done, else who holds a place."""

    def change(self, change: InstanceChange) -> Registration | None:
        """What differs, in one step. None when done, else who holds a place.

        Of the gate only the settings and the connection are written. Raises ConcurrentUpdate where
        the instance, its settings or its connection are no longer the old ones.
        """

    def note_state(
        self, instance_id: str, state: ConnectionState, *, seen: InstanceGate | None = None
    ) -> InstanceGate | None:
        """How it is connected, whatever else changes; the gate from then on, if there is one.

        With `seen`, only where nobody has noted it since that gate was read.
        """

    def note_pairing(self, instance_id: str, pairing_for: str) -> None:
        """For which phone a code to type was asked, as a keyed hash."""

    def note_webhook(self, old: Instance, new: Instance) -> bool:
        """What differs of its webhook; False where its secret was rotated meanwhile, or it is gone.

        Everything else of the record may have changed.
        """

    def retire(
        self, instance: Instance, given_back: Sequence[str], *, whole: bool
    ) -> InstanceGate | None:
        """Take away its gate, its places and its part in lists, and the record too if `whole`.

        None when done, else the gate: a live or scheduled campaign needs it. From then on no
        campaign can take the instance. Raises ConcurrentUpdate where it is not as it was read.
        """

    def forget(self, instance: Instance) -> None:
        """Delete the record of a retired instance."""


class TenantBook(Tenants, Protocol):
    def create(self, tenant: Tenant, key: Key) -> None: ...

    def read(self, tenant_id: str) -> Tenant:
        """Consistently. Raises NotFound."""

    def page(self, *, after: str | None, limit: int) -> Listing[Tenant]:
        """All of the deployment, in the order in which they were created."""

    def change(self, old: Tenant, new: Tenant, *, token: str) -> bool:
        """Write the settings that differ; False where the tenant is no longer the `old` one."""

    def key(self, key_id: str) -> Key | None:
        """Consistently: a new key works at once, a deleted one no more."""

    def note_use(self, key: Key, at: int) -> None:
        """Remember that the key was used, unless it was used since or is gone."""

    def put_holiday(
        self, tenant_id: str, holiday: TenantHoliday, *, seen: TenantHoliday | None = None
    ) -> bool:
        """Whether it was written: with `seen`, only over that entry."""

    def delete_holiday(
        self, tenant_id: str, day: str, *, seen: TenantHoliday | None = None
    ) -> bool:
        """Whether there was one: with `seen`, that entry."""


class KeyVault(Vault, Protocol):
    def encrypt(self, tenant_id: str, instance_id: str, api_key: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What a request was answered with; with `secret_id` the body held a secret and is not kept."""

    status: int
    headers: Mapping[str, str]
    body: str = field(repr=False)
    secret_id: str | None = None


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """A request under an idempotency key: running until `answer` is there."""

    body_digest: str
    answer: StoredAnswer | None


class IdempotencyRecords(Protocol):
    def begin(
        self,
        tenant_id: str,
        digest: str,
        *,
        body_digest: str,
        token: str,
        now: int,
        locked_until: int,
        expires_at: int,
    ) -> IdempotencyRecord | None:
        """Take the key. None when taken, else the record that stands there.

        A record that has expired, or that ran the same body and outlived its lock, gives way.
        """

    def finish(
        self, tenant_id: str, digest: str, *, token: str, answer: StoredAnswer, expires_at: int
    ) -> None:
        """Keep the answer, if the key is still held by that token."""

    def abandon(self, tenant_id: str, digest: str, *, token: str) -> None:
        """Give the key back, if it is still held by that token and not answered."""
