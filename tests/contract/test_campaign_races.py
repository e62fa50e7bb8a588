"""Transitions at once, and with lost answers: only ministack keeps DynamoDB's word on these."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.gates import Refusal
from campaigns.domain.model import InstanceGate
from campaigns.services.ports import TransitionRefusal
from tests.contract.books import Books, paused
from tests.contract.lost_answers import losing_the_answer
from tests.contract.things import NEXT_DAY_AT, NOW, TODAY, keep_gate

pytestmark = pytest.mark.ministack


@pytest.fixture
def books(real_table: Table) -> Books:
    return Books(real_table)


def test_of_many_starts_at_once_on_one_instance_one_wins(books: Books) -> None:
    first = books.draft()
    drafts = [first, *(books.draft(first.instance_id) for _ in range(7))]

    with ThreadPoolExecutor(8) as threads:
        refusals = list(threads.map(books.start, drafts))

    assert sorted(refusals, key=str) == [None] + [TransitionRefusal.TAKEN] * 7
    winner = drafts[refusals.index(None)]
    assert books.live(first) == (winner.campaign_id, CampaignStatus.ACTIVE)
    statuses = [books.head(each).status for each in drafts]
    assert statuses.count(CampaignStatus.ACTIVE) == 1
    assert [each for each in drafts if books.lane(each)] == [winner]


def test_a_start_twice_at_once_starts_once(books: Books) -> None:
    draft = books.draft()
    with ThreadPoolExecutor(4) as threads:
        refusals = list(threads.map(lambda _: books.start(draft), range(4)))
    assert refusals.count(None) == 1
    assert len(books.log(draft)) == 1


@pytest.mark.parametrize("transition", ["start", "pause", "resume", "end"])
def test_a_transition_whose_answer_was_lost_happened_once_and_is_told_as_done(
    books: Books, transition: str
) -> None:
    campaign = books.draft() if transition == "start" else books.active()
    if transition == "resume":
        books.pause(campaign)
        campaign = paused(campaign)
    entries = len(books.log(campaign))

    with losing_the_answer(books.table, "TransactWriteItems"):
        refusal = (
            books.end(campaign, CampaignStatus.COMPLETED)
            if transition == "end"
            else getattr(books, transition)(campaign)
        )

    assert refusal is None
    assert len(books.log(campaign)) == entries + 1


def test_once_a_pause_has_returned_no_request_passes_the_gate(books: Books) -> None:
    campaign = books.active()
    gate = replace(books.gate(campaign), delay_min_ms=0, daily_limit=None)
    keep_gate(books.table, gate)
    is_paused = Event()
    taken_since: list[str] = []

    def send_until_refused(name: str) -> int:
        """How many requests left before the pause was met."""
        number = 0
        while True:
            token, began_paused = f"{name}-{number}", is_paused.is_set()
            before = books.gates.take(
                gate,
                campaign_id=campaign.campaign_id,
                token=token,
                holder=name,
                now=NOW + 2_000,
                busy_until=NOW + 90_000,
                day=TODAY,
                next_day_at=NEXT_DAY_AT,
            )
            if isinstance(before, InstanceGate):
                taken_since.extend([token] if began_paused else [])
                books.gates.settle(before, token=token, left_at=NOW, day=TODAY, counts=True)
                number += 1
            elif before.refusal not in {Refusal.BUSY, Refusal.GAP}:
                assert before.refusal is Refusal.PAUSED
                return number

    with ThreadPoolExecutor(4) as threads:
        sending = [threads.submit(send_until_refused, f"sender-{n}") for n in range(3)]
        while books.gate(campaign).day_count < 5 and not any(each.done() for each in sending):
            pass
        assert books.pause(campaign) is None
        is_paused.set()
        sent = sum(each.result() for each in sending)

    assert taken_since == []
    assert sent == books.gate(campaign).day_count
