"""The stack's table, queues and key, made from the template's own resources, once.

A table that another version of the template made is refused: its data would be read wrongly.
"""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from campaigns_cli.language import t
from local.process import REGION
from local.template import Template

TABLE_NAME = "campaigns"
QUEUE_NAME = "campaigns-jobs.fifo"
DEAD_LETTER_QUEUE_NAME = "campaigns-dead-letters.fifo"
KEY_ALIAS = "alias/campaigns"

_TABLE_PROPERTIES = (
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "BillingMode",
)


class ResourcesDifferError(Exception):
    """The state folder holds a table that the template no longer describes."""


@dataclass(frozen=True, slots=True)
class Resources:
    """Names by which the functions find what was made."""

    table_name: str
    queue_url: str
    queue_arn: str
    dead_letter_queue_url: str
    key_id: str


def client(service: str, endpoint_url: str) -> Any:
    """A client of the emulator with keys that open nothing, whatever the user's set-up is."""
    return boto3.session.Session(
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 - opens nothing
        region_name=REGION,
    ).client(
        service,
        endpoint_url=endpoint_url,
        config=Config(proxies={}, retries={"total_max_attempts": 2, "mode": "standard"}),
    )


def create_resources(endpoint_url: str, template: Template) -> Resources:
    """Makes what is missing and returns the names, which the template knows from then on.

    Safe to repeat.
    """
    create_table(endpoint_url, template.properties("Table"))
    sqs = client("sqs", endpoint_url)
    dead_letters_url, dead_letters_arn = _create_queue(
        sqs, endpoint_url, DEAD_LETTER_QUEUE_NAME, template.properties("DeadLetterQueue")
    )
    template.know({"DeadLetterQueue.Arn": dead_letters_arn})
    queue_url, queue_arn = _create_queue(
        sqs, endpoint_url, QUEUE_NAME, template.properties("JobsQueue")
    )
    key_id = _create_key(client("kms", endpoint_url))
    template.know({"Table": TABLE_NAME, "JobsQueue": queue_url, "Key.Arn": key_id})
    return Resources(TABLE_NAME, queue_url, queue_arn, dead_letters_url, key_id)


def keep_server_key(endpoint_url: str, name: str, key: str | None) -> None:
    """The Evolution server's key is under that name from now on; None: nothing is."""
    ssm = client("ssm", endpoint_url)
    if key is None:
        with contextlib.suppress(ssm.exceptions.ParameterNotFound):
            ssm.delete_parameter(Name=name)
    else:
        ssm.put_parameter(Name=name, Value=key, Type="SecureString", Overwrite=True)


def create_table(
    endpoint_url: str, properties: Mapping[str, Any], table_name: str = TABLE_NAME
) -> None:
    """Creates the table of the template's properties with its indexes and its time to live."""
    dynamodb = client("dynamodb", endpoint_url)
    wanted = {name: properties[name] for name in _TABLE_PROPERTIES if name in properties}
    if table_name in dynamodb.list_tables()["TableNames"]:
        existing = dynamodb.describe_table(TableName=table_name)["Table"]
        if _schema(existing) != _schema(wanted):
            raise ResourcesDifferError(
                t(
                    f"A tabela {table_name} é de outra versão do template.yaml: escolha outra "
                    "pasta em STATE_DIR, ou apague esta para começar de novo.",
                    f"The table {table_name} was made by another version of template.yaml: set "
                    "STATE_DIR to another folder, or delete this one to start afresh.",
                )
            )
        return
    dynamodb.create_table(TableName=table_name, **wanted)
    if "TimeToLiveSpecification" in properties:
        dynamodb.update_time_to_live(
            TableName=table_name, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
        )


def _schema(table: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """The key of the table and of each of its indexes."""
    indexes = {index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", [])}
    return {
        name: sorted((part["AttributeName"], part["KeyType"]) for part in keyed["KeySchema"])
        for name, keyed in {"": table, **indexes}.items()
    }


def _create_queue(
    sqs: Any, endpoint_url: str, name: str, properties: Mapping[str, Any]
) -> tuple[str, str]:
    """Makes the queue or brings its attributes up to date; gives its URL and ARN."""
    # CloudFormation's names of a queue's attributes are SQS's own, but for these two.
    attributes = {
        key: _attribute(value)
        for key, value in properties.items()
        if key not in {"QueueName", "Tags"}
    }
    listed = sqs.list_queues(QueueNamePrefix=name).get("QueueUrls", [])
    if listed:
        (url,) = listed
        del attributes["FifoQueue"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    else:
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    # The emulator keeps the address of its first start, but its port changes from start to start.
    return endpoint_url + urlsplit(url).path, arn["Attributes"]["QueueArn"]


def _attribute(value: Any) -> str:
    """SQS takes every attribute as a string."""
    return value if isinstance(value, str) else json.dumps(value)


def _create_key(kms: Any) -> str:
    aliases = {alias["AliasName"]: alias for alias in kms.list_aliases()["Aliases"]}
    if KEY_ALIAS in aliases:
        existing: str = aliases[KEY_ALIAS]["TargetKeyId"]
        return existing
    key_id: str = kms.create_key(Description="The local stack's key")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=KEY_ALIAS, TargetKeyId=key_id)
    return key_id
