"""Making an instance on the deployment's own server, and deleting it, wherever a process ends."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from logging import INFO

import pytest

from campaigns.domain.errors import NotFound, StartRefused, Unavailable
from campaigns.domain.instance import InstanceDraft
from campaigns.domain.recipient import RecipientStatus
from campaigns.services.instance_views import InstanceView
from local.fake_evolution import Behaviour, Instance, Operation, Rule
from tests.fakes.aws import SERVER_KEY_PARAMETER, put_server_key
from tests.fakes.world import SERVER, World, a_world

#: More external calls than making or deleting one instance makes.
MOST_CALLS = 40
ACTOR = "key:test"
DRAFT = InstanceDraft("Filial", "", "", "")


@contextmanager
def a_world_with_a_server() -> Iterator[World]:
    with a_world(
        evolution_server_url=SERVER, evolution_server_key_parameter=SERVER_KEY_PARAMETER
    ) as world:
        put_server_key(world.fake.global_key)
        yield world


def make(world: World, attempt: str) -> InstanceView:
    return world.app.provision_instance.create(world.tenant_id, DRAFT, ACTOR, attempt=attempt)


def remove(world: World, instance_id: str) -> None:
    world.app.remove_instance.remove(world.tenant_id, instance_id, approve=lambda _: None)


def made(world: World) -> list[InstanceView]:
    """The tenant's instances but for the one that every world begins with."""
    listed = world.app.instances.list(world.tenant_id, after=None, limit=200).items
    return [view for view in listed if view.instance.instance_id != world.instance_id]


def made_on_server(world: World) -> dict[str, Instance]:
    return {name: each for name, each in world.fake.instances.items() if name != "loja"}


def key_of(world: World, view: InstanceView) -> str:
    return world.app.vault.decrypt(view.instance)


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_crash_while_an_instance_is_made_leaves_nothing_that_nobody_owns(after_effect: bool):
    with a_world_with_a_server() as world:
        points = 0
        for crash_at in range(MOST_CALLS):
            attempt = f"pedido-{crash_at}"
            world.injector.arm("api", crash_at, after_effect=after_effect)
            world.clock.join(partial(make, world, attempt), kind="api")
            crashed = len(world.injector.calls) > crash_at
            world.injector.arm("", None)
            assert made_on_server(world).keys() <= {
                view.instance.evolution_instance for view in made(world)
            }

            view = make(world, attempt)

            [listed] = made(world)
            assert listed == view
            assert made_on_server(world)[view.instance.evolution_instance].api_key == key_of(
                world, view
            )
            remove(world, view.instance.instance_id)
            points += crashed
            if not crashed:
                break
        assert points >= 3, "the whole of it was crashed"


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_crash_while_an_instance_is_deleted_is_mended_by_deleting_it_again(after_effect: bool):
    with a_world_with_a_server() as world:
        points = 0
        for crash_at in range(MOST_CALLS):
            view = make(world, f"pedido-{crash_at}")
            instance_id = view.instance.instance_id
            world.fake.scan(view.instance.evolution_instance, "5511990007777")
            refreshed = world.app.instances.refresh(world.tenant_id, instance_id)
            assert refreshed.instance.connected_phone
            world.injector.arm("api", crash_at, after_effect=after_effect)
            world.clock.join(partial(remove, world, instance_id), kind="api")
            crashed = len(world.injector.calls) > crash_at
            world.injector.arm("", None)

            if world.app.instance_store.read(instance_id):
                remove(world, instance_id)

            with pytest.raises(NotFound):
                remove(world, instance_id)
            assert made(world) == []
            assert made_on_server(world) == {}
            points += crashed
            if not crashed:
                break
        assert points >= 5, "the whole of it was crashed"


def test_a_half_deleted_instance_is_in_no_list_and_takes_no_campaign():
    with a_world_with_a_server() as world:
        view = make(world, "pedido")
        instance_id = view.instance.instance_id
        draft = create_draft_at(world, instance_id)
        world.injector.arm("api", 4)
        world.clock.join(partial(remove, world, instance_id), kind="api")
        world.injector.arm("", None)
        assert world.app.instance_store.read(instance_id) is not None

        assert made(world) == []
        for call in (
            partial(world.app.instances.read, world.tenant_id, instance_id),
            partial(world.app.instance_views.availability, world.tenant_id, instance_id),
            partial(world.app.connect_instance.show, world.tenant_id, instance_id),
            partial(world.app.connect_instance.disconnect, world.tenant_id, instance_id),
        ):
            with pytest.raises(NotFound):
                call()
        with pytest.raises(StartRefused) as refused:
            world.app.run.start(world.tenant_id, draft, ACTOR)
        assert [each.code for each in refused.value.failures] == ["instance_missing"]


def create_draft_at(world: World, instance_id: str) -> str:
    world.instance_id, other = instance_id, world.instance_id
    campaign_id = world.draft(world.add_contacts(1))
    world.instance_id = other
    world.run(1)
    return campaign_id


@pytest.mark.parametrize("is_silent", [False, True])
def test_once_an_instance_was_told_to_disconnect_no_request_leaves(is_silent: bool):
    with a_world(delay=(1, 1)) as world:
        world.start_running(hours=1)
        campaign_id = world.started(world.add_contacts(30))
        world.run(8)
        assert world.left_at()
        if is_silent:
            world.fake.add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=Operation.LOGOUT))

        with pytest.raises(Unavailable) if is_silent else nullcontext():
            world.app.connect_instance.disconnect(world.tenant_id, world.instance_id)
        told_at = world.clock.now()
        world.run(600)

        assert [at for at in world.left_at() if at > told_at + 1_000] == []
        head = world.head(campaign_id)
        assert (head.status, head.auto_pause_reason) == ("paused", "instance_disconnected")


def test_jobs_of_a_cancelled_campaign_outlive_its_instance_without_a_fault(
    caplog: pytest.LogCaptureFixture,
):
    with a_world(delay=(10, 10)) as world:
        world.start_running(hours=1)
        campaign_id = world.started(world.add_contacts(8))
        world.run(25)
        world.app.run.cancel(world.tenant_id, campaign_id, ACTOR)
        remove(world, world.instance_id)
        # A dispatcher of its own, which has not seen the instance before.
        for part in ("dispatch", "send_one", "senders"):
            world.app.__dict__.pop(part, None)
        world.run(700)

        statuses = Counter(each.status for each in world.recipients(campaign_id))
        assert statuses.keys() == {RecipientStatus.SENT, RecipientStatus.SKIPPED}
        assert world.queue.next_visible_at(world.clock.now()) is None
        assert [each for each in caplog.records if each.levelno > INFO] == []
