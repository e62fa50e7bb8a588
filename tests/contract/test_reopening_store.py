"""Putting people back: head, gate, lane, recipient and log in one step, on each emulator."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import SystemRandom

import pytest

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.gate_items import GateItem
from campaigns.adapters.dynamodb.recipient_store import RecipientStore
from campaigns.adapters.dynamodb.reopening_store import ReopeningStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.campaign import CampaignStatus, CampaignTrigger
from campaigns.domain.model import Campaign, EventType, Recipient
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus
from campaigns.domain.reopening import put_back
from campaigns.domain.resolving import Resolution, resolved
from campaigns.services.ports import Guard
from campaigns.services.ports_reopening import Moved
from tests.contract.books import LATER, Books
from tests.contract.lost_answers import losing_the_answer
from tests.contract.things import a_recipient, an_entry, keep_campaign


class Reopened(Books):
    """Campaigns whose people are put back."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.recipients = RecipientStore(table, SystemRandom())
        self.store = ReopeningStore(table, self.lanes, self.recipients)

    def completed(self) -> Campaign:
        campaign = self.active()
        assert self.end(campaign, CampaignStatus.COMPLETED) is None
        return self.head(campaign)

    def unconfirmed(self, campaign: Campaign, sequence: int = 1) -> Recipient:
        recipient = a_recipient(
            campaign_id=campaign.campaign_id, instance_id=campaign.instance_id, sequence=sequence
        )
        assert self.recipients.lay(recipient, 1)
        after = replace(
            recipient,
            status=RecipientStatus.UNCONFIRMED,
            may_have_been_sent=True,
            error_code=RecipientErrorCode.READ_TIMEOUT,
        )
        self.keep(recipient, after)
        return after

    def keep(self, before: Recipient, after: Recipient) -> None:
        assert self.recipients.save(before, after, Guard(frozenset({before.status})))

    def put_back(self, old: Campaign, moved: Moved | None = None, lowest: int = 1) -> bool:
        by = CampaignTrigger.RESEND if moved else CampaignTrigger.RETRY_FAILED
        new = put_back(old, lowest, by=by, held_until=LATER + 60_000, now=LATER)
        return self.store.put_back(old, new, [an_entry(EventType.RECIPIENT_RESOLVED)], moved)

    def stored(self, recipient: Recipient) -> Recipient:
        found = self.recipients.read(
            recipient.tenant_id, recipient.campaign_id, recipient.sequence, consistent=True
        )
        assert found is not None
        return found


@pytest.fixture
def books(table: Table) -> Reopened:
    return Reopened(table)


def resend(recipient: Recipient) -> Moved:
    return Moved(recipient, resolved(recipient, Resolution.RESEND, now=LATER))


def test_a_completed_campaign_is_paused_and_takes_its_instance_with_its_mark_brought_back(
    books: Reopened,
) -> None:
    over = books.completed()
    recipient = books.unconfirmed(over)
    assert books.put_back(over, resend(recipient))

    head = books.head(over)
    assert (head.status, head.mark, head.completed_at) == (CampaignStatus.PAUSED, 1, None)
    assert (head.total_version, head.mark_held_until) == (over.total_version + 1, LATER + 60_000)
    assert books.live(over) == (over.campaign_id, CampaignStatus.PAUSED)
    lane = books.lane(over)
    assert lane is not None
    assert lane.due_at == head.updated_at
    after = books.stored(recipient)
    assert (after.status, after.plan_number) == (RecipientStatus.PENDING, 2)
    assert after.resend_approved
    assert after.error_code is None
    due = books.recipients.due_retries(over.lane_key, LATER, 9)
    assert [each.recipient_id for each in due] == [recipient.recipient_id]
    assert books.log(over)[0].event_type in {
        EventType.RECIPIENT_RESOLVED,
        EventType.CAMPAIGN_COMPLETED,
    }


def test_a_live_campaign_keeps_its_state_and_its_gate(books: Reopened) -> None:
    campaign = books.active()
    gate = books.gate(campaign)
    assert books.put_back(campaign)
    assert books.head(campaign).status is CampaignStatus.ACTIVE
    assert books.gate(campaign) == gate


def _take(books: Reopened, campaign: Campaign, _: Recipient) -> None:
    assert books.start(books.draft(campaign.instance_id)) is None


def _delete_instance(books: Reopened, campaign: Campaign, _: Recipient) -> None:
    books.table.delete(GateItem, keys.instance_gate(campaign.instance_id))


def _cancel(books: Reopened, campaign: Campaign, _: Recipient) -> None:
    keep_campaign(books.table, replace(campaign, status=CampaignStatus.CANCELLED))


