"""What an operator does about bad days: decides about the unconfirmed, puts failed ones back."""

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial

import pytest

from campaigns.domain.books import booking
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.campaign_log import SYSTEM
from campaigns.domain.errors import ConcurrentUpdate, InvalidState, StartRefused
from campaigns.domain.model import Recipient
from campaigns.domain.recipient import SETTLED, RecipientErrorCode, RecipientStatus
from campaigns.domain.resolving import Resolution
from campaigns.domain.sources import NamedSources
from campaigns.services.ports import Guard
from campaigns.services.retry_failed import Retried
from tests.fakes import rules
from tests.fakes.virtual_clock import Crash
from tests.fakes.world import World, a_world

ACTOR = "key:operator"
#: More external calls than one putting back of three people makes.
MOST_CALLS = 60

UNCONFIRMED = (RecipientStatus.UNCONFIRMED, RecipientErrorCode.READ_TIMEOUT)
CLOSED = (RecipientStatus.FAILED, RecipientErrorCode.CONNECTION_CLOSED)
NOT_ON_WHATSAPP = (RecipientStatus.FAILED, RecipientErrorCode.NUMBER_NOT_ON_WHATSAPP)
SENT = (RecipientStatus.SENT, None)


@dataclass
class Desk:
    """An operator's desk: campaigns that ended badly, each on an instance of its own."""

    world: World
    opened: int = 0

    def completed(self, *ends: tuple[RecipientStatus, RecipientErrorCode | None]) -> str:
        """A completed campaign whose recipients ended so, without anything on their phones."""
        world = self.world
        self.opened += 1
        world.instance_id = world.add_instance(f"loja-{self.opened}", delay=(1, 2))
        campaign_id = world.started(world.add_contacts(len(ends), first=20 * self.opened))
        world.queue.messages.clear()
        for recipient, (status, code) in zip(world.recipients(campaign_id), ends, strict=True):
            self.end(recipient, status, code)
        world.tick()
        assert world.head(campaign_id).status is CampaignStatus.COMPLETED
        return campaign_id

    def end(
        self, recipient: Recipient, status: RecipientStatus, code: RecipientErrorCode | None
    ) -> None:
        world, now = self.world, self.world.clock.now()
        head = world.head(recipient.campaign_id)
        after = replace(
            recipient,
            status=status,
            error_code=code,
            attempts=1,
            may_have_been_sent=status is RecipientStatus.UNCONFIRMED,
            message_id=head.active_message_ids[0],
            rendered_text=f"Oi {recipient.sequence}",
            whatsapp_message_id=world.app.identity.whatsapp_message_id(
                recipient.recipient_id, world.instance_id
            ),
            unknown_since=now if status is RecipientStatus.UNCONFIRMED else None,
            sent_at=now if status is RecipientStatus.SENT else None,
        )
        assert world.app.recipients.save(recipient, after, Guard(frozenset({recipient.status})))
        world.app.campaign_store.book(
            world.tenant_id, head.campaign_id, booking(recipient, after), now
        )

    def resolve(self, campaign_id: str, resolution: Resolution, sequence: int = 0) -> Recipient:
        world = self.world
        return world.app.resolve_recipient.resolve(
            world.tenant_id,
            campaign_id,
            world.recipients(campaign_id)[sequence].recipient_id,
            resolution,
            ACTOR,
            accepts_duplicate=True,
        )

    def retry(self, campaign_id: str, *, seconds: float = 60) -> Retried:
        world = self.world
        return world.app.retry_failed.retry(
            world.tenant_id,
            campaign_id,
            ACTOR,
            deadline=world.clock.now() + round(seconds * 1_000),
        )

    def slow_down(self, seconds: float) -> None:
        """Have each further write of a recipient take so long."""
        save = self.world.app.recipients.save

        def slowly(*arguments):
            self.world.run(seconds)
            return save(*arguments)

        self.world.app.recipients.save = slowly

    def resume(self, campaign_id: str) -> None:
        self.world.app.run.resume(self.world.tenant_id, campaign_id, ACTOR)

    def finish(self, campaign_id: str) -> None:
        """Resume, send what there is to send, and judge the end."""
        if self.world.head(campaign_id).status is CampaignStatus.PAUSED:
            self.resume(campaign_id)
        self.world.run_until_over(campaign_id, hours=2)
        self.world.run(700)  # Quiet: the books are recounted.
        rules.nobody_twice(self.world)
        rules.nobody_lost(self.world, campaign_id)
        rules.books_are_exact(self.world, campaign_id)

    def statuses(self, campaign_id: str) -> list[str]:
        return [each.status.value for each in self.world.recipients(campaign_id)]

    def log(self, campaign_id: str) -> list[tuple[str, str]]:
        listing = self.world.app.catalog.logs(
            self.world.tenant_id, campaign_id, after=None, limit=50
        )
        return [(each.event_type.value, each.actor) for each in listing.items]

    def nobody_is_forgotten(self, campaign_id: str) -> None:
        """Nobody unsettled lies below the mark, nor in a campaign that is over."""
        head = self.world.head(campaign_id)
        waiting = [
            each.sequence
            for each in self.world.recipients(campaign_id)
            if each.status not in SETTLED
        ]
        assert min(waiting, default=head.total) >= head.mark
        if waiting:
            assert head.status in {CampaignStatus.PAUSED, CampaignStatus.ACTIVE}
            gate = self.world.app.gates.read(head.instance_id, consistent=True)
            assert gate is not None
            assert gate.live_campaign_id == campaign_id


