"""Rotation: which of a campaign's messages a recipient gets."""

from collections.abc import Sequence


def message_for(sequence: int, active_messages: Sequence[str]) -> str:
    """The message is the sequence number modulo the messages that were active at the start.

    `active_messages` are message ids in their order, as fixed at the start: were it today's list,
    a recipient's later try could say something else than the first. Any run of consecutive
    recipients gets each message equally often to within one.
    """
    if not active_messages:
        raise ValueError("a campaign rotates over at least one active message")
    return active_messages[sequence % len(active_messages)]
