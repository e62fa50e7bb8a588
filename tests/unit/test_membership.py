"""The steps by which a change of a contact moves her entries in her lists."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.contact import name_sort_key
from campaigns.domain.group import ContactList, lists_of
from campaigns.domain.membership import ENTRIES_AT_ONCE, Places, places, steps
from campaigns.domain.model import Contact

ANA = Contact("ct_1", "tn_1", "person-1", "Ana", "+5511990000001", 1_000, 1_000)


def numbered(prefix: str, numbers: range) -> tuple[str, ...]:
    return tuple(f"{prefix}{number}" for number in numbers)


def test_a_plain_change_is_one_step_without_entries() -> None:
    renamed = replace(ANA, name="Bia")
    [step] = steps(ANA, {}, renamed)
    assert (step.contact, step.behind, step.taken_away, step.put) == (renamed, {}, {}, {})


def test_a_new_name_moves_every_entry_in_one_step() -> None:
    old = replace(ANA, tags=("vip",), groups=("gr_1",))
    [step] = steps(old, {}, replace(old, name="Bia"))
    assert set(step.taken_away.values()) == {name_sort_key("Ana", "ct_1")}
    assert set(step.put.values()) == {name_sort_key("Bia", "ct_1")}
    assert step.taken_away.keys() == step.put.keys() == lists_of(old).keys()


def test_another_spelling_of_a_tag_moves_nothing() -> None:
    [step] = steps(replace(ANA, tags=("VIP",)), {}, replace(ANA, tags=("vip",)))
    assert (step.taken_away, step.put) == ({}, {})


def test_a_new_contact_with_fifty_tags_is_one_step() -> None:
    assert len(steps(None, {}, replace(ANA, tags=numbered("t", range(50))))) == 1


def test_the_largest_change_is_four_steps_and_the_contact_says_what_lies_behind() -> None:
    old = replace(ANA, tags=numbered("t", range(50)), groups=numbered("gr_", range(100)))
    new = replace(old, name="Bia", tags=numbered("u", range(50)))
    made = steps(old, {}, new)
    assert all(step.contact.name == "Bia" for step in made)
    assert all(set(step.contact.groups) == set(old.groups) for step in made)
    assert [len(step.behind) for step in made] == [100, 51, 2, 0]
    assert made[-1].contact == new


NAMES = st.sampled_from(["Ana", "Bia", "Cid"])
CONTACTS = st.builds(
    lambda name, tags, groups: replace(ANA, name=name, tags=tuple(tags), groups=tuple(groups)),
    NAMES,
    st.lists(st.sampled_from(numbered("t", range(12))), unique=True),
    st.lists(st.sampled_from(numbered("gr_", range(12))), unique=True),
)


class Shelf:
    """The entries as the table would hold them."""

    def __init__(self, there: Places) -> None:
        self.entries = set(there.items())

    def take(self, taken_away: Places, put: Places) -> None:
        for entry in taken_away.items():
            self.entries.remove(entry)
        for entry in put.items():
            assert entry not in self.entries
            self.entries.add(entry)


@given(st.none() | CONTACTS, CONTACTS, st.data())
def test_after_each_step_the_entries_are_those_that_the_contact_tells(
    old: Contact | None, new: Contact, data: st.DataObject
) -> None:
    behind: dict[ContactList, str] = {}
    if old:
        late = data.draw(st.sets(st.sampled_from(list(lists_of(old)) or [None])))
        behind = {each: name_sort_key("Zoe", "ct_1") for each in late if each}
    at_once = data.draw(st.integers(2, 7))
    shelf = Shelf(places(old, behind) if old else {})
    for step in (made := steps(old, behind, new, at_once=at_once)):
        assert len(step.taken_away) + len(step.put) <= at_once
        shelf.take(step.taken_away, step.put)
        assert shelf.entries == set(places(step.contact, step.behind).items())
        had = lists_of(old).keys() if old else set()
        assert lists_of(step.contact).keys() <= had | lists_of(new).keys()
    assert made[-1].contact == new
    assert made[-1].behind == {}


@given(st.none() | CONTACTS, CONTACTS)
def test_what_fits_into_one_transaction_is_one_step(old: Contact | None, new: Contact) -> None:
    assert len(steps(old, {}, new, at_once=ENTRIES_AT_ONCE)) == 1


@given(CONTACTS, CONTACTS)
def test_a_change_that_was_cut_short_is_ended_by_the_next(old: Contact, new: Contact) -> None:
    cut = steps(old, {}, new, at_once=2)[0]
    last = steps(cut.contact, cut.behind, new)[-1]
    assert (last.contact, last.behind) == (new, {})
