"""The costs in docs/data-model.md are those of real requests, counted from the items' sizes."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from campaigns.domain.contact import ContactDraft
from tests.fakes.capacity import Capacity, count_capacity
from tests.fakes.world import World, a_world
from tests.unit.test_docs_data_model import every_table_with

TEXTS = tuple(f"Oi {{{{primeiro_nome}}}}, {letter * 280}" for letter in "abc")
#: A history of fifteen minutes is full, and nothing of the start is left in the figures.
WARM_SECONDS = 20 * 60
COUNTED_SECONDS = 10 * 60


@dataclass(frozen=True, slots=True)
class Costs:
    """Units per message in the steady state."""

    written: Mapping[str, float]
    read: Mapping[str, float]
    refused: list[str]
    largest: Mapping[str, int]


@pytest.fixture(scope="module")
def steady() -> Costs:
    with a_world(version="2.4.0") as world:
        capacity = count_capacity(world.app.table)
        started(world, 60)
        world.receive_webhooks()
        world.run(WARM_SECONDS)
        before = len(world.received())
        capacity.forget()
        world.run(COUNTED_SECONDS)
        return costs_of(capacity, len(world.received()) - before)


def started(world: World, count: int) -> None:
    contacts = world.add_contacts(count)
    world.start_running()
    world.started(contacts, texts=TEXTS)


def costs_of(capacity: Capacity, messages: int) -> Costs:
    def per_message(units: Mapping[str, float]) -> dict[str, float]:
        return {kind: count / messages for kind, count in units.items()}

    return Costs(
        per_message(capacity.written),
        per_message(capacity.read),
        list(capacity.refused),
        dict(capacity.largest),
    )


@pytest.mark.parametrize("direction", ["written", "read"])
def test_the_page_tells_what_a_message_costs_from_planning_to_its_read_receipt(
    steady: Costs, direction: str
) -> None:
    told = {row[0]: float(row[1]) for row in every_table_with(f"| {direction} | units | by |")}
    total = told.pop("total")
    counted = getattr(steady, direction)

    # Two tenths: which minute a message falls into moves the shares of what is done each minute.
    assert told == pytest.approx(counted, abs=0.2)
    assert total == pytest.approx(sum(counted.values()), abs=0.4)
    assert total == pytest.approx(sum(told.values()), abs=0.05)


def test_no_write_is_refused_on_the_plain_way(steady: Costs) -> None:
    assert steady.refused == []


def test_items_that_each_message_writes_stay_under_a_kilobyte(steady: Costs) -> None:
    kinds = {"head", "counters", "instance gate", "person gate", "recipient"}

    assert {kind for kind in kinds if steady.largest[kind] > 1024} == set()


def test_a_server_that_gives_the_message_its_own_id_costs_two_index_writes_more() -> None:
    with a_world(version="2.3.7", delay=(1, 2)) as world:
        capacity = count_capacity(world.app.table)
        started(world, 4)
        world.run(30)

        assert len(world.received()) == 4
        assert capacity.written["by_message"] == 3 * 4


def test_importing_and_laying_a_contact_costs_what_the_page_says() -> None:
    with a_world() as world:
        capacity = count_capacity(world.app.table)
        contacts = world.add_contacts(10)
        assert sum(capacity.written.values()) == 3 * 10

        capacity.forget()
        world.draft(contacts)
        world.run(1)
        assert capacity.written["recipient"] + capacity.written["marker"] == 2 * 10


def test_tags_and_groups_cost_what_the_page_says() -> None:
    with a_world() as world:
        capacity = count_capacity(world.app.table)

        def imported(first: int, tags: tuple[str, ...]) -> list[str]:
            drafts = [
                ContactDraft(f"(11) 99000-{number:04}", name="Ana", tags=tags)
                for number in range(first, first + 5)
            ]
            return [str(row.id) for row in world.app.contacts.bulk(world.tenant_id, drafts)]

        contacts = imported(0, ("vip",))
        assert sum(capacity.written.values()) == 6 * 5 + 2
        capacity.forget()
        imported(5, ("vip", "novo"))
        assert sum(capacity.written.values()) == 8 * 5 + 2 * 2
        group_id = world.app.groups.create(world.tenant_id, "Osasco", "").group.group_id
        for change in (world.app.groups.add_contacts, world.app.groups.remove_contacts):
            capacity.forget()
            change(world.tenant_id, group_id, contacts)
            assert sum(capacity.written.values()) == 4 * 5 + 2
