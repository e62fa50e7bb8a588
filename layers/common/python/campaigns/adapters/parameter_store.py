"""A secret that whoever runs the deployment keeps in Parameter Store (see decision 0012)."""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Protocol

from botocore.exceptions import ClientError


class Parameters(Protocol):
    """The part of boto3's client for SSM that is used here."""

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> Mapping[str, Any]: ...  # noqa: N803 - boto3's names


class ParameterStoreKey:
    """See :class:`campaigns.services.ports_evolution.ServerKey`.

    Read once per process. That there is none is not remembered: it may be put at any time.
    """

    def __init__(self, client: Callable[[], Parameters], name: str) -> None:
        self._client = client
        self._name = name
        self._lock = Lock()
        self._key: str | None = None

    def read(self, *, anew: bool = False) -> str | None:
        with self._lock:
            if anew or self._key is None:
                self._key = self._read() if self._name else None
            return self._key

    def _read(self) -> str | None:
        try:
            answer = self._client().get_parameter(Name=self._name, WithDecryption=True)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ParameterNotFound":
                return None
            raise
        # What is put from a file ends with a line break.
        return str(answer["Parameter"]["Value"]).strip() or None
