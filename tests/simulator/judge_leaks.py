"""Rule 9: no tenant learns of another's, and no log holds a phone, a key or a secret."""

import re
from collections.abc import Iterator

from tests.simulator.evidence import Evidence

#: With the country and the ninth digit or without; without the area only in full.
_PHONE = re.compile(r"(?<!\d)(?:(?:\+?55)? ?\(?11\)?[ -]?9?9000|99000)-?\d{4}(?!\d)")
#: Webhook secrets, and keys with their secret part.
_SECRET = re.compile(r"whs_\d|ak_[0-9a-z]{26}_")


def no_leaks(evidence: Evidence) -> Iterator[str]:
    for line in evidence.log_lines:
        is_told = any(each in line for each in evidence.secrets)
        if is_told or _PHONE.search(line) or _SECRET.search(line):
            yield f"logged: {line[:200]}"
    yield from evidence.leaks
