"""One suite for every emulator: the model of the other tests, moto, and ministack.

Ministack keeps DynamoDB's word best; what passes on all three may be taken for what AWS does.
"""

from collections.abc import Iterator
from itertools import count

import pytest

from campaigns.adapters.dynamodb.table import Table
from tests.fakes.aws import ministack_table, model_table, moto_table

_NUMBERS = count()


@pytest.fixture(scope="module")
def real_table(ministack_url: str) -> Iterator[Table]:
    """For what moto does not promise: writes at once, and a transaction's request token."""
    with ministack_table(ministack_url, f"contract-{next(_NUMBERS)}") as opened:
        yield opened


@pytest.fixture(
    scope="module",
    params=["model", "moto", pytest.param("ministack", marks=pytest.mark.ministack)],
)
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    """An empty table, on one emulator after the other."""
    if request.param == "ministack":
        url = request.getfixturevalue("ministack_url")
        with ministack_table(url, f"contract-{next(_NUMBERS)}") as opened:
            yield opened
    else:
        with {"model": model_table, "moto": moto_table}[request.param]() as opened:
            yield opened
