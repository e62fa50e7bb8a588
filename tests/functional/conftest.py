"""A deployment for the tests that call the API's handler, and a tenant for each of them."""

from collections.abc import Iterator

import pytest

from tests.fakes.api import Deployment, Shop, a_deployment


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with a_deployment() as opened:
        yield opened


@pytest.fixture
def shop(deployment: Deployment) -> Shop:
    return deployment.open_shop()
