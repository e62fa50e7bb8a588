"""Changing whom a campaign is for: all of it or nothing, on each emulator."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from campaigns.adapters.dynamodb.source_store import SourceStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.group import GroupOf, TagOf
from campaigns.domain.model import Campaign, EventType, Recipient, RecipientsState
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.sources import (
    GivenContacts,
    NamedSources,
    RecipientsOf,
    RecipientTally,
    sources_of,
    with_sources,
    without_recipient,
)
from tests.contract.lost_answers import losing_the_answer
from tests.contract.test_laying_store import PIECES, Laying, a_place, advanced
from tests.contract.things import NOW, a_lane, an_entry

NAMED = NamedSources(["ct_9"], ["gr_1"], ["vip"])
SOURCES = sources_of(NAMED)
LATER = NOW + 1_000


class Composing(Laying):
    """The stores that change whom a campaign is for, over one table."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.store = SourceStore(table, self.lanes)

    def laid(self, count: int = 3) -> tuple[Campaign, list[Recipient]]:
        """A draft whose recipients are laid and counted, and those."""
        mine = self.leased(self.created(PIECES[:1]))
        places = [a_place(mine, sequence) for sequence in range(count)]
        for place in places:
            assert self.recipients.lay(place, mine.laying_epoch)
        assert self.advance(mine, count)
        counted = advanced(mine, count)
        made = replace(counted.recipients, state=RecipientsState.READY)
        ready = replace(counted, recipients=made, laying_token=None, laying_until=None)
        assert self.layings.finish(counted, ready, an_entry(EventType.RECIPIENTS_READY))
        return self.head(ready), places

    def added(self, old: Campaign, *, wakes: bool = False) -> bool:
        wake = old.lane_key if wakes else None
        new = with_sources(old, NAMED, SOURCES, LATER)
        return self.store.add(old, new, SOURCES, an_entry(EventType.RECIPIENTS_ADDED), wake=wake)

    def taken_out(self, old: Campaign, removed: Recipient, last: Recipient) -> bool:
        new = without_recipient(old, RecipientTally(), LATER)
        return self.store.take_out(old, new, removed, last, {"nome": -1})

    def all_of(self, campaign: Campaign) -> list[Recipient]:
        place = (campaign.tenant_id, campaign.campaign_id)
        return self.recipients.page(*place, 0, 9, limit=9, consistent=True)

    def found(self, recipient: Recipient) -> Recipient | None:
        place = (recipient.tenant_id, recipient.campaign_id, recipient.recipient_id)
        return self.recipients.find(*place, consistent=True)


@pytest.fixture
def composing(table: Table) -> Composing:
    return Composing(table)


def test_every_kind_of_source_is_read_as_it_was_written(composing: Composing) -> None:
    statuses = frozenset({RecipientStatus.SENT, RecipientStatus.READ})
    sources = [
        GivenContacts(("ct_2", "ct_1")),
        GroupOf("gr_1"),
        TagOf("São João"),
        RecipientsOf("cp_other", 1_234, statuses),
        RecipientsOf("cp_other", 1_234, statuses, from_end=True),
    ]
    campaign = composing.created(sources)
    read = composing.layings.source
    place = (campaign.tenant_id, campaign.campaign_id)
    assert [read(*place, number) for number in range(5)] == sources


def test_a_position_is_kept_and_its_source_stays_until_its_end(composing: Composing) -> None:
    mine = composing.leased(composing.created([GroupOf("gr_1")]))
    place = (mine.tenant_id, mine.campaign_id)
    halfway = replace(advanced(mine, 2), next_source=0, source_position="joão\x1fct_1")
    assert composing.layings.advance(mine, halfway, {})
    assert composing.head(mine) == halfway
    assert composing.layings.source(*place, 0) == GroupOf("gr_1")
    assert not composing.layings.advance(mine, halfway, {}), "the same piece twice"
    over = replace(advanced(halfway, 1), source_position=None)
    assert composing.layings.advance(halfway, over, {})
    assert composing.head(mine) == over
    assert composing.layings.source(*place, 0) is None


def test_added_sources_lie_behind_those_before_and_are_due(composing: Composing) -> None:
    old, _ = composing.laid()
    assert not composing.is_due(old)
    assert composing.added(old)
    head = composing.head(old)
    assert head == with_sources(old, NAMED, SOURCES, LATER)
    read = composing.layings.source
    found = [read(old.tenant_id, old.campaign_id, old.sources + place) for place in range(3)]
    assert tuple(found) == SOURCES
    assert composing.is_due(old, LATER)


@pytest.mark.parametrize("change", [{"total_version": 0}, {"status": CampaignStatus.ACTIVE}])
def test_nothing_is_added_to_what_has_changed_since(
    composing: Composing, change: dict[str, object]
) -> None:
    old, _ = composing.laid()
    assert not composing.added(replace(old, **change))
    assert composing.head(old) == old
    assert not composing.is_due(old)


