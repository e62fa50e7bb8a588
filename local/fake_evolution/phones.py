"""The phones, and the server's own rows of what it sent to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from local.fake_evolution.model import Lid, Message, Phone, Reply
from local.fake_evolution.numbers import canonical_phone


class Phones:
    """Every number is on WhatsApp unless told otherwise. Not thread-safe: its owner locks."""

    def __init__(self) -> None:
        self._by_phone: dict[str, list[Message]] = {}
        self._by_id: dict[tuple[str, str, str], Message] = {}
        self._absent: set[str] = set()
        self._lids: dict[str, Lid] = {}
        self._replies: dict[str, list[Reply]] = {}

    def receive(self, message: Message) -> bool:
        """A phone shows an id of one sender once: False where it was there already."""
        key = (message.phone, message.instance, message.id)
        if key in self._by_id:
            return False
        self._by_id[key] = message
        self._by_phone.setdefault(message.phone, []).append(message)
        return True

    def on_whatsapp(self, number: str) -> bool:
        return canonical_phone(number) not in self._absent

    def set_on_whatsapp(self, number: str, present: bool) -> None:
        change = self._absent.discard if present else self._absent.add
        change(canonical_phone(number))

    def absent(self) -> list[str]:
        return sorted(self._absent)

    def lid(self, number: str) -> Lid | None:
        return self._lids.get(canonical_phone(number))

    def set_lid(self, number: str, lid: Lid | None) -> None:
        phone = canonical_phone(number)
        if lid is None:
            self._lids.pop(phone, None)
        else:
            self._lids[phone] = lid

    def lids(self) -> dict[str, Lid]:
        return dict(self._lids)

    def write(self, reply: Reply) -> None:
        self._replies.setdefault(reply.phone, []).append(reply)

    def replies(self, number: str) -> tuple[Reply, ...]:
        """What one person wrote, oldest first."""
        return tuple(self._replies.get(canonical_phone(number), ()))

    def all_replies(self) -> list[Reply]:
        return [reply for replies in self._replies.values() for reply in replies]

    def all_messages(self) -> list[Message]:
        """Copies, in the order of their arrival."""
        return [_copy(message) for message in self._by_id.values()]

    def received(self, number: str) -> tuple[Message, ...]:
        """What one person's phone shows, oldest first."""
        return tuple(map(_copy, self._by_phone.get(canonical_phone(number), ())))

    def by_phone(self) -> list[Phone]:
        """Each phone that shows something; the one with the latest comes first."""
        phones = [
            Phone(phone, self.received(phone), self.replies(phone))
            for phone in self._by_phone | self._replies
        ]
        return sorted(phones, key=lambda phone: phone.latest_at, reverse=True)

    def rows(self, instance: str) -> list[Message]:
        """What the server's database holds of an instance, newest first."""
        rows = [row for row in self._by_id.values() if row.instance == instance and row.row]
        return sorted(rows, key=lambda row: row.received_at, reverse=True)

    def clear(self) -> None:
        self._by_phone.clear()
        self._by_id.clear()
        self._replies.clear()

    def restore(
        self,
        messages: Iterable[Message],
        absent: Iterable[str],
        lids: Mapping[str, Lid],
        replies: Iterable[Reply],
    ) -> None:
        for message in messages:
            self.receive(message)
        self._absent.update(absent)
        self._lids.update(lids)
        for reply in replies:
            self.write(reply)


def _copy(message: Message) -> Message:
    return replace(message, statuses=list(message.statuses))
