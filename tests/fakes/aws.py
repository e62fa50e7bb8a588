"""The table and the KMS key of a deployment in process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

import boto3
from moto import mock_aws

from campaigns.adapters.dynamodb.table import Table
from tests.fakes.dynamodb import REGION, create_table
from tests.fakes.dynamodb_in_process import dynamodb_in_process

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient

SERVER_KEY_PARAMETER = "/campaigns/evolution-server-key"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
}


@contextmanager
def moto_table(name: str = "campaigns") -> Iterator[Table]:
    """An empty table; other AWS services are moto's too, while it is open."""
    with patch.dict("os.environ", CREDENTIALS), mock_aws():
        yield Table(create_table(name), sleep=_no_sleep)


@contextmanager
def model_table(name: str = "campaigns") -> Iterator[Table]:
    """An empty table of the model's; other AWS services are moto's, while it is open."""
    with dynamodb_in_process(), moto_table(name) as table:
        yield table


@contextmanager
def ministack_table(url: str, name: str) -> Iterator[Table]:
    """An empty table on the emulator at that address."""
    with patch.dict("os.environ", CREDENTIALS | {"AWS_ENDPOINT_URL": url}):
        create_table(name, endpoint_url=url)
        yield Table(name, sleep=_no_sleep)


def create_kms_key() -> str:
    """The id of a new key, in whatever emulator is the present one."""
    client: KMSClient = boto3.client("kms", region_name=REGION)
    return client.create_key()["KeyMetadata"]["KeyId"]


def put_server_key(key: str) -> str:
    """The name of the parameter that holds the key of the deployment's own Evolution server."""
    boto3.client("ssm", region_name=REGION).put_parameter(
        Name=SERVER_KEY_PARAMETER, Value=key, Type="SecureString", Overwrite=True
    )
    return SERVER_KEY_PARAMETER


def _no_sleep(milliseconds: int) -> None:
    """Emulators do not throttle: nothing is waited for."""
