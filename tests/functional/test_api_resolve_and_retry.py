"""Deciding about the unconfirmed and putting failed ones back, over HTTP."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import Recipient, Role
from campaigns.domain.recipient import RecipientErrorCode as Code
from campaigns.domain.recipient import RecipientStatus as Status
from campaigns.services.ports import Guard
from tests.fakes.api import CAMPAIGNS, Answer, Deployment, Shop, a_deployment

ENDS = (
    (Status.UNCONFIRMED, Code.READ_TIMEOUT),
    (Status.UNCONFIRMED, Code.SEND_THREW),
    (Status.UNCONFIRMED, Code.LEASE_EXPIRED),
    (Status.FAILED, Code.CONNECTION_CLOSED),
)


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    """One of its own for each test: what is queued in one must not be sent in the next."""
    with a_deployment() as opened:
        yield opened


def ended_badly(shop: Shop, campaign_id: str) -> list[Recipient]:
    """Its first four recipients after tries that ended so."""
    now = shop.clock.now()
    ended = []
    for sequence, (status, code) in enumerate(ENDS):
        before = shop.app.recipients.read(shop.tenant_id, campaign_id, sequence)
        assert before is not None
        after = replace(
            before,
            status=status,
            error_code=code,
            attempts=1,
            may_have_been_sent=status is Status.UNCONFIRMED,
            unknown_since=now,
        )
        assert shop.app.recipients.save(before, after, Guard(frozenset({before.status})))
        shop.app.campaign_store.book(shop.tenant_id, campaign_id, {status: 1}, now)
        ended.append(after)
    return ended


def completed(shop: Shop) -> tuple[str, list[str]]:
    """A completed campaign: its path, and its recipients' ids."""
    campaign = shop.campaign(shop.contacts(4))
    path = f"{CAMPAIGNS}{campaign['id']}/"
    assert shop.owner.post(path + "start/").status == 200
    ids = [each.recipient_id for each in ended_badly(shop, campaign["id"])]
    shop.clock.sleep(3 * MINUTE_MS)
    shop.app.schedule.tick(shop.clock.now() + 300_000)
    assert shop.owner.get(path).json["status"] == "completed"
    return path, ids


def resolve(shop: Shop, path: str, recipient_id: str, outcome: str, **fields: object) -> Answer:
    return shop.owner.post(f"{path}contacts/{recipient_id}/resolve/", {"outcome": outcome} | fields)


def test_an_operator_decides_and_gets_the_recipient_as_it_is_then(shop: Shop):
    path, ids = completed(shop)
    sent = resolve(shop, path, ids[0], "sent")
    assert (sent.status, sent.json["status"], sent.json["error_code"]) == (200, "sent", None)
    assert sent.json["sent_at"] is not None
    failed = resolve(shop, path, ids[1], "failed").json
    assert (failed["status"], failed["error_code"]) == ("failed", "resolved_as_failed")
    again = resolve(shop, path, ids[2], "resend", accept_duplicate_risk=True).json
    assert (again["status"], again["error_code"]) == ("pending", None)
    campaign = shop.owner.get(path).json
    assert (campaign["status"], campaign["completed_at"]) == ("paused", None)
    counts = [campaign[f"{name}_messages"] for name in ("sent", "failed", "pending", "unconfirmed")]
    assert counts == [1, 2, 1, 0]
    entries = shop.owner.get(path + "logs/", event_type="recipient_resolved").json["results"]
    assert [each["metadata"]["outcome"] for each in entries] == ["resend", "failed", "sent"]
    assert [each["message"] for each in entries] == [
        "Destinatário 3: a mensagem vai de novo, com o risco de chegar duas vezes.",
        "Destinatário 2: marcado como não enviado.",
        "Destinatário 1: marcado como enviado.",
    ]
    assert all(each["actor"] == campaign["created_by"] for each in entries)


