"""A draft that changed its instance after its recipients were laid sends through the new one."""

from dataclasses import replace

from campaigns.domain.campaign_draft import CampaignEdit
from local.fake_evolution import Behaviour, Rule
from tests.fakes.world import World, a_world


def change_instance(world: World, campaign_id: str, instance_id: str) -> None:
    seen = world.app.campaigns.read(world.tenant_id, campaign_id)
    campaign = seen.view.campaign
    present = CampaignEdit(
        name=campaign.name,
        description=seen.view.description,
        instance_id=campaign.instance_id,
        schedule=campaign.schedule,
        allow_missing=campaign.allow_missing,
        resume_on_reconnect=campaign.resume_on_reconnect,
    )
    world.app.edit_campaign.edit(seen, replace(present, instance_id=instance_id))


def moved_draft(world: World, count: int) -> tuple[str, str]:
    """A draft laid under one instance and moved to another: its id, and the instance's."""
    campaign_id, other = world.draft(world.add_contacts(count)), world.add_instance("outra")
    world.run(1)
    assert {each.instance_id for each in world.recipients(campaign_id)} == {world.instance_id}
    change_instance(world, campaign_id, other)
    return campaign_id, other


def test_everybody_is_sent_to_through_the_instance_that_the_draft_was_given_last() -> None:
    # From 2.4 on the server takes our id of the message.
    with a_world(version="2.4.0") as world:
        campaign_id, other = moved_draft(world, 5)
        world.app.run.start(world.tenant_id, campaign_id, "key:test")
        world.start_running()
        world.run_until_over(campaign_id)
        assert len(world.received()) == 5
        assert {request.instance for request in world.fake.requests()} == {"outra"}
        for recipient in world.recipients(campaign_id):
            assert recipient.instance_id == other
            assert recipient.whatsapp_message_id == world.app.identity.whatsapp_message_id(
                recipient.recipient_id, other
            )


def test_whoever_is_put_back_before_or_after_a_claim_is_found_by_the_new_lane() -> None:
    with a_world() as world:
        campaign_id, _ = moved_draft(world, 6)
        # The first tries fail in passing; the pause puts others back before they are claimed.
        world.fake.add_rule(Rule(Behaviour.CONNECTION_CLOSED, count=2))
        world.app.run.start(world.tenant_id, campaign_id, "key:test")
        world.start_running(hours=12)
        world.run(65)
        world.app.run.pause(world.tenant_id, campaign_id, "key:test")
        world.run(600)
        assert world.app.run.resume(world.tenant_id, campaign_id, "key:test")
        world.run_until_over(campaign_id)
        phones = [phone for phone, _ in world.received()]
        assert len(phones) == len(set(phones)) == 6


def test_a_job_that_vanished_under_the_new_instance_is_planned_again_there() -> None:
    with a_world() as world:
        campaign_id, _ = moved_draft(world, 3)
        world.app.run.start(world.tenant_id, campaign_id, "key:test")
        world.queue.messages.clear()
        world.start_running(hours=12)
        world.run_until_over(campaign_id)
        assert len(world.received()) == 3
        assert {request.instance for request in world.fake.requests()} == {"outra"}
