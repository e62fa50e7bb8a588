"""Writes docs/openapi.json: the document that the API serves, for readers and the drift test."""

import json
from pathlib import Path

from campaigns_api.document import document

TARGET = Path(__file__).parents[1] / "docs" / "openapi.json"


def main() -> None:
    text = json.dumps(document(), ensure_ascii=False, indent=2)
    TARGET.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
