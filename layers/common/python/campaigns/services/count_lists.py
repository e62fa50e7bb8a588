"""Keeping the counts of groups and tags beside the changes of contacts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random

from campaigns.domain.group import ContactList, Count, announcement, list_changes
from campaigns.domain.identity import new_token
from campaigns.domain.model import Contact
from campaigns.services.ports import Clock, Concurrently
from campaigns.services.ports_groups import ListCounts


@dataclass(slots=True)
class CountChange:
    """A change under way: what it has moved so far and, once it is booked, the counts.

    `gone` are the groups that are none any more: their counts are nobody's.
    """

    gone: set[ContactList] = field(default_factory=set)
    amounts: Counter[ContactList] = field(default_factory=Counter)
    counts: dict[ContactList, int | None] = field(default_factory=dict)

    def note(self, before: Contact | None, after: Contact | None) -> None:
        """A contact was changed in the store."""
        self.amounts.update(list_changes(before, after))


@dataclass(frozen=True, slots=True, kw_only=True)
class CountLists:
    """Counts are exact as soon as no change is under way; what a crash left over is recounted."""

    counts: ListCounts
    clock: Clock
    random: Random
    concurrently: Concurrently

    @contextmanager
    def changing(self, tenant_id: str, lists: Mapping[ContactList, str]) -> Iterator[CountChange]:
        """Announces a change of lists, each given with its name, and books what it has moved.

        A change that raises stays announced: what came of it is not known.
        """
        change = CountChange()
        if not lists:
            yield change
            return
        named = announcement(self.clock.now(), new_token(self.random))
        are_there = self.concurrently(
            [
                partial(self.counts.announce, tenant_id, each, name, announcement=named)
                for each, name in lists.items()
            ]
        )
        announced = [each for each, is_there in zip(lists, are_there, strict=True) if is_there]
        change.gone = lists.keys() - set(announced)
        yield change
        booked = self.concurrently(
            [
                partial(self.counts.book, tenant_id, each, change.amounts[each], announcement=named)
                for each in announced
            ]
        )
        change.counts = dict(zip(announced, booked, strict=True))

    def contacts_in(self, tenant_id: str, of: ContactList, count: Count) -> int:
        """How many contacts a list has, counted anew where that is in doubt."""
        recounted = None
        if count.is_doubtful(self.clock.now()):
            recounted = self.counts.recount(tenant_id, of, count)
        return max(0, count.contacts if recounted is None else recounted)
