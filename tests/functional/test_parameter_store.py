"""The key of the deployment's own Evolution server, as whoever runs it has put it."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError

from campaigns.adapters.parameter_store import ParameterStoreKey
from tests.fakes.aws import SERVER_KEY_PARAMETER, model_table, put_server_key


@pytest.fixture(autouse=True)
def _emulator() -> Iterator[None]:
    with model_table():
        yield


def stored() -> ParameterStoreKey:
    return ParameterStoreKey(lambda: boto3.client("ssm"), SERVER_KEY_PARAMETER)


def test_a_key_is_read_once_and_anew_where_that_is_asked_for():
    put_server_key("first")
    key = stored()
    assert key.read() == "first"
    put_server_key("second")
    assert key.read() == "first"
    assert key.read(anew=True) == "second"
    assert key.read() == "second"


def test_a_key_that_is_put_later_is_found_without_a_new_process():
    key = stored()
    assert key.read() is None
    put_server_key("late")
    assert key.read() == "late"


@pytest.mark.parametrize("text", ["key\n", "  key  ", "key\r\n"])
def test_a_line_break_behind_a_key_is_no_part_of_it(text: str):
    put_server_key(text)
    assert stored().read() == "key"


def test_without_a_name_nothing_is_asked():
    def no_client() -> None:
        raise AssertionError("nothing is to be asked")

    assert ParameterStoreKey(no_client, "").read() is None


def test_a_parameter_that_may_not_be_read_is_a_fault_and_not_a_missing_key():
    class Refusing:
        def get_parameter(self, **_: object) -> None:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetParameter")

    with pytest.raises(ClientError):
        ParameterStoreKey(Refusing, SERVER_KEY_PARAMETER).read()
