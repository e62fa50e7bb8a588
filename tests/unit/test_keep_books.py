"""The recount: whatever the books say, they say the truth afterwards, or nothing was changed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.books import BOOKED, LAST_SEND_AT, is_book, responses, times_sent
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.model import (
    Campaign,
    EventType,
    LogEntry,
    LogLevel,
    Recipient,
    Recipients,
    RecipientsState,
    Schedule,
)
from campaigns.domain.recipient import RecipientStatus as Status
from campaigns.services.keep_books import KeepBooks
from tests.fakes.clock import FakeClock
from tests.fakes.recipient_steps import START, a_recipient, histories


@dataclass
class Store:
    """Recipients and counters in memory."""

    people: list[Recipient]
    kept: dict[str, int]
    page_limit: int = 1_000
    is_moving: bool = False
    corrections: int = 0
    entries: list[LogEntry] = field(default_factory=list)

    def page(
        self,
        tenant_id: str,
        campaign_id: str,
        start: int,
        stop: int,
        *,
        limit: int,
        consistent: bool = False,
    ) -> list[Recipient]:
        assert consistent
        found = [each for each in self.people if start <= each.sequence < stop]
        return found[: min(limit, self.page_limit)]

    def counters(self, tenant_id: str, campaign_id: str) -> Mapping[str, int]:
        return dict(self.kept)

    def correct(
        self,
        tenant_id: str,
        campaign_id: str,
        seen: Mapping[str, int],
        counted: Mapping[str, int],
    ) -> bool:
        if self.is_moving:
            return False
        assert seen == self.kept
        self.corrections += 1
        self.kept |= counted
        return True

    def log(self, tenant_id: str, campaign_id: str, entry: LogEntry) -> None:
        self.entries.append(entry)


def _campaign(total: int) -> Campaign:
    return Campaign(
        "cp_1",
        "tn_1",
        "Natal",
        "in_1",
        CampaignStatus.COMPLETED,
        Schedule("immediate", "America/Sao_Paulo"),
        created_at=START,
        updated_at=START,
        created_by="key:test",
        recipients=Recipients(RecipientsState.READY),
        total=total,
    )


def _recount(store: Store, *, total: int | None = None) -> bool:
    books = KeepBooks(recipients=store, campaigns=store, clock=FakeClock(START), random=Random(1))
    return books.recount(_campaign(len(store.people) if total is None else total))


def _truth(people: list[Recipient]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for each in people:
        if each.status in BOOKED:
            counted[each.status] += 1
        if each.sent_at is not None and each.message_id is not None:
            counted[times_sent(each.message_id)] += 1
    return counted


PEOPLE = st.lists(histories(), max_size=8).map(
    lambda people: [
        replace(steps[-1].after, sequence=sequence) for sequence, steps in enumerate(people)
    ]
)
BOOKS = st.dictionaries(
    st.sampled_from([*sorted(BOOKED), times_sent("ms_1"), times_sent("ms_9"), responses("ms_1")]),
    st.integers(-3, 9),
)


@given(PEOPLE, BOOKS, st.integers(1, 4))
def test_after_a_recount_every_counter_is_what_the_recipients_say(people, books, page_limit):
    others = {LAST_SEND_AT: 7, "changed_at": 9}
    store = Store(people, books | others, page_limit)
    _recount(store)
    truth = _truth(people)
    assert {name: count for name, count in store.kept.items() if is_book(name) and count} == truth
    assert {name: store.kept[name] for name in others} == others


@given(PEOPLE, st.integers(1, 4))
def test_right_books_are_not_touched_and_not_spoken_of(people, page_limit):
    store = Store(people, dict(_truth(people)), page_limit)
    assert _recount(store)
    assert store.corrections == 0
    assert store.entries == []


def test_a_correction_is_logged_with_its_differences():
    sent = replace(a_recipient(), status=Status.SENT, sent_at=START, message_id="ms_1")
    store = Store([sent], {Status.SENT: 3, Status.FAILED: 1})
    _recount(store)
    (entry,) = store.entries
    assert (entry.event_type, entry.level) == (EventType.BOOKS_CORRECTED, LogLevel.WARNING)
    assert entry.metadata == {"sent": -2, "failed": -1, "times_sent.ms_1": 1}


def test_a_correction_is_looked_at_again():
    """A booking that was on its way while it was counted came on top of the correction."""
    sent = replace(a_recipient(), status=Status.SENT)
    store = Store([sent], {})
    assert not _recount(store)
    store.kept[Status.SENT] += 1
    assert not _recount(store)
    assert _recount(store)
    assert store.kept[Status.SENT] == 1


def test_books_that_move_meanwhile_are_left_for_the_next_time():
    sent = replace(a_recipient(), status=Status.SENT)
    store = Store([sent], {}, is_moving=True)
    assert not _recount(store)
    assert store.kept == {}
    assert store.entries == []


def test_recipients_are_counted_once_whatever_the_pages_hold():
    """A page is as long as its store makes it, and a sequence may be missing."""
    people = [
        replace(a_recipient(sequence), status=Status.FAILED) for sequence in (0, 1, 4, 5, 6, 9)
    ]
    for page_limit in range(1, 7):
        store = Store(people, {}, page_limit)
        _recount(store, total=12)
        assert store.kept == {Status.FAILED: 6}


def test_what_is_no_count_of_recipients_is_no_book():
    assert all(is_book(status) for status in BOOKED)
    assert is_book(times_sent("ms_1"))
    assert is_book(responses("ms_1"))
    for name in (LAST_SEND_AT, "changed_at", "pending", "sending"):
        assert not is_book(name)
