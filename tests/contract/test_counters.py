"""A campaign's counters: added to beside each move, corrected by a recount, on each emulator."""

import pytest

from campaigns.adapters.dynamodb.table import Table
from tests.contract.books import LATER, Books
from tests.contract.lost_answers import losing_the_answer
from tests.contract.things import NOW


@pytest.fixture
def books(table: Table) -> Books:
    return Books(table)


def test_counters_add_up_and_remember_the_newest_send(books: Books) -> None:
    campaign = books.active()
    tenant_id, campaign_id = campaign.tenant_id, campaign.campaign_id
    books.campaigns.book(tenant_id, campaign_id, {"sent": 1, "unknown": 0}, NOW, last_send_at=NOW)
    books.campaigns.book(tenant_id, campaign_id, {"sent": 1, "unknown": -1}, LATER)
    assert books.campaigns.counters(tenant_id, campaign_id) == {
        "sent": 2,
        "unknown": -1,
        "moves": 2,
        "changed_at": LATER,
        "last_send_at": NOW,
    }


def test_a_booking_whose_answer_was_lost_counts_twice_until_the_recount(books: Books) -> None:
    campaign = books.active()
    place = (campaign.tenant_id, campaign.campaign_id)
    with losing_the_answer(books.table, "UpdateItem"):
        books.campaigns.book(*place, {"sent": 1}, NOW)
    seen = books.campaigns.counters(*place)
    assert seen["sent"] == 2

    assert books.campaigns.correct(*place, seen, {"sent": 1})
    assert books.campaigns.counters(*place)["sent"] == 1


def test_counters_that_moved_since_they_were_seen_are_not_corrected(books: Books) -> None:
    campaign = books.active()
    place = (campaign.tenant_id, campaign.campaign_id)
    assert books.campaigns.correct(*place, {}, {"sent": 1}), "there was none yet"
    seen = books.campaigns.counters(*place)
    books.campaigns.book(*place, {"sent": 1}, NOW)
    assert not books.campaigns.correct(*place, seen, {"sent": 7})
    assert books.campaigns.counters(*place)["sent"] == 2