def test_a_resend_asks_for_the_risk_to_be_accepted(shop: Shop):
    path, ids = completed(shop)
    for fields in ({}, {"accept_duplicate_risk": False}):
        answer = resolve(shop, path, ids[0], "resend", **fields)
        assert answer.status == 422
        assert answer.faults == {"accept_duplicate_risk": "duplicate_risk_not_accepted"}
    assert resolve(shop, path, ids[0], "gone").faults == {"outcome": "invalid_choice"}
    assert shop.owner.post(f"{path}contacts/{ids[0]}/resolve/").faults == {"outcome": "required"}
    assert shop.owner.get(path).json["status"] == "completed"


def test_only_an_unconfirmed_recipient_is_resolved_and_once(shop: Shop):
    path, ids = completed(shop)
    refused = resolve(shop, path, ids[3], "sent")
    assert (refused.status, refused.code) == (409, "invalid_state")
    assert refused.json["current_status"] == "failed"
    assert resolve(shop, path, ids[0], "sent").status == 200
    again = resolve(shop, path, ids[0], "resend", accept_duplicate_risk=True)
    assert (again.status, again.json["current_status"]) == (409, "sent")
    assert resolve(shop, path, "rc_x", "sent").status == 404


def test_the_same_key_decides_once_and_answers_the_same(shop: Shop):
    path, ids = completed(shop)
    url, body = f"{path}contacts/{ids[0]}/resolve/", {"outcome": "failed"}
    first, second = (shop.owner.post(url, body, key="decisão-1".encode().hex()) for _ in range(2))
    assert (first.status, first.text) == (second.status, second.text)


def test_failed_ones_are_put_back_and_the_others_counted_by_their_reason(shop: Shop):
    path, ids = completed(shop)
    resolve(shop, path, ids[0], "failed")
    answer = shop.owner.post(path + "retry-failed/")
    assert (answer.status, answer.json) == (
        200,
        {"requeued": 1, "excluded": {"may_have_been_sent": 1}, "complete": True},
    )
    campaign = shop.owner.get(path).json
    assert (campaign["status"], campaign["pending_messages"]) == ("paused", 1)
    entry = shop.owner.get(path + "logs/", event_type="recipients_requeued").json["results"][0]
    assert entry["message"] == "Falhas que voltaram para a fila: 1."
    assert shop.owner.post(path + "retry-failed/").json["requeued"] == 0
    audit = shop.owner.get("/api/audit/").json["results"]
    counts = [each["counts"] for each in audit if each["action"] == "retry_failed"]
    assert counts == [{"requeued": 1}], "who puts nobody back changes nothing"
    assert shop.owner.post(path + "cancel/").status == 200
    cancelled = shop.owner.post(path + "retry-failed/")
    assert (cancelled.status, cancelled.json["current_status"]) == (409, "cancelled")
    assert resolve(shop, path, ids[1], "resend", accept_duplicate_risk=True).status == 409


def test_a_draft_has_nobody_to_put_back(shop: Shop):
    draft = shop.campaign(shop.contacts(1))
    answer = shop.owner.post(f"{CAMPAIGNS}{draft['id']}/retry-failed/")
    assert (answer.status, answer.json["current_status"]) == (409, "draft")


@pytest.mark.parametrize("is_deleted", [False, True])
def test_an_instance_that_is_busy_or_gone_is_told_as_a_start_tells_it(shop: Shop, is_deleted: bool):
    path, ids = completed(shop)
    instance = shop.owner.get(path).json["instance"]["id"]
    if is_deleted:
        assert shop.owner.delete(f"/api/instances/{instance}/").status == 204
    else:
        other = shop.campaign(shop.contacts(1, first=50), instance_id=instance)
        assert shop.owner.post(f"{CAMPAIGNS}{other['id']}/start/").status == 200
    for answer in (
        shop.owner.post(path + "retry-failed/"),
        resolve(shop, path, ids[0], "resend", accept_duplicate_risk=True),
    ):
        assert answer.status == 409
        assert answer.code == ("instance_missing" if is_deleted else "instance_busy")
    assert shop.owner.get(path).json["status"] == "completed"


def test_who_only_reads_decides_nothing(shop: Shop):
    path, ids = completed(shop)
    viewer = shop.client(Role.VIEWER)
    assert viewer.post(path + "retry-failed/").status == 403
    assert viewer.post(f"{path}contacts/{ids[0]}/resolve/", {"outcome": "sent"}).status == 403
