"""The job queue: SQS FIFO, grouped by person."""

import json
import logging
from collections.abc import Mapping, Sequence
from itertools import batched
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from campaigns.domain.model import SendJob

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH = 10
KIND_CAMPAIGN = "campaign"

_log = logging.getLogger(__name__)


class SqsJobQueue:
    """See :class:`campaigns.services.ports.JobQueue`."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, jobs: Sequence[SendJob]) -> list[bool]:
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

    def _send(self, jobs: Sequence[SendJob]) -> list[bool]:
        try:
            answer = self._client.send_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {
                        "Id": str(place),
                        "MessageBody": to_body(job),
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


def to_body(job: SendJob) -> str:
    """Ids and numbers only: no text, no phone. The person is the message's group."""
    return json.dumps(
        {
            "kind": KIND_CAMPAIGN,
            "tenant_id": job.tenant_id,
            "campaign_id": job.campaign_id,
            "instance_id": job.instance_id,
            "recipient_id": job.recipient_id,
            "sequence": job.sequence,
            "plan_number": job.plan_number,
            "slot_at": job.slot_at,
        },
        separators=(",", ":"),
    )


def from_body(body: str, person: str) -> SendJob | None:
    """The job of a message, or None where the body is none that this version knows."""
    try:
        fields = json.loads(body)
        if fields["kind"] != KIND_CAMPAIGN:
            return None
        return SendJob(
            tenant_id=str(fields["tenant_id"]),
            campaign_id=str(fields["campaign_id"]),
            instance_id=str(fields["instance_id"]),
            recipient_id=str(fields["recipient_id"]),
            person=person,
            sequence=int(fields["sequence"]),
            plan_number=int(fields["plan_number"]),
            slot_at=int(fields["slot_at"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
        # The last two are Infinity for a number, and brackets without end.
        return None
