"""Has every DynamoDB client's calls answered by the model, before anything is sent."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient

from tests.fakes.dynamodb_expressions import Invalid
from tests.fakes.dynamodb_model import Cancelled, DynamoModel, Mismatch, NoTable, Refused

#: Asked of moto, which knows the table without its items.
_OF_THE_TABLE = {"DescribeTable", "DescribeTimeToLive", "ListTables", "UpdateTimeToLive"}

_TOKENS = count()
_open: list[DynamoModel] = []


def model_in_use() -> DynamoModel | None:
    """The model that answers now, if one does."""
    return _open[-1] if _open else None


@contextmanager
def dynamodb_in_process() -> Iterator[DynamoModel]:
    """Have every DynamoDB client's calls answered by a model; moto (or who is there) the others'.

    The table is created there too: it goes on telling its keys, indexes and TTL.
    """
    model = DynamoModel()
    send = BaseClient._make_api_call

    def answered(client: Any, operation: str, request: dict[str, Any]) -> Any:
        if client.meta.service_model.service_name != "dynamodb" or operation in _OF_THE_TABLE:
            return send(client, operation, request)
        if operation == "CreateTable":
            model.create(request)
            return send(client, operation, request)
        if operation == "DeleteTable":
            model.drop(request["TableName"])
            return send(client, operation, request)
        _announce(client, operation, request)
        if operation == "TransactWriteItems":
            # As the SDK does: its repeats of one call have one token.
            request = {"ClientRequestToken": f"token-{next(_TOKENS)}"} | request
        try:
            return model.answer(operation, request)
        except NoTable:
            raise _error(client, operation, "ResourceNotFoundException", {}) from None
        except Invalid as error:
            raise _error(client, operation, "ValidationException", {}, str(error)) from None
        except Mismatch:
            code = "IdempotentParameterMismatchException"
            raise _error(client, operation, code, {}) from None
        except Refused as refused:
            also = {} if refused.item is None else {"Item": refused.item}
            raise _error(client, operation, "ConditionalCheckFailedException", also) from None
        except Cancelled as cancelled:
            also = {"CancellationReasons": [_reason(each) for each in cancelled.reasons]}
            raise _error(client, operation, "TransactionCanceledException", also) from None

    _open.append(model)
    try:
        with patch.object(BaseClient, "_make_api_call", answered):
            yield model
    finally:
        _open.remove(model)


def _announce(client: Any, operation: str, request: dict[str, Any]) -> None:
    """Who counts requests hears of this one as of any that the SDK sends."""
    model = client.meta.service_model.operation_model(operation)
    client.meta.events.emit(
        f"provide-client-params.dynamodb.{operation}", params=request, model=model, context={}
    )
    client.meta.events.emit(
        f"before-call.dynamodb.{operation}",
        model=model,
        params={"headers": {}, "body": b"", "url_path": "/", "context": {}},
        request_signer=None,
        context={},
    )


def _error(
    client: Any, operation: str, code: str, also: Mapping[str, Any], message: str = ""
) -> Exception:
    answer = {"Error": {"Code": code, "Message": message or code}, **also}
    error: Exception = client.exceptions.from_code(code)(answer, operation)
    return error


def _reason(refused: Refused | None) -> dict[str, Any]:
    if refused is None:
        return {"Code": "None"}
    reason: dict[str, Any] = {"Code": "ConditionalCheckFailed", "Message": "The request failed"}
    return reason if refused.item is None else reason | {"Item": refused.item}
