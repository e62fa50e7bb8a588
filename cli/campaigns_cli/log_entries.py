"""Lines of the functions' logs as entries, and entries as a person reads them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from rich.text import Text


class Level(StrEnum):
    """How much something matters, from the least on."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_RANKS = {"DEBUG": 0, "INFO": 1, "WARN": 2, "WARNING": 2, "ERROR": 3, "CRITICAL": 3, "FATAL": 3}
_STYLES = {"WARNING": "yellow", "WARN": "yellow", "ERROR": "bold red", "CRITICAL": "bold red"}
# What is the same in every line, or is shown in a place of its own.
_NOT_SHOWN = frozenset(
    {
        "level", "message", "timestamp", "location", "service", "cold_start", "sampling_rate",
        "function_name", "function_memory_size", "function_arn", "function_request_id",
        "xray_trace_id", "correlation_id", "exception", "exception_name", "stack_trace",
        "time", "type", "record", "logger", "requestId", "stackTrace", "errorType", "errorMessage",
        "_aws",
    }
)  # fmt: skip
_PLATFORM_NEWS = frozenset({"platform.report", "platform.fault"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a log. `level` is None where it has none, as a line of a traceback has."""

    at: datetime | None
    level: str | None
    message: str
    raw: str
    request_id: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    details: str = ""

    @classmethod
    def parse(cls, line: str, at: datetime | None = None) -> Self:
        """A line of Powertools', of Lambda's own or plain text; `at` is when it has no time."""
        try:
            content = json.loads(line)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            return cls(at, None, line, line)
        if isinstance(content.get("record"), dict):
            return cls._of_the_platform(content, line, at)
        stack = content.get("exception") or "\n".join(content.get("stackTrace") or [])
        message = content.get("message") or content.get("errorMessage") or ""
        return cls(
            at=_time(content.get("timestamp")) or at,
            level=str(content.get("level") or "INFO").upper(),
            message=message if isinstance(message, str) else json.dumps(message),
            raw=line,
            request_id=content.get("function_request_id") or content.get("requestId"),
            fields={name: value for name, value in content.items() if name not in _NOT_SHOWN},
            details=str(stack).rstrip(),
        )

    @classmethod
    def _of_the_platform(cls, content: Mapping[str, Any], line: str, at: datetime | None) -> Self:
        """What Lambda says of a call: its end is news, or why there was none; the rest is not."""
        record, kind = content["record"], str(content.get("type"))
        metrics = record.get("metrics")
        fields = {"status": record.get("status"), **(metrics if isinstance(metrics, dict) else {})}
        failed = record.get("status") not in (None, "success")
        level = "ERROR" if failed else "INFO" if kind in _PLATFORM_NEWS else "DEBUG"
        told = {name: value for name, value in fields.items() if value is not None}
        request_id = record.get("requestId")
        return cls(_time(content.get("time")) or at, level, kind, line, request_id, told)

    def matters(self, lowest: Level | None) -> bool:
        """Whether it is of that level or above; text without a level always is."""
        if lowest is None or self.level is None:
            return True
        return _RANKS.get(self.level, 1) >= _RANKS[lowest.upper()]

    def to_text(self) -> Text:
        """Local time, level, message, what it is about, and an exception below."""
        level = self.level or ""
        line = Text()
        line.append(f"{self.at.astimezone():%Y-%m-%d %H:%M:%S} " if self.at else "", style="dim")
        line.append(f"{level:<8}" if level else "", style=_STYLES.get(level, "green"))
        line.append(self.message)
        for name, value in self.fields.items():
            if value is not None:
                line.append(f" {name}=", style="dim")
                line.append(_shown(value))
        if self.request_id:
            line.append(f" request={self.request_id}", style="dim")
        for detail in self.details.splitlines():
            line.append(f"\n    {detail}")
        return line

    def to_json(self) -> str:
        """The line as the function wrote it; what is no JSON is made some."""
        return self.raw if self.level else json.dumps({"message": self.raw}, ensure_ascii=False)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _time(text: object) -> datetime | None:
    """Lambda's ISO 8601, and Powertools' `2026-11-22 16:40:11,123+0000`."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text.replace(",", "."))
    except ValueError:
        return None
    return at if at.tzinfo else None
