"""An instance that was moved to another server because the old one died: it sends on."""

from campaigns.domain.delivery import TransportFault
from campaigns.domain.model import Instance
from campaigns.domain.recipient import RecipientStatus
from tests.fakes.world import API_KEY, SERVER, World, a_world

NEW_SERVER = "http://127.0.0.1:2"


def move(world: World) -> None:
    """The old server answers nobody any more, and the instance's owner knows it."""
    prepare = world.app.gateway.prepare

    def refused_by_the_old(instance: Instance) -> TransportFault | None:
        is_old = instance.evolution_url == SERVER
        return TransportFault.CONNECT_REFUSED if is_old else prepare(instance)

    world.app.gateway.prepare = refused_by_the_old
    changes = {"evolution_url": NEW_SERVER, "api_key": API_KEY}
    world.app.instances.patch(world.tenant_id, world.instance_id, changes)


def send_test(world: World, phone: str) -> str:
    message = world.app.direct.test_text(
        world.tenant_id, world.instance_id, phone=phone, text="Oi", contact_id=None
    )
    world.run(8)
    seen = world.app.direct.read(world.tenant_id, world.instance_id, message.direct_message_id)
    return seen.status.value


def test_a_dispatcher_that_knows_the_old_server_sends_through_the_new_one_at_once() -> None:
    with a_world(delay=(1, 2)) as world:
        world.start_running()
        assert send_test(world, "(11) 99000-9001") == "sent"
        move(world)
        assert send_test(world, "(11) 99000-9002") == "sent"


def test_a_campaign_goes_on_through_the_new_server_and_no_try_is_lost() -> None:
    with a_world(delay=(1, 2)) as world:
        world.start_running()
        assert send_test(world, "(11) 99000-9001") == "sent"
        move(world)
        campaign_id = world.started(world.add_contacts(3))
        world.run_until_over(campaign_id)
        told = {(each.status, each.retry_count) for each in world.recipients(campaign_id)}
        assert told == {(RecipientStatus.SENT, 0)}


def test_a_server_that_is_where_it_was_and_does_not_answer_is_a_fault_all_the_same() -> None:
    with a_world(delay=(1, 2)) as world:
        world.start_running()
        world.app.gateway.prepare = lambda _instance: TransportFault.CONNECT_REFUSED
        campaign_id = world.started(world.add_contacts(1))
        world.run(10)
        (recipient,) = world.recipients(campaign_id)
        assert (recipient.status, recipient.retry_count) == (RecipientStatus.PENDING, 1)
        assert world.left_at() == []
