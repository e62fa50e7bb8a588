"""The job queue: SQS FIFO, grouped by person."""

import json
import logging
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import batched
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from campaigns.domain.job import DirectJob, Job
from campaigns.domain.model import SendJob
from campaigns.services.correlation import correlation_id

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH = 10
_LONGEST_ID = 128
#: Epoch milliseconds; no number of a job is larger than a slot.
_YEAR_10000 = 253_402_300_800_000


class Kind(StrEnum):
    """What a job's body says that it is."""

    CAMPAIGN = "campaign"
    DIRECT = "direct"


_log = logging.getLogger(__name__)


class SqsJobQueue:
    """See :class:`campaigns.services.ports.JobQueue`."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, jobs: Sequence[Job]) -> list[bool]:
        return [sent for chunk in batched(jobs, _BATCH, strict=False) for sent in self._send(chunk)]

    def put_back(self, delays: Mapping[str, int]) -> None:
        for chunk in batched(delays.items(), _BATCH, strict=False):
            try:
                self._client.change_message_visibility_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(place), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
                        for place, (receipt, seconds) in enumerate(chunk)
                    ],
                )
            except (BotoCoreError, ClientError):
                # They come back after the queue's own visibility, and are released as late.
                _log.warning("put_back_failed", extra={"count": len(chunk)}, exc_info=True)

    def _send(self, jobs: Sequence[Job]) -> list[bool]:
        try:
            answer = self._client.send_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {
                        "Id": str(place),
                        "MessageBody": to_body(job, correlation_id()),
                        "MessageGroupId": job.person,
                        "MessageDeduplicationId": job.deduplication_id,
                    }
                    for place, job in enumerate(jobs)
                ],
            )
        except (BotoCoreError, ClientError):
            # Acknowledged or not cannot be told: they are planned again under the same ids.
            _log.warning("jobs_not_acknowledged", extra={"count": len(jobs)}, exc_info=True)
            return [False] * len(jobs)
        sent = {entry["Id"] for entry in answer.get("Successful", [])}
        return [str(place) in sent for place in range(len(jobs))]


def to_body(job: Job, made_for: str | None = None) -> str:
    """Ids and numbers only: no text, no phone. The person is the message's group.

    `made_for` is the correlation id of the call for which the job is made, where there is one.
    """
    fields: dict[str, str | int]
    match job:
        case SendJob():
            fields = {
                "kind": Kind.CAMPAIGN,
                "tenant_id": job.tenant_id,
                "campaign_id": job.campaign_id,
                "instance_id": job.instance_id,
                "recipient_id": job.recipient_id,
                "sequence": job.sequence,
                "plan_number": job.plan_number,
                "slot_at": job.slot_at,
            }
        case DirectJob():
            fields = {
                "kind": Kind.DIRECT,
                "tenant_id": job.tenant_id,
                "direct_message_id": job.direct_message_id,
                "instance_id": job.instance_id,
                "slot_at": job.slot_at,
            }
    if made_for:
        fields["correlation_id"] = made_for
    return json.dumps(fields, separators=(",", ":"))


def from_body(body: str, person: str) -> Job | None:
    """The job of a message, or None where the body is none that this version knows."""
    try:
        fields = json.loads(body)
        match fields["kind"]:
            case Kind.CAMPAIGN:
                return _send_job(fields, person)
            case Kind.DIRECT:
                return _direct_job(fields, person)
    except (KeyError, TypeError, ValueError, RecursionError):
        # The last one is brackets without end.
        pass
    return None


def correlation_of(body: str) -> str | None:
    """For which call a message's job was made; None where it does not say so. It is for the log
    alone: whatever stands there, the job is what :func:`from_body` reads."""
    try:
        return _id(json.loads(body)["correlation_id"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return None


def _send_job(fields: Mapping[str, Any], person: str) -> SendJob:
    return SendJob(
        tenant_id=_id(fields["tenant_id"]),
        campaign_id=_id(fields["campaign_id"]),
        instance_id=_id(fields["instance_id"]),
        recipient_id=_id(fields["recipient_id"]),
        person=person,
        sequence=_number(fields["sequence"]),
        plan_number=_number(fields["plan_number"]),
        slot_at=_number(fields["slot_at"]),
    )


def _direct_job(fields: Mapping[str, Any], person: str) -> DirectJob:
    return DirectJob(
        tenant_id=_id(fields["tenant_id"]),
        direct_message_id=_id(fields["direct_message_id"]),
        instance_id=_id(fields["instance_id"]),
        person=person,
        slot_at=_number(fields["slot_at"]),
    )


def _id(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_ID:
        raise ValueError
    return value


def _number(value: object) -> int:
    """A job that is nearly right is not ours: to guess at it would end it as done."""
    if type(value) is not int or not 0 <= value < _YEAR_10000:
        raise ValueError
    return value
