"""Whom a campaign is for: laid from groups, tags and other campaigns, added to, taken out of."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

import pytest

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.contact import ContactDraft
from campaigns.domain.errors import InvalidState, NotFound, StartRefused
from campaigns.domain.group import GroupOf, TagOf
from campaigns.domain.model import Recipients, RecipientsState
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.sources import Copied, NamedSources
from campaigns.services import sources
from tests.fakes import rules
from tests.fakes.memberships import FakeMemberships
from tests.fakes.world import TUESDAY_10_H, World, a_world

ACTOR = "key:test"
LOYAL = GroupOf("gr_loyal")
VIP = TagOf("vip")
#: More external calls than one laying makes here.
MOST_CALLS = 60
EVENING = TUESDAY_10_H + 9 * 3_600_000


class Sources(World):
    """A world with groups and tags."""

    memberships: FakeMemberships

    def put(self, of: GroupOf | TagOf, contact_ids: Sequence[str]) -> None:
        self.memberships.put(self.tenant_id, of, contact_ids)

    def add(self, campaign_id: str, **named: Sequence[str]) -> Recipients:
        add = self.app.add_recipients.add
        return add(self.tenant_id, campaign_id, NamedSources(**named), ACTOR)

    def remove(self, campaign_id: str, recipient_id: str) -> None:
        self.app.remove_recipient.remove(
            self.tenant_id, campaign_id, recipient_id, approve=lambda _: None
        )

    def copy(self, campaign_id: str, copied: Copied) -> str:
        duplicate = self.app.duplicate_campaign.duplicate
        view = duplicate(self.tenant_id, campaign_id, name="De novo", copied=copied, actor=ACTOR)
        return view.campaign.campaign_id

    def opt_out(self, contact_id: str) -> None:
        self.app.contacts.opt_out(self.tenant_id, contact_id, reason=None, source=ACTOR)

    def failures(self, campaign_id: str) -> set[str]:
        """The start conditions that do not hold."""
        view = self.app.campaign_store.view(self.tenant_id, campaign_id)
        assert view is not None
        return {failure.code for failure in self.app.start.check(view).failures}

    def made(self, campaign_id: str) -> Recipients:
        return self.head(campaign_id).recipients

    def laid(self, campaign_id: str) -> list[str]:
        """The contacts by sequence, which has no holes; each can be found by its id."""
        recipients = self.recipients(campaign_id)
        assert [each.sequence for each in recipients] == list(range(len(recipients)))
        assert len(recipients) == self.head(campaign_id).total
        find = partial(self.app.recipients.find, self.tenant_id, campaign_id, consistent=True)
        assert [find(each.recipient_id) for each in recipients] == recipients
        return [each.contact_id for each in recipients]

    def no_source_is_left(self, campaign_id: str) -> None:
        head = self.head(campaign_id)
        assert (head.recipients.state, head.next_source) == ("ready", head.sources)
        assert head.source_position is None
        items = self.app.table.query_raw(
            f"TENANT#{self.tenant_id}#CAMPAIGN#{campaign_id}", "SOURCE#"
        )
        assert items == []


@contextmanager
def a_world_of_groups(*args, **settings) -> Iterator[Sources]:
    with a_world(*args, **settings) as world:
        composed = Sources(**{name: getattr(world, name) for name in World.__dataclass_fields__})
        composed.app.memberships = composed.memberships = FakeMemberships()
        yield composed


def whole(made: Recipients) -> bool:
    """Everybody who was named is accounted for."""
    left_out = made.repeats + made.opted_out + made.inactive + made.missing_values
    return made.requested == made.added + left_out


def test_sources_are_merged_in_their_order_and_nobody_is_laid_twice() -> None:
    with a_world_of_groups() as world:
        contacts = sorted(world.add_contacts(8))
        world.put(LOYAL, contacts[1:5])
        world.put(VIP, [contacts[0], *contacts[4:7]])
        world.opt_out(contacts[5])
        campaign_id = world.draft(
            [contacts[7], contacts[2]], group_ids=["gr_loyal", "gr_loyal"], tags=["vip", "VIP"]
        )
        world.run(1)
        order = [7, 2, 1, 3, 4, 0, 6]
        assert world.laid(campaign_id) == [contacts[place] for place in order]
        made = world.made(campaign_id)
        assert (made.requested, made.added, made.repeats, made.opted_out) == (10, 7, 2, 1)
        assert whole(made)
        world.no_source_is_left(campaign_id)


def test_a_group_of_several_pages_is_walked_to_its_end_even_by_many_layers() -> None:
    with a_world_of_groups() as world:
        contacts = sorted(world.add_contacts(23))
        world.put(LOYAL, contacts)
        world.memberships.pages_of = 5
        lay, deadlines = world.app.lay.lay, []

        def with_time_for_one_piece(tenant_id, campaign_id, deadline) -> None:
            deadlines.append(deadline)
            world.memberships.before_page = lambda: world.clock.sleep(1_000)
            lay(tenant_id, campaign_id, world.clock.now() + 30_500)

        world.app.lay.lay = with_time_for_one_piece
        campaign_id = world.draft([], group_ids=["gr_loyal"])
        world.run(60)
        assert world.laid(campaign_id) == contacts
        assert len(deadlines) > 3
        assert world.memberships.asked == [None, *(contacts[place] for place in (4, 9, 14, 19))]
        world.no_source_is_left(campaign_id)


def test_a_tag_that_nobody_has_and_a_group_that_is_gone_are_empty() -> None:
    with a_world_of_groups() as world:
        world.put(LOYAL, [])
        campaign_id = world.draft([], group_ids=["gr_loyal"], tags=["ninguém"])
        del world.memberships.members_of[world.tenant_id, LOYAL]
        world.run(1)
        assert world.laid(campaign_id) == []
        world.no_source_is_left(campaign_id)


def test_who_was_never_messaged_is_counted_as_a_first_contact() -> None:
    with a_world_of_groups(delay=(1, 2)) as world:
        world.start_running()
        contacts = world.add_contacts(5)
        first = world.started(contacts[:2])
        assert world.made(first).first_contacts == 2
        world.run_until_over(first)
        second = world.draft(contacts)
        world.run(1)
        assert world.made(second).first_contacts == 3
        view = world.app.campaign_store.view(world.tenant_id, second)
        assert view is not None
        assert view.first_contacts == 3


# Crashes and races of laying


@pytest.mark.exhaustive
@pytest.mark.parametrize("after_effect", [False, True])
def test_a_layer_that_crashes_anywhere_in_a_group_or_a_campaign_lays_each_person_once(
    after_effect: bool,
) -> None:
    with a_world_of_groups() as world:
        world.memberships.pages_of = 2
        world.memberships.before_page = lambda: world.injector.call("members", lambda: None)
        points = 0
        for crash_at in range(MOST_CALLS):
            contacts = sorted(world.add_contacts(5, first=5 * crash_at))
            world.put(LOYAL, contacts[:3])
            original = world.draft([], group_ids=["gr_loyal"])
            world.run(1)
            world.put(LOYAL, contacts[1:])
            world.injector.arm("layer", crash_at, after_effect=after_effect)
            campaign_id = world.copy(original, Copied.SAME)
            world.add(campaign_id, group_ids=["gr_loyal"])
            world.run(1)
            crashed = len(world.injector.calls) > crash_at
            world.injector.arm("", None)
            world.run(400)  # The crashed layer's lease runs out.
            world.tick()
            assert world.laid(campaign_id) == contacts
            made = world.made(campaign_id)
            assert (made.requested, made.added, made.repeats) == (7, 5, 2)
            world.no_source_is_left(campaign_id)
            points += crashed
            if not crashed:
                break
        assert points >= 30


def test_who_leaves_the_group_between_a_crash_and_its_repeat_is_not_laid() -> None:
    with a_world_of_groups() as world:
        contacts = sorted(world.add_contacts(6))
        world.put(LOYAL, contacts)
        # The recipients lie there, and were not counted.
        world.injector.arm("layer", None)
        world.draft([], group_ids=["gr_loyal"])
        world.run(1)
        counted_at = world.injector.calls.index("TransactWriteItems")
        world.injector.arm("layer", counted_at)
        campaign_id = world.draft([], group_ids=["gr_loyal"])
        world.run(1)
        assert world.head(campaign_id).total == 0
        world.injector.arm("", None)
        world.put(LOYAL, contacts[:1] + contacts[3:])
        world.run(400)
        world.tick()
        assert world.laid(campaign_id) == contacts[:1] + contacts[3:]
        # Whoever comes back is found where she lies, not where she once was to lie.
        world.add(campaign_id, contact_ids=contacts)
        world.run(1)
        assert world.laid(campaign_id) == contacts[:1] + contacts[3:] + contacts[1:3]


@pytest.mark.parametrize("call", range(14))
def test_recipients_added_while_a_layer_is_at_work_are_laid_by_it(call: int) -> None:
    with a_world_of_groups() as world:
        contacts = sorted(world.add_contacts(7))
        world.put(LOYAL, contacts[:4])
        world.put(VIP, contacts[2:6])
        world.memberships.pages_of = 2
        dispatch, calls = world.app.table.connection.dispatch, []

        def adding(operation, request):
            is_layer = world.clock.process.kind == "layer"
            calls.extend([operation] if is_layer else [])
            if is_layer and len(calls) == call + 1:
                world.clock.join(
                    lambda: world.add(campaign_id, contact_ids=contacts[6:], tags=["vip"]),
                    kind="adder",
                )
            return dispatch(operation, request)

        world.app.table.connection.dispatch = adding
        campaign_id = world.draft([], group_ids=["gr_loyal"])
        world.run(5)
        assert len(calls) > call
        assert sorted(world.laid(campaign_id)) == contacts
        made = world.made(campaign_id)
        assert (made.requested, made.added, made.repeats) == (9, 7, 2)
        world.no_source_is_left(campaign_id)


def test_a_laying_that_fails_each_time_is_given_up_and_tried_again_with_what_is_added() -> None:
    with a_world_of_groups() as world:
        contacts = world.add_contacts(3)
        world.put(LOYAL, contacts[:2])

        def fail() -> None:
            raise OSError

        world.memberships.before_page = fail
        world.app.kick.lay = lambda *_: None
        campaign_id = world.draft([], group_ids=["gr_loyal"])
        for _ in range(25):
            world.tick()
            world.run(400)
        assert world.made(campaign_id).state is RecipientsState.FAILED
        world.memberships.before_page = None
        world.add(campaign_id, contact_ids=contacts[2:])
        world.tick()
        assert sorted(world.laid(campaign_id)) == sorted(contacts)
        world.no_source_is_left(campaign_id)


def test_kicks_that_come_again_and_again_leave_what_is_laid_as_it_is() -> None:
    with a_world_of_groups() as world:
        campaign_id = world.draft(world.add_contacts(2))
        world.run(1)
        before = world.head(campaign_id)
        for _ in range(25):
            world.app.lay.lay(world.tenant_id, campaign_id, world.clock.now() + 300_000)
        assert world.made(campaign_id) == before.recipients
        assert world.head(campaign_id).total == 2


# A live campaign


def test_whoever_is_added_to_a_running_campaign_gets_the_message_before_it_completes() -> None:
    with a_world_of_groups(delay=(5, 8)) as world:
        world.start_running()
        contacts = sorted(world.add_contacts(9))
        world.put(LOYAL, contacts[2:])
        campaign_id = world.started(contacts[:4])
        world.run(8)
        made = world.add(campaign_id, group_ids=["gr_loyal"])
        assert made.state is RecipientsState.PREPARING
        world.run_until_over(campaign_id)
        world.run(300)
        assert len(world.received()) == 9
        assert (world.made(campaign_id).added, world.made(campaign_id).repeats) == (9, 2)
        rules.nobody_twice(world)
        rules.nobody_lost(world, campaign_id)
        rules.books_are_exact(world, campaign_id)
        rules.human_pace(world, 5_000)


def test_a_lane_that_sleeps_wakes_for_whoever_is_added() -> None:
    with a_world_of_groups(EVENING, delay=(1, 2)) as world:
        # Nothing can leave before the morning: the lane sleeps, for an hour at most.
        contacts = world.add_contacts(3)
        campaign_id = world.started(contacts[:1], schedule_type="business_days")
        world.schedule_each_minute(until=world.clock.now() + 600_000)
        world.run(200)
        key = world.head(campaign_id).lane_key
        lane = world.app.lanes.read(key)
        assert lane is not None
        assert lane.due_at is not None
        assert lane.due_at > world.clock.now()
        world.add(campaign_id, contact_ids=contacts)
        world.run(120)
        lane = world.app.lanes.read(key)
        assert lane is not None
        assert lane.laid_through == 3


def test_whoever_is_added_in_the_moment_of_completion_is_sent_to_or_refused() -> None:
    with a_world_of_groups(delay=(1, 2)) as world:
        world.start_running(hours=24)
        outcomes = set()
        for offset in (0, 1, 20, 30, 40, 50, 58, 60, 62, 64, 70):
            contacts = world.add_contacts(2, first=2 * offset)
            campaign_id = world.started(contacts[:1])
            world.run(offset)
            refused_in = None
            try:
                world.add(campaign_id, contact_ids=contacts[1:])
            except InvalidState as refused:
                refused_in = refused.current_status
            world.run_until_over(campaign_id)
            assert world.head(campaign_id).total == (1 if refused_in else 2)
            outcomes.add(refused_in)
            rules.nobody_lost(world, campaign_id)
        rules.nobody_twice(world)
        assert outcomes == {None, "completed"}


@pytest.mark.parametrize("is_faster", ["visit", "add"])
def test_of_completion_and_addition_at_once_one_gives_way(is_faster: str) -> None:
    with a_world_of_groups(delay=(1, 2)) as world:
        contacts = world.add_contacts(2)
        campaign_id = world.started(contacts[:1])
        world.poll(until=world.clock.now() + 3_600_000)
        world.run(10)
        campaigns, end = world.app.campaign_store, world.app.campaign_store.end
        refused: list[bool] = []

        def add() -> None:
            try:
                world.add(campaign_id, contact_ids=contacts[1:])
            except InvalidState:
                refused.append(True)

        def racing(*args):
            if is_faster == "add":
                add()
            result = end(*args)
            if is_faster == "visit":
                add()
            return result

        campaigns.end = racing
        world.tick()
        campaigns.end = end
        world.schedule_each_minute(until=world.clock.now() + 3_600_000)
        world.run_until_over(campaign_id)
        assert world.head(campaign_id).total == (1 if refused else 2)
        assert bool(refused) == (is_faster == "visit")
        rules.nobody_lost(world, campaign_id)


def test_whoever_is_added_to_a_paused_campaign_waits_for_the_resume() -> None:
    with a_world_of_groups(delay=(1, 2)) as world:
        world.start_running()
        contacts = world.add_contacts(4)
        campaign_id = world.started(contacts[:1])
        world.app.run.pause(world.tenant_id, campaign_id, ACTOR)
        world.add(campaign_id, contact_ids=contacts)
        world.run(300)
        before = len(world.received())
        assert before <= 1
        assert world.head(campaign_id).total == 4
        world.app.run.resume(world.tenant_id, campaign_id, ACTOR)
        world.run_until_over(campaign_id)
        assert len(world.received()) == 4
        rules.nobody_twice(world)
        rules.nobody_lost(world, campaign_id)


def test_whoever_is_added_to_a_cancelled_laying_is_skipped() -> None:
    with a_world_of_groups(delay=(20, 50)) as world:
        world.start_running()
        contacts = world.add_contacts(5)
        campaign_id = world.started(contacts[:2])
        world.add(campaign_id, contact_ids=contacts)
        world.app.run.cancel(world.tenant_id, campaign_id, ACTOR)
        world.run(900)
        settled = [each.status for each in world.recipients(campaign_id)]
        assert settled[1:] == [RecipientStatus.SKIPPED] * 4
        rules.books_are_exact(world, campaign_id)


def test_who_lacks_a_value_is_not_added_to_a_live_campaign_unless_that_is_allowed() -> None:
    with a_world_of_groups(delay=(60, 70)) as world:
        contacts = world.add_contacts(3)
        lacking = contacts[2]
        give_apelido(world, contacts[:2])
        campaign_id = world.started(contacts[:1], texts=["Oi {{apelido}}"])
        world.add(campaign_id, contact_ids=contacts)
        world.run(1)
        assert lacking not in world.laid(campaign_id)
        made = world.made(campaign_id)
        assert (made.added, made.repeats, made.missing_values) == (2, 1, 1)
        assert whole(made)


@pytest.mark.exhaustive
@pytest.mark.parametrize("after_effect", [False, True])
def test_an_addition_that_crashes_anywhere_adds_all_or_nobody(after_effect: bool) -> None:
    with a_world_of_groups(delay=(1, 2)) as world:
        world.start_running(hours=24)
        outcomes = []
        for crash_at in range(MOST_CALLS):
            contacts = world.add_contacts(3, first=3 * crash_at)
            campaign_id = world.started(contacts[:1])
            world.injector.arm("adder", crash_at, after_effect=after_effect)
            world.clock.join(partial(world.add, campaign_id, contact_ids=contacts), kind="adder")
            crashed = len(world.injector.calls) > crash_at
            world.injector.arm("", None)
            world.run_until_over(campaign_id)
            world.run(700)
            outcomes.append(world.head(campaign_id).total)
            rules.nobody_lost(world, campaign_id)
            rules.books_are_exact(world, campaign_id)
            if not crashed:
                break
        rules.nobody_twice(world)
        assert set(outcomes) == {1, 3}
        assert outcomes == sorted(outcomes)


# Taking out


def test_whoever_is_removed_from_a_draft_is_gone_and_the_last_takes_the_place() -> None:
    with a_world_of_groups(delay=(1, 2)) as world:
        world.start_running()
        contacts = world.add_contacts(4)
        campaign_id = world.draft(contacts)
        world.run(1)
        removed = world.recipients(campaign_id)[1]
        world.remove(campaign_id, removed.recipient_id)
        assert world.laid(campaign_id) == [contacts[0], contacts[3], contacts[2]]
        with pytest.raises(NotFound):
            world.remove(campaign_id, removed.recipient_id)
        world.app.run.start(world.tenant_id, campaign_id, ACTOR)
        world.run_until_over(campaign_id)
        assert len(world.received()) == 3
        rules.books_are_exact(world, campaign_id)


def test_whoever_was_removed_from_a_draft_can_be_added_again() -> None:
    with a_world_of_groups() as world:
        contacts = world.add_contacts(3)
        campaign_id = world.draft(contacts)
        world.run(1)
        for place in (2, 0):
            world.remove(campaign_id, world.recipients(campaign_id)[place].recipient_id)
        assert world.laid(campaign_id) == [contacts[1]]
        assert world.made(campaign_id).first_contacts == 1
        world.add(campaign_id, contact_ids=contacts)
        world.run(1)
        assert world.laid(campaign_id) == [contacts[1], contacts[0], contacts[2]]


def test_the_last_one_removed_leaves_an_empty_draft_that_cannot_start() -> None:
    with a_world_of_groups() as world:
        campaign_id = world.draft(world.add_contacts(1), texts=["Oi"])
        world.run(1)
        world.remove(campaign_id, world.recipients(campaign_id)[0].recipient_id)
        assert world.laid(campaign_id) == []
        assert world.failures(campaign_id) == {"no_recipients"}


def test_who_alone_lacked_a_value_no_longer_stands_against_the_start_once_removed() -> None:
    with a_world_of_groups() as world:
        contacts = world.add_contacts(3)
        give_apelido(world, contacts[:2])
        campaign_id = world.draft(contacts, texts=["Oi {{apelido}}"])
        world.run(1)
        assert world.failures(campaign_id) == {"missing_values"}
        world.remove(campaign_id, world.recipients(campaign_id)[2].recipient_id)
        assert world.failures(campaign_id) == set()


def test_all_of_a_draft_can_be_removed_at_once_by_several_callers() -> None:
    with a_world_of_groups() as world:
        campaign_id = world.draft(world.add_contacts(4))
        world.run(1)
        first, second, *_ = world.recipients(campaign_id)
        world.clock.side_by_side(
            [partial(world.remove, campaign_id, each.recipient_id) for each in (first, second)]
        )
        left = {each.recipient_id for each in world.recipients(campaign_id)}
        assert len(world.laid(campaign_id)) == 2
        assert not left & {first.recipient_id, second.recipient_id}


def test_a_pending_recipient_of_a_live_campaign_becomes_skipped_and_a_settled_one_stays() -> None:
    with a_world_of_groups(delay=(30, 40)) as world:
        world.start_running()
        contacts = world.add_contacts(4)
        campaign_id = world.started(contacts)
        world.run(10)
        first, _, third, _ = world.recipients(campaign_id)
        world.remove(campaign_id, third.recipient_id)
        with pytest.raises(InvalidState):
            world.remove(campaign_id, first.recipient_id)
        with pytest.raises(InvalidState):
            world.remove(campaign_id, third.recipient_id)
        world.run_until_over(campaign_id)
        world.run(300)
        skipped = world.recipients(campaign_id)[2]
        assert (skipped.status, skipped.error_code) == ("skipped", "removed")
        assert len(world.received()) == 3
        rules.nobody_lost(world, campaign_id)
        rules.books_are_exact(world, campaign_id)
        with pytest.raises(InvalidState):
            world.remove(campaign_id, first.recipient_id)


def test_a_layer_that_lost_its_lease_writes_over_nobody_who_was_moved() -> None:
    with a_world_of_groups() as world:
        contacts = world.add_contacts(3)
        campaign_id = world.draft(contacts)
        world.run(1)
        before = world.recipients(campaign_id)
        world.remove(campaign_id, before[0].recipient_id)
        epoch = world.head(campaign_id).laying_epoch
        for stale in before:
            world.app.recipients.lay(stale, epoch - 1)
        assert world.laid(campaign_id) == [contacts[2], contacts[1]]


# Duplicates


def test_a_duplicate_takes_over_whom_it_is_asked_to() -> None:
    with a_world_of_groups(delay=(1, 2)) as world:
        world.start_running(hours=12)
        contacts = world.add_contacts(4)
        world.fake.not_on_whatsapp("5511990000001")
        original = world.started(contacts)
        world.remove(original, world.recipients(original)[3].recipient_id)
        world.run_until_over(original)
        world.opt_out(contacts[2])
        taken = {}
        for copied in Copied:
            duplicate = world.copy(original, copied)
            world.run(1)
            taken[copied] = [contacts.index(each) for each in world.laid(duplicate)]
            assert whole(world.made(duplicate))
        assert taken == {"none": [], "same": [0, 1], "failed": [1], "not_responded": [0]}
        assert world.head(original).status is CampaignStatus.COMPLETED


def test_a_duplicate_of_a_running_campaign_takes_the_statuses_of_that_moment() -> None:
    with a_world_of_groups(delay=(30, 40)) as world:
        world.start_running()
        contacts = world.add_contacts(3)
        original = world.started(contacts)
        world.run(10)
        duplicate = world.copy(original, Copied.NOT_RESPONDED)
        world.run(1)
        assert world.laid(duplicate) == contacts[:1]
        assert len(world.laid(original)) == 3


@pytest.mark.parametrize(
    ("is_started", "order"), [(True, [0, 1, 2, 3, 4]), (False, [4, 2, 3, 0, 1])]
)
def test_a_duplicate_of_many_is_laid_piece_by_piece(is_started: bool, order: list[int]) -> None:
    with a_world_of_groups() as world, patch.object(sources, "PIECE_SIZE", 2):
        contacts = world.add_contacts(5)
        original = world.started(contacts) if is_started else world.draft(contacts)
        world.run(1)
        duplicate = world.copy(original, Copied.SAME)
        # Whoever is added to the original from now on is no part of the snapshot.
        world.add(original, contact_ids=world.add_contacts(1, first=5))
        world.run(1)
        # One that has not started from its end: there the last one can move to the front.
        assert world.laid(duplicate) == [contacts[place] for place in order]
        assert len(world.laid(original)) == 6


# Whoever is left to start for


def test_a_draft_all_of_whose_people_have_opted_out_since_cannot_start() -> None:
    with a_world_of_groups() as world:
        contacts = world.add_contacts(13)
        campaign_id = world.draft(contacts)
        world.run(1)
        for contact_id in contacts[:-1]:
            world.opt_out(contact_id)
        assert world.failures(campaign_id) == set()
        world.opt_out(contacts[-1])
        assert world.failures(campaign_id) == {"no_recipients"}
        with pytest.raises(StartRefused):
            world.app.run.start(world.tenant_id, campaign_id, ACTOR)


def give_apelido(world: Sources, contact_ids: Sequence[str]) -> None:
    """Give them a value for `{{apelido}}`."""
    contacts = world.app.contact_store.read_many(world.tenant_id, contact_ids)
    drafts = [
        ContactDraft(phone=contact.phone, name=contact.name, custom_vars={"apelido": "Lu"})
        for contact in contacts.values()
    ]
    world.app.contacts.bulk(world.tenant_id, drafts)
