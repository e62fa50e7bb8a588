"""Whose an alias is, as protocols: WhatsApp may name a person by an `@lid` that tells no phone."""

from typing import Protocol


class Aliases(Protocol):
    """What is known of addresses, by the address itself. No address is kept in clear."""

    def person(self, tenant_id: str, jid: str) -> str | None:
        """Whose it is, as far as this tenant knows."""

    def learn(self, tenant_id: str, jid: str, person: str) -> None:
        """From now on it is this person's; opt-outs that waited for that are hers at once."""


class AliasBook(Protocol):
    """What is kept of aliases, each by a keyed hash of tenant and address."""

    def read(self, tenant_id: str, alias: str, *, consistent: bool = False) -> str | None:
        """The person."""

    def put(self, tenant_id: str, alias: str, person: str, now: int) -> None: ...