def test_sources_are_added_with_the_lane_awake_or_not_at_all(composing: Composing) -> None:
    old, _ = composing.laid()
    lane = a_lane(old, due_at=None)
    assert not composing.added(old, wakes=True), "there is no lane to wake"
    composing.table.put(composing.lanes.to_item(lane))
    assert composing.added(old, wakes=True)
    awake = composing.lanes.read(lane.key)
    assert awake is not None
    assert (awake.due_at, awake.version) == (LATER, lane.version + 1)


def test_a_layer_that_has_not_seen_what_was_added_counts_and_ends_nothing(
    composing: Composing,
) -> None:
    mine = composing.leased(composing.created())
    assert composing.added(mine)
    assert not composing.advance(mine)
    ended = replace(mine, laying_token=None)
    entry = an_entry(EventType.RECIPIENTS_READY)
    assert not composing.layings.finish(mine, ended, entry)
    assert not composing.layings.forget(mine, LATER)
    assert composing.is_due(mine, LATER)
    held = composing.layings.held(mine)
    assert held == composing.head(mine)
    assert held is not None
    assert composing.advance(held)


def test_who_lost_the_lease_holds_nothing(composing: Composing) -> None:
    campaign = composing.created()
    lost = composing.leased(campaign)
    composing.leased(campaign, NOW + 60_000)
    assert composing.layings.held(lost) is None
    assert not composing.layings.forget(lost, NOW + 60_000)


def test_where_nothing_is_to_be_laid_the_lease_is_free_and_nothing_is_due(
    composing: Composing,
) -> None:
    mine = composing.leased(composing.created(()))
    assert composing.layings.forget(mine, NOW + 5)
    assert not composing.is_due(mine, LATER)
    assert composing.lease(mine, NOW + 5) is not None


def test_what_a_recipient_was_counted_for_goes_with_it_to_another_place(
    composing: Composing,
) -> None:
    old, places = composing.laid(2)
    tally = RecipientTally(("nome", "pk"), is_first_contact=True)
    assert composing.recipients.lay(places[-1], old.laying_epoch, tally)
    assert composing.store.tally(places[-1]) == tally
    assert composing.taken_out(old, places[0], places[-1])
    assert composing.store.tally(places[-1]) == tally
    assert composing.store.tally(places[0]) is None


@pytest.mark.parametrize(("place", "left"), [(0, (2, 1)), (1, (0, 2)), (2, (0, 1))])
def test_the_last_recipient_takes_the_place_of_the_removed_one(
    composing: Composing, place: int, left: tuple[int, ...]
) -> None:
    old, places = composing.laid()
    assert composing.taken_out(old, places[place], places[-1])
    expected = [replace(places[number], sequence=sequence) for sequence, number in enumerate(left)]
    assert composing.all_of(old) == expected
    assert [composing.found(each) for each in expected] == expected
    assert composing.found(places[place]) is None
    assert composing.head(old).total == 2
    assert composing.values(old) == {"nome": 2}


def _another_total(old: Campaign, places: list[Recipient]) -> tuple[Campaign, Recipient, Recipient]:
    return replace(old, total_version=old.total_version - 1), places[0], places[-1]


def _another_state(old: Campaign, places: list[Recipient]) -> tuple[Campaign, Recipient, Recipient]:
    return replace(old, status=CampaignStatus.ACTIVE), places[0], places[-1]


def _another_last(old: Campaign, places: list[Recipient]) -> tuple[Campaign, Recipient, Recipient]:
    return old, places[0], replace(places[-1], recipient_id="rc_other")


def _another_there(old: Campaign, places: list[Recipient]) -> tuple[Campaign, Recipient, Recipient]:
    return old, replace(places[0], recipient_id="rc_other"), places[-1]


@pytest.mark.parametrize("seen", [_another_total, _another_state, _another_last, _another_there])
def test_nobody_is_taken_out_of_what_has_changed_since(
    composing: Composing,
    seen: Callable[[Campaign, list[Recipient]], tuple[Campaign, Recipient, Recipient]],
) -> None:
    old, places = composing.laid()
    assert not composing.taken_out(*seen(old, places))
    assert composing.all_of(old) == places
    assert composing.head(old) == old
    assert composing.values(old) == {"nome": 3}


@pytest.mark.ministack
def test_a_removal_whose_answer_was_lost_is_made_once(real_table: Table) -> None:
    composing = Composing(real_table)
    old, places = composing.laid()
    with losing_the_answer(real_table, "TransactWriteItems"):
        assert composing.taken_out(old, places[0], places[-1])
    assert composing.head(old).total == 2
    assert composing.values(old) == {"nome": 2}
