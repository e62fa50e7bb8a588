"""A role that may not call an operation is told so before anything is looked up."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from campaigns.domain.model import Role
from campaigns_api.operations import Operation
from campaigns_api.routes import all_operations
from tests.fakes.api import CAMPAIGNS, CONTACTS, INSTANCES, Shop

FORBIDDEN = [
    (operation, role)
    for operation in all_operations()
    if operation.role is not None
    for role in Role
    if not operation.allows(role)
]


def name_of(value: object) -> str:
    return value.handler.__name__ if isinstance(value, Operation) else str(value)


@contextmanager
def requests(shop: Shop) -> Iterator[list[str]]:
    """Every request to the table, and whose key it asks for."""
    seen: list[str] = []
    table = shop.app.table
    real: Callable[..., dict] = table.connection.dispatch

    def note(operation, request):
        seen.append(f"{operation} {request.get('Key', {}).get('pk', {}).get('S', '')[:4]}")
        return real(operation, request)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(table.connection, "dispatch", note)
        yield seen


@pytest.mark.parametrize(("operation", "role"), FORBIDDEN, ids=name_of)
def test_a_forbidden_call_reads_its_key_and_nothing_else(
    shop: Shop, operation: Operation, role: Role
):
    client = shop.client(role)
    path = operation.path.format(**dict.fromkeys(operation.parameters, "x"))
    client.get("/api/me/")
    with requests(shop) as seen:
        answer = client.speaking("en").call(operation.method, path, b"{", {"idempotency-key": "k"})
    assert (answer.status, answer.code) == (403, "forbidden")
    assert seen == ["GetItem KEY#"]


@pytest.mark.parametrize(
    ("path", "thing"),
    [
        (CAMPAIGNS, "campaign"),
        (CONTACTS, "contact"),
        (INSTANCES, "instance"),
    ],
)
def test_a_forbidden_call_reads_the_same_for_an_own_a_foreign_and_an_unknown_id(
    shop: Shop, path: str, thing: str
):
    ids = {
        "contact": lambda: shop.contact(1)["id"],
        "campaign": lambda: shop.campaign([])["id"],
        "instance": lambda: shop.instance()["id"],
    }
    own = ids[thing]()
    outsider = shop.app.create_tenant("Outra loja").tenant_id
    foreign_viewer = shop.app.keys.create(outsider, "viewer", Role.VIEWER)
    viewer = shop.client(Role.VIEWER)
    answers = [
        viewer.patch(f"{path}{own}/", {"name": "x"}),
        viewer.patch(f"{path}{path[5:7]}_unknown/", {"name": "x"}),
        type(viewer)(foreign_viewer.text).patch(f"{path}{own}/", {"name": "x"}),
    ]
    statuses = {(each.status, each.text) for each in answers}
    assert len(statuses) == 1


def test_a_role_includes_those_before_it():
    for operation in all_operations():
        allowed = [operation.allows(role) for role in Role]
        assert allowed == sorted(allowed), operation.handler.__name__
        assert operation.role is None or operation.allows(Role.OWNER)


def test_viewers_change_nothing_and_only_owners_manage_keys_tenant_and_trail():
    for operation in all_operations():
        if operation.allows(Role.VIEWER):
            assert not operation.is_audited, operation.handler.__name__
        if operation.tag in {"keys", "audit"}:
            assert operation.role is Role.OWNER
        if operation.tag in {"tenant", "instances"} and operation.is_audited:
            assert operation.role is Role.OWNER, operation.handler.__name__
