"""What the API says of itself: health, me, its document."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from pynamodb.exceptions import PynamoDBException

from campaigns.domain.model import Role
from tests.fakes.api import Client, Shop

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
NOBODY = Client(None)


def test_health_asks_the_table_once_in_ten_seconds(shop: Shop):
    shop.clock.sleep(60_000)
    first = NOBODY.get("/health")
    assert (first.status, first.json["status"]) == (200, "ok")

    def fail(*_, **__):
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shop.app.table, "get", fail)
        shop.clock.sleep(9_999)
        assert NOBODY.get("/health").json == first.json
        shop.clock.sleep(1)
        ill = NOBODY.get("/health/")
    assert (ill.status, ill.json["status"]) == (503, "unavailable")
    shop.clock.sleep(10_000)
    assert NOBODY.get("/health").status == 200


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (EndpointConnectionError(endpoint_url="https://dynamodb"), 503, "unavailable"),
        (ClientError({"Error": {"Code": "InternalServerError"}}, "Query"), 503, "unavailable"),
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "Query"), 429, "throttled"),
    ],
)
@pytest.mark.parametrize("is_wrapped", [False, True])
def test_a_store_that_fails_is_503_and_one_that_throttles_429(
    shop: Shop, fault: Exception, status: int, code: str, is_wrapped: bool
):
    def fail(*_, **__):
        if is_wrapped:
            raise PynamoDBException("failed", fault) from fault
        raise fault

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shop.app.table, "get", fail)
        answer = shop.owner.get("/api/me/")
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (EndpointConnectionError(endpoint_url="https://dynamodb"), 503, "unavailable"),
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "Query"), 429, "throttled"),
    ],
)
def test_a_list_is_refused_as_everything_else_is(
    shop: Shop, fault: Exception, status: int, code: str
):
    connection = shop.app.table.connection
    real = connection.dispatch

    def fail(operation, request):
        if operation == "Query":
            raise fault
        return real(operation, request)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(connection, "dispatch", fail)
        answer = shop.owner.get("/api/contacts/contacts/")
    assert (answer.status, answer.code) == (status, code)


def cancelled(*codes: str) -> ClientError:
    answer = {
        "Error": {"Code": "TransactionCanceledException"},
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return ClientError(answer, "TransactWriteItems")


@pytest.mark.parametrize(
    ("fault", "status", "code", "retry_after"),
    [
        (cancelled("None", "ThrottlingError"), 429, "throttled", "1"),
        (cancelled("ProvisionedThroughputExceeded"), 429, "throttled", "1"),
        (cancelled("None", "ValidationError"), 500, "internal_error", None),
        (cancelled("TransactionConflict"), 503, "unavailable", "1"),
        (
            ClientError({"Error": {"Code": "ValidationException"}}, "Query"),
            500,
            "internal_error",
            None,
        ),
        (
            ClientError({"Error": {"Code": "AccessDeniedException"}}, "Query"),
            500,
            "internal_error",
            None,
        ),
    ],
)
def test_what_may_be_sent_again_says_when(
    shop: Shop, fault: Exception, status: int, code: str, retry_after: str | None
):
    def fail(*_, **__):
        raise fault

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shop.app.table, "get", fail)
        answer = shop.owner.get("/api/me/")
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers.get("Retry-After") == retry_after


def test_a_problem_is_worded_also_where_the_tenants_language_cannot_be_read(shop: Shop):
    def fail(*_, **__):
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shop.app.tenant_store, "rules", fail)
        answer = shop.owner.get("/api/contacts/contacts/x/")
    assert (answer.status, answer.json["title"]) == (404, "Não encontrado")


@pytest.mark.parametrize("role", Role)
def test_me_tells_tenant_and_role(shop: Shop, role: Role):
    me = shop.client(role).get("/api/me/").json
    assert me["role"] == role
    assert me["tenant"] == {
        "id": shop.tenant_id,
        "name": "Loja da Ana",
        "timezone": "America/Sao_Paulo",
        "locale": "pt-BR",
    }


def test_the_committed_document_is_the_one_that_is_served(shop: Shop):
    """Renew it with ``python scripts/write_openapi.py``."""
    served = NOBODY.get("/openapi.json")
    assert served.headers["Content-Type"] == "application/json"
    assert json.loads(DOCUMENT.read_text("utf-8")) == served.json


def test_the_page_shows_the_document_without_anything_from_elsewhere(shop: Shop):
    page = NOBODY.get("/docs")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "list_campaigns" in page.text
    assert 'src="http' not in page.text
    assert "<link" not in page.text