# Resolve


def test_a_resend_opens_a_completed_campaign_and_is_made_once_it_is_resumed() -> None:
    with a_world() as world:
        desk = Desk(world)
        world.start_running()
        campaign_id = desk.completed(SENT, UNCONFIRMED, SENT)
        archived = world.app.archive_campaign.archive(world.tenant_id, campaign_id)
        assert archived

        after = desk.resolve(campaign_id, Resolution.RESEND, 1)

        assert (after.status, after.resend_approved) == (RecipientStatus.PENDING, True)
        head = world.head(campaign_id)
        assert (head.status, head.mark, head.archived_at) == (CampaignStatus.PAUSED, 1, None)
        desk.nobody_is_forgotten(campaign_id)
        world.run(120)
        assert world.left_at() == [], "a paused campaign sends nothing"
        desk.finish(campaign_id)
        assert desk.statuses(campaign_id) == ["sent"] * 3
        assert [text for _, text in world.received()] == ["Oi 1"]
        events = desk.log(campaign_id)
        assert ("recipient_resolved", ACTOR) in events
        assert ("campaign_reopened", ACTOR) in events
        assert ("books_corrected", SYSTEM) not in events


def test_resolved_as_sent_or_failed_a_campaign_stays_as_it_is() -> None:
    with a_world() as world:
        desk = Desk(world)
        campaign_id = desk.completed(UNCONFIRMED, UNCONFIRMED)
        before = world.head(campaign_id)
        sent = desk.resolve(campaign_id, Resolution.SENT, 0)
        failed = desk.resolve(campaign_id, Resolution.FAILED, 1)
        assert (sent.status, sent.sent_at) == (RecipientStatus.SENT, sent.unknown_since)
        assert failed.error_code is RecipientErrorCode.RESOLVED_AS_FAILED
        assert world.head(campaign_id) == before
        rules.books_are_exact(world, campaign_id)
        for resolution in Resolution:
            with pytest.raises(InvalidState) as refused:
                desk.resolve(campaign_id, resolution, 0)
            assert refused.value.current_status == "sent"


def test_who_is_put_back_waits_for_an_instance_that_another_campaign_holds() -> None:
    with a_world() as world:
        desk = Desk(world)
        campaign_id = desk.completed(UNCONFIRMED, CLOSED)
        other = world.started(world.add_contacts(1, first=900))
        for act in (
            lambda: desk.resolve(campaign_id, Resolution.RESEND),
            lambda: desk.retry(campaign_id),
        ):
            with pytest.raises(StartRefused) as refused:
                act()
            (failure,) = refused.value.failures
            assert (failure.code, failure.context) == ("instance_busy", {"campaign_id": other})
        assert desk.statuses(campaign_id) == ["unconfirmed", "failed"]
        assert world.head(campaign_id).status is CampaignStatus.COMPLETED
        gate = world.app.gates.read(world.instance_id)
        assert gate is not None
        assert gate.live_campaign_id == other


