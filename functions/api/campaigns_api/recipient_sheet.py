"""A campaign's recipients as a spreadsheet that opens by itself: in Excel, and anywhere else."""

import csv
from collections.abc import Callable, Iterator
from datetime import tzinfo
from io import StringIO
from json import dumps
from typing import Final
from urllib.parse import quote

from campaigns.domain.instants import to_datetime
from campaigns.domain.phone import national
from campaigns.services.read_recipients import RecipientView
from campaigns_api.language import Language, say

CSV: Final = "text/csv; charset=utf-8"
#: Of one part: an answer has 30 s and 6 MB.
MOST_ROWS: Final = 10_000
MOST_BYTES: Final = 4_000_000

_BYTE_ORDER_MARK: Final = "\ufeff"
_DELIMITER: Final = {Language.PORTUGUESE: ";", Language.ENGLISH: ","}
_MOMENT: Final = {Language.PORTUGUESE: "%d/%m/%Y %H:%M:%S", Language.ENGLISH: "%Y-%m-%d %H:%M:%S"}
#: What makes a formula of a cell (OWASP, CSV injection).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS: Final = (
    "number",
    "name",
    "phone",
    "status",
    "sent_at",
    "delivered_at",
    "read_at",
    "responded_at",
    "error",
    "id",
)


class RecipientSheet:
    """Rows in the caller's language, times by the campaign's clock, as many as fit a part."""

    def __init__(self, language: Language, zone: tzinfo, *, with_header: bool) -> None:
        self._language = language
        self._zone = zone
        self._buffer = StringIO()
        self._writer = csv.writer(
            self._buffer, delimiter=_DELIMITER[language], lineterminator="\r\n"
        )
        self._bytes = 0
        if with_header:
            self._buffer.write(_BYTE_ORDER_MARK)
            self._writer.writerow([say(f"column.{name}", language) for name in COLUMNS])

    @property
    def text(self) -> str:
        return self._buffer.getvalue()

    def fill(self, views: Iterator[RecipientView], *, is_time_up: Callable[[], bool]) -> int | None:
        """Write rows until the part is full; the last one's sequence, None where all were told."""
        last: int | None = None
        for count, view in enumerate(views):
            if last is not None and (
                count >= MOST_ROWS or self._bytes >= MOST_BYTES or is_time_up()
            ):
                return last
            self._write(view)
            last = view.recipient.sequence
        return None

    def _write(self, view: RecipientView) -> None:
        start = self._buffer.tell()
        self._writer.writerow([_guarded(cell) for cell in self._cells(view)])
        self._buffer.seek(start)
        self._bytes += _bytes_in_json(self._buffer.read())

    def _cells(self, view: RecipientView) -> Iterator[str]:
        recipient, contact = view.recipient, view.contact
        yield str(recipient.sequence + 1)
        yield contact.name if contact else ""
        yield national(contact.phone) if contact else ""
        yield say(f"status.{recipient.status}", self._language)
        moments = (
            recipient.sent_at,
            recipient.delivered_at,
            recipient.read_at,
            recipient.responded_at,
        )
        yield from map(self._moment, moments)
        code = recipient.error_code
        yield say(f"recipient.{code}", self._language) if code else ""
        yield recipient.recipient_id

    def _moment(self, at: int | None) -> str:
        if at is None:
            return ""
        return to_datetime(at).astimezone(self._zone).strftime(_MOMENT[self._language])


def attachment(name: str, plain: str) -> str:
    """A `Content-Disposition` (RFC 6266); `plain` is for whoever reads ASCII only."""
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _bytes_in_json(text: str) -> int:
    """The gateway takes an answer as a text in JSON, where a quotation mark is two characters."""
    return len(dumps(text, ensure_ascii=False).encode())


def _guarded(cell: str) -> str:
    """A spreadsheet computes what it takes for a formula, whoever wrote it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
