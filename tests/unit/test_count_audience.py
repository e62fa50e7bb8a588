"""The size of an audience: exact where that is little work, else an honest estimate."""

from collections.abc import Sequence
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.errors import UnknownReference
from campaigns.domain.group import GroupOf, TagOf
from campaigns.domain.model import Contact, Suppression
from campaigns.domain.sources import NamedSources
from campaigns.services import count_audience
from campaigns.services.count_audience import Audience, CountAudience
from campaigns.services.ports_registry import Versioned
from campaigns.services.sources import References
from tests.fakes.contacts import FakeContactBook, FakeSuppressionBook
from tests.fakes.memberships import FakeMemberships
from tests.fakes.side_by_side import one_after_the_other

TENANT = "tn_1"


class People:
    """Contacts with numbers, and what counts them."""

    def __init__(self, count: int) -> None:
        self.contacts, self.suppressions = FakeContactBook(), FakeSuppressionBook()
        self.memberships = FakeMemberships()
        self.ids = [f"ct_{number:05d}" for number in range(count)]
        for contact_id in self.ids:
            self.keep(contact_id)
        self.audience = CountAudience(
            contacts=self.contacts,
            suppressions=self.suppressions,
            memberships=self.memberships,
            references=References(contacts=self.contacts, memberships=self.memberships),
            concurrently=one_after_the_other,
        )

    def keep(self, contact_id: str, *, is_active: bool = True) -> None:
        contact = Contact(
            contact_id=contact_id,
            tenant_id=TENANT,
            person=f"person of {contact_id}",
            name="Cliente",
            phone="+5511990000000",
            created_at=0,
            updated_at=0,
            is_active=is_active,
        )
        self.contacts.stored[TENANT, contact_id] = Versioned(contact, "v")

    def opt_out(self, contact_id: str) -> None:
        self.suppressions.put(Suppression(TENANT, f"person of {contact_id}", 0, "manual"))

    def count(self, **named: Sequence[str]) -> Audience:
        return self.audience.count(TENANT, NamedSources(**named))


@given(
    named=st.lists(st.integers(0, 29)),
    grouped=st.sets(st.integers(0, 29)),
    tagged=st.sets(st.integers(0, 29)),
    inactive=st.sets(st.integers(0, 29)),
    opted_out=st.sets(st.integers(0, 29)),
    page=st.integers(1, 9),
)
def test_it_counts_each_person_once_and_every_person(
    named: list[int],
    grouped: set[int],
    tagged: set[int],
    inactive: set[int],
    opted_out: set[int],
    page: int,
) -> None:
    people = People(30)
    people.memberships.pages_of = page
    people.memberships.put(TENANT, GroupOf("gr_1"), [people.ids[each] for each in grouped])
    people.memberships.put(TENANT, TagOf("vip"), [people.ids[each] for each in tagged])
    for each in inactive:
        people.keep(people.ids[each], is_active=False)
    for each in opted_out:
        people.opt_out(people.ids[each])
    counted = people.count(
        contact_ids=[people.ids[each] for each in named], group_ids=["gr_1"], tags=["vip"]
    )
    everybody = {*named, *grouped, *tagged}
    assert counted == Audience(
        total=len(everybody),
        reachable=len(everybody - inactive - opted_out),
        opted_out=len(everybody & opted_out - inactive),
        inactive=len(everybody & inactive),
        is_exact=True,
    )


@pytest.mark.parametrize(("examined", "is_exact"), [(400, True), (399, False), (50, False)])
def test_beyond_what_is_looked_at_shares_are_those_of_an_even_sample(
    examined: int, is_exact: bool
) -> None:
    people = People(400)
    people.memberships.put(TENANT, TagOf("vip"), people.ids)
    # A fifth of them, all at the beginning: a sample of the first would take them for everybody.
    for contact_id in people.ids[:80]:
        people.opt_out(contact_id)
    with patch.object(count_audience, "_EXAMINED", examined):
        counted = people.count(tags=["vip"])
    assert (counted.total, counted.is_exact) == (400, is_exact)
    assert counted.opted_out == pytest.approx(80, abs=8)
    assert counted.reachable + counted.opted_out + counted.inactive == counted.total


def test_an_estimate_of_people_none_of_whom_is_reachable_says_so() -> None:
    # A sample of every other of 103 is 52, of whom each of two halves rounds up.
    people = People(103)
    people.memberships.put(TENANT, TagOf("vip"), people.ids)
    for number, contact_id in enumerate(people.ids):
        if number % 4:
            people.opt_out(contact_id)
        else:
            people.keep(contact_id, is_active=False)
    with patch.object(count_audience, "_EXAMINED", 52):
        counted = people.count(tags=["vip"])
    assert (counted.total, counted.reachable) == (103, 0)
    assert counted.opted_out + counted.inactive == 103


def test_of_more_than_are_counted_the_total_is_what_was_counted() -> None:
    people = People(300)
    people.memberships.put(TENANT, GroupOf("gr_1"), people.ids)
    people.memberships.pages_of = 50
    with patch.object(count_audience, "_COUNTED", 120):
        counted = people.count(group_ids=["gr_1"], tags=["vip"])
    assert (counted.total, counted.is_exact) == (150, False)
    assert len(people.memberships.asked) == 3


def test_unknown_ids_are_refused_as_they_would_be_for_a_campaign() -> None:
    with pytest.raises(UnknownReference) as refused:
        People(1).count(contact_ids=["ct_x"], group_ids=["gr_x"])
    assert [each.field for each in refused.value.errors] == ["contact_ids", "group_ids"]
