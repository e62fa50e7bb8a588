"""What an instance shows to be paired with a phone."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable

_MODULES = 33
_PIXELS_PER_MODULE = 8
_QUIET_ZONE = 4


def pairing(new_bits: Callable[[int], int], pairing_count: int) -> dict[str, object]:
    """Evolution's answer while it waits to be paired. The picture looks like a QR code and cannot
    be scanned: here a phone is paired by saying that its instance is open.
    """
    code = f"2@{new_bits(256):064x},{new_bits(256):064x}"
    picture = base64.b64encode(_picture(new_bits(_MODULES * _MODULES))).decode()
    return {
        "pairingCode": None,
        "code": code,
        "base64": f"data:image/png;base64,{picture}",
        "count": pairing_count,
    }


def _picture(bits: int) -> bytes:
    """A grey-scale PNG of dark and light squares with a quiet zone around them."""
    side = _MODULES + 2 * _QUIET_ZONE
    rows = bytearray()
    for row in range(side):
        line = b"".join(
            (b"\x00" if _dark(bits, row, column) else b"\xff") * _PIXELS_PER_MODULE
            for column in range(side)
        )
        rows += (b"\x00" + line) * _PIXELS_PER_MODULE
    size = side * _PIXELS_PER_MODULE
    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _dark(bits: int, row: int, column: int) -> bool:
    y, x = row - _QUIET_ZONE, column - _QUIET_ZONE
    if not (0 <= y < _MODULES and 0 <= x < _MODULES):
        return False
    return bool(bits >> (y * _MODULES + x) & 1)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
