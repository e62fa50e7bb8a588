"""A QR code out of characters is the QR code, whatever the terminal's colours."""

import stat

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from campaigns_cli.errors import CliError
from campaigns_cli.qr_code import QUIET_ZONE, drawn, write_png

CODE = "2@" + "a1B2c3D4" * 20 + ",x/Y+z=="
PNG = b"\x89PNG\r\n\x1a\n"


def dark_modules(text, *, colours):
    """What a camera sees: with colours blocks are dark, without them they are light."""
    rows = []
    for line in text.plain.split("\n"):
        rows.append([(character in "█▀") is colours for character in line])
        rows.append([(character in "█▄") is colours for character in line])
    return rows


def expected(code):
    symbol = segno.make_qr(code, error="l", boost_error=False)
    return [[bool(module) for module in row] for row in symbol.matrix_iter(border=QUIET_ZONE)]


@given(code=st.text(min_size=1, max_size=300), colours=st.booleans())
def test_what_is_drawn_is_the_code_with_its_quiet_zone(code, colours):
    wanted = expected(code)
    seen = dark_modules(drawn(code, colours=colours), colours=colours)
    assert seen[: len(wanted)] == wanted
    assert not any(any(row) for row in seen[len(wanted) :])


def test_every_line_is_as_wide_as_the_code_is_high():
    lines = drawn(CODE, colours=True).plain.split("\n")
    assert {len(line) for line in lines} == {len(expected(CODE))}
    assert len(lines) == (len(expected(CODE)) + 1) // 2


def test_colours_are_black_on_white_by_themselves():
    assert drawn(CODE, colours=True).style == "#000000 on #ffffff"
    assert drawn(CODE, colours=False).style == ""


def test_a_picture_is_a_png_that_only_its_owner_reads(tmp_path):
    path = tmp_path / "code.png"
    write_png("an older one", path)
    older = path.read_bytes()
    write_png(CODE, path)
    assert path.read_bytes() != older
    assert path.read_bytes().startswith(PNG)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["code.png"]


def test_a_picture_that_cannot_be_written_ends_in_a_sentence(tmp_path):
    with pytest.raises(CliError, match="--image"):
        write_png(CODE, tmp_path / "no" / "code.png")