def test_nobody_is_put_back_in_a_cancelled_campaign() -> None:
    with a_world() as world:
        desk = Desk(world)
        campaign_id = desk.completed(UNCONFIRMED, CLOSED, SENT)
        desk.resolve(campaign_id, Resolution.RESEND)
        world.app.run.cancel(world.tenant_id, campaign_id, ACTOR)
        for act in (
            lambda: desk.retry(campaign_id),
            lambda: desk.resolve(campaign_id, Resolution.SENT),
        ):
            with pytest.raises(InvalidState):
                act()
        world.tick()
        (first, second, _) = world.recipients(campaign_id)
        assert (first.status, first.error_code) == (RecipientStatus.SKIPPED, "campaign_cancelled")
        assert second.status is RecipientStatus.FAILED


def test_of_two_operators_at_once_one_decides() -> None:
    with a_world() as world:
        desk = Desk(world)
        campaign_id = desk.completed(UNCONFIRMED)
        refused: list[str] = []

        def decide(resolution: Resolution) -> None:
            try:
                desk.resolve(campaign_id, resolution)
            except InvalidState as error:
                refused.append(error.current_status)

        world.clock.side_by_side(
            [partial(decide, each) for each in (Resolution.RESEND, Resolution.FAILED)]
        )
        assert len(refused) == 1
        assert refused == desk.statuses(campaign_id)
        desk.nobody_is_forgotten(campaign_id)


def test_of_two_who_reopen_it_at_once_neither_finds_its_instance_busy_with_itself() -> None:
    with a_world() as world:
        desk = Desk(world)
        campaign_id = desk.completed(UNCONFIRMED, UNCONFIRMED, CLOSED)
        find = world.app.recipients.find

        def after_another(*arguments, **options):
            world.app.recipients.find = find
            desk.resolve(campaign_id, Resolution.RESEND, 0)
            return find(*arguments, **options)

        world.app.recipients.find = after_another
        desk.resolve(campaign_id, Resolution.RESEND, 1)
        assert desk.statuses(campaign_id) == ["pending", "pending", "failed"]
        desk.nobody_is_forgotten(campaign_id)


def test_what_is_archived_in_the_moment_of_its_reopening_is_in_the_lists_again() -> None:
    with a_world() as world:
        desk = Desk(world)
        campaign_id = desk.completed(UNCONFIRMED)
        find = world.app.recipients.find

        def after_archiving(*arguments, **options):
            world.app.recipients.find = find
            world.app.archive_campaign.archive(world.tenant_id, campaign_id)
            return find(*arguments, **options)

        world.app.recipients.find = after_archiving
        desk.resolve(campaign_id, Resolution.RESEND)
        head = world.head(campaign_id)
        assert (head.status, head.archived_at) == (CampaignStatus.PAUSED, None)


@pytest.mark.parametrize(
    ("end", "act"),
    [
        ("completed", "sent"),
        ("completed", "retry"),
        ("paused", "failed"),
        ("paused", "resend"),
        ("paused", "retry"),
        ("cancelled", "sent"),
    ],
)
def test_a_crash_before_the_booking_is_corrected_however_long_the_campaign_rested(
    end: str, act: str
) -> None:
    with a_world() as world:
        desk = Desk(world)
        campaign_id = desk.completed(UNCONFIRMED, UNCONFIRMED, CLOSED)
        if end != "completed":
            desk.resolve(campaign_id, Resolution.RESEND)
        if end == "cancelled":
            world.app.run.cancel(world.tenant_id, campaign_id, ACTOR)
        for _ in range(4):
            world.run(720)
            world.tick()
        world.run(8 * 24 * 3_600)
        world.tick()
        rules.books_are_exact(world, campaign_id)

        def crash(*_: object) -> None:
            raise Crash

        book, world.app.campaign_store.book = world.app.campaign_store.book, crash
        decide = (
            partial(desk.retry, campaign_id)
            if act == "retry"
            else partial(desk.resolve, campaign_id, Resolution(act), 1)
        )
        with pytest.raises(Crash):
            decide()
        world.app.campaign_store.book = book
        for _ in range(15):
            world.run(60)
            world.tick()
        rules.books_are_exact(world, campaign_id)


