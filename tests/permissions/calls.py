"""What a call of AWS takes: the actions that IAM asks for, and on which resource.

After AWS's service authorization reference. An operation that is not known here is an action of its
own name on a resource of no name, which no policy allows: it has to be looked up first.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

type Params = Mapping[str, Any]
#: An action and the raw name of its resource, with what the resource's ARN adds to it.
type Need = tuple[str, str, str]
#: Gives the resource of a need the name that it has in a recording.
type Namer = Callable[[str, str, str], str]

#: SQS asks for the single operation's action where a batch is sent.
_SQS = {
    "ChangeMessageVisibility": "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "DeleteMessage": "DeleteMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "GetQueueAttributes": "GetQueueAttributes",
    "ReceiveMessage": "ReceiveMessage",
    "SendMessage": "SendMessage",
    "SendMessageBatch": "SendMessage",
}
_ONE_TABLE = {"DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"}
#: A transaction has no action of its own: each of its writes takes the one of its kind.
TRANSACTIONS = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
#: Between operations of which a call is one.
OR = " or "
#: Where the resource stands in the request.
_NAMED_BY = {
    ("cloudformation", "DescribeStackResource"): "StackName",
    ("cloudformation", "DescribeStackResources"): "StackName",
    ("cloudformation", "DescribeStacks"): "StackName",
    ("cloudformation", "ListStackResources"): "StackName",
    ("kms", "Decrypt"): "KeyId",
    ("kms", "Encrypt"): "KeyId",
    ("kms", "GenerateDataKey"): "KeyId",
    ("logs", "FilterLogEvents"): "logGroupName",
    ("ssm", "GetParameter"): "Name",
}


class Call(NamedTuple):
    """Who called what, and which of the actions that it took on which resource.

    `resource` begins with the setting that names it: ``TABLE_NAME/index/by_due``.
    """

    who: str
    operation: str
    action: str
    resource: str


def needs(service: str, operation: str, params: Params) -> Iterator[Need]:
    """Every action that a call takes, with its resource."""
    match service, operation:
        case "dynamodb", _:
            yield from _dynamodb(operation, params)
        case "sqs", _ if operation in _SQS:
            yield f"sqs:{_SQS[operation]}", params["QueueUrl"], ""
        case "lambda", "Invoke":
            yield "lambda:InvokeFunction", params["FunctionName"], ""
        case _:
            named_by = _NAMED_BY.get((service, operation))
            yield f"{service}:{operation}", params.get(named_by, "") if named_by else "", ""


def _dynamodb(operation: str, params: Params) -> Iterator[Need]:
    if operation in _ONE_TABLE:
        index = params.get("IndexName")
        yield f"dynamodb:{operation}", params["TableName"], f"/index/{index}" if index else ""
    elif operation in {"BatchGetItem", "BatchWriteItem"}:
        for table in params["RequestItems"]:
            yield f"dynamodb:{operation}", table, ""
    elif operation == "TransactWriteItems":
        for item in params["TransactItems"]:
            for kind, request in item.items():
                yield f"dynamodb:{TRANSACTIONS[kind]}", request["TableName"], ""
    else:
        yield f"dynamodb:{operation}", "", ""


def namer(settings: Mapping[str, str]) -> Namer:
    """Names a resource by the setting that holds it, among these.

    KMS finds by itself the key of a ciphertext that says which it is. A resource that no setting
    names keeps its own name behind a question mark, as nothing that a policy could allow.
    """
    by_value = {value: name for name, value in settings.items() if value}

    def name(action: str, raw: str, rest: str) -> str:
        if action.startswith("kms:") and not raw:
            return "KMS_KEY_ID"
        return by_value.get(raw, f"?{raw}") + rest

    return name
