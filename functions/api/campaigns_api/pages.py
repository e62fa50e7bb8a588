"""Pages of a list that fit into an answer of the gateway, which takes 6 MB."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final

from campaigns.services.ports import Listing
from campaigns_api.models.base import Answer

_PAGE_BYTES: Final = 4_000_000


def fitting_page[V, A: Answer](
    read: Callable[[int], Listing[V]], show: Callable[[V], A], limit: int
) -> tuple[list[A], str | None]:
    """At most `limit` entries and what follows them; fewer, but never none, where they are big."""
    while True:
        listing = read(limit)
        shown = [show(each) for each in listing.items]
        fitting = _fitting(shown)
        if fitting == len(shown):
            return shown, listing.next
        # Only the list itself can say what follows its entries.
        limit = fitting


def _fitting(entries: Sequence[Answer]) -> int:
    sizes = accumulate(len(each.model_dump_json().encode()) for each in entries)
    return sum(place == 0 or size <= _PAGE_BYTES for place, size in enumerate(sizes))
