"""Proofs (scratch)."""
from functools import partial
from unittest.mock import patch
import pytest
from campaigns.domain.contact import ContactDraft
from campaigns.domain.errors import *
from campaigns.domain.sources import Copied, NamedSources
from campaigns.domain.group import TagOf
from campaigns.services import sources
from tests.fakes import rules
from tests.fakes.world import a_world, World
from tests.virtual.test_sources import a_world_of_groups, ACTOR, EVENING

def before_call(world, wanted, act, *, kind=None):
    """Run act once before the first request that `wanted(operation, request)` accepts."""
    dispatch, done = world.app.table.connection.dispatch, []
    def through(operation, request):
        if not done and (kind is None or world.clock.process.kind == kind) and wanted(operation, request):
            done.append(1)
            world.clock.join(act, kind="other")
        return dispatch(operation, request)
    world.app.table.connection.dispatch = through
    return done

def key_of(request): return request.get("Key", {}).get("sk", {}).get("S", "")

def test_cancel_while_laying():
    with a_world_of_groups(delay=(20,50)) as world:
        contacts = world.add_contacts(4)
        campaign_id = world.started(contacts[:1])
        world.app.kick.lay = lambda *_: None
        world.add(campaign_id, contact_ids=contacts)
        lay = partial(world.app.lay.lay, world.tenant_id, campaign_id, world.clock.now()+300_000)
        done = before_call(world, lambda o, r: o == "TransactWriteItems", lay)
        world.app.run.cancel(world.tenant_id, campaign_id, ACTOR)
        assert done
        assert world.head(campaign_id).status == "cancelled"

def test_sleep_race():
    with a_world_of_groups(EVENING, delay=(1, 2)) as world:
        contacts = world.add_contacts(3)
        campaign_id = world.started(contacts[:1], schedule_type="business_days")
        world.schedule_each_minute(until=world.clock.now() + 120_000)
        world.run(200)
        key = world.head(campaign_id).lane_key
        world.app.kick.lay = lambda *_: None
        lane = world.app.lanes.read(key)
        assert lane.due_at > world.clock.now()
        world.run(3600*2)
        heads = []
        def second_get(o, r):
            # after the head read, before the lane read
            if o == "GetItem" and key_of(r).startswith("VIEW#LANE"):
                return True
            return False
        done = before_call(world, second_get, lambda: world.add(campaign_id, contact_ids=contacts))
        world.app.visit.visit(key)
        assert done
        lane = world.app.lanes.read(key)
        assert lane.due_at <= world.clock.now()

def test_required_of_a_layer_leased_in_draft():
    with a_world_of_groups(delay=(60, 70)) as world:
        contacts = world.add_contacts(3)
        from tests.virtual.test_sources import give_apelido
        give_apelido(world, contacts[:1])
        campaign_id = world.draft(contacts[:1], texts=["Oi {{apelido}}"])
        world.run(1)
        def act():
            world.app.run.start(world.tenant_id, campaign_id, ACTOR)
            world.app.kick.lay = lambda *_: None
            world.add(campaign_id, contact_ids=contacts)
        done = before_call(world, lambda o, r: o == "TransactWriteItems", act, kind="layer")
        world.clock.join(partial(world.app.lay.lay, world.tenant_id, campaign_id, world.clock.now()+300_000), kind="layer")
        assert done
        assert world.laid(campaign_id) == contacts[:1]

def bulk(world, names, tag):
    return [str(r.id) for r in world.app.contacts.bulk(world.tenant_id, [
        ContactDraft(name=n, phone=f"(11) 99000-{i:04d}", tags=(tag,)) for i, n in enumerate(names)])]

def test_rename_while_walked():
    with a_world() as world, patch.object(sources, "PIECE_SIZE", 2):
        ids = bulk(world, ["Ana", "Bia", "Caio", "Davi", "Eva"], "vip")
        rename = lambda: world.app.contacts.bulk(world.tenant_id, [ContactDraft(name="Aaron", phone="(11) 99000-0004")])
        done = before_call(world, lambda o, r: o == "TransactWriteItems", rename, kind="layer")
        campaign_id = world.draft([], tags=["vip"])
        world.run(5)
        assert done
        assert sorted(r.contact_id for r in world.recipients(campaign_id)) == sorted(ids)

def test_duplicate_of_a_draft_with_removal():
    with a_world_of_groups() as world, patch.object(sources, "PIECE_SIZE", 2):
        contacts = world.add_contacts(6)
        original = world.draft(contacts)
        world.run(1)
        first = world.recipients(original)[0]
        done = before_call(world, lambda o, r: o == "TransactWriteItems", lambda: world.app.remove_recipient.remove(world.tenant_id, original, first.recipient_id, approve=lambda _: None), kind="layer")
        duplicate = world.copy(original, Copied.SAME)
        world.run(5)
        assert done
        assert set(contacts[1:]) <= set(world.laid(duplicate))

def test_duplicate_of_a_draft_deleted():
    with a_world_of_groups() as world, patch.object(sources, "PIECE_SIZE", 2):
        contacts = world.add_contacts(6)
        original = world.draft(contacts)
        world.run(1)
        def act():
            world.app.delete_draft.delete(world.head(original))
            world.tick(); world.tick()
        done = before_call(world, lambda o, r: o == "TransactWriteItems", act, kind="layer")
        duplicate = world.copy(original, Copied.SAME)
        world.run(5)
        assert done
        print(world.made(duplicate))
        assert world.laid(duplicate) == contacts

def test_delete_with_the_lease_unseen():
    from tests.virtual.test_deleted_drafts import everything_of
    with a_world_of_groups() as world:
        contacts = world.add_contacts(3)
        kick, world.app.kick.lay = world.app.kick.lay, lambda *_: None
        campaign_id = world.draft(contacts)
        seen = world.head(campaign_id)
        def act():
            world.app.delete_draft.delete(seen)
            world.tick(); world.tick()
        done = before_call(world, lambda o, r: o == "PutItem", act, kind="layer")
        kick(world.tenant_id, campaign_id)
        world.run(700)
        world.tick()
        assert done
        assert everything_of(world, campaign_id) == []

def test_values_trap():
    with a_world_of_groups() as world:
        from tests.virtual.test_sources import give_apelido
        contacts = world.add_contacts(2)
        give_apelido(world, contacts[:1])
        campaign_id = world.draft(contacts, texts=["Oi {{apelido}}"])
        world.run(1)
        assert world.failures(campaign_id) == {"missing_values"}
        give_apelido(world, contacts[1:])
        lacking = world.recipients(campaign_id)[1]
        world.app.remove_recipient.remove(world.tenant_id, campaign_id, lacking.recipient_id, approve=lambda _: None)
        assert world.failures(campaign_id) == set()
        world.add(campaign_id, contact_ids=contacts)
        world.run(1)
        assert world.failures(campaign_id) == set()

def test_pk_var():
    with a_world_of_groups() as world:
        ids = [str(r.id) for r in world.app.contacts.bulk(world.tenant_id, [ContactDraft(name="Ana", phone="(11) 99000-0001", custom_vars={"pk": "1", "sk": "2"})])]
        campaign_id = world.draft(ids)
        world.run(5)
        assert world.laid(campaign_id) == ids
