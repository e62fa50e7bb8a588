"""A campaign's log: its own events, and what its recipients' items tell, newest first.

No row is written per message, so nothing holds the recipients' events in the order of time. They
are walked from the highest planned sequence downwards, which is nearly that order: an event that
came late (a receipt, a further try) stands where its recipient stands, or higher on that page. In
exchange a page costs the same at any size, and a message costs no write for its log.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import merge
from typing import Final

from campaigns.domain.errors import NotFound
from campaigns.domain.model import EventType, LogEntry, LogLevel
from campaigns.domain.recipient_log import EVENT_LEVELS, entries_of, order_of
from campaigns.services.ports import CampaignCatalog, Campaigns, CampaignView, Listing, Recipients

#: Recipients read at once while a filter looks for its matches.
_SCAN: Final = 500
_RECIPIENT_EVENTS: Final = frozenset(EVENT_LEVELS)
_RECIPIENT_LEVELS: Final = frozenset(EVENT_LEVELS.values())


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which entries are wanted; None is any."""

    level: LogLevel | None = None
    event_type: EventType | None = None

    @property
    def is_any(self) -> bool:
        return self.level is None and self.event_type is None

    @property
    def wants_recipients(self) -> bool:
        """Recipients can tell of a match."""
        return (self.event_type is None or self.event_type in _RECIPIENT_EVENTS) and (
            self.level is None or self.level in _RECIPIENT_LEVELS
        )

    def matches(self, entry: LogEntry) -> bool:
        return self.level in (None, entry.level) and self.event_type in (None, entry.event_type)


@dataclass(frozen=True, slots=True)
class _Position:
    """How far both streams were read: the last own event, and the last entry of a recipient."""

    log_id: str | None = None
    sequence: int | None = None
    entry: tuple[int, str] | None = None

    @classmethod
    def parse(cls, text: str) -> "_Position":
        log_id, sequence, entry = json.loads(text)
        return cls(log_id, sequence, tuple(entry) if entry else None)

    def __str__(self) -> str:
        return json.dumps([self.log_id, self.sequence, self.entry], separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class _Found:
    """An entry, and the sequence of the recipient that told of it (None: the campaign's own)."""

    entry: LogEntry
    sequence: int | None = None

    def passed(self, position: _Position) -> _Position:
        """The position behind this entry."""
        if self.sequence is None:
            return replace(position, log_id=self.entry.log_id)
        return replace(position, sequence=self.sequence, entry=order_of(self.entry))


class ReadCampaignLog:
    """Reads; nothing is ever written."""

    def __init__(
        self, *, campaigns: Campaigns, catalog: CampaignCatalog, recipients: Recipients
    ) -> None:
        self._campaigns = campaigns
        self._catalog = catalog
        self._recipients = recipients

    def page(
        self,
        tenant_id: str,
        campaign_id: str,
        wanted: LogFilter,
        *,
        after: str | None,
        limit: int,
    ) -> Listing[LogEntry]:
        """A page is in the order of time; pages follow each other nearly so.

        A filtered page reads on until it is full or the log ends. Raises :class:`NotFound`.
        """
        view = self._campaigns.view(tenant_id, campaign_id)
        if view is None:
            raise NotFound
        position = _Position.parse(after) if after else _Position()
        found = self._both(view, position, wanted, limit)
        page: list[LogEntry] = []
        for each in found:
            position = each.passed(position)
            if wanted.matches(each.entry):
                page.append(each.entry)
            if len(page) == limit:
                break
        is_last = next(found, None) is None
        page.sort(key=order_of, reverse=True)
        return Listing(page, None if is_last else str(position))

    def _both(
        self, view: CampaignView, position: _Position, wanted: LogFilter, limit: int
    ) -> Iterator[_Found]:
        streams = [self._own(view, position.log_id, limit)]
        if wanted.wants_recipients:
            at_once = limit if wanted.is_any else _SCAN
            streams.append(self._of_recipients(view, position, at_once))
        return merge(*streams, key=lambda found: found.entry.created_at, reverse=True)

    def _own(self, view: CampaignView, after: str | None, limit: int) -> Iterator[_Found]:
        campaign = view.campaign
        while True:
            page = self._catalog.logs(
                campaign.tenant_id, campaign.campaign_id, after=after, limit=limit
            )
            yield from map(_Found, page.items)
            after = page.next
            if after is None:
                return

    def _of_recipients(
        self, view: CampaignView, position: _Position, at_once: int
    ) -> Iterator[_Found]:
        """Those planned so far, the highest sequence first."""
        campaign = view.campaign
        stop = _planned(view) if position.sequence is None else position.sequence + 1
        while stop > 0:
            start = max(0, stop - at_once)
            chunk = self._recipients.page(
                campaign.tenant_id, campaign.campaign_id, start, stop, limit=stop - start
            )
            for recipient in reversed(chunk):
                for entry in entries_of(recipient):
                    is_told = recipient.sequence == position.sequence and (
                        position.entry is None or order_of(entry) >= position.entry
                    )
                    if not is_told:
                        yield _Found(entry, recipient.sequence)
            stop = start


def _planned(view: CampaignView) -> int:
    """Nobody beyond the lane's cursor was tried; of who is skipped there the cancellation tells."""
    return view.lane.cursor if view.lane else 0
