"""A deleted draft leaves nothing, whoever crashes and whoever is still laying its recipients."""

from dataclasses import dataclass

import pytest

from campaigns.services import delete_draft
from campaigns.services.delete_draft import LEFT_ALONE_MS
from tests.fakes.world import World, a_world

MOST_CALLS = 200


def everything_of(world: World, campaign_id: str) -> list[str]:
    """The keys of all items of the campaign, markers of its recipients included."""
    scan = world.app.table.connection.scan(world.app.table.name)["Items"]
    return [
        f"{item['pk']['S']} {item['sk']['S']}"
        for item in scan
        if campaign_id in item["pk"]["S"] or item.get("campaign_id", {}).get("S") == campaign_id
    ]


def delete(world: World, campaign_id: str) -> None:
    campaign = world.head(campaign_id)
    world.app.delete_draft.delete(campaign)


@pytest.mark.exhaustive
def test_a_sweeper_that_crashes_at_any_call_leaves_the_rest_to_the_next() -> None:
    with a_world() as world:
        points = 0
        for crash_at in range(MOST_CALLS):
            crashed = False
            for after_effect in (False, True):
                campaign_id = world.draft(world.add_contacts(3))
                world.run(1)
                delete(world, campaign_id)
                world.clock.sleep(LEFT_ALONE_MS)
                world.injector.arm("scheduler", crash_at, after_effect=after_effect)
                world.clock.spawn(world.tick, kind="scheduler")
                world.run(60)
                crashed = len(world.injector.calls) > crash_at
                points += crashed
                world.injector.arm("", None)
                world.tick()
                assert everything_of(world, campaign_id) == []
            if not crashed:
                break
        assert points >= 20


def test_recipients_of_several_blocks_go_in_pieces_and_over_several_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with a_world() as world:
        campaign_id = world.draft(world.add_contacts(1_100))
        world.run(120)
        assert world.head(campaign_id).total == 1_100
        delete(world, campaign_id)
        world.clock.sleep(LEFT_ALONE_MS)
        sweep = world.app.removals.sweep

        def slow(removal):
            world.clock.sleep(20_000)
            return sweep(removal)

        monkeypatch.setattr(world.app.removals, "sweep", slow)
        runs = 0
        while everything_of(world, campaign_id):
            world.app.schedule.tick(world.clock.now() + 60_000)
            runs += 1
        assert 2 <= runs <= 10


@dataclass
class DeletedMeanwhile:
    """Deletes a draft, and has it swept, before the layer's call of that number (from 0)."""

    world: World
    at_call: int
    campaign_id: str = ""
    calls: int = 0
    is_deleted: bool = False

    def lay(self) -> None:
        """Lay a draft, with the table's requests passing through here."""
        with pytest.MonkeyPatch.context() as patched:
            connection = self.world.app.table.connection
            through = connection.dispatch

            def dispatch(operation, request):
                if self.world.clock.process.kind == "layer":
                    self._before_call()
                return through(operation, request)

            patched.setattr(connection, "dispatch", dispatch)
            self.campaign_id = self.world.draft(self.world.add_contacts(3))
            self.world.run(1)

    def _before_call(self) -> None:
        number, self.calls = self.calls, self.calls + 1
        if number == self.at_call:
            self.world.clock.join(lambda: delete(self.world, self.campaign_id), kind="api")
            self.world.clock.join(self.world.tick, kind="scheduler")
            self.is_deleted = True


@pytest.mark.exhaustive
def test_a_draft_deleted_at_any_moment_of_its_laying_leaves_nothing() -> None:
    with a_world() as world:
        points = 0
        for number in range(MOST_CALLS):
            meanwhile = DeletedMeanwhile(world, number)
            meanwhile.lay()
            if not meanwhile.is_deleted:
                break
            points += 1
            world.clock.sleep(LEFT_ALONE_MS)
            world.tick()
            assert everything_of(world, meanwhile.campaign_id) == []
        assert points >= 8


def test_a_draft_deleted_before_its_layer_was_seen_leaves_nothing() -> None:
    with a_world() as world:
        kick = world.app.kick.lay
        world.app.kick.lay = lambda *_: None
        campaign_id = world.draft(world.add_contacts(3))
        seen = world.head(campaign_id)
        read_many = world.app.contact_store.read_many

        def deleted_first(*wanted, **options):
            world.app.delete_draft.delete(seen)
            world.tick()
            return read_many(*wanted, **options)

        world.app.contact_store.read_many = deleted_first
        kick(world.tenant_id, campaign_id)
        world.run(1)
        assert everything_of(world, campaign_id)
        world.clock.sleep(LEFT_ALONE_MS)
        world.tick()
        assert everything_of(world, campaign_id) == []


def test_what_is_swept_is_done_within_the_time_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_world() as world:
        campaign_id = world.draft(world.add_contacts(2))
        world.run(1)
        delete(world, campaign_id)
        world.clock.sleep(LEFT_ALONE_MS)
        calls: list[int] = []
        monkeypatch.setattr(
            world.app.removals, "sweep", lambda removal: calls.append(world.clock.now()) or removal
        )
        world.app.schedule.tick(world.clock.now() + delete_draft._PIECE_MS - 1)
        assert calls == []
