"""Whose message an id is: recipients and direct messages, on each emulator."""

from dataclasses import replace
from random import SystemRandom
from unittest.mock import patch

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.direct_store import DirectMessageStore
from campaigns.adapters.dynamodb.message_index import MessageIndexStore
from campaigns.adapters.dynamodb.recipient_items import to_item
from campaigns.adapters.dynamodb.recipient_store import RecipientStore
from campaigns.adapters.dynamodb.table import Item, Page, Table
from campaigns.domain.direct_message import DirectMessage, DirectStatus
from campaigns.domain.model import Recipient
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.recipient_changes import claimed
from campaigns.services.ports import Guard
from campaigns.services.ports_direct import DirectGuard
from tests.contract.things import NOW, a_recipient, fresh
from tests.unit.test_direct_message import MESSAGE

ID = "3EB07BF3A48FF674FA9890"


def a_claimed(table: Table) -> Recipient:
    laid = a_recipient(campaign_id=fresh("cp"), instance_id=fresh("in"))
    table.put(to_item(laid, 1))
    mine = claimed(
        laid,
        now=NOW,
        lease_token="mine",
        lease_until=NOW + 90_000,
        message_id="ms_1",
        text="Oi",
        whatsapp_message_id=ID,
    )
    save(table, laid, mine)
    return mine


def save(table: Table, before: Recipient, after: Recipient) -> None:
    store = RecipientStore(table, SystemRandom())
    assert store.save(before, after, Guard(frozenset({before.status})))


def a_claimed_direct(table: Table) -> DirectMessage:
    store = DirectMessageStore(table, SystemRandom())
    message = replace(
        MESSAGE,
        direct_message_id=fresh("dm"),
        instance_id=fresh("in"),
        whatsapp_message_id=ID,
    )
    store.create(message)
    held = replace(message, status=DirectStatus.SENDING)
    assert store.save(held, DirectGuard(frozenset({DirectStatus.QUEUED})))
    return held


def test_a_message_is_found_by_its_instance_and_id(table: Table) -> None:
    index, mine, direct = MessageIndexStore(table), a_claimed(table), a_claimed_direct(table)
    assert index.find(mine.instance_id, ID) == mine
    assert index.find(direct.instance_id, ID) == direct
    assert index.find(fresh("in"), ID) is None
    assert index.find(mine.instance_id, ID.lower()) is None


def test_who_was_not_claimed_yet_is_not_found(table: Table) -> None:
    laid = a_recipient(campaign_id=fresh("cp"), instance_id=fresh("in"))
    table.put(to_item(laid, 1))
    assert MessageIndexStore(table).find(laid.instance_id, ID) is None


def test_the_id_that_a_server_made_itself_replaces_ours(table: Table) -> None:
    index, mine = MessageIndexStore(table), a_claimed(table)
    sent = replace(mine, status=RecipientStatus.SENT, whatsapp_message_id="AAAA1111")
    save(table, mine, sent)
    assert index.find(mine.instance_id, "AAAA1111") == sent
    assert index.find(mine.instance_id, ID) is None


def test_an_index_that_lags_behind_names_nobody_who_has_another_id_by_now(table: Table) -> None:
    index, mine = MessageIndexStore(table), a_claimed(table)
    old = table.query(Item, keys.message_key(mine.instance_id, ID), index="by_message")
    assert len(old.items) == 1
    save(table, mine, replace(mine, whatsapp_message_id="AAAA1111"))
    with patch.object(table, "query", return_value=Page(old.items, None)):
        assert index.find(mine.instance_id, ID) is None
