"""DynamoDB's expressions: parsed once for each wording, judged and carried out on raw items.

Only what the product sends is understood, and strictly: attributes are named by placeholders
alone (a plain name may be a reserved word), and whatever is not understood is refused.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

type Value = dict[str, Any]
type Raw = dict[str, Value]
type Condition = Callable[[Raw, "Given"], bool]
type Operand = Callable[[Raw, "Given"], Value | None]
type Path = tuple[str | int, ...]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[#:]?\w+|[=<>(),.\[\]+-])")
_COMPARED = {"=", "<>", "<", "<=", ">", ">="}
_ORDERED = {"S", "N", "B"}
_CHOICES = 100


class Invalid(Exception):
    """A request that DynamoDB answers with a ValidationException."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a request gives its expressions' placeholders."""

    names: Mapping[str, str]
    values: Mapping[str, Value]

    def path(self, parts: Path) -> Path:
        try:
            return tuple(self.names[part] if isinstance(part, str) else part for part in parts)
        except KeyError as error:
            raise Invalid(f"undefined attribute name {error}") from None

    def value(self, placeholder: str) -> Value:
        try:
            return self.values[placeholder]
        except KeyError as error:
            raise Invalid(f"undefined attribute value {error}") from None


@dataclass(frozen=True, slots=True)
class KeyPart:
    """A condition on one attribute of a key: the path's placeholder, and the operands' values."""

    name: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Update:
    """The clauses of an update, in their order: (SET | REMOVE | ADD | DELETE, path, operand)."""

    actions: tuple[tuple[str, Path, Operand | None], ...]


def placeholders(expression: str) -> set[str]:
    return {token for token in _tokens(expression) if token[0] in "#:"}


@lru_cache(maxsize=4_096)
def condition_of(expression: str) -> Condition:
    parser = _Parser(expression)
    condition = parser.disjunction()
    parser.end()
    return condition


@lru_cache(maxsize=4_096)
def update_of(expression: str) -> Update:
    return Update(tuple(_Parser(expression).clauses()))


@lru_cache(maxsize=512)
def key_condition_of(expression: str) -> tuple[KeyPart, ...]:
    parser = _Parser(expression)
    parts = tuple(parser.key_parts())
    parser.end()
    return parts


@lru_cache(maxsize=512)
def projection_of(expression: str) -> tuple[Path, ...]:
    parser = _Parser(expression)
    paths = [parser.path()]
    while parser.takes(","):
        paths.append(parser.path())
    parser.end()
    return tuple(paths)


def read(item: Raw, path: Path) -> Value | None:
    """What lies at a path of resolved names; None: nothing."""
    found: Any = {"M": item}
    for part in path:
        holder = found.get("M" if isinstance(part, str) else "L")
        if holder is None:
            return None
        if isinstance(part, str):
            found = holder.get(part)
        else:
            found = holder[part] if part < len(holder) else None
        if found is None:
            return None
    return found


def number(text: str) -> int | Decimal:
    return int(text) if text.lstrip("-").isdecimal() else Decimal(text)


def comparable(value: Value) -> Any:
    """A value as Python compares it, only ever with another of its type."""
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return number(content)
        case "SS" | "NS" | "BS":
            return frozenset(map(number, content) if kind == "NS" else content)
        case "L":
            return [(next(iter(each)), comparable(each)) for each in content]
        case "M":
            return {name: (next(iter(each)), comparable(each)) for name, each in content.items()}
    return content


def equal(left: Value | None, right: Value | None) -> bool:
    if left is None or right is None:
        return False
    return left == right or (left.keys() == right.keys() and comparable(left) == comparable(right))


