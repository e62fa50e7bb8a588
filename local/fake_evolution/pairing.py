"""How an instance is connected to a phone: codes that change while they wait to be scanned."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import segno

from local.fake_evolution import connections
from local.fake_evolution.model import ConnectionState, Pairing

if TYPE_CHECKING:
    from local.fake_evolution.core import FakeEvolution
    from local.fake_evolution.model import Instance

# The first code of a connection lives longer than those that follow it.
_FIRST_CODE_SECONDS = 60.0
_CODE_SECONDS = 20.0
_MOST_CODES = 30
# A pairing code is asked of WhatsApp once the QR code is there.
_PAIRING_CODE_SECONDS = 1.0
_PAIRING_LETTERS = "123456789ABCDEFGHJKLMNPQRSTVWXYZ"
_PAIRING_CODE_LENGTH = 8


def begin(fake: FakeEvolution, instance: Instance, phone: str | None) -> None:
    """From now on it shows codes; with `phone` also one to be typed there."""
    instance.ever_connected = True
    connections.change(fake, instance, ConnectionState.CONNECTING)
    instance.pairing = _pairing(fake.random_bits, phone, 1, fake.clock())
    keep_changing(fake, instance)


def shown(instance: Instance, now: float) -> dict[str, object]:
    """Evolution's answer while it waits to be scanned."""
    pairing = instance.pairing
    if pairing is None:
        return {"count": 0}
    is_there = now >= pairing.shown_at + _PAIRING_CODE_SECONDS
    return {
        "pairingCode": pairing.pairing_code if is_there else None,
        "code": pairing.code,
        "base64": picture(pairing),
        "count": pairing.count,
    }


def picture(pairing: Pairing) -> str:
    """The QR code as a PNG in a data URI, drawn as Evolution draws it."""
    return segno.make(pairing.code, error="h").png_data_uri(scale=4, border=3)


def keep_changing(fake: FakeEvolution, instance: Instance) -> None:
    """Have the next code come at its time, and the end of it all after the last."""
    pairing = instance.pairing
    if pairing is None:
        return

    def change(at: float) -> None:
        if instance.pairing is not pairing:
            return
        if pairing.count >= _MOST_CODES:
            connections.change(fake, instance, ConnectionState.CLOSE)
            return
        instance.pairing = _pairing(fake.random_bits, pairing.phone, pairing.count + 1, at)
        fake.touch()
        keep_changing(fake, instance)

    lives = _FIRST_CODE_SECONDS if pairing.count == 1 else _CODE_SECONDS
    fake.plan(pairing.shown_at + lives, change)


def _pairing(
    new_bits: Callable[[int], int], phone: str | None, count: int, shown_at: float
) -> Pairing:
    letters = (new_bits(5) for _ in range(_PAIRING_CODE_LENGTH))
    return Pairing(
        code=f"2@{new_bits(256):064x},{new_bits(256):064x}",
        pairing_code="".join(_PAIRING_LETTERS[number] for number in letters) if phone else None,
        phone=phone,
        count=count,
        shown_at=shown_at,
    )
