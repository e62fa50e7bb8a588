"""Run by SAM's own Python: what CloudFormation does for each kind of resource, as AWS declares it.

From the resource schemas that cfn-lint brings along. JSON on standard output: under ``types``, by
the names that are given as arguments, the IAM actions of creating, reading, updating and deleting;
under ``known`` every action that IAM has, in lower case, with the patterns of the resources that it
can be narrowed to.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import cfnlint

_DATA = Path(cfnlint.__file__).parent / "data"
_HANDLERS = ("create", "read", "update", "delete")


def permissions(schema: dict[str, Any]) -> list[str]:
    handlers = schema.get("handlers", {})
    return sorted(
        {one for name in _HANDLERS for one in handlers.get(name, {}).get("permissions", [])}
    )


def patterns(service: dict[str, Any], action: str) -> list[str]:
    """Regular expressions of whole ARNs; none where the action knows `*` alone."""
    kinds = service["Actions"][action].get("Resources", [])
    formats = [form for kind in kinds for form in service["Resources"][kind.lower()]["ARNFormats"]]
    return sorted({re.sub(r"\$\{\w+\}", "[^:]*", form) for form in formats})


found: dict[str, list[str]] = {}
for file in (_DATA / "schemas" / "resources").glob("*.json"):
    schema = json.loads(file.read_text(encoding="utf-8"))
    if schema.get("typeName") in sys.argv[1:]:
        # A type has a schema for each group of regions.
        earlier = found.get(schema["typeName"], [])
        found[schema["typeName"]] = sorted({*earlier, *permissions(schema)})
services = json.loads((_DATA / "AdditionalSpecs" / "Policies.json").read_text(encoding="utf-8"))
known = {
    f"{name}:{action}".lower(): patterns(service, action)
    for name, service in services.items()
    for action in service["Actions"]
}
json.dump({"types": found, "known": known}, sys.stdout)
