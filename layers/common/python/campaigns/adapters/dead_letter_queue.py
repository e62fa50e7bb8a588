"""The dead-letter queue: SQS FIFO, beside the queue of the jobs that it takes over from."""

from collections.abc import Callable, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any

from campaigns.adapters.job_queue import from_body
from campaigns.services.ports_dead_letters import DeadLetter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType
    from mypy_boto3_sqs.type_defs import MessageTypeDef

#: What is looked through is hidden for so long from whoever else looks through it.
HIDDEN_SECONDS = 300
_BATCH = 10


class SqsDeadLetterQueue:
    """See :class:`campaigns.services.ports_dead_letters.DeadLetterQueue`.

    Raises what boto3 raises: whoever looks through dead letters is there to be told.
    """

    def __init__(self, client: "SQSClient", url: str, jobs_url: str) -> None:
        self._client = client
        self._url = url
        self._jobs_url = jobs_url

    def receive(self) -> list[DeadLetter]:
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=HIDDEN_SECONDS,
            MessageSystemAttributeNames=["All"],
        )
        return [_letter(message) for message in answer.get("Messages", [])]

    def waiting(self) -> int:
        return self._count("ApproximateNumberOfMessages")

    def hidden(self) -> int:
        return self._count("ApproximateNumberOfMessagesNotVisible")

    def give_back(self, letters: Sequence[DeadLetter]) -> None:
        def ask(entries: list[Any]) -> Any:
            return self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

        self._batched(letters, ask, lambda each: _by_receipt(each) | {"VisibilityTimeout": 0})

    def send_again(self, letters: Sequence[DeadLetter]) -> list[bool]:
        def ask(entries: list[Any]) -> Any:
            return self._client.send_message_batch(QueueUrl=self._jobs_url, Entries=entries)

        return self._batched(
            letters,
            ask,
            lambda each: {
                "MessageBody": each.body,
                "MessageGroupId": each.group,
                "MessageDeduplicationId": f"redrive:{each.message_id}",
            },
        )

    def delete(self, letters: Sequence[DeadLetter]) -> list[bool]:
        def ask(entries: list[Any]) -> Any:
            return self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)

        return self._batched(letters, ask, _by_receipt)

    def _count(self, of: "QueueAttributeNameType") -> int:
        answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=[of])
        return int(answer["Attributes"][of])

    def _batched(
        self,
        letters: Sequence[DeadLetter],
        ask: Callable[[list[Any]], Any],
        entry: Callable[[DeadLetter], dict[str, Any]],
    ) -> list[bool]:
        """Ten at a time; one answer a letter, in order."""
        done: list[bool] = []
        for chunk in batched(letters, _BATCH, strict=False):
            entries = [entry(each) | {"Id": str(place)} for place, each in enumerate(chunk)]
            successful = {each["Id"] for each in ask(entries).get("Successful", [])}
            done += [str(place) in successful for place in range(len(chunk))]
        return done


def _by_receipt(letter: DeadLetter) -> dict[str, Any]:
    return {"ReceiptHandle": letter.receipt_handle}


def _letter(message: "MessageTypeDef") -> DeadLetter:
    attributes = message["Attributes"]
    group = attributes["MessageGroupId"]
    return DeadLetter(
        message_id=message["MessageId"],
        receipt_handle=message["ReceiptHandle"],
        group=group,
        body=message["Body"],
        job=from_body(message["Body"], group),
        since=int(attributes["SentTimestamp"]),
        receives=int(attributes["ApproximateReceiveCount"]),
    )
