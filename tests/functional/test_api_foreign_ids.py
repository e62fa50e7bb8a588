"""Another tenant's real ids, in every path, body and query: they read like none, nothing moves."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pytest

from campaigns.domain.model import Role
from campaigns_api.operations import Operation
from campaigns_api.routes import all_operations
from tests.fakes.api import (
    CAMPAIGNS,
    CONTACTS,
    Answer,
    Client,
    Deployment,
    Shop,
    a_deployment,
)

UNKNOWN = "x_unknown"
OPERATIONS = {each.handler.__name__: each for each in all_operations()}
#: A body that has no fault of its own, where an empty one has: ids are looked up after that.
BODIES: dict[str, dict[str, Any]] = {
    "add_contacts_to_group": {"contact_ids": [UNKNOWN]},
    "create_message": {"message_text": "Oi"},
    "duplicate_campaign": {"name": "Outra"},
    "remove_contacts_from_group": {"contact_ids": [UNKNOWN]},
    "resolve_recipient": {"outcome": "sent"},
    "resolve_opt_out": {"contact_id": UNKNOWN},
    "send_test_message": {"phone": "(11) 99000-4001", "text": "Oi"},
    "test_message": {"phone": "(11) 99000-4001"},
}


@dataclass(frozen=True)
class Neighbours:
    """Two tenants, each with one of everything: its ids by the names of the paths' parameters."""

    shop: Shop
    clients: dict[Role, Client]
    own: dict[str, str]
    foreign: dict[str, str]

    @property
    def stored(self) -> list[dict[str, Any]]:
        """The whole table."""
        connection = self.shop.app.table.connection
        items: list[dict[str, Any]] = connection.scan(self.shop.app.table.name)["Items"]
        return items


@pytest.fixture(scope="module")
def neighbours() -> Iterator[Neighbours]:
    with a_deployment() as deployment:
        yield neighbours_in(deployment)


def neighbours_in(deployment: Deployment) -> Neighbours:
    victim = deployment.open_shop()
    foreign = victim.one_of_everything(day="2026-12-07")
    shop = deployment.open_shop()
    own = shop.one_of_everything(day="2026-12-08")
    deployment.queue.jobs.clear()
    clients = {role: shop.client(role) for role in Role}
    for client in clients.values():
        # That a key was used is noted once an hour.
        client.get("/api/me/")
    return Neighbours(shop, clients, own, foreign)


def name_of(value: object) -> str:
    if isinstance(value, Operation):
        return value.handler.__name__
    return "-".join(value) if isinstance(value, tuple) else str(value)


#: Of a path's ids each choice of one or more that are another's. A webhook's secret is of one
#: instance: nobody without it comes so far.
PATHS = [
    (operation, replaced)
    for operation in OPERATIONS.values()
    if not operation.is_webhook
    for count in range(len(operation.parameters))
    for replaced in combinations(operation.parameters, count + 1)
]


@pytest.mark.parametrize(("operation", "replaced"), PATHS, ids=name_of)
@pytest.mark.parametrize("role", Role)
def test_another_tenants_id_in_a_path_reads_like_none_and_changes_nothing(
    neighbours: Neighbours, operation: Operation, replaced: tuple[str, ...], role: Role
):
    body = None if operation.method == "GET" else BODIES.get(name_of(operation), {})
    before = neighbours.stored

    def call(instead: dict[str, str]) -> Answer:
        path = operation.path.format(**neighbours.own | {name: instead[name] for name in replaced})
        return neighbours.clients[role].call(operation.method, path, body)

    foreign, unknown = call(neighbours.foreign), call(dict.fromkeys(replaced, UNKNOWN))
    assert foreign.status == (404 if operation.allows(role) else 403)
    assert (foreign.status, foreign.text) == (unknown.status, unknown.text)
    assert neighbours.stored == before
    deployment = neighbours.shop.deployment
    assert (deployment.queue.jobs, deployment.kicks.waiting) == ([], [])


def own_campaign(neighbours: Neighbours) -> dict[str, Any]:
    path = f"{CAMPAIGNS}{neighbours.own['campaign_id']}/"
    campaign: dict[str, Any] = neighbours.shop.owner.get(path).json
    return campaign


#: A whole body by operation, into which an id is put.
WHOLE_BODIES: dict[str, Any] = {
    "add_contacts_to_group": lambda _: {},
    "add_recipients": lambda _: {},
    "change_campaign": lambda _: {},
    "count_audience": lambda _: {},
    "create_campaign": lambda neighbours: {
        "name": "Natal",
        "instance_id": neighbours.own["instance_id"],
        "message_texts": ["Oi"],
    },
    "preview_text": lambda _: {"message_text": "Oi"},
    "remove_contacts_from_group": lambda _: {},
    "replace_campaign": own_campaign,
    "resolve_opt_out": lambda _: {},
    "send_test_message": lambda _: BODIES["send_test_message"],
    "test_message": lambda _: BODIES["test_message"],
}
REFERENCES = [
    (operation, field)
    for operation in OPERATIONS.values()
    if operation.body
    for field in operation.body.model_fields
    if field.endswith(("_id", "_ids"))
]


@pytest.mark.parametrize(("operation", "field"), REFERENCES, ids=name_of)
def test_another_tenants_id_in_a_body_reads_like_an_unknown_one_and_changes_nothing(
    neighbours: Neighbours, operation: Operation, field: str
):
    foreign_id = neighbours.foreign[field.removesuffix("s")]
    whole = WHOLE_BODIES[name_of(operation)](neighbours)
    path = operation.path.format(**neighbours.own)
    before = neighbours.stored

    def call(given: str) -> Answer:
        value = [given] if field.endswith("_ids") else given
        return neighbours.clients[Role.OWNER].call(operation.method, path, whole | {field: value})

    foreign, unknown = call(foreign_id), call(UNKNOWN)
    if operation.tag == "groups":
        assert (foreign.status, foreign.json["unknown"]) == (200, [foreign_id])
    else:
        assert (foreign.status, foreign.code) == (422, "unknown_reference")
        assert set(foreign.faults) == {field}
    assert foreign.status == unknown.status
    assert foreign.text.replace(foreign_id, UNKNOWN) == unknown.text
    assert neighbours.stored == before
    assert neighbours.shop.deployment.queue.jobs == []


@pytest.mark.parametrize(
    ("path", "name", "parameter"),
    [(CAMPAIGNS, "instance_id", "instance_id"), (CONTACTS, "group", "group_id")],
)
def test_a_filter_by_another_tenants_id_finds_what_an_unknown_one_finds(
    neighbours: Neighbours, path: str, name: str, parameter: str
):
    viewer = neighbours.clients[Role.VIEWER]
    foreign = viewer.get(path, **{name: neighbours.foreign[parameter]})
    unknown = viewer.get(path, **{name: UNKNOWN})
    own = viewer.get(path, **{name: neighbours.own[parameter]})
    assert (foreign.status, foreign.text) == (unknown.status, unknown.text)
    assert own.status == 200
