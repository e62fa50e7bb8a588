"""Where a call stands in the product: what is asked, of which kind of item or path.

Ids are left out, so that the same line of code is the same place in every run.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

_WORD = re.compile(r"(?<![^#\s])[A-Z]+(?![^#\s])")
_QUERIED = re.compile(r"=\s*(:\w+)")


def named(operation: str, request: Mapping[str, Any]) -> str:
    """A request of DynamoDB as a timeline shows it: with the keys that it is about."""
    return " ".join([operation, *_about(request)])


def _about(request: Mapping[str, Any]) -> Iterator[str]:
    if key := request.get("Key") or request.get("Item"):
        yield f"{key['pk']['S']} {key['sk']['S']}"
    elif "IndexName" in request:
        yield request["IndexName"]
    elif found := _QUERIED.search(request.get("KeyConditionExpression", "")):
        yield request["ExpressionAttributeValues"][found[1]]["S"]
    elif "TransactItems" in request:
        for item in request["TransactItems"]:
            for kind, part in item.items():
                yield f"{kind} {' '.join(_about(part))}"
    elif "RequestItems" in request:
        for wanted in request["RequestItems"].values():
            yield from sorted({f"{key['pk']['S']} {key['sk']['S']}" for key in wanted["Keys"]})


@lru_cache(maxsize=10_000)
def place_of(name: str) -> str:
    """The place of a call of that name."""
    operation, _, about = name.partition(" ")
    if about.startswith("/"):
        *path, _ = about.removeprefix("/").split("/")
        return f"{operation} /{'/'.join(path)}"
    if about.startswith("by_"):
        return name
    if operation in {"TransactWriteItems", "BatchGetItem"}:
        return f"{operation} {'+'.join(sorted({*_WORD.findall(about)} - {'TENANT'}))}"
    return " ".join([operation, *dict.fromkeys(_WORD.findall(about))])
