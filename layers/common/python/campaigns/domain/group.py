"""Groups and tags: the lists that a contact can be in, and how their contacts are counted.

A list's count is changed beside the contacts, not with them, so that many contacts can change at
once. Each change is announced before it is made and booked after it: where an announcement is left
over, whoever made it died on the way and the count is doubtful until the list is counted anew.
"""

from dataclasses import dataclass, field
from typing import Final

from campaigns.domain.contact import tag_key
from campaigns.domain.errors import FieldError
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import Contact
from campaigns.domain.plain_text import has_controls, is_blank

NAME_LIMIT: Final = 100
DESCRIPTION_LIMIT: Final = 2_000
#: Every change of a contact has to move her in each of her groups when her name changes.
GROUPS_OF_A_CONTACT: Final = 100

#: Longer than any call runs.
_ANNOUNCED_MS: Final = 2 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Group:
    """Contacts that a tenant has put together under a name; times in epoch ms."""

    group_id: str
    tenant_id: str
    name: str
    description: str
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class GroupOf:
    """The contacts of a group."""

    group_id: str


@dataclass(frozen=True, slots=True)
class TagOf:
    """The contacts that have a tag, case and accents disregarded."""

    tag: str


type ContactList = GroupOf | TagOf


@dataclass(frozen=True, slots=True)
class Count:
    """How many contacts a list has. `moves` rises with each booking.

    `announced` names the changes under way, each by the instant in which it began and its token.
    """

    contacts: int = 0
    moves: int = 0
    announced: frozenset[str] = field(default_factory=frozenset)

    def is_doubtful(self, now: int) -> bool:
        """A change was announced that is not under way any more, and no other is."""
        return bool(self.announced) and all(
            _began_at(each) + _ANNOUNCED_MS <= now for each in self.announced
        )


def announcement(now: int, token: str) -> str:
    """The name of a change of counts that begins now."""
    return f"{now}.{token}"


def tag_list(tag: str) -> TagOf:
    """The list of a tag, one for all its spellings."""
    return TagOf(tag_key(tag))


def lists_of(contact: Contact) -> dict[ContactList, str]:
    """The lists that a contact is in, each with the name by which she knows it."""
    tags: dict[ContactList, str] = {tag_list(tag): tag for tag in contact.tags}
    return tags | {GroupOf(group_id): group_id for group_id in contact.groups}


def list_changes(before: Contact | None, after: Contact | None) -> dict[ContactList, int]:
    """By how much a change of one contact moves the counts of lists."""
    left = lists_of(before) if before else {}
    entered = lists_of(after) if after else {}
    return {
        **{each: -1 for each in left if each not in entered},
        **{each: 1 for each in entered if each not in left},
    }


def check_group(name: str, description: str) -> tuple[FieldError, ...]:
    """A group has a name of one line and up to 100 characters; two may have the same."""
    errors = []
    if is_blank(name):
        errors.append(FieldError("name", "required", "required"))
    elif has_controls(name, lines=False):
        errors.append(FieldError("name", "invalid_text", "invalid_text"))
    if len(name) > NAME_LIMIT:
        errors.append(FieldError("name", "too_long", "too_long", {"limit": NAME_LIMIT}))
    if has_controls(description, lines=True):
        errors.append(FieldError("description", "invalid_text", "invalid_text"))
    if len(description) > DESCRIPTION_LIMIT:
        limit = {"limit": DESCRIPTION_LIMIT}
        errors.append(FieldError("description", "too_long", "too_long", limit))
    return tuple(errors)


def _began_at(announced: str) -> int:
    return int(announced.partition(".")[0])