class _Parser:
    def __init__(self, expression: str) -> None:
        self._tokens = list(_tokens(expression))
        self._place = 0
        self._text = expression

    # Tokens

    def peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self._place += 1
        return token

    def takes(self, *wanted: str) -> bool:
        if self.peek().upper() not in wanted:
            return False
        self._place += 1
        return True

    def expect(self, wanted: str) -> None:
        if not self.takes(wanted):
            raise Invalid(f"{wanted} expected in {self._text}")

    def end(self) -> None:
        if self.peek():
            raise Invalid(f"{self.peek()} not expected in {self._text}")

    # Conditions

    def disjunction(self) -> Condition:
        parts = [self.conjunction()]
        while self.takes("OR"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else _any_of(parts)

    def conjunction(self) -> Condition:
        parts = [self.negation()]
        while self.takes("AND"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else _all_of(parts)

    def negation(self) -> Condition:
        if not self.takes("NOT"):
            return self.comparison()
        inner = self.negation()
        return lambda item, given: not inner(item, given)

    def comparison(self) -> Condition:
        if self.takes("("):
            inner = self.disjunction()
            self.expect(")")
            return inner
        if self.peek() in _FUNCTIONS:
            return self.function()
        left = self.operand()
        if self.takes("BETWEEN"):
            low = self.operand()
            self.expect("AND")
            high = self.operand()
            return _all_of([_compared(left, ">=", low), _compared(left, "<=", high)])
        if self.takes("IN"):
            self.expect("(")
            choices = [self.operand()]
            while self.takes(","):
                choices.append(self.operand())
            self.expect(")")
            if len(choices) > _CHOICES:
                raise Invalid(f"IN takes {_CHOICES} operands at most")
            return _any_of([_compared(left, "=", choice) for choice in choices])
        operator = self.next()
        if operator not in _COMPARED:
            raise Invalid(f"no comparison: {operator} in {self._text}")
        return _compared(left, operator, self.operand())

    def function(self) -> Condition:
        name = self.next()
        self.expect("(")
        operand: Operand | None = None
        path = self.operand()
        if self.takes(","):
            operand = self.operand()
        self.expect(")")
        return _FUNCTIONS[name](path, operand)

    def operand(self) -> Operand:
        if self.peek().startswith(":"):
            placeholder = self.next()
            return lambda _item, given: given.value(placeholder)
        path = self.path()
        return lambda item, given: read(item, given.path(path))

    def path(self) -> Path:
        parts: list[str | int] = [self._name()]
        while True:
            if self.takes("."):
                parts.append(self._name())
            elif self.takes("["):
                parts.append(int(self.next()))
                self.expect("]")
            else:
                return tuple(parts)

    def _name(self) -> str:
        token = self.next()
        if not token.startswith("#"):
            raise Invalid(f"an attribute by its plain name: {token} in {self._text}")
        return token

    # Keys

    def key_parts(self) -> Iterator[KeyPart]:
        while True:
            if self.takes("("):
                yield from self.key_parts()
                self.expect(")")
            else:
                yield self.key_part()
            if not self.takes("AND"):
                return

    def key_part(self) -> KeyPart:
        if self.takes("BEGINS_WITH"):
            self.expect("(")
            name = self._name()
            self.expect(",")
            part = KeyPart(name, "begins_with", (self.next(),))
            self.expect(")")
            return part
        name, operator = self._name(), self.next()
        if operator.upper() == "BETWEEN":
            low = self.next()
            self.expect("AND")
            return KeyPart(name, "between", (low, self.next()))
        return KeyPart(name, operator, (self.next(),))

    # Updates

    def clauses(self) -> Iterator[tuple[str, Path, Operand | None]]:
        seen: set[str] = set()
        while self.peek():
            clause = self.next().upper()
            if clause not in {"SET", "REMOVE", "ADD", "DELETE"} or clause in seen:
                raise Invalid(f"{clause} not expected in {self._text}")
            seen.add(clause)
            yield self._action(clause)
            while self.takes(","):
                yield self._action(clause)

    def _action(self, clause: str) -> tuple[str, Path, Operand | None]:
        path = self.path()
        if clause == "SET":
            self.expect("=")
            return clause, path, self._sum()
        return clause, path, None if clause == "REMOVE" else self.operand()

    def _sum(self) -> Operand:
        left = self._term()
        while self.peek() in {"+", "-"}:
            minus = self.next() == "-"
            left = _added(left, self._term(), minus=minus)
        return left

    def _term(self) -> Operand:
        if not self.takes("IF_NOT_EXISTS"):
            return self.operand()
        self.expect("(")
        first = self.operand()
        self.expect(",")
        second = self._term()
        self.expect(")")
        return lambda item, given: first(item, given) or second(item, given)


def _tokens(expression: str) -> Iterator[str]:
    place = 0
    while place < len(expression):
        match = _TOKEN.match(expression, place)
        if match is None:
            if expression[place:].strip():
                raise Invalid(f"not understood: {expression[place:]}")
            return
        yield match.group(1)
        place = match.end()


def _any_of(parts: list[Condition]) -> Condition:
    return lambda item, given: any(part(item, given) for part in parts)


def _all_of(parts: list[Condition]) -> Condition:
    return lambda item, given: all(part(item, given) for part in parts)


def _compared(left: Operand, operator: str, right: Operand) -> Condition:
    def judged(item: Raw, given: Given) -> bool:
        one, other = left(item, given), right(item, given)
        if operator == "=":
            return equal(one, other)
        if operator == "<>":
            return not equal(one, other)
        if one is None or other is None or one.keys() != other.keys() or not one.keys() & _ORDERED:
            return False
        first, second = comparable(one), comparable(other)
        match operator:
            case "<":
                return bool(first < second)
            case "<=":
                return bool(first <= second)
            case ">":
                return bool(first > second)
        return bool(first >= second)

    return judged


def _begins_with(path: Operand, operand: Operand | None) -> Condition:
    def judged(item: Raw, given: Given) -> bool:
        value, prefix = path(item, given), _needed(operand)(item, given)
        if value is None or prefix is None or value.keys() != prefix.keys():
            return False
        ((kind, content),) = value.items()
        return kind in {"S", "B"} and bool(content.startswith(prefix[kind]))

    return judged


def _contains(path: Operand, operand: Operand | None) -> Condition:
    def judged(item: Raw, given: Given) -> bool:
        value, wanted = path(item, given), _needed(operand)(item, given)
        if value is None or wanted is None:
            return False
        ((kind, content),) = value.items()
        if kind == "L":
            return any(equal(each, wanted) for each in content)
        if kind in {"S", "B"}:
            return kind in wanted and wanted[kind] in content
        return any(equal({kind[0]: each}, wanted) for each in content)

    return judged


def _needed(operand: Operand | None) -> Operand:
    if operand is None:
        raise Invalid("a function without its second operand")
    return operand


_FUNCTIONS: dict[str, Callable[[Operand, Operand | None], Condition]] = {
    "attribute_exists": lambda path, _: lambda item, given: path(item, given) is not None,
    "attribute_not_exists": lambda path, _: lambda item, given: path(item, given) is None,
    "begins_with": _begins_with,
    "contains": _contains,
}


def _added(left: Operand, right: Operand, *, minus: bool) -> Operand:
    def added(item: Raw, given: Given) -> Value:
        return total(left(item, given), right(item, given), minus=minus)

    return added


def total(one: Value | None, other: Value | None, *, minus: bool = False) -> Value:
    if one is None or other is None or "N" not in one or "N" not in other:
        raise Invalid("arithmetic on what is no number")
    change = number(other["N"])
    return {"N": str(number(one["N"]) + (-change if minus else change))}
