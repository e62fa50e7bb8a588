"""How a pairing is shown: on a terminal, in text, or to a program."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from campaigns_cli.connect_instance import Pairing
from campaigns_cli.language import t
from campaigns_cli.options import print_json, say
from campaigns_cli.qr_code import drawn, write_png

type Show = Callable[[Pairing], None]

_LINES_AROUND = 3


@contextmanager
def to_a_program(image: Path | None) -> Iterator[Show]:
    """A line of JSON for each pairing."""

    def show(pairing: Pairing) -> None:
        _keep(pairing, image)
        event = {"event": "code", "code": pairing.code, "pairing_code": pairing.pairing_code}
        print_json(event)
        # Whoever reads a pipe must have it while it is good.
        sys.stdout.flush()

    yield show


@contextmanager
def in_text(console: Console, image: Path | None) -> Iterator[Show]:
    """The code as it is, for whoever draws it elsewhere."""

    def show(pairing: Pairing) -> None:
        _keep(pairing, image)
        say(_typed(pairing) or pairing.code or _waiting(), console)

    yield show


@contextmanager
def drawn_on(console: Console, image: Path | None) -> Iterator[Show]:
    """The QR code; a new one takes the place of the old, and the last is wiped at the end.

    Where it is taller than the terminal, or there is none, it is printed below the old one.
    """
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def show(pairing: Pairing) -> None:
            _keep(pairing, image)
            picture = _picture(pairing, console)
            whole = Group(Text(_how_to(pairing)), picture)
            lines = len(picture.plain.splitlines()) + _LINES_AROUND
            if console.is_terminal and lines <= console.height:
                live.update(whole, refresh=True)
            else:
                live.update(Text(), refresh=True)
                console.print(whole, soft_wrap=True)

        yield show


def _keep(pairing: Pairing, image: Path | None) -> None:
    if image is not None and pairing.code is not None:
        write_png(pairing.code, image)


def _picture(pairing: Pairing, console: Console) -> Text:
    if (typed := _typed(pairing)) is not None:
        return Text(typed, style="bold")
    if pairing.code is None:
        return Text(_waiting())
    picture = drawn(pairing.code, colours=console.is_terminal and not console.no_color)
    columns = len(picture.plain.split("\n", 1)[0])
    if columns <= console.width or not console.is_terminal:
        return picture
    return Text(
        t(
            f"O QR code precisa de um terminal com {columns} colunas: aumente a janela ou diminua "
            "a letra, e rode de novo; ou use --image ou --phone.",
            f"The QR code needs a terminal of {columns} columns: enlarge the window or make the "
            "letters smaller, and run again; or use --image or --phone.",
        )
    )


def _typed(pairing: Pairing) -> str | None:
    """A code to type is read in two halves."""
    code = pairing.pairing_code
    return f"{code[:4]}-{code[4:]}" if code and len(code) == 8 else code


def _how_to(pairing: Pairing) -> str:
    if pairing.pairing_code is not None:
        return t(
            "No celular: WhatsApp > Aparelhos conectados > Conectar um aparelho > Conectar com "
            "número de telefone. Digite:",
            "On the phone: WhatsApp > Linked devices > Link a device > Link with phone number. "
            "Type:",
        )
    return t(
        "No celular: WhatsApp > Aparelhos conectados > Conectar um aparelho. Aponte a câmera; o "
        "código se renova sozinho (Ctrl-C sai).",
        "On the phone: WhatsApp > Linked devices > Link a device. Point the camera; the code "
        "renews itself (Ctrl-C leaves).",
    )


def _waiting() -> str:
    return t("Esperando o código do servidor…", "Waiting for the server's code…")
