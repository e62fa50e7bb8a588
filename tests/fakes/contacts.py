"""Contacts and suppressions in memory, with the promises of the stores."""

from collections import Counter
from collections.abc import Callable, Sequence

from campaigns.domain.contact import name_sort_key, phone_sort_key
from campaigns.domain.group import ContactList, Count, lists_of
from campaigns.domain.model import Contact, Suppression
from campaigns.domain.opt_out import Choice
from campaigns.services.ports import Listing
from campaigns.services.ports_activity import Activity
from campaigns.services.ports_choices import Chosen
from campaigns.services.ports_groups import Counted
from campaigns.services.ports_registry import ContactOrder, ContactScan, Stale, Versioned


class FakeContactBook:
    """See :class:`campaigns.services.ports_registry.ContactBook`.

    `before_save` runs once before the next save: what somebody else does in between.
    """

    def __init__(self) -> None:
        self.stored: dict[tuple[str, str], Versioned[Contact]] = {}
        self.before_save: Callable[[], None] | None = None
        self.saves = 0

    def read(self, tenant_id: str, contact_id: str) -> Contact | None:
        found = self.stored.get((tenant_id, contact_id))
        return found.value if found else None

    def read_many(
        self, tenant_id: str, contact_ids: Sequence[str], *, consistent: bool = False
    ) -> dict[str, Contact]:
        found = self.read_versions(tenant_id, contact_ids)
        return {contact_id: versioned.value for contact_id, versioned in found.items()}

    def read_versions(
        self, tenant_id: str, contact_ids: Sequence[str]
    ) -> dict[str, Versioned[Contact]]:
        return {
            contact_id: self.stored[tenant_id, contact_id]
            for contact_id in contact_ids
            if (tenant_id, contact_id) in self.stored
        }

    def save(
        self, contact: Contact, *, seen: Versioned[Contact] | None, token: str
    ) -> Stale[Contact] | None:
        meanwhile, self.before_save = self.before_save, None
        if meanwhile:
            meanwhile()
        self.saves += 1
        place = (contact.tenant_id, contact.contact_id)
        current = self.stored.get(place)
        if (current.version if current else None) not in {seen.version if seen else None, token}:
            return Stale(current)
        self.stored[place] = Versioned(contact, token)
        return None

    def delete(self, seen: Versioned[Contact]) -> Stale[Contact] | None:
        place = (seen.value.tenant_id, seen.value.contact_id)
        current = self.stored.get(place)
        if current is None or current.version != seen.version:
            return Stale(current)
        del self.stored[place]
        return None

    def page(
        self, tenant_id: str, scan: ContactScan, *, after: str | None, limit: int
    ) -> Listing[Contact]:
        if after is not None and not after.startswith(scan.prefix):
            raise ValueError("a position outside the scan")
        by_sort_key = {
            _sort_key(scan.order, found.value): found.value
            for (owner, _), found in self.stored.items()
            if owner == tenant_id
            and scan.is_active in {None, found.value.is_active}
            and scan.opted_out in {None, found.value.opted_out}
        }
        wanted = sorted(
            sort_key
            for sort_key in by_sort_key
            if sort_key.startswith(scan.prefix) and (after is None or sort_key > after)
        )
        following = wanted[limit - 1] if len(wanted) > limit else None
        return Listing([by_sort_key[sort_key] for sort_key in wanted[:limit]], following)


class FakeMemberships:
    """See :class:`campaigns.services.ports_groups.Memberships`: what a book's contacts say."""

    def __init__(self, book: FakeContactBook) -> None:
        self._book = book
        self.groups: set[tuple[str, str]] = set()

    def members(
        self,
        tenant_id: str,
        of: ContactList,
        *,
        after: str | None,
        limit: int,
        since: int | None = None,
    ) -> Listing[str]:
        by_sort_key = {
            _sort_key(ContactOrder.NAME, found.value): contact_id
            for (owner, contact_id), found in self._book.stored.items()
            if owner == tenant_id and of in lists_of(found.value)
            if since is None or found.value.updated_at >= since
        }
        wanted = sorted(sort_key for sort_key in by_sort_key if after is None or sort_key > after)
        following = wanted[limit - 1] if len(wanted) > limit else None
        return Listing([by_sort_key[sort_key] for sort_key in wanted[:limit]], following)

    def existing_groups(self, tenant_id: str, group_ids: Sequence[str]) -> set[str]:
        return {each for each in group_ids if (tenant_id, each) in self.groups}


