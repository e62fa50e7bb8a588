"""Every event of a log is told whole in both languages, with what the services write of it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import EventType
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.recipient_log import entries_of
from campaigns_api.language import Language
from campaigns_api.models.recipients import LogOut
from local.fake_evolution import Behaviour, Rule
from tests.fakes.api import CAMPAIGNS, CONTACTS, Shop
from tests.functional.test_api_resolve_and_retry import ended_badly

#: By event and place in the log, what each language says of it.
type Told = dict[EventType, list[tuple[str, str]]]


def logs(shop: Shop, campaign: dict[str, Any], language: Language) -> list[dict[str, Any]]:
    path = f"{CAMPAIGNS}{campaign['id']}/logs/"
    return shop.owner.speaking(language).get(path, limit=200).json["results"]


def operate(shop: Shop, campaign: dict[str, Any], *operations: str) -> None:
    for operation in operations:
        shop.clock.sleep(MINUTE_MS)
        assert shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/{operation}/").status == 200


def tick(shop: Shop, minutes: int = 1) -> None:
    for _ in range(minutes):
        shop.clock.sleep(MINUTE_MS)
        shop.app.schedule.tick(shop.clock.now() + 300_000)


def moved_by_hand(shop: Shop) -> dict[str, Any]:
    at = "2026-11-20T10:00:00-03:00"
    campaign = shop.campaign(shop.contacts(1, first=100), scheduled_at=at)
    operate(shop, campaign, "start", "unschedule")
    path = f"{CAMPAIGNS}{campaign['id']}/"
    shop.owner.patch(path, {"scheduled_at": None})
    shop.owner.post(path + "contacts/", {"contact_ids": shop.contacts(1, first=110)})
    shop.lay()
    operate(shop, campaign, "start", "pause", "resume", "cancel")
    return campaign


def sent_badly(shop: Shop) -> dict[str, Any]:
    """One has opted out, one is not on WhatsApp, one is in doubt, one is sent to."""
    ids = shop.contacts(4, first=200)
    campaign = shop.campaign(ids)
    operate(shop, campaign, "start")
    shop.owner.post(f"{CONTACTS}{ids[0]}/opt-out/", {})
    rules = shop.deployment.evolution
    for behaviour in (Behaviour.NOT_ON_WHATSAPP, Behaviour.SENT_ANSWER_LOST):
        rules.add_rule(Rule(behaviour, count=1))
    for _ in range(15):
        shop.send_planned()
        tick(shop)
    rules.clear_rules()
    return campaign


def paused_by_the_system(shop: Shop) -> dict[str, Any]:
    campaign = shop.campaign(shop.contacts(1, first=300))
    operate(shop, campaign, "start")
    for reason in AutoPauseReason:
        shop.clock.sleep(MINUTE_MS)
        assert shop.app.pause.auto_pause(shop.tenant_id, campaign["id"], reason)
        operate(shop, campaign, "resume")
    return campaign


def laid_in_vain(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr("campaigns.services.lay_recipients._MOST_FAILURES", -1)
    campaign = shop.campaign(shop.contacts(1, first=400))
    assert campaign["recipients"]["state"] == "failed"
    return campaign


def with_wrong_books(shop: Shop) -> dict[str, Any]:
    campaign = shop.campaign(shop.contacts(1, first=500))
    shop.app.campaign_store.book(shop.tenant_id, campaign["id"], {"sent": 3}, shop.clock.now())
    operate(shop, campaign, "start", "pause")
    tick(shop, 15)
    return campaign


def decided_by_an_operator(shop: Shop) -> dict[str, Any]:
    """Nobody knows of two whether they were sent to, and one failed for a moment's reason."""
    campaign = shop.campaign(shop.contacts(4, first=600))
    operate(shop, campaign, "start")
    recipients = ended_badly(shop, campaign["id"])
    tick(shop, 3)
    for recipient, outcome in zip(recipients, ("failed", "resend"), strict=False):
        answer = shop.owner.post(
            f"{CAMPAIGNS}{campaign['id']}/contacts/{recipient.recipient_id}/resolve/",
            {"outcome": outcome, "accept_duplicate_risk": True},
        )
        assert answer.status == 200
    operate(shop, campaign, "retry-failed")
    return campaign


def receipts(shop: Shop, campaign: dict[str, Any]) -> Told:
    """What a recipient's item tells of them, whoever brings them."""
    sent = shop.app.recipients.read(shop.tenant_id, campaign["id"], 3)
    assert sent is not None
    now = shop.clock.now()
    answered = replace(
        sent,
        status=RecipientStatus.RESPONDED,
        delivered_at=now,
        read_at=now + 1,
        responded_at=now + 2,
    )
    told: Told = defaultdict(list)
    for entry in entries_of(answered):
        portuguese, english = (LogOut.of(entry, language).message for language in Language)
        told[entry.event_type].append((portuguese, english))
    return told


def happened(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    badly = sent_badly(shop)
    yield receipts(shop, badly)
    campaigns = (
        badly,
        moved_by_hand(shop),
        paused_by_the_system(shop),
        with_wrong_books(shop),
        decided_by_an_operator(shop),
        laid_in_vain(shop, monkeypatch),
    )
    for campaign in campaigns:
        told: Told = defaultdict(list)
        portuguese, english = (logs(shop, campaign, language) for language in Language)
        for one, other in zip(portuguese, english, strict=True):
            assert one["id"] == other["id"]
            told[EventType(one["event_type"])].append((one["message"], other["message"]))
        yield told


def test_every_event_is_told_whole_in_both_languages(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    met: set[EventType] = set()
    for told in happened(shop, monkeypatch):
        met |= told.keys()
        for sentences in told.values():
            for portuguese, english in sentences:
                assert portuguese != english
                for sentence in (portuguese, english):
                    assert sentence.endswith(".")
                    assert not any(sign in sentence for sign in ("…", "{", "}", "None", "_"))
    assert met == set(EventType)