def test_late_proof_of_the_first_try_overtakes_the_resend() -> None:
    with a_world() as world:
        desk = Desk(world)
        world.start_running()
        campaign_id = desk.completed(UNCONFIRMED)
        waiting = desk.resolve(campaign_id, Resolution.RESEND)
        assert world.app.advance(waiting, RecipientStatus.DELIVERED, at=world.clock.now())
        desk.finish(campaign_id)
        assert world.left_at() == []
        assert desk.statuses(campaign_id) == ["delivered"]


def test_a_resend_to_somebody_who_has_opted_out_since_is_skipped() -> None:
    with a_world() as world:
        desk = Desk(world)
        world.start_running()
        campaign_id = desk.completed(UNCONFIRMED, UNCONFIRMED)
        for sequence in (0, 1):
            desk.resolve(campaign_id, Resolution.RESEND, sequence)
        first, second = world.recipients(campaign_id)
        world.app.contacts.opt_out(world.tenant_id, first.contact_id, reason=None, source="manual")
        world.app.remove_recipient.remove(
            world.tenant_id, campaign_id, second.recipient_id, approve=lambda _: None
        )
        desk.finish(campaign_id)
        assert world.left_at() == []
        codes = [each.error_code for each in world.recipients(campaign_id)]
        assert codes == ["opted_out", "removed"]


def test_a_resend_that_cannot_be_made_is_unconfirmed_again_and_needs_another_word() -> None:
    with a_world() as world:
        desk = Desk(world)
        world.start_running()
        campaign_id = desk.completed(UNCONFIRMED)
        world.fake.not_on_whatsapp("5511990000020")
        desk.resolve(campaign_id, Resolution.RESEND)
        desk.finish(campaign_id)
        assert len(world.left_at()) == 1
        assert world.received() == []
        assert desk.statuses(campaign_id) == ["unconfirmed"]
        assert desk.resolve(campaign_id, Resolution.RESEND).resend_approved


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_resolve_that_crashes_at_any_call_forgets_nobody(after_effect: bool) -> None:
    with a_world() as world:
        desk = Desk(world)
        for crash_at in range(MOST_CALLS):
            campaign_id = desk.completed(SENT, UNCONFIRMED, SENT)
            world.injector.arm("operator", crash_at, after_effect=after_effect)
            world.clock.join(
                partial(desk.resolve, campaign_id, Resolution.RESEND, 1), kind="operator"
            )
            crashed = len(world.injector.calls) > crash_at
            world.injector.arm("", None)
            desk.nobody_is_forgotten(campaign_id)
            world.tick()
            if desk.statuses(campaign_id)[1] == "unconfirmed":
                desk.resolve(campaign_id, Resolution.RESEND, 1)
            desk.nobody_is_forgotten(campaign_id)
            assert desk.statuses(campaign_id) == ["sent", "pending", "sent"]
            if not crashed:
                break
        assert crash_at >= 6


@pytest.mark.exhaustive
@pytest.mark.parametrize("after_effect", [False, True])
def test_a_resend_is_made_once_at_most_wherever_its_dispatcher_crashes(after_effect: bool) -> None:
    with a_world() as world:
        desk = Desk(world)
        for crash_at in range(MOST_CALLS):
            campaign_id = desk.completed(UNCONFIRMED)
            desk.resolve(campaign_id, Resolution.RESEND)
            desk.resume(campaign_id)
            received, until = len(world.received()), world.clock.now() + 2_400_000
            world.injector.arm("dispatcher", crash_at, after_effect=after_effect)
            world.schedule_each_minute(until=until)
            world.poll(until=until)
            world.run(2_500)
            crashed = len(world.injector.calls) > crash_at
            world.injector.arm("", None)
            assert len(world.received()) - received <= 1
            assert desk.statuses(campaign_id)[0] in {"sent", "unconfirmed"}
            assert world.head(campaign_id).status is CampaignStatus.COMPLETED
            if not crashed:
                break
        assert crash_at > 5


