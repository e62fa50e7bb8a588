"""Where a contact lies in her lists, and the steps by which a change moves her.

In each of her lists a contact has one entry, sorted by her name. Contact and entries change in one
transaction, which holds 100 writes: a change of more entries than that takes several steps. Each
step leaves every list that the contact names with exactly one entry; where it lies under an older
name still, the contact says so (`behind`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from campaigns.domain.contact import name_sort_key
from campaigns.domain.group import ContactList, GroupOf, lists_of, tag_list
from campaigns.domain.model import Contact

#: Writes of entries in one transaction; the last place is the contact's own.
ENTRIES_AT_ONCE: Final = 99

type Places = Mapping[ContactList, str]


@dataclass(frozen=True, slots=True)
class Step:
    """A contact as one transaction makes it, with the entries that it takes away and puts."""

    contact: Contact
    behind: Places = field(repr=False)
    taken_away: Places = field(repr=False)
    put: Places = field(repr=False)


def places(contact: Contact, behind: Places) -> dict[ContactList, str]:
    """Where the contact's entries lie, by list."""
    sort_key = name_sort_key(contact.name, contact.contact_id)
    return {each: behind.get(each, sort_key) for each in lists_of(contact)}


def steps(
    old: Contact | None, behind: Places, new: Contact, *, at_once: int = ENTRIES_AT_ONCE
) -> list[Step]:
    """The steps from one contact to another; the last of them is the new one, whole.

    All but its lists is new from the first step on. What the contact leaves goes before anything
    is added, so that no step has more of her lists than old or new.
    """
    before = places(old, behind) if old else {}
    after = places(new, {})
    waiting = [
        *(each for each in before if each not in after),
        *(each for each in after if each not in before),
        *(each for each in after if each in before and before[each] != after[each]),
    ]
    lie = dict(before)
    made: list[Step] = []
    for part in _parts(waiting, lambda each: (each in before) + (each in after), at_once):
        taken_away = {each: before[each] for each in part if each in before}
        put = {each: after[each] for each in part if each in after}
        lie = {each: place for each, place in lie.items() if each not in taken_away} | put
        made.append(_step(old, new, lie, taken_away, put))
    if not made:
        return [Step(new, {}, {}, {})]
    return [*made[:-1], replace(made[-1], contact=new)]


def _parts[T](items: Iterable[T], writes: Callable[[T], int], at_once: int) -> Iterator[list[T]]:
    """The items in their order, in parts of so many writes at most."""
    part: list[T] = []
    room = at_once
    for item in items:
        if writes(item) > room:
            yield part
            part, room = [], at_once
        part.append(item)
        room -= writes(item)
    if part:
        yield part


def _step(
    old: Contact | None,
    new: Contact,
    lie: Places,
    taken_away: Places,
    put: Places,
) -> Step:
    sort_key = name_sort_key(new.name, new.contact_id)
    tags = {tag_list(tag): tag for each in (new, old) if each for tag in each.tags}
    contact = replace(
        new,
        tags=tuple(tag for each, tag in tags.items() if each in lie),
        groups=tuple(each.group_id for each in lie if isinstance(each, GroupOf)),
    )
    behind = {each: place for each, place in lie.items() if place != sort_key}
    return Step(contact, behind, taken_away, put)
