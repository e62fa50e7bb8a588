"""The logs of a stack's processes, and what they tell of exceptions."""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import botocore.exceptions
import httpx
import pynamodb.exceptions

from campaigns.domain import errors

#: What an emulator that is away, or a process that dies, lets be raised; and our own refusals.
_EXPECTED = (botocore.exceptions, pynamodb.exceptions, httpx, errors)
#: Of those, what no emulator that is away explains: a request that is wrong.
_OUR_OWN = ("ValidationException", "ParamValidationError")
_CHAINED = ("The above exception was", "During handling of the above")
_NAMED = ("error", "exception_name")
_TRACEBACK = re.compile(r"(?:[a-z_]\w*\.)+([A-Z]\w*)(?::|$)|([A-Z]\w*(?:Error|Exception))(?::|$)")


def read_logs(folder: Path, shown_to_owner: str) -> list[str]:
    """Every line as `file: line`. The terminal of the stack shows its first tenant's owner her key,
    and is kept beside the logs."""
    return [
        f"{log.name}: {line}"
        for log in sorted(folder.iterdir())
        for line in log.read_text(errors="replace").splitlines()
        if not (log.name == "stack.log" and line.endswith(shown_to_owner))
    ]


def unexpected(lines: Sequence[str]) -> Iterator[str]:
    """Exceptions that are a fault of the code, with the line that tells. Of a chain only the last
    one counts, which is what became of the others."""
    told = [line for line in lines if line.partition(": ")[2]]
    for line, next_line in zip_longest(told, told[1:], fillvalue=""):
        if any(each in line for each in _OUR_OWN):
            yield line[:300]
            continue
        if next_line.partition(": ")[2].startswith(_CHAINED):
            continue
        for name in _raised(line.partition(": ")[2]):
            if not any(hasattr(module, name) for module in _EXPECTED):
                yield line[:300]


def _raised(line: str) -> list[str]:
    if line.startswith("{"):
        entry = json.loads(line)
        return [str(entry[field]) for field in _NAMED if entry.get(field)]
    found = _TRACEBACK.match(line)
    return [found[1] or found[2]] if found else []
