"""Count an audience: how many people a campaign would reach, before there is one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import batched
from typing import Final

from campaigns.domain.errors import FieldError, ValidationFailed
from campaigns.domain.group import GroupOf, TagOf
from campaigns.domain.sources import GivenContacts, NamedSources, check_sources, sources_of
from campaigns.services.ports import Concurrently, Contacts, Suppressions
from campaigns.services.ports_groups import Memberships
from campaigns.services.sources import References

#: People looked at one by one; of more a sample of this many is.
_EXAMINED: Final = 10_000
#: People counted at most: a group or tag beyond that is not walked to its end.
_COUNTED: Final = 50_000
_PAGE: Final = 1_000
#: Looked up by one thread.
_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Audience:
    """People by what would become of them; where not `is_exact`, an estimate.

    `total` is the sum of the others.
    """

    total: int
    reachable: int
    opted_out: int
    inactive: int
    is_exact: bool


class CountAudience:
    """Counts as laying would: merged without repeats, inactive before opted out.

    The work is bounded: beyond 10,000 people shares are those of an even sample, beyond 50,000 the
    total is what was counted by then.
    """

    def __init__(
        self,
        *,
        contacts: Contacts,
        suppressions: Suppressions,
        memberships: Memberships,
        references: References,
        concurrently: Concurrently,
    ) -> None:
        self._contacts = contacts
        self._suppressions = suppressions
        self._memberships = memberships
        self._references = references
        self._concurrently = concurrently

    def count(self, tenant_id: str, named: NamedSources) -> Audience:
        """Raises :class:`ValidationFailed`, and :class:`UnknownReference` as a campaign would."""
        errors: list[FieldError] = list(check_sources(named))
        if errors:
            raise ValidationFailed(errors)
        self._references.require(tenant_id, named)
        found, is_whole = self._people(tenant_id, named)
        step = -(-len(found) // _EXAMINED) or 1
        examined = found[::step]
        inactive, opted_out = self._examine(tenant_id, examined)
        share = len(found) / len(examined) if examined else 0
        inactive = round(inactive * share)
        # Both rounded up, they could be more than there are.
        opted_out = min(round(opted_out * share), len(found) - inactive)
        return Audience(
            total=len(found),
            reachable=len(found) - inactive - opted_out,
            opted_out=opted_out,
            inactive=inactive,
            is_exact=is_whole and step == 1,
        )

    def _people(self, tenant_id: str, named: NamedSources) -> tuple[list[str], bool]:
        """Ids of contacts, each once (a contact is one person), and whether those are all."""
        found: dict[str, None] = {}
        for source in sources_of(named):
            if isinstance(source, GivenContacts):
                found.update(dict.fromkeys(source.contact_ids))
            elif isinstance(source, GroupOf | TagOf) and not self._walk(tenant_id, source, found):
                return list(found), False
        return list(found), True

    def _walk(self, tenant_id: str, of: GroupOf | TagOf, found: dict[str, None]) -> bool:
        """Add the members to those found; False where there are more than are counted."""
        after: str | None = None
        while len(found) < _COUNTED:
            listing = self._memberships.members(tenant_id, of, after=after, limit=_PAGE)
            found.update(dict.fromkeys(listing.items))
            after = listing.next
            if after is None:
                return True
        return False

    def _examine(self, tenant_id: str, contact_ids: Sequence[str]) -> tuple[int, int]:
        """How many are inactive (or gone), and how many of the others have opted out."""
        chunks = batched(contact_ids, _CHUNK, strict=False)
        counts = self._concurrently(
            [partial(self._examine_chunk, tenant_id, chunk) for chunk in chunks]
        )
        return sum(each[0] for each in counts), sum(each[1] for each in counts)

    def _examine_chunk(self, tenant_id: str, contact_ids: Sequence[str]) -> tuple[int, int]:
        contacts = self._contacts.read_many(tenant_id, contact_ids)
        persons = [contact.person for contact in contacts.values() if contact.is_active]
        opted_out = self._suppressions.read_many(tenant_id, persons)
        return len(contact_ids) - len(persons), len(opted_out)
