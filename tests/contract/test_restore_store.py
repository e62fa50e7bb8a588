"""What a restore writes beside the daily work."""

from campaigns.adapters.dynamodb.gate_store import GateStore
from campaigns.adapters.dynamodb.restore_store import RestoreStore
from campaigns.adapters.dynamodb.table import Table
from tests.contract.books import Books
from tests.contract.things import NOW, a_live_gate, keep_gate


def test_a_gate_loses_its_mark_and_its_gap_is_never_shortened(table: Table) -> None:
    gate = a_live_gate(busy_token="theirs", busy_until=NOW + 90_000, last_left_at=NOW)
    keep_gate(table, gate)
    restoration, gates = RestoreStore(table), GateStore(table)
    restoration.settle_gate(gate.instance_id, NOW + 60_000)
    restoration.settle_gate(gate.instance_id, NOW + 10_000)

    settled = gates.read(gate.instance_id, consistent=True)
    assert settled is not None
    assert (settled.busy_token, settled.busy_until) == (None, None)
    assert settled.last_left_at == NOW + 60_000
    assert settled.live_campaign_id == gate.live_campaign_id


def test_a_gate_that_is_gone_stays_gone(table: Table) -> None:
    RestoreStore(table).settle_gate("in_gone", NOW)
    assert GateStore(table).read("in_gone", consistent=True) is None


def test_a_campaign_remembers_for_which_restore_point_it_was_dealt_with(table: Table) -> None:
    books = Books(table)
    campaign = books.active()
    RestoreStore(table).note(campaign, NOW)
    head = books.campaigns.head(campaign.tenant_id, campaign.campaign_id, consistent=True)
    assert head is not None
    assert head.restored_to == NOW
    assert head.status is campaign.status
