"""One suite for every emulator: moto in process, and ministack, which keeps DynamoDB's word."""

from collections.abc import Iterator
from itertools import count

import pytest

from campaigns.adapters.dynamodb.table import Table
from tests.fakes.aws import ministack_table, moto_table

_NUMBERS = count()


@pytest.fixture(scope="module")
def real_table(ministack_url: str) -> Iterator[Table]:
    """For what moto does not promise: writes at once, and a transaction's request token."""
    with ministack_table(ministack_url, f"contract-{next(_NUMBERS)}") as opened:
        yield opened


@pytest.fixture(
    scope="module", params=["moto", pytest.param("ministack", marks=pytest.mark.ministack)]
)
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    """An empty table, on one emulator after the other."""
    if request.param == "ministack":
        url = request.getfixturevalue("ministack_url")
        with ministack_table(url, f"contract-{next(_NUMBERS)}") as opened:
            yield opened
    else:
        with moto_table() as opened:
            yield opened
