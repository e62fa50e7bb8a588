"""Campaigns as their owner keeps them, in the table."""

from campaigns.domain.model import MessageText
from tests.fakes.world import a_world


def test_of_two_edits_that_saw_the_same_wordings_one_is_refused() -> None:
    with a_world() as world:
        campaign_id = world.draft(world.add_contacts(1), texts=["Oi"])
        world.run(1)
        seen = world.head(campaign_id)
        saved = [
            world.app.catalog.save_text(
                seen, MessageText(message_id, 2, "Olá", is_active=True), world.clock.now()
            )
            for message_id in ("ms_one", "ms_other")
        ]
        assert saved == [True, False]
        view = world.app.campaign_store.view(world.tenant_id, campaign_id)
        assert view is not None
        assert [message.order for message in view.messages] == [1, 2]
