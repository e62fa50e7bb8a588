"""What looking through dead letters needs from outside, as a protocol."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from campaigns.domain.job import Job


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that came too often, as it was received from where it rests.

    `group` and `body` are as they were sent; `job` is None where nobody can read the body. `since`:
    epoch ms from when on it rests there, or was sent. `receives`: how often it has come.
    """

    message_id: str
    receipt_handle: str = field(repr=False)
    group: str
    body: str = field(repr=False)
    job: Job | None
    since: int
    receives: int


class DeadLetterQueue(Protocol):
    def receive(self) -> list[DeadLetter]:
        """Ten at most of those that can be had at this moment, hidden from everyone else.

        Nothing of a group can be had while one of it is hidden. Empty: there is no other.
        """

    def waiting(self) -> int:
        """About how many there are beside those that are hidden."""

    def hidden(self) -> int:
        """About how many somebody holds at this moment: this command, another, or one that was cut
        off."""

    def give_back(self, letters: Sequence[DeadLetter]) -> None:
        """Whoever asks next may have them. Best effort: they come back by themselves later."""

    def send_again(self, letters: Sequence[DeadLetter]) -> list[bool]:
        """Back to the jobs, as they were: acknowledged or not, in order.

        Under an id of their own, the same each time: SQS drops what is repeated within five minutes
        of a crash.
        """

    def delete(self, letters: Sequence[DeadLetter]) -> list[bool]: ...
