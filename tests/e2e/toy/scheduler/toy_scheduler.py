"""Writes every event down."""

from typing import Any

import journal


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    journal.write("scheduler", event)
    return {"seen": event.get("source", event.get("kind"))}
