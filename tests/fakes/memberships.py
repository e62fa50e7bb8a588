"""Groups and tags in memory, with the promises of the store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from campaigns.domain.group import GroupOf, TagOf
from campaigns.services.ports import Listing


@dataclass
class FakeMemberships:
    """See :class:`campaigns.services.ports_groups.Memberships`.

    A position is the contact's id, whose order stands for that of the names. `pages_of` makes pages
    shorter than asked for; `before_page` runs before each: what somebody else does in between.
    Nobody is given another name.
    """

    members_of: dict[tuple[str, GroupOf | TagOf], list[str]] = field(default_factory=dict)
    pages_of: int = 1_000
    before_page: Callable[[], None] | None = None
    asked: list[str | None] = field(default_factory=list)

    def put(self, tenant_id: str, of: GroupOf | TagOf, contact_ids: Sequence[str]) -> None:
        self.members_of[tenant_id, of] = sorted(contact_ids)

    def members(
        self,
        tenant_id: str,
        of: GroupOf | TagOf,
        *,
        after: str | None,
        limit: int,
        since: int | None = None,
    ) -> Listing[str]:
        if since is not None:
            return Listing([], None)
        if self.before_page:
            self.before_page()
        self.asked.append(after)
        wanted = min(limit, self.pages_of)
        left = [
            each
            for each in self.members_of.get((tenant_id, of), [])
            if after is None or each > after
        ]
        page = left[:wanted]
        return Listing(page, page[-1] if len(left) > len(page) else None)

    def existing_groups(self, tenant_id: str, group_ids: Sequence[str]) -> set[str]:
        return {
            group_id for group_id in group_ids if (tenant_id, GroupOf(group_id)) in self.members_of
        }
