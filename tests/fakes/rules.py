"""The rules that may never break, judged from what the phones received and what the table holds."""

from collections import Counter
from itertools import pairwise

from campaigns.domain.books import BOOKED
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.recipient import SETTLED, RecipientStatus
from tests.fakes.world import World


def nobody_twice(world: World) -> None:
    """A person's phone shows a campaign's message at most once (one campaign a phone here)."""
    twice = [phone for phone, count in Counter(p for p, _ in world.received()).items() if count > 1]
    assert twice == []


def nobody_lost(world: World, campaign_id: str) -> None:
    """A completed campaign's recipients are all settled; who was not reached has a reason."""
    assert world.head(campaign_id).status is CampaignStatus.COMPLETED
    recipients = world.recipients(campaign_id)
    assert [each for each in recipients if each.status not in SETTLED] == []
    explained = {RecipientStatus.FAILED, RecipientStatus.SKIPPED, RecipientStatus.UNCONFIRMED}
    assert [each for each in recipients if each.status in explained and not each.error_code] == []


def reached_or_explained(world: World, campaign_id: str) -> None:
    """Who is neither failed, skipped nor unconfirmed has the message on her phone."""
    sent = [r for r in world.recipients(campaign_id) if r.status is RecipientStatus.SENT]
    on_phones = Counter(phone for phone, _ in world.received())
    phones = {
        contact_id: contact.phone.removeprefix("+")
        for contact_id, contact in world.app.contact_store.read_many(
            world.tenant_id, [each.contact_id for each in sent]
        ).items()
    }
    assert [each.sequence for each in sent if not on_phones[phones[each.contact_id]]] == []


def human_pace(world: World, delay_min_ms: int) -> None:
    """Two requests leave at least `delay_min` apart."""
    left = world.left_at()
    gaps = [later - earlier for earlier, later in pairwise(left)]
    assert min(gaps, default=delay_min_ms) >= delay_min_ms


def nobody_hammered(world: World) -> None:
    """Two messages reach one person 60 s apart or more."""
    for phone in world.fake.phones():
        at = [message.received_at for message in phone.messages]
        assert min((b - a for a, b in pairwise(at)), default=60) >= 60, phone.phone


def books_are_exact(world: World, campaign_id: str) -> None:
    """Every counter equals what the recipients' statuses say."""
    counted = Counter(each.status for each in world.recipients(campaign_id))
    counters = world.app.campaign_store.counters(world.tenant_id, campaign_id)
    assert {name: counters.get(name, 0) for name in BOOKED} == {
        name: counted[name] for name in BOOKED
    }
