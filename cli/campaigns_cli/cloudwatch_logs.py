"""The logs of a deployment, by CloudWatch Logs."""

import json
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from campaigns_cli.errors import CliError, UnusableInput
from campaigns_cli.language import t
from campaigns_cli.log_entries import Entry

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef

#: Events become readable this long after they happened, and not in their order.
INGESTION = timedelta(seconds=90)
_LOG_GROUPS = {
    "api": "ApiLogGroup",
    "scheduler": "SchedulerLogGroup",
    "dispatcher": "DispatcherLogGroup",
}


class CloudWatchLogs:
    """One log group. Each poll looks back over what may have come late, and tells nothing twice.

    `term` limits what is fetched to lines that hold it; `now` is an aware time.
    """

    def __init__(
        self,
        client: "CloudWatchLogsClient",
        log_group: str,
        since: datetime,
        *,
        term: str | None,
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._log_group = log_group
        self._from = since
        self._pattern = json.dumps(term, ensure_ascii=False) if term else ""
        self._now = now
        self._told: dict[str, int] = {}

    def poll(self) -> list[Entry]:
        """What is new since the last time, in the order of time."""
        asked_at, begin = self._now(), _milliseconds(self._from)
        events = [one for one in self._events(begin) if one["eventId"] not in self._told]
        self._told |= {one["eventId"]: one["timestamp"] for one in events}
        self._from = max(self._from, asked_at - INGESTION)
        kept_from = _milliseconds(self._from)
        self._told = {event: at for event, at in self._told.items() if at >= kept_from}
        events.sort(key=lambda one: one["timestamp"])
        return [_entry(one) for one in events]

    def _events(self, begin: int) -> Iterator["FilteredLogEventTypeDef"]:
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=self._log_group, startTime=begin, filterPattern=self._pattern
        )
        for page in pages:
            yield from page["events"]


def log_group_of(client: "CloudFormationClient", stack: str, function: str) -> str:
    """The name of a function's log group, as the stack made it."""
    answer = client.describe_stack_resource(
        StackName=stack, LogicalResourceId=_LOG_GROUPS[function]
    )
    return answer["StackResourceDetail"]["PhysicalResourceId"]


def configured_stack(folder: Path) -> str | None:
    """The stack's name in the nearest `samconfig.toml` upwards."""
    for place in (folder, *folder.parents):
        try:
            config = tomllib.loads((place / "samconfig.toml").read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            return None
        default = config.get("default", {})
        for command in ("deploy", "global"):
            if name := default.get(command, {}).get("parameters", {}).get("stack_name"):
                return str(name)
        return None
    return None


@contextmanager
def aws_explained(stack: str) -> Iterator[None]:
    """AWS's refusals as sentences that say what to do."""
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        NoCredentialsError,
        NoRegionError,
        TokenRetrievalError,
    )

    try:
        yield
    except NoRegionError as error:
        raise UnusableInput(
            t(
                "Não sei a região da AWS: defina AWS_DEFAULT_REGION ou AWS_PROFILE.",
                "No AWS region given: set AWS_DEFAULT_REGION or AWS_PROFILE.",
            )
        ) from error
    except (NoCredentialsError, TokenRetrievalError) as error:
        raise UnusableInput(
            t(
                "Faltam credenciais da AWS: defina AWS_PROFILE, ou entre com aws sso login.",
                "No AWS credentials: set AWS_PROFILE, or sign in with aws sso login.",
            )
        ) from error
    except ClientError as error:
        refusal = error.response.get("Error", {})
        sentence = _refused(refusal.get("Code", ""), refusal.get("Message", ""), stack)
        raise CliError(sentence) from error
    except BotoCoreError as error:
        raise CliError(t(f"A AWS não atendeu: {error}", f"AWS did not serve: {error}")) from error


def _refused(code: str, message: str, stack: str) -> str:
    if code == "ValidationError":
        return t(
            f"Não achei a instalação {stack} nesta conta e região: confira --stack, AWS_PROFILE e "
            f"AWS_DEFAULT_REGION. ({message})",
            f"There is no deployment {stack} in this account and region: check --stack, "
            f"AWS_PROFILE and AWS_DEFAULT_REGION. ({message})",
        )
    if "AccessDenied" in code:
        return t(
            "Suas credenciais não podem ler os registros: elas precisam de "
            f"cloudformation:DescribeStackResource e logs:FilterLogEvents. ({message})",
            "Your credentials may not read the logs: they need "
            f"cloudformation:DescribeStackResource and logs:FilterLogEvents. ({message})",
        )
    if code in {"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException"}:
        return t(
            "As credenciais da AWS venceram ou não valem: entre de novo.",
            "The AWS credentials have run out or are not valid: sign in again.",
        )
    return t(f"A AWS recusou: {code}: {message}", f"AWS refused: {code}: {message}")


def _entry(event: "FilteredLogEventTypeDef") -> Entry:
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    return Entry.parse(event["message"].rstrip("\n"), at)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