# Retry


def test_faults_of_a_moment_are_sent_and_the_others_stay_and_are_told() -> None:
    with a_world() as world:
        desk = Desk(world)
        world.start_running()
        campaign_id = desk.completed(
            SENT, CLOSED, NOT_ON_WHATSAPP, CLOSED, UNCONFIRMED, NOT_ON_WHATSAPP
        )
        assert desk.resolve(campaign_id, Resolution.FAILED, 4).may_have_been_sent

        retried = desk.retry(campaign_id)

        assert retried == Retried(
            2, {"number_not_on_whatsapp": 2, "may_have_been_sent": 1}, is_complete=True
        )
        head = world.head(campaign_id)
        assert (head.status, head.mark) == (CampaignStatus.PAUSED, 1)
        rules.books_are_exact(world, campaign_id)
        desk.nobody_is_forgotten(campaign_id)
        assert desk.retry(campaign_id).requeued == 0
        desk.finish(campaign_id)
        assert desk.statuses(campaign_id) == [
            "sent", "sent", "failed", "sent", "failed", "failed",
        ]  # fmt: skip
        assert len(world.received()) == 2
        events = Counter(desk.log(campaign_id))
        assert events["recipients_requeued", ACTOR] == events["campaign_reopened", ACTOR] == 1


def test_with_nobody_to_put_back_a_completed_campaign_stays_completed() -> None:
    with a_world() as world:
        desk = Desk(world)
        campaign_id = desk.completed(SENT, NOT_ON_WHATSAPP)
        before = world.head(campaign_id)
        assert desk.retry(campaign_id) == Retried(
            0, {"number_not_on_whatsapp": 1}, is_complete=True
        )
        assert world.head(campaign_id) == before


def test_whoever_the_walk_passed_because_the_hold_ran_out_is_not_forgotten() -> None:
    with a_world() as world:
        desk = Desk(world)
        world.start_running()
        campaign_id = desk.completed(CLOSED, SENT, CLOSED)
        save = world.app.recipients.save
        desk.slow_down(150)
        world.clock.spawn(partial(desk.retry, campaign_id, seconds=600), kind="operator")
        marks = []
        for _ in range(4):
            world.run(40)
            marks.append(world.head(campaign_id).mark)
        world.app.recipients.save = save

        assert marks == [0, 0, 3, 0], "held, then passed by the walk, then brought back"
        desk.nobody_is_forgotten(campaign_id)
        desk.finish(campaign_id)
        assert desk.statuses(campaign_id) == ["sent"] * 3


def test_a_running_campaign_goes_on_while_people_are_put_back() -> None:
    with a_world(delay=(5, 6)) as world:
        desk = Desk(world)
        world.start_running()
        campaign_id = world.started(world.add_contacts(5))
        world.run(3)
        failed = world.recipients(campaign_id)[1]
        desk.end(failed, *CLOSED)
        world.run(13)
        assert desk.retry(campaign_id).requeued == 1
        assert world.head(campaign_id).status is CampaignStatus.ACTIVE
        desk.finish(campaign_id)
        assert desk.statuses(campaign_id) == ["sent"] * 5
        rules.human_pace(world, 5_000)


def test_of_two_at_once_each_puts_back_whoever_the_other_did_not() -> None:
    with a_world() as world:
        desk = Desk(world)
        world.start_running()
        campaign_id = desk.completed(CLOSED, CLOSED, CLOSED)
        counts = world.clock.side_by_side(
            [lambda: desk.retry(campaign_id).requeued for _ in range(2)]
        )
        assert sum(counts) == 3
        rules.books_are_exact(world, campaign_id)
        desk.finish(campaign_id)
        assert desk.statuses(campaign_id) == ["sent"] * 3


