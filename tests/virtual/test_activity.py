"""Whom a tenant has messaged, after a campaign: who was reached or may have been, and no others."""

from campaigns.domain.recipient import RecipientStatus
from local.fake_evolution import Behaviour, Rule
from tests.fakes.world import a_world


def test_only_who_was_sent_to_or_may_have_been_counts_as_messaged() -> None:
    with a_world(delay=(1, 2), unknown_grace_seconds=30) as world:
        contacts = world.add_contacts(4)
        phones = world.app.contact_store.read_many(world.tenant_id, contacts)
        reached, lost, missing, opted_out = (phones[each] for each in contacts)
        world.fake.add_rule(Rule(Behaviour.NOT_SENT_ANSWER_LOST, phone=lost.phone))
        world.fake.add_rule(Rule(Behaviour.NOT_ON_WHATSAPP, phone=missing.phone))
        world.start_running()
        campaign_id = world.started(contacts)
        world.app.contacts.opt_out(
            world.tenant_id, opted_out.contact_id, reason=None, source="manual"
        )
        world.run_until_over(campaign_id)

        by_person = {each.person: each for each in world.recipients(campaign_id)}
        assert by_person[missing.person].status is RecipientStatus.FAILED
        found = world.app.activities.of_persons(
            world.tenant_id, [each.person for each in phones.values()]
        )
        assert found.keys() == {reached.person, lost.person}
        sent_at = by_person[reached.person].sent_at
        messaged_at = found[reached.person].last_messaged_at
        assert sent_at is not None
        assert messaged_at is not None
        assert sent_at - 1_000 <= messaged_at <= sent_at

        other = world.app.create_tenant("Outra loja").tenant_id
        assert world.app.activities.of_persons(other, [reached.person, lost.person]) == {}
