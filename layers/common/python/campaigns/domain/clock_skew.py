"""By how much two clocks differ at the least, from an answer that tells its time in seconds."""

from typing import Final

from campaigns.domain.instants import SECOND_MS

#: What processes' clocks may differ by: everything that compares two of them allows for it.
ALLOWED_SKEW_MS: Final = 250


def least_skew_ms(*, asked_at: int, answered_at: int, told_at: int) -> int:
    """Only what nothing else explains is skew: neither the way there and back nor the part of a
    second that the answer leaves out.

    `asked_at` and `answered_at` are the own clock's before and after; `told_at` is the other's in
    between, rounded down to a second. All are epoch milliseconds, and so is the result's unit.
    """
    ahead = asked_at - (told_at + SECOND_MS - 1)
    behind = told_at - answered_at
    return max(0, ahead, behind)