def test_a_campaign_that_is_cancelled_meanwhile_keeps_nobody_waiting() -> None:
    with a_world() as world:
        desk = Desk(world)
        world.start_running()
        campaign_id = desk.completed(CLOSED, CLOSED)
        save = world.app.recipients.save

        def after_a_cancel(*arguments):
            world.app.run.cancel(world.tenant_id, campaign_id, ACTOR)
            return save(*arguments)

        world.app.recipients.save = after_a_cancel
        with pytest.raises(InvalidState):
            desk.retry(campaign_id)
        world.app.recipients.save = save
        world.run(300)
        assert desk.statuses(campaign_id) == ["skipped"] * 2
        assert world.left_at() == []


def test_when_the_time_is_up_a_repeat_goes_on() -> None:
    with a_world() as world:
        desk = Desk(world)
        world.start_running()
        campaign_id = desk.completed(*[CLOSED] * 3)
        assert not desk.retry(campaign_id, seconds=0).is_complete
        assert desk.statuses(campaign_id) == ["failed"] * 3
        assert world.head(campaign_id).status is CampaignStatus.COMPLETED
        assert desk.retry(campaign_id) == Retried(3, {}, is_complete=True)
        desk.finish(campaign_id)


def test_when_the_time_is_up_half_way_a_repeat_puts_back_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("campaigns.services.retry_failed._PIECE", 2)
    with a_world() as world:
        desk = Desk(world)
        campaign_id = desk.completed(*[CLOSED] * 6)
        desk.slow_down(3)
        assert desk.retry(campaign_id, seconds=4) == Retried(4, {}, is_complete=False)
        desk.nobody_is_forgotten(campaign_id)
        assert desk.retry(campaign_id, seconds=4) == Retried(2, {}, is_complete=True)
        assert desk.statuses(campaign_id) == ["pending"] * 6
        rules.books_are_exact(world, campaign_id)


def test_the_mark_stays_where_it_is_for_as_long_as_people_are_put_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("campaigns.services.retry_failed._PIECE", 1)
    with a_world() as world:
        desk = Desk(world)
        world.schedule_each_minute(until=world.clock.now() + 400_000)
        campaign_id = desk.completed(SENT, *[CLOSED] * 8)
        desk.slow_down(20)
        world.clock.spawn(partial(desk.retry, campaign_id, seconds=600), kind="operator")
        for _ in range(8):
            world.run(19)
            assert world.head(campaign_id).mark == 1
        world.run(60)
        assert desk.statuses(campaign_id) == ["sent", *["pending"] * 8]


def test_an_old_read_of_somebody_who_was_put_back_is_not_taken_for_her_being_settled() -> None:
    with a_world() as world:
        desk = Desk(world)
        world.start_running()
        campaign_id = desk.completed(SENT, UNCONFIRMED, SENT)
        old, page = world.recipients(campaign_id), world.app.recipients.page

        def older(tenant, campaign, start, stop, *, limit, consistent=False):
            if consistent:
                return page(tenant, campaign, start, stop, limit=limit, consistent=True)
            return old[start:stop]

        desk.resolve(campaign_id, Resolution.RESEND, 1)
        world.app.recipients.page = older
        world.run(130)
        desk.nobody_is_forgotten(campaign_id)


def test_a_mark_far_behind_passes_many_settled_ones_in_one_walk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with a_world() as world:
        desk = Desk(world)
        campaign_id = desk.completed(UNCONFIRMED, *[SENT] * 15)
        monkeypatch.setattr("campaigns.services.walk_mark.WALK_LIMIT", 2)
        desk.resolve(campaign_id, Resolution.RESEND)
        desk.end(world.recipients(campaign_id)[0], *SENT)
        world.run(1)
        world.tick()
        assert world.head(campaign_id).mark == 16


def test_a_campaign_that_is_paused_and_resumed_meanwhile_sends_to_everybody() -> None:
    with a_world(delay=(5, 6)) as world:
        desk = Desk(world)
        world.start_running()
        campaign_id = world.started(world.add_contacts(4))
        world.run(3)
        desk.end(world.recipients(campaign_id)[2], *CLOSED)
        save, run = world.app.recipients.save, world.app.run

        def after_a_stop(*arguments):
            world.app.recipients.save = save
            run.pause(world.tenant_id, campaign_id, ACTOR)
            run.resume(world.tenant_id, campaign_id, ACTOR)
            return save(*arguments)

        world.app.recipients.save = after_a_stop
        assert desk.retry(campaign_id).requeued == 1
        desk.finish(campaign_id)
        assert desk.statuses(campaign_id) == ["sent"] * 4


