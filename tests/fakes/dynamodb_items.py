"""DynamoDB's items: what an attribute may hold, how big it is, and what an update makes of it."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.dynamodb_expressions import (
    Given,
    Invalid,
    Path,
    Raw,
    Value,
    number,
    read,
    total,
    update_of,
)

#: Of a number; a longer one is refused, not rounded.
_DIGITS = 38
_SETS = {"SS", "NS", "BS"}
_HELD = {"S": str, "N": str, "B": bytes, "BOOL": bool, "NULL": bool}


def copied(item: Mapping[str, Any]) -> Raw:
    return {name: copied_value(value) for name, value in item.items()}


def copied_value(value: Value) -> Value:
    """A value of its own, as DynamoDB keeps it, if it is one at all."""
    ((kind, content),) = value.items()
    match kind:
        case "L":
            return {kind: [copied_value(each) for each in content]}
        case "M":
            return {kind: copied(content)}
        case "SS" | "NS" | "BS":
            if not content or len({*content}) < len(content):
                raise Invalid("a set is empty, or holds something twice")
            return {kind: list(content)}
    if not isinstance(content, _HELD[kind]):
        raise Invalid(f"{kind} cannot be {type(content).__name__}")
    return {kind: _canonical(content) if kind == "N" else content}


def _canonical(text: str) -> str:
    plain = text if text.lstrip("-").isdecimal() else f"{number(text).normalize():f}"
    if len(plain.strip("-0.").replace(".", "")) > _DIGITS:
        raise Invalid("a number has more than 38 significant digits")
    return plain


def size_of(item: Raw) -> int:
    """Bytes, near enough: names and texts count in full, a number its digits."""
    return sum(len(name) + _size_of(value) for name, value in item.items())


def _size_of(value: Value) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content) if content.isascii() else len(content.encode())
        case "N":
            return len(content) // 2 + 2
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + _size_of(each) for each in content)
        case "M":
            return 3 + sum(1 + len(name) + _size_of(each) for name, each in content.items())
        case "B":
            return len(content)
    return sum(map(len, content))


def updated(key: Raw, old: Raw | None, expression: str | None, given: Given) -> Raw:
    """Every operand is read before any change; no two changes may overlap."""
    before = old or {}
    new = copied(old or key)
    if expression is None:
        return new
    changes: list[tuple[str, Path, Value | None]] = []
    for clause, path, operand in update_of(expression).actions:
        resolved = given.path(path)
        if any(_overlap(resolved, other) for _, other, _ in changes) or resolved[0] in key:
            raise Invalid(f"two document paths overlap, or a key is updated: {resolved}")
        value = operand(before, given) if operand else None
        if operand and value is None:
            raise Invalid("an attribute of the expression does not exist in the item")
        changes.append((clause, resolved, value))
    for clause, resolved, value in changes:
        _apply(new, clause, resolved, value)
    return new


def _overlap(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _apply(item: Raw, clause: str, path: Path, value: Value | None) -> None:
    *outer, last = path
    holder: Any = {"M": item} if not outer else read(item, tuple(outer))
    holder = (holder or {}).get("M" if isinstance(last, str) else "L")
    if holder is None:
        raise Invalid("the document path provided in the update expression is invalid")
    if isinstance(last, int):
        if clause == "SET" and value is not None:
            holder[last : last + 1] = [copied_value(value)]
        elif clause == "REMOVE":
            del holder[last : last + 1]
        else:
            raise Invalid(f"{clause} on an element of a list")
        return
    present = holder.get(last)
    match clause:
        case "REMOVE":
            holder.pop(last, None)
        case "SET":
            holder[last] = copied_value(value or {})
        case "ADD":
            holder[last] = _added(present, value or {})
        case _:
            left = _without(present, value or {})
            if left is None:
                holder.pop(last, None)
            else:
                holder[last] = left


def _added(present: Value | None, value: Value) -> Value:
    ((kind, content),) = value.items()
    if kind == "N":
        return copied_value(total(present or {"N": "0"}, value))
    if kind not in _SETS or (present is not None and kind not in present):
        raise Invalid("ADD takes numbers and sets")
    return {kind: sorted({*(present or {kind: []})[kind], *content})}


def _without(present: Value | None, value: Value) -> Value | None:
    ((kind, content),) = value.items()
    if kind not in _SETS or (present is not None and kind not in present):
        raise Invalid("DELETE takes sets")
    left = sorted({*(present or {kind: []})[kind]} - {*content})
    return {kind: left} if left else None
