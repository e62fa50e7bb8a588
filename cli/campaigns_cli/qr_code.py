"""A pairing code as a QR code: in the terminal, and as a picture."""

import os
from pathlib import Path

import segno
from rich.text import Text

from campaigns_cli.errors import CliError
from campaigns_cli.language import t

QUIET_ZONE = 2
_PIXELS_PER_MODULE = 8
# By their own colours, and not the terminal's: not every camera reads light on dark.
_BLACK_ON_WHITE = "#000000 on #ffffff"
_HALVES = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}


def drawn(code: str, *, colours: bool) -> Text:
    """The code with its quiet zone, two modules to a character, one line per two rows.

    Without colours the light modules are drawn, which is right where text is light on dark.
    """
    rows = list(_symbol(code).matrix_iter(border=QUIET_ZONE))
    # Their number is odd: the lower half of the last line is quiet zone too.
    rows.append(bytearray(len(rows)))
    lines = [
        "".join(
            _HALVES[bool(upper) is colours, bool(lower) is colours]
            for upper, lower in zip(*pair, strict=True)
        )
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]
    return Text("\n".join(lines), style=_BLACK_ON_WHITE if colours else "", no_wrap=True)


def write_png(code: str, path: Path) -> None:
    """Writes the picture whole or not at all; only its owner may read it, for it opens a phone."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            _symbol(code).save(file, kind="png", scale=_PIXELS_PER_MODULE, border=4)
        new.replace(path)
    except OSError as error:
        raise CliError(
            t(
                f"Não consegui gravar {path} ({error.strerror}): escolha outro lugar com --image.",
                f"{path} could not be written ({error.strerror}): choose another with --image.",
            )
        ) from error


def _symbol(code: str) -> segno.QRCode:
    """The smallest symbol: a screen loses no modules that would need correction."""
    return segno.make_qr(code, error="l", boost_error=False)
