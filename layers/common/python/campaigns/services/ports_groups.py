"""What groups and tags need from outside, as protocols."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from campaigns.domain.group import ContactList, Count, Group, GroupOf, TagOf
from campaigns.services.ports import Listing


class Memberships(Protocol):
    """Who is in a group or has a tag, from the table itself: who was just added is found."""

    def members(
        self,
        tenant_id: str,
        of: GroupOf | TagOf,
        *,
        after: str | None,
        limit: int,
        since: int | None = None,
    ) -> Listing[str]:
        """Contact ids by name, `limit` at most; those alone who came or moved `since` (epoch ms).

        `after` is the `next` of the page before; no page is empty while there is another.
        """

    def existing_groups(self, tenant_id: str, group_ids: Sequence[str]) -> set[str]:
        """Those of the ids that are groups of this tenant."""


@dataclass(frozen=True, slots=True)
class Counted[T]:
    """Something that contacts are in, and how many are."""

    value: T
    count: Count


class GroupBook(Protocol):
    def create(self, group: Group, *, token: str) -> None: ...

    def read(self, tenant_id: str, group_id: str) -> Counted[Group] | None:
        """Consistently; None also where it is being deleted."""

    def page(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[Counted[Group]]:
        """By name, from an index: what was written within the last second may be missing."""

    def save(self, old: Group, new: Group, *, token: str) -> bool:
        """Whether the old one still stood there."""

    def delete(self, tenant_id: str, group_id: str, *, seen: Group | None, now: int) -> bool:
        """Hide it at once, then take away its entries and itself; again, what was cut short.

        Whether there was one. Raises ConcurrentUpdate where it is no longer as it was `seen` (None:
        whatever it is).
        """

    def sweep(self, tenant_id: str, group_id: str) -> None:
        """Take away every entry of a group that is gone, and what is left of it itself."""


class ListCounts(Protocol):
    def announce(self, tenant_id: str, of: ContactList, name: str, *, announcement: str) -> bool:
        """Say that the count of a list is about to change.

        A tag comes into being by this, under the `name`. False where a group is gone.
        """

    def book(
        self, tenant_id: str, of: ContactList, amount: int, *, announcement: str
    ) -> int | None:
        """Add to a count and take back the announcement, once; the count. None: a group is gone."""

    def recount(self, tenant_id: str, of: ContactList, seen: Count) -> int | None:
        """Count the entries and put the count right, unless it moved since it was `seen`."""

    def tags(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[Counted[str]]:
        """The tags that some contact has, or may have, as first written, in their folded order."""
