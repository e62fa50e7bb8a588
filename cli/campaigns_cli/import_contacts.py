"""A contact list goes to the API in chunks, in the order of the file."""

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from campaigns_cli.api import Api, Json, json_object, problem_of
from campaigns_cli.contact_file import ContactFile, Row
from campaigns_cli.errors import NotTheApi, reasons
from campaigns_cli.language import t
from campaigns_cli.refused_file import Refused

BULK_CREATE = "/api/contacts/contacts/bulk_create/"
# The API takes 1,000 and 4 MB; smaller chunks show progress and stay well inside 30 s.
CHUNK_ROWS = 500
CHUNK_BYTES = 3_000_000


class OnDuplicate(StrEnum):
    """What becomes of a person who is in the books already."""

    UPDATE = "update"
    SKIP = "skip"
    ERROR = "error"


@dataclass(slots=True)
class ImportReport:
    """How far an import came: `rows_done` of `rows`, and what became of them.

    `contact_ids` are the accepted contacts in the order of the file, each once.
    """

    rows: int
    rows_done: int = 0
    results: dict[str, int] = field(
        default_factory=lambda: {"created": 0, "updated": 0, "skipped": 0}
    )
    refused: list[Refused] = field(default_factory=list)
    contact_ids: dict[str, None] = field(default_factory=dict)

    def to_json(self) -> Json:
        return {
            "rows": self.rows,
            "contacts": len(self.contact_ids),
            **self.results,
            "refused": len(self.refused),
        }


def import_contacts(
    api: Api, source: ContactFile, on_duplicate: OnDuplicate = OnDuplicate.UPDATE
) -> Iterator[ImportReport]:
    """Sends every row once and yields the growing report after each chunk.

    A chunk that has to be sent again bears the same Idempotency-Key. The key is new in each run:
    a second run must reach the contacts as they are then, and may, because an import only ever
    sets what the file says. Raises what `Api` raises; the report then tells what was done.
    """
    run = uuid.uuid4()
    report = ImportReport(rows=len(source.rows))
    report.refused += [Refused(row, row.problem) for row in source.rows if row.contact is None]
    report.rows_done = len(report.refused)
    yield report
    for chunk in _chunks(source.rows):
        body = {
            "contacts": [row.contact for row in chunk],
            "on_duplicate": on_duplicate.value,
        }
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        response = api.post_raw(BULK_CREATE, body, idempotency_key=f"import-{run}-{digest}")
        answer = json_object(response)
        # A 422 is a bulk answer too when every row was refused.
        if not {*report.results, "errors", "contacts"} <= answer.keys():
            raise NotTheApi(api.url) if response.is_success else problem_of(response)
        _add(report, chunk, answer)
        yield report


def _chunks(rows: Sequence[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    size = 0
    for row in rows:
        if row.contact is None:
            continue
        row_size = len(json.dumps(row.contact))
        if chunk and (len(chunk) == CHUNK_ROWS or size + row_size > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += row_size
    if chunk:
        yield chunk


def _add(report: ImportReport, chunk: Sequence[Row], answer: Mapping[str, Any]) -> None:
    report.rows_done += len(chunk)
    for result in report.results:
        report.results[result] += int(answer[result])
    for error in answer["errors"]:
        reason = "; ".join(reasons(_worded(error))) or str(error.get("code", ""))
        report.refused.append(Refused(chunk[int(error["index"])], reason))
    for contact in sorted(answer["contacts"], key=lambda entry: int(entry["index"])):
        report.contact_ids[str(contact["id"])] = None


def _worded(refusal: Mapping[str, Any]) -> list[Json]:
    """The errors of a refused row, with the fields that every list has in the user's language."""
    words = {"name": t("Nome", "Name"), "phone": t("Telefone", "Phone")}
    return [
        {**error, "field": words.get(error.get("field"), error.get("field"))}
        for error in refusal.get("errors") or []
    ]
