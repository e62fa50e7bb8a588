"""Dead letters: list them, send them back to the jobs, or throw them away.

The queue is FIFO: nothing behind a hidden letter of its group can be had. So letters are taken by
groups, and each is taken once, whatever lies before it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from campaigns.services.ports_dead_letters import DeadLetter, DeadLetterQueue

#: Taken at once: few enough to be done with while they stay hidden.
ROUND = 1_000
#: What one receive gives at most.
_BATCH = 10

type Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Listed:
    """Dead letters, and about how many there are behind them that could not be had.

    `hidden`: where there are none to be had, about how many somebody else holds.
    """

    letters: tuple[DeadLetter, ...]
    behind: int
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of dead letters; each number counts letters, `unknown` names ids.

    `unreadable`: left where they are, since sending them again would only bring them back.
    `failed`: the queue did not take them, or did not let go of them. `behind` and `hidden`: see
    :class:`Listed`.
    """

    done: int = 0
    unreadable: int = 0
    failed: int = 0
    behind: int = 0
    unknown: tuple[str, ...] = ()
    hidden: int = 0


class DeadLetters:
    """`tell` is called with how many were taken so far."""

    def __init__(self, queue: DeadLetterQueue) -> None:
        self._queue = queue

    def look(self, tell: Tell) -> Listed:
        """A round of them, given back at once."""
        with self._taking() as taken:
            letters = taken.take(tell)
            behind = self._queue.waiting()
            hidden = 0 if letters else self._queue.hidden()
        return Listed(tuple(letters), behind, hidden)

    def redrive(self, ids: Collection[str] | None, tell: Tell) -> Handled:
        """Back to the jobs first, then away from here: a crash between the two doubles a job, which
        dies at its claim.

        `ids` None is all that can be read; what is named goes back whether it can be read or not.
        """

        def is_meant(letter: DeadLetter) -> bool:
            return letter.job is not None if ids is None else letter.message_id in ids

        return self._each(ids, is_meant, self._send_again, tell)

    def discard(self, ids: Collection[str] | None, tell: Tell) -> Handled:
        """Delete them. Whom a campaign's job was for is planned again by the walk of its mark."""

        def is_meant(letter: DeadLetter) -> bool:
            return ids is None or letter.message_id in ids

        return self._each(ids, is_meant, self._queue.delete, tell)

    def _send_again(self, letters: Sequence[DeadLetter]) -> list[bool]:
        are_sent = self._queue.send_again(letters)
        sent = [each for each, is_sent in zip(letters, are_sent, strict=True) if is_sent]
        deleted = iter(self._queue.delete(sent))
        return [is_sent and next(deleted) for is_sent in are_sent]

    def _each(
        self,
        ids: Collection[str] | None,
        is_meant: Callable[[DeadLetter], bool],
        act: Callable[[Sequence[DeadLetter]], list[bool]],
        tell: Tell,
    ) -> Handled:
        """Round by round, until a round brings nothing that was not there before."""
        done = failed = unreadable = seen = 0
        missing = set(ids or ())
        with self._taking() as taken:
            while letters := taken.take(tell):
                seen += len(letters)
                meant = [each for each in letters if is_meant(each)]
                missing -= {each.message_id for each in meant}
                results = act(meant)
                done += sum(results)
                failed += len(results) - sum(results)
                taken.let_go(each for each, is_done in zip(meant, results, strict=True) if is_done)
                unreadable += len(letters) - len(meant) if ids is None else 0
                if ids is not None and not missing:
                    break
            behind = 0 if ids is not None and not missing else self._queue.waiting()
            hidden = 0 if seen else self._queue.hidden()
        return Handled(done, unreadable, failed, behind, tuple(sorted(missing)), hidden)

    @contextmanager
    def _taking(self) -> "Iterator[_Taken]":
        """Whatever is still held at the end is given back, also where the end is an error."""
        taken = _Taken(self._queue)
        try:
            yield taken
        finally:
            taken.give_back()


class _Taken:
    """The letters held, by the group that each one blocks."""

    def __init__(self, queue: DeadLetterQueue) -> None:
        self._queue = queue
        self._seen: set[str] = set()
        self._held: dict[str, dict[str, DeadLetter]] = {}

    def take(self, tell: Tell) -> list[DeadLetter]:
        """The next round of those never taken before."""
        before = frozenset(self._seen)
        while len(self._seen) - len(before) < ROUND and self._receive():
            tell(len(self._seen))
        if len(self._seen) - len(before) < ROUND and self._queue.waiting():
            for group in [name for name, held in self._held.items() if 0 < len(held) < _BATCH]:
                self._take_whole(group)
                tell(len(self._seen))
        held = [each for letters in self._held.values() for each in letters.values()]
        return [each for each in held if each.message_id not in before]

    def let_go(self, letters: Iterable[DeadLetter]) -> None:
        """These are no longer in the queue."""
        for each in letters:
            del self._held[each.group][each.message_id]

    def give_back(self) -> None:
        self._queue.give_back([each for held in self._held.values() for each in held.values()])
        self._held.clear()

    def _take_whole(self, group: str) -> None:
        """A batch may have ended within a group: given back, it comes whole, all others being held.

        A group of more than one batch cannot be had whole without deleting.
        """
        self._queue.give_back(list(self._held.pop(group).values()))
        self._receive()

    def _receive(self) -> bool:
        """Whether there were any never taken before. One that was is held under its new receipt."""
        known = len(self._seen)
        for each in self._queue.receive():
            self._held.setdefault(each.group, {})[each.message_id] = each
            self._seen.add(each.message_id)
        return len(self._seen) > known
