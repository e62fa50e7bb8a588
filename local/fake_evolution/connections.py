"""The connections of instances to WhatsApp, and how Evolution tells of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from local.fake_evolution.model import ConnectionState, Instance

if TYPE_CHECKING:
    from local.fake_evolution.core import FakeEvolution

#: Somebody ended the connection; it does not come back by itself.
LOGGED_OUT = 401
#: The connection was lost: Evolution tries to get it back by itself.
CONNECTION_LOST = 428
_CONNECTED = 200


def change(
    fake: FakeEvolution,
    instance: Instance,
    state: ConnectionState | None,
    reason: int = LOGGED_OUT,
    *,
    at: float | None = None,
) -> None:
    """It is so from now on, and its webhook is told, of a close with the reason."""
    if state is instance.state:
        return
    instance.state = state
    instance.pairing = None
    fake.touch()
    if state is None:
        return
    if state is ConnectionState.OPEN:
        instance.ever_connected = True
    data = {
        "instance": instance.name,
        "state": state,
        "statusReason": reason if state is ConnectionState.CLOSE else _CONNECTED,
    }
    fake.tell(instance, "connection.update", data, fake.clock() if at is None else at)


def storm(
    fake: FakeEvolution, instance: Instance, events: int, seconds: float, ending: ConnectionState
) -> None:
    """It comes and goes, evenly spread: Evolution tells of it by the hundred, in seconds.

    Before the end a lost connection and the attempt to get it back take turns.
    """
    if events < 1 or seconds < 0:
        raise ValueError("events is 1 or more, seconds is 0 or more")
    now = fake.clock()
    turns = [ConnectionState.CONNECTING, ConnectionState.CLOSE]
    if ending is ConnectionState.CONNECTING:
        turns.reverse()
    for number in range(events):
        # Counted from the end, so that no two in a row are the same.
        left = events - 1 - number
        state = turns[(left - 1) % 2] if left else ending
        fake.plan(now + seconds * number / events, partial(_become, fake, instance, state))


def _become(fake: FakeEvolution, instance: Instance, state: ConnectionState, at: float) -> None:
    change(fake, instance, state, CONNECTION_LOST, at=at)
