"""Deleting an instance, against whoever wants to send through it at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.gate_items import GateItem
from campaigns.adapters.dynamodb.instance_items import InstanceItem
from campaigns.adapters.dynamodb.instance_store import InstanceStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.errors import ConcurrentUpdate
from campaigns.domain.model import Campaign, ConnectionState, EventType, Instance, InstanceGate
from campaigns.services.ports import TransitionRefusal
from campaigns.services.ports_registry import InstanceChange
from tests.contract.books import LATER, Books
from tests.contract.things import NOW, TENANT, a_campaign, a_gate, a_lane, an_entry, fresh
from tests.contract.things import keep_campaign as keep

PLACES = ("server-1", "phone-1")


class Shop:
    """An instance, and the stores that start campaigns there and delete it."""

    def __init__(self, table: Table) -> None:
        self.books = Books(table)
        self.table = table
        self.store = InstanceStore(table)
        self.places = tuple(fresh(place) for place in PLACES)
        self.instance = self._registered(self.places)

    def _registered(self, places: tuple[str, ...]) -> Instance:
        gate = a_gate()
        instance = Instance(
            instance_id=gate.instance_id,
            tenant_id=TENANT,
            name="Loja",
            evolution_url="https://evolution.example.com",
            evolution_instance="loja",
            encrypted_api_key=b"key",
            config_version=1,
            created_at=NOW,
            updated_at=NOW,
        )
        assert self.store.create(instance, gate, places) is None
        return instance

    def draft(self) -> Campaign:
        campaign = a_campaign(instance_id=self.instance.instance_id)
        keep(self.table, campaign)
        return campaign

    def schedule(self, campaign: Campaign) -> TransitionRefusal | None:
        lane, entry = a_lane(campaign, due_at=LATER), an_entry(EventType.CAMPAIGN_SCHEDULED)
        return self.books.campaigns.schedule(campaign, scheduled(campaign), lane, entry)

    def unschedule(self, campaign: Campaign) -> TransitionRefusal | None:
        lane, entry = a_lane(campaign), an_entry(EventType.CAMPAIGN_UNSCHEDULED)
        return self.books.campaigns.unschedule(scheduled(campaign), campaign, lane, entry)

    def retire(self, *, whole: bool = True) -> InstanceGate | None:
        return self.store.retire(self.instance, self.places, whole=whole)

    def gate(self) -> InstanceGate | None:
        return self.books.gates.read(self.instance.instance_id, consistent=True)


def scheduled(campaign: Campaign) -> Campaign:
    return replace(campaign, status=CampaignStatus.SCHEDULED, updated_at=LATER)


@pytest.fixture
def shop(table: Table) -> Shop:
    return Shop(table)


def test_a_free_instance_goes_with_its_gate_and_its_places(shop: Shop) -> None:
    assert shop.retire() is None
    assert shop.gate() is None
    assert shop.store.read(shop.instance.instance_id) is None
    another = replace(shop.instance, instance_id=fresh("in"))
    gate = a_gate(instance_id=another.instance_id)
    assert shop.store.create(another, gate, shop.places) is None


def test_the_record_may_stay_until_the_rest_is_done_and_is_in_no_list(shop: Shop) -> None:
    assert shop.retire(whole=False) is None
    assert shop.gate() is None
    assert shop.store.read(shop.instance.instance_id) == shop.instance
    item = shop.table.get(InstanceItem, keys.instance(shop.instance.instance_id), consistent=True)
    assert item is not None
    assert (item.list_key, item.list_sort) == (None, None)
    shop.store.forget(shop.instance)
    assert shop.store.read(shop.instance.instance_id) is None


def test_to_retire_it_again_finishes_what_was_begun(shop: Shop) -> None:
    assert shop.retire(whole=False) is None
    assert shop.retire(whole=False) is None
    assert shop.retire(whole=True) is None
    with pytest.raises(ConcurrentUpdate):
        shop.retire(whole=True)


def test_one_that_was_changed_meanwhile_stays(shop: Shop) -> None:
    with pytest.raises(ConcurrentUpdate):
        shop.store.retire(replace(shop.instance, updated_at=NOW - 1), shop.places, whole=True)
    assert shop.gate() is not None


def test_a_live_campaign_keeps_its_instance_until_it_ends(shop: Shop) -> None:
    campaign = shop.draft()
    assert shop.books.start(campaign) is None
    kept_for = shop.retire()
    assert kept_for is not None
    assert kept_for.live_campaign_id == campaign.campaign_id
    active = shop.books.head(campaign)
    assert shop.books.end(active, CampaignStatus.CANCELLED) is None
    assert shop.retire() is None


def test_campaigns_that_wait_for_their_time_are_counted_in_and_out(shop: Shop) -> None:
    first, second, third = shop.draft(), shop.draft(), shop.draft()
    for campaign in (first, second, third):
        assert shop.schedule(campaign) is None
    kept_for = shop.retire()
    assert kept_for is not None
    assert (kept_for.live_campaign_id, kept_for.scheduled) == (None, 3)

    assert shop.unschedule(first) is None
    assert shop.books.end(scheduled(second), CampaignStatus.CANCELLED) is None
    assert shop.gate().scheduled == 1
    assert shop.books.start(scheduled(third)) is None
    assert shop.gate().scheduled == 0
    assert shop.books.end(shop.books.head(third), CampaignStatus.CANCELLED) is None
    assert shop.retire() is None


def test_a_refused_schedule_counts_nothing(shop: Shop) -> None:
    campaign = shop.draft()
    assert shop.schedule(replace(campaign, total_version=7)) is TransitionRefusal.STATE
    assert shop.gate().scheduled == 0


@pytest.mark.parametrize("move", ["start", "schedule"])
def test_no_campaign_takes_an_instance_that_is_gone_and_no_gate_comes_back(
    shop: Shop, move: str
) -> None:
    campaign = shop.draft()
    assert shop.retire() is None
    refusal = shop.books.start(campaign) if move == "start" else shop.schedule(campaign)
    assert refusal is TransitionRefusal.STATE
    assert shop.gate() is None
    assert shop.books.head(campaign).status is CampaignStatus.DRAFT


def test_the_state_of_one_that_is_gone_is_noted_nowhere(shop: Shop) -> None:
    noted = shop.store.note_state(shop.instance.instance_id, ConnectionState.CLOSE)
    assert noted is not None
    assert noted.connection_state is ConnectionState.CLOSE
    assert shop.gate() == noted
    assert shop.retire() is None
    assert shop.store.note_state(shop.instance.instance_id, ConnectionState.OPEN) is None
    assert shop.gate() is None


def test_a_state_that_was_asked_for_before_the_newest_was_noted_is_not_noted(shop: Shop) -> None:
    instance_id, seen = shop.instance.instance_id, shop.gate()
    assert shop.store.note_state(instance_id, ConnectionState.OPEN, seen=seen) is not None
    assert shop.store.note_state(instance_id, ConnectionState.CLOSE, seen=seen) is None
    assert shop.gate().connection_state is ConnectionState.OPEN
    assert (
        shop.store.note_state(instance_id, ConnectionState.CLOSE, seen=shop.gate()) == shop.gate()
    )


def test_a_gate_that_was_made_before_its_connection_was_counted_is_changed_as_any(
    shop: Shop,
) -> None:
    uncounted = [GateItem.connection_version.remove()]
    shop.table.update(GateItem, keys.instance_gate(shop.instance.instance_id), uncounted)
    gate = shop.gate()
    assert gate is not None
    change = InstanceChange(shop.instance, shop.instance, gate, replace(gate, daily_limit=7))
    assert shop.store.change(change) is None
    noted = shop.store.note_state(shop.instance.instance_id, ConnectionState.CLOSE, seen=gate)
    assert noted is not None
    assert (noted.connection_version, noted.daily_limit) == (1, 7)


def test_what_one_server_does_with_ids_says_nothing_of_the_next(shop: Shop) -> None:
    key = keys.instance_gate(shop.instance.instance_id)
    shop.table.update(GateItem, key, [GateItem.honours_message_id.set(True)], GateItem.pk.exists())
    gate = shop.gate()
    assert gate is not None
    slower = replace(gate, delay_max_ms=60_000)
    assert shop.store.change(InstanceChange(shop.instance, shop.instance, gate, slower)) is None
    assert shop.gate() == slower
    moved = replace(shop.instance, config_version=2, evolution_instance="outra")
    there = replace(slower, config_version=2)
    assert shop.store.change(InstanceChange(shop.instance, moved, slower, there)) is None
    assert shop.gate() == replace(there, honours_message_id=None)


@pytest.mark.parametrize("what", ["instance", "gate"])
def test_a_change_of_the_one_is_judged_by_the_other_too(shop: Shop, what: str) -> None:
    gate = shop.gate()
    assert gate is not None
    change = InstanceChange(shop.instance, shop.instance, gate, gate)
    if what == "instance":
        change = replace(change, new=replace(shop.instance, name="Outra"))
        shop.store.note_state(shop.instance.instance_id, gate.connection_state)
    else:
        change = replace(change, new_gate=replace(gate, daily_limit=7))
        renamed = replace(shop.instance, name="Nova", updated_at=LATER)
        assert shop.store.change(InstanceChange(shop.instance, renamed, gate, gate)) is None
    with pytest.raises(ConcurrentUpdate):
        shop.store.change(change)


@pytest.mark.ministack
@pytest.mark.parametrize("move", ["start", "schedule"])
def test_of_a_deletion_and_campaigns_at_once_one_side_wins(real_table: Table, move: str) -> None:
    winners = set()
    for _ in range(10):
        shop = Shop(real_table)
        take = shop.books.start if move == "start" else shop.schedule
        drafts = [shop.draft() for _ in range(3)]
        with ThreadPoolExecutor(4) as threads:
            deletion = threads.submit(shop.retire)
            refusals = list(threads.map(take, drafts))
        is_deleted = deletion.result() is None
        assert (shop.gate() is None) is is_deleted
        assert (None in refusals) is not is_deleted
        winners.add(is_deleted)
    assert winners
