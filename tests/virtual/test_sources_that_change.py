"""Whom a campaign is for, while it changes under the hands of whoever lays, copies or visits it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.contact import ContactDraft
from campaigns.domain.errors import NotFound
from campaigns.domain.sources import Copied
from campaigns.services import sources
from tests.fakes import rules
from tests.fakes.world import World, a_world
from tests.virtual.test_sources import (
    ACTOR,
    EVENING,
    Sources,
    a_world_of_groups,
    give_apelido,
    whole,
)

type Request = dict[str, Any]


def before_first(
    world: World, is_meant: Callable[[str, Request], bool], act: Callable[[], object]
) -> list[str]:
    """Have somebody else act before the first request that is meant; told as a list of one."""
    dispatch, acted = world.app.table.connection.dispatch, []

    def acting(operation: str, request: Request) -> Any:
        if not acted and is_meant(operation, request):
            acted.append(operation)
            world.clock.join(act, kind="somebody else")
        return dispatch(operation, request)

    world.app.table.connection.dispatch = acting
    return acted


def by_a_layer(world: World, operation: str, *, number: int = 1) -> Callable[[str, Request], bool]:
    """The request of that number (from 1) of a layer."""
    seen: list[str] = []

    def is_meant(asked: str, _: Request) -> bool:
        seen.extend([asked] if (world.clock.process.kind, asked) == ("layer", operation) else [])
        return len(seen) == number

    return is_meant


def reads_a_lane(operation: str, request: Request) -> bool:
    return operation == "GetItem" and "LANE#" in request["Key"]["sk"]["S"]


def reads_a_head(operation: str, request: Request) -> bool:
    return operation == "GetItem" and request["Key"]["sk"]["S"] == "VIEW#HEAD"


def laying_of(world: World, campaign_id: str) -> Callable[[], None]:
    deadline = world.clock.now() + 300_000
    return partial(world.app.lay.lay, world.tenant_id, campaign_id, deadline)


def nobody_is_kicked(world: World) -> None:
    world.app.kick.lay = lambda *_: None


def named(world: World, names: Sequence[str], **fields: Any) -> list[str]:
    drafts = [
        ContactDraft(phone=f"(11) 99000-{place:04d}", name=name, **fields)
        for place, name in enumerate(names)
    ]
    return [str(result.id) for result in world.app.contacts.bulk(world.tenant_id, drafts)]


def in_order(world: World, campaign_id: str) -> list[str]:
    return [each.contact_id for each in world.recipients(campaign_id)]


# Names that change while they are walked


@pytest.mark.parametrize("is_out", [False, True])
def test_whoever_gets_a_name_before_the_position_is_laid_all_the_same(is_out: bool) -> None:
    with a_world() as world, patch.object(sources, "PIECE_SIZE", 2):
        ids = named(world, ["Ana", "Bia", "Caio", "Davi", "Eva"], tags=("vip",))
        world.run(60)
        acted = before_first(
            world,
            by_a_layer(world, "TransactWriteItems"),
            lambda: named(world, ["Ana", "Bia", "Caio", "Davi", "Aline"]),
        )
        if is_out:
            world.app.contacts.opt_out(world.tenant_id, ids[1], reason=None, source=ACTOR)
        campaign_id = world.draft([], tags=["vip"])
        world.run(1)
        assert acted
        expected = [ids[0], *([] if is_out else [ids[1]]), *ids[2:]]
        assert in_order(world, campaign_id) == expected
        made = world.head(campaign_id).recipients
        assert (made.requested, made.repeats, made.opted_out) == (5, 0, is_out)
        assert whole(made)


def test_members_who_came_just_before_the_campaign_are_counted_once() -> None:
    with a_world() as world, patch.object(sources, "PIECE_SIZE", 2):
        ids = named(world, ["Ana", "Bia", "Caio", "Davi", "Eva"], tags=("vip",))
        world.app.contacts.opt_out(world.tenant_id, ids[3], reason=None, source=ACTOR)
        campaign_id = world.draft([ids[4]], tags=["vip"])
        world.run(1)
        assert in_order(world, campaign_id) == [ids[4], *ids[:3]]
        made = world.head(campaign_id).recipients
        assert (made.requested, made.added, made.repeats, made.opted_out) == (6, 4, 1, 1)
        assert made.first_contacts == 4


# Originals that change while they are copied


def test_whoever_moves_in_a_draft_that_is_copied_is_copied() -> None:
    with a_world_of_groups() as world, patch.object(sources, "PIECE_SIZE", 2):
        contacts = world.add_contacts(5)
        original = world.draft(contacts)
        world.run(1)
        first = world.recipients(original)[0]
        acted = before_first(
            world,
            by_a_layer(world, "TransactWriteItems"),
            lambda: world.remove(original, first.recipient_id),
        )
        duplicate = world.copy(original, Copied.SAME)
        world.run(1)
        assert acted
        assert sorted(world.laid(duplicate)) == sorted(contacts[1:])
        assert sorted(world.laid(original)) == sorted(contacts[1:])
        assert whole(world.made(duplicate))


def test_a_draft_that_is_deleted_while_it_is_copied_is_copied_whole() -> None:
    with a_world_of_groups() as world, patch.object(sources, "PIECE_SIZE", 2):
        contacts = world.add_contacts(5)
        original = world.draft(contacts)
        world.run(1)

        def delete() -> None:
            world.app.delete_draft.delete(world.head(original))
            world.tick()

        acted = before_first(world, by_a_layer(world, "TransactWriteItems"), delete)
        duplicate = world.copy(original, Copied.SAME)
        world.run(1)
        assert acted
        assert sorted(world.laid(duplicate)) == sorted(contacts)


# A live campaign


@pytest.mark.parametrize("stop", ["cancel", "pause"])
def test_a_campaign_is_stopped_while_a_layer_counts_what_it_laid(stop: str) -> None:
    with a_world_of_groups(delay=(20, 50)) as world:
        contacts = world.add_contacts(4)
        campaign_id = world.started(contacts[:1])
        nobody_is_kicked(world)
        world.add(campaign_id, contact_ids=contacts)
        acted = before_first(
            world,
            lambda operation, _: operation == "TransactWriteItems",
            laying_of(world, campaign_id),
        )
        getattr(world.app.run, stop)(world.tenant_id, campaign_id, ACTOR)
        assert acted
        stopped = {"cancel": CampaignStatus.CANCELLED, "pause": CampaignStatus.PAUSED}[stop]
        assert world.head(campaign_id).status is stopped
        assert world.head(campaign_id).total == 4


@pytest.mark.parametrize("before", [reads_a_lane, reads_a_head])
def test_a_visit_puts_no_lane_to_sleep_that_an_addition_has_just_woken(
    before: Callable[[str, Request], bool],
) -> None:
    with a_world_of_groups(EVENING, delay=(1, 2)) as world:
        contacts = world.add_contacts(3)
        campaign_id = world.started(contacts[:1], schedule_type="business_days")
        key = world.head(campaign_id).lane_key
        world.schedule_each_minute(until=world.clock.now() + 120_000)
        world.run(200)
        nobody_is_kicked(world)
        acted = before_first(world, before, lambda: world.add(campaign_id, contact_ids=contacts))
        world.app.visit.visit(key)
        assert acted
        lane = world.app.lanes.read(key)
        assert lane is not None
        assert lane.due_at is not None
        assert lane.due_at <= world.clock.now()


def test_a_visit_that_saw_the_pause_leaves_a_lane_awake_whose_resumer_crashed() -> None:
    with a_world_of_groups(delay=(60, 70)) as world:
        contacts = world.add_contacts(4)
        campaign_id = world.started(contacts)
        world.app.run.pause(world.tenant_id, campaign_id, ACTOR)
        # Whoever was planned is released, and the books are due: then there is nothing more to do.
        world.poll(until=world.clock.now() + 700_000)
        world.run(700)
        key = world.head(campaign_id).lane_key

        def resume_and_crash() -> None:
            with patch.object(world.app.run, "_plan_now", lambda *_, **__: None):
                world.app.run.resume(world.tenant_id, campaign_id, ACTOR)

        reads = iter([reads_a_head, reads_a_lane])
        meant = [next(reads)]

        def between_the_two_reads(operation: str, request: Request) -> bool:
            if len(meant) == 2:
                return True
            if reads_a_head(operation, request) or reads_a_lane(operation, request):
                meant.append(next(reads))
            return False

        acted = before_first(world, between_the_two_reads, resume_and_crash)
        world.app.visit.visit(key)
        assert acted
        world.start_running()
        world.run_until_over(campaign_id)
        assert len(world.received()) == 4
        rules.nobody_twice(world)


def test_a_layer_that_took_its_lease_on_a_draft_asks_values_of_whoever_is_added_live() -> None:
    with a_world_of_groups(delay=(60, 70)) as world:
        contacts = world.add_contacts(3)
        give_apelido(world, contacts[:2])
        campaign_id = world.draft(contacts[:1], texts=["Oi {{apelido}}"])
        world.run(1)

        def start_and_add() -> None:
            world.app.run.start(world.tenant_id, campaign_id, ACTOR)
            world.add(campaign_id, contact_ids=contacts)

        nobody_is_kicked(world)
        acted = before_first(world, by_a_layer(world, "TransactWriteItems"), start_and_add)
        world.clock.join(laying_of(world, campaign_id), kind="layer")
        assert acted
        assert world.laid(campaign_id) == contacts[:2]
        assert world.made(campaign_id).missing_values == 1


# What a removed recipient was counted for


def test_whoever_lacked_a_value_can_be_taken_out_and_added_again_with_it() -> None:
    with a_world_of_groups() as world:
        contacts = world.add_contacts(3)
        give_apelido(world, contacts[:1])
        campaign_id = world.draft(contacts, texts=["Oi {{apelido}}"])
        world.run(1)
        assert world.failures(campaign_id) == {"missing_values"}
        give_apelido(world, contacts[1:])
        for recipient in world.recipients(campaign_id)[1:]:
            world.remove(campaign_id, recipient.recipient_id)
        assert world.failures(campaign_id) == set()
        world.add(campaign_id, contact_ids=contacts)
        world.run(1)
        assert world.laid(campaign_id) == contacts
        assert world.failures(campaign_id) == set()


def test_who_moved_to_another_place_still_takes_off_what_she_was_counted_for() -> None:
    with a_world_of_groups() as world:
        contacts = world.add_contacts(3)
        give_apelido(world, contacts[2:])
        campaign_id = world.draft(contacts, texts=["Oi {{apelido}}"])
        world.run(1)
        removed = world.recipients(campaign_id)
        for each in (removed[0], removed[2]):
            world.remove(campaign_id, each.recipient_id)
        assert counts_of(world, campaign_id) == {
            "nome": 1,
            "primeiro_nome": 1,
            "apelido": 0,
            "first_contacts": 1,
        }


def counts_of(world: Sources, campaign_id: str) -> dict[str, int]:
    view = world.app.campaign_store.view(world.tenant_id, campaign_id)
    assert view is not None
    return {**view.values, "first_contacts": view.first_contacts}


@pytest.mark.parametrize("name", ["pk", "sk", "moves", "value_of.nome"])
def test_a_variable_may_have_any_name(name: str) -> None:
    with a_world_of_groups() as world:
        ids = named(world, ["Ana"], custom_vars={name: "1"})
        campaign_id = world.draft(ids, texts=["Oi {{" + name + "}}"])
        world.run(1)
        assert world.laid(campaign_id) == ids
        assert world.failures(campaign_id) == set()


def test_contacts_with_variables_of_their_own_each_are_laid_all_the_same() -> None:
    with (
        a_world_of_groups() as world,
        patch("campaigns.services.lay_recipients._VARIABLES_AT_ONCE", 3),
    ):
        ids = []
        for place in range(4):
            draft = ContactDraft(
                phone=f"(11) 99000-{place:04d}", name="Ana", custom_vars={f"pedido_{place}": "1"}
            )
            ids += [str(each.id) for each in world.app.contacts.bulk(world.tenant_id, [draft])]
        campaign_id = world.draft(ids)
        world.run(1)
        assert world.laid(campaign_id) == ids
        counts = counts_of(world, campaign_id)
        assert (counts["nome"], len(counts)) == (4, 4)
        for recipient in world.recipients(campaign_id):
            world.remove(campaign_id, recipient.recipient_id)
        assert set(counts_of(world, campaign_id).values()) == {0}


# What lies beyond the total


def test_what_a_stale_layer_writes_beyond_the_total_is_nobodys_recipient() -> None:
    with a_world_of_groups() as world:
        campaign_id = world.draft(world.add_contacts(2))
        world.run(1)
        removed = world.recipients(campaign_id)[1]
        world.remove(campaign_id, removed.recipient_id)
        world.app.recipients.lay(removed, 1)
        with pytest.raises(NotFound):
            world.app.read_recipients.one(world.tenant_id, campaign_id, removed.recipient_id)
