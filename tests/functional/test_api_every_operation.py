"""The conventions, tried on every operation that they are for."""

from itertools import combinations

import pytest

from campaigns_api.models.base import ListQuery
from campaigns_api.routes import all_operations
from tests.fakes.api import Answer, Shop

OPERATIONS = all_operations()
PLACEHOLDER = "x"
#: A value that each filter takes.
FILTERS = {
    "archived": "true",
    "event_type": "campaign_started",
    "group": PLACEHOLDER,
    "instance_id": PLACEHOLDER,
    "is_active": "true",
    "level": "info",
    "opted_out": "true",
    "search": "natal",
    "status": "draft",
    "tag": "vip",
}
FILTERED = [
    operation
    for operation in OPERATIONS
    if operation.query and issubclass(operation.query, ListQuery) and operation.query.exclusive
]


@pytest.mark.parametrize("operation", FILTERED, ids=lambda each: each.handler.__name__)
def test_one_filter_at_a_time(shop: Shop, operation):
    path = operation.path.format(**dict.fromkeys(operation.parameters, PLACEHOLDER))
    for pair in combinations(operation.query.exclusive, 2):
        answer = shop.owner.get(path, **{name: FILTERS[name] for name in pair})
        assert (answer.status, answer.code) == (422, "too_many_filters")
        assert set(answer.faults) == set(pair)


CHANGES = [each for each in OPERATIONS if each.method in {"PUT", "PATCH", "DELETE"}]
READABLE = {each.path for each in OPERATIONS if each.method == "GET"}


@pytest.mark.parametrize("operation", CHANGES, ids=lambda each: each.handler.__name__)
def test_every_change_and_deletion_honours_if_match(shop: Shop, operation):
    path = operation.path.format(**shop.one_of_everything())
    seen = shop.owner.get(path) if operation.path in READABLE else None
    body = seen and operation.body and seen.json

    def change(etag: str) -> Answer:
        return shop.owner.call(operation.method, path, body, {"if-match": etag})

    refused = change('"other"')
    assert (refused.status, refused.code) == (412, "precondition_failed")
    # A key is not read alone, and never changes.
    assert change(seen.headers["ETag"] if seen else "*").status == operation.status


@pytest.mark.parametrize(
    "operation", [each for each in CHANGES if each.is_edit], ids=lambda each: each.handler.__name__
)
def test_what_was_read_can_be_sent_back_but_with_no_field_that_nobody_knows(shop: Shop, operation):
    path = operation.path.format(**shop.one_of_everything())
    seen = shop.owner.get(path).json
    refused = shop.owner.call(operation.method, path, seen | {"nonsense": 1})
    assert (refused.status, refused.faults) == (422, {"nonsense": "unknown_field"})
    assert shop.owner.call(operation.method, path, seen).status == 200