def _pass(books: Reopened, campaign: Campaign, _: Recipient) -> None:
    books.campaigns.advance_mark(campaign, campaign.mark + 1)


def _archive(books: Reopened, campaign: Campaign, _: Recipient) -> None:
    archived = replace(campaign, archived_at=LATER, updated_at=campaign.updated_at + 1)
    keep_campaign(books.table, archived)


def _add(books: Reopened, campaign: Campaign, _: Recipient) -> None:
    keep_campaign(books.table, replace(campaign, total=9, total_version=9))


def _prove(books: Reopened, _: Campaign, recipient: Recipient) -> None:
    books.keep(recipient, replace(recipient, status=RecipientStatus.DELIVERED, error_code=None))


@pytest.mark.parametrize(
    "before", [_take, _delete_instance, _cancel, _pass, _archive, _add, _prove]
)
def test_what_has_changed_meanwhile_refuses_all_of_it(
    books: Reopened, before: Callable[[Reopened, Campaign, Recipient], None]
) -> None:
    over = books.completed()
    recipient = books.unconfirmed(over)
    before(books, over, recipient)
    head, log, as_stored = books.head(over), books.log(over), books.stored(recipient)
    gate = books.gates.read(over.instance_id, consistent=True)

    assert not books.put_back(over, resend(recipient))

    assert (books.head(over), books.log(over), books.stored(recipient)) == (head, log, as_stored)
    assert books.gates.read(over.instance_id, consistent=True) == gate


def test_a_walk_and_a_completion_that_read_the_head_before_are_refused(books: Reopened) -> None:
    campaign = books.active()
    keep_campaign(books.table, campaign := replace(books.head(campaign), mark=2))
    assert books.put_back(campaign)
    books.campaigns.advance_mark(campaign, 3)
    assert books.head(campaign).mark == 1
    assert books.end(campaign, CampaignStatus.COMPLETED) is not None
    assert books.head(campaign).status is CampaignStatus.ACTIVE


@pytest.mark.parametrize("resolution", [Resolution.SENT, Resolution.FAILED])
def test_a_recipient_is_resolved_once_with_its_entry(
    books: Reopened, resolution: Resolution
) -> None:
    over = books.completed()
    recipient = books.unconfirmed(over)
    moved = Moved(recipient, resolved(recipient, resolution, now=LATER))
    entries, entry = len(books.log(over)), an_entry(EventType.RECIPIENT_RESOLVED)
    lane = books.lane(over)
    assert books.store.resolve(over, moved, entry, recount_at=LATER)
    assert not books.store.resolve(over, moved, entry, recount_at=LATER + 1)
    after = books.lane(over)
    assert lane is not None
    assert after is not None
    assert (after.due_at, after.recounted_at) == (LATER, 0)
    assert after.cursor == lane.cursor
    assert books.stored(recipient).status == moved.after.status
    assert books.head(over) == over
    assert len(books.log(over)) == entries + 1


def test_the_failed_are_found_across_blocks_and_nobody_else_is(books: Reopened) -> None:
    campaign = books.active()
    for sequence, status in {
        0: RecipientStatus.FAILED,
        1: RecipientStatus.SENT,
        998: RecipientStatus.PENDING,
        999: RecipientStatus.FAILED,
        1_000: RecipientStatus.FAILED,
        1_001: RecipientStatus.SKIPPED,
        1_002: RecipientStatus.FAILED,
    }.items():
        recipient = a_recipient(campaign_id=campaign.campaign_id, sequence=sequence)
        books.recipients.lay(recipient, 1)
        books.keep(recipient, replace(recipient, status=status))

    def found(start: int, stop: int) -> list[int]:
        failed = books.recipients.failed(campaign.tenant_id, campaign.campaign_id, start, stop)
        return [each.sequence for each in failed]

    assert found(0, 2_000) == [0, 999, 1_000, 1_002]
    assert found(1, 1_002) == [999, 1_000]
    assert found(3, 3) == []


@pytest.mark.ministack
def test_of_two_at_once_one_puts_back_and_a_lost_answer_is_told_as_done(real_table: Table) -> None:
    books = Reopened(real_table)
    over = books.completed()
    moved = resend(books.unconfirmed(over))
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: books.put_back(over, moved), range(4)))
    assert sorted(done) == [False, False, False, True]

    other = books.completed()
    moved, entries = resend(books.unconfirmed(other)), len(books.log(other))
    with losing_the_answer(books.table, "TransactWriteItems"):
        assert books.put_back(other, moved)
    assert books.head(other).total_version == other.total_version + 1
    assert len(books.log(other)) == entries + 1
    assert books.stored(moved.before).plan_number == moved.after.plan_number
