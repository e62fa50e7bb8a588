"""A write that happens and whose answer is lost: the SDK sends the very same request again."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from botocore.awsrequest import AWSResponse
from moto.core.models import botocore_stubber

from campaigns.adapters.dynamodb.table import Table
from tests.fakes.dynamodb_in_process import model_in_use
from tests.fakes.dynamodb_model import DynamoModel


@contextmanager
def losing_the_answer(table: Table, operation: str) -> Iterator[None]:
    """The next request of that operation is carried out, but its caller sees a failing server.

    The SDK's pause before it repeats is left out.
    """
    if model := model_in_use():
        with _repeated(model, operation):
            yield
        return
    client = table.connection.client
    event = f"before-send.dynamodb.{operation}"
    sent: list[bytes] = []

    def lose(request: Any, **_: Any) -> AWSResponse | None:
        sent.append(request.body)
        if len(sent) > 1:
            return None
        # Moto hears the event as well, and carries it out by itself.
        if not botocore_stubber.enabled:
            client._endpoint.http_session.send(request)
        return AWSResponse(request.url, 500, {}, SimpleNamespace(stream=lambda: [b""]))

    client.meta.events.register_first(event, lose)
    try:
        with patch("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None)):
            yield
    finally:
        client.meta.events.unregister(event, lose)
    assert sent[0] == sent[1], "the SDK repeated the request"


@contextmanager
def _repeated(model: DynamoModel, operation: str) -> Iterator[None]:
    """The model answers the SDK's call, not its requests: it is asked twice, as it would be."""
    answer = model.answer
    repeated: list[str] = []

    def twice(asked: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if asked == operation and not repeated:
            repeated.append(asked)
            answer(asked, request)
        return answer(asked, request)

    with patch.object(model, "answer", twice):
        yield
    assert repeated, "the operation was asked for"