class FakeListCounts:
    """See :class:`campaigns.services.ports_groups.ListCounts`."""

    def __init__(self) -> None:
        self.contacts: Counter[ContactList] = Counter()
        self.announced: set[tuple[ContactList, str]] = set()

    def announce(self, tenant_id: str, of: ContactList, name: str, *, announcement: str) -> bool:
        self.announced.add((of, announcement))
        return True

    def book(self, tenant_id: str, of: ContactList, amount: int, *, announcement: str) -> int:
        self.announced.remove((of, announcement))
        self.contacts[of] += amount
        return self.contacts[of]

    def recount(self, tenant_id: str, of: ContactList, seen: Count) -> int | None:
        raise AssertionError("no count is in doubt here")

    def tags(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[Counted[str]]:
        raise AssertionError("the fake knows no tags by name")


class FakeActivities:
    """See :class:`campaigns.services.ports_activity.Activities`."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, str], Activity] = {}

    def of_persons(self, tenant_id: str, persons: Sequence[str]) -> dict[str, Activity]:
        return {
            person: self.stored[tenant_id, person]
            for person in persons
            if (tenant_id, person) in self.stored
        }


class FakeSuppressionBook:
    """See :class:`campaigns.services.ports_registry.SuppressionBook`."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, str], Suppression] = {}

    def read(self, tenant_id: str, person: str) -> Suppression | None:
        return self.stored.get((tenant_id, person))

    def read_many(self, tenant_id: str, persons: Sequence[str]) -> set[str]:
        return set(self.of_persons(tenant_id, persons))

    def of_persons(self, tenant_id: str, persons: Sequence[str]) -> dict[str, Suppression]:
        return {
            person: self.stored[tenant_id, person]
            for person in persons
            if (tenant_id, person) in self.stored
        }

    def put(self, suppression: Suppression) -> None:
        self.stored.setdefault((suppression.tenant_id, suppression.person), suppression)

    def remove(self, tenant_id: str, person: str) -> None:
        self.stored.pop((tenant_id, person), None)


class FakeChoices:
    """See :class:`campaigns.services.ports_choices.Choices`."""

    def __init__(self, suppressions: FakeSuppressionBook) -> None:
        self.suppressions = suppressions
        self.marks: dict[tuple[str, str], str] = {}

    def newest(self, tenant_id: str, person: str) -> str | None:
        return self.marks.get((tenant_id, person))

    def choose(self, tenant_id: str, person: str, choice: Choice) -> Chosen:
        stored = self.newest(tenant_id, person)
        if stored is not None and stored >= choice.mark:
            return Chosen(stored == choice.mark, self.suppressions.read(tenant_id, person))
        return self._write(tenant_id, person, choice)

    def choose_over(
        self, tenant_id: str, person: str, choice: Choice, *, seen: str | None
    ) -> Chosen:
        stored = self.newest(tenant_id, person)
        if stored != seen:
            return Chosen(stored == choice.mark, self.suppressions.read(tenant_id, person))
        return self._write(tenant_id, person, choice)

    def _write(self, tenant_id: str, person: str, choice: Choice) -> Chosen:
        self.marks[tenant_id, person] = choice.mark
        new = choice.suppression(tenant_id, person)
        if new is None:
            self.suppressions.remove(tenant_id, person)
        else:
            self.suppressions.put(new)
        return Chosen(is_in_force=True, suppression=self.suppressions.read(tenant_id, person))


def _sort_key(order: ContactOrder, contact: Contact) -> str:
    if order is ContactOrder.PHONE:
        return phone_sort_key(contact.phone, contact.contact_id)
    return name_sort_key(contact.name, contact.contact_id)