def test_a_campaign_does_not_complete_over_somebody_who_is_put_back_in_that_moment() -> None:
    with a_world(delay=(1, 2)) as world:
        desk = Desk(world)
        world.start_running()
        campaign_id = world.started(world.add_contacts(3))
        desk.end(world.recipients(campaign_id)[0], *CLOSED)
        end, retried = world.app.campaign_store.end, []

        def after_a_retry(*arguments):
            retried.append(desk.retry(campaign_id).requeued)
            return end(*arguments)

        world.app.campaign_store.end = after_a_retry
        desk.finish(campaign_id)
        assert sum(retried) == 1
        assert desk.statuses(campaign_id) == ["sent"] * 3


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_retry_that_crashes_at_any_call_forgets_nobody_and_a_repeat_goes_on(
    after_effect: bool,
) -> None:
    with a_world() as world:
        desk = Desk(world)
        for crash_at in range(MOST_CALLS):
            campaign_id = desk.completed(CLOSED, SENT, CLOSED)
            world.injector.arm("operator", crash_at, after_effect=after_effect)
            world.clock.join(partial(desk.retry, campaign_id), kind="operator")
            crashed = len(world.injector.calls) > crash_at
            world.injector.arm("", None)
            desk.nobody_is_forgotten(campaign_id)
            world.run(61)  # The crashed one's hold runs out.
            world.tick()
            desk.nobody_is_forgotten(campaign_id)
            waiting = desk.statuses(campaign_id).count("pending")
            assert desk.retry(campaign_id).requeued == 2 - waiting
            desk.nobody_is_forgotten(campaign_id)
            assert desk.statuses(campaign_id) == ["pending", "sent", "pending"]
            if not crashed:
                break
        assert crash_at >= 10


def test_while_one_puts_back_another_is_asked_to_come_again() -> None:
    with a_world() as world:
        desk = Desk(world)
        campaign_id = desk.completed(CLOSED, CLOSED)
        save = world.app.recipients.save

        def end_before_writing(*_: object) -> None:
            world.clock.process.is_dead = True
            raise Crash

        world.app.recipients.save = end_before_writing
        world.clock.join(partial(desk.retry, campaign_id), kind="operator")
        world.app.recipients.save = save
        with pytest.raises(ConcurrentUpdate):
            desk.retry(campaign_id)
        world.run(61)
        desk.retry(campaign_id)
        assert desk.statuses(campaign_id) == ["pending"] * 2


# Recipients of a running campaign


def test_somebody_added_at_the_moment_of_completion_is_sent_to() -> None:
    with a_world(delay=(1, 2)) as world:
        desk = Desk(world)
        world.start_running()
        contacts, late = world.add_contacts(2), world.add_contacts(3, first=50)
        campaign_id = world.started(contacts)
        end = world.app.campaign_store.end

        def after_an_add(*arguments):
            if late:
                named = NamedSources([late.pop()])
                world.app.add_recipients.add(world.tenant_id, campaign_id, named, ACTOR)
            return end(*arguments)

        world.app.campaign_store.end = after_an_add
        desk.finish(campaign_id)
        assert late == []
        assert len(world.received()) == 5


def test_somebody_removed_while_her_job_is_on_its_way_gets_nothing() -> None:
    with a_world(delay=(20, 21)) as world:
        desk = Desk(world)
        world.start_running()
        campaign_id = world.started(world.add_contacts(4))
        world.run(5)
        removed = world.recipients(campaign_id)[2]
        assert any(each.job.person == removed.person for each in world.queue.messages)
        world.app.remove_recipient.remove(
            world.tenant_id, campaign_id, removed.recipient_id, approve=lambda _: None
        )
        desk.finish(campaign_id)
        assert desk.statuses(campaign_id) == ["sent", "sent", "skipped", "sent"]
        assert len(world.left_at()) == 3
