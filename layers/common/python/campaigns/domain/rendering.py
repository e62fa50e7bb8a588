"""Rendering: from a campaign's wording and one contact to the text that leaves.

A placeholder is ``{{name}}`` or ``{{name|default}}``. Names are compared folded (`fold_name`):
case, white space and accents do not matter, so ``{{ Saudação }}`` is ``{{saudacao}}``. The first
``|`` begins the default, whose outer spaces do not count. A value that is missing or blank gives
way to the default; without one it renders to nothing. Rendering is one pass: neither a value nor a
default is ever expanded, and braces that are no placeholder stay as they are.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaigns.domain.errors import FieldError, TextTooLong

#: Longest text that WhatsApp's documentation allows ("Maximum 4096 characters"; Cloud API, text
#: messages). Evolution knows no limit. Counted in Unicode code points, as the `maxLength` of our
#: own contract counts, so that a text that was accepted does not become too long by being rendered.
TEXT_LIMIT = 4096
CUSTOM_VARS_LIMIT = 50
CUSTOM_VAR_NAME_LIMIT = 100
CUSTOM_VAR_VALUE_LIMIT = 500

_PLACEHOLDER = re.compile(r"\{\{([^{}|]*)(?:\|([^{}]*))?\}\}")
_WEEKDAYS = (
    "Segunda-feira",
    "Terça-feira",
    "Quarta-feira",
    "Quinta-feira",
    "Sexta-feira",
    "Sábado",
    "Domingo",
)


class BuiltIn(StrEnum):
    """The variables that every contact has a place for; no custom one may shadow them."""

    NOME = "nome"
    PRIMEIRO_NOME = "primeiro_nome"
    SAUDACAO = "saudacao"
    QUEM_INDICOU = "quem_indicou"
    DIA_SEMANA = "dia_semana"


_BUILT_INS = frozenset(variable.value for variable in BuiltIn)
#: Made from the clock, never from the contact.
_OF_THE_MOMENT = frozenset({BuiltIn.SAUDACAO, BuiltIn.DIA_SEMANA})


@dataclass(frozen=True, slots=True)
class Variable:
    """A placeholder of a text: its folded name, and its default if it has one."""

    name: str
    default: str | None


@dataclass(frozen=True, slots=True)
class VariableFindings:
    """What stands against a start: variables nobody has, and those that some contacts lack."""

    unknown: tuple[str, ...]
    #: Variable and number of contacts without a value, in the order of the texts.
    missing: tuple[tuple[str, int], ...]


def fold_name(name: str) -> str:
    """Two names are one variable if they differ only in case, white space or accents."""
    # Case folding can yield accents and decomposing can yield capitals, hence the second round.
    for _ in range(2):
        letters = unicodedata.normalize("NFKD", name.casefold())
        name = "".join(letter for letter in letters if not _does_not_count(letter))
    return name


def variables_in(text: str) -> tuple[Variable, ...]:
    """The different placeholders of a text, in the order in which they first appear."""
    found = (_variable(match) for match in _PLACEHOLDER.finditer(text))
    return tuple(dict.fromkeys(variable for variable in found if variable))


def required_variables(texts: Iterable[str]) -> tuple[str, ...]:
    """The contact's variables that stand somewhere in the texts without a default."""
    names = (
        variable.name
        for text in texts
        for variable in variables_in(text)
        if variable.default is None and variable.name not in _OF_THE_MOMENT
    )
    return tuple(dict.fromkeys(names))


def contact_values(
    name: str, quem_indicou: str | None, custom_vars: Mapping[str, str]
) -> dict[str, str]:
    """A contact's values by folded name; a custom one never takes the place of a built-in."""
    words = name.split()
    return {fold_name(key): value for key, value in custom_vars.items()} | {
        BuiltIn.NOME.value: name,
        BuiltIn.PRIMEIRO_NOME.value: words[0] if words else "",
        BuiltIn.QUEM_INDICOU.value: quem_indicou or "",
    }


def missing_variables(required: Iterable[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """Of the required variables, those for which the contact has no value or a blank one."""
    return tuple(name for name in required if _is_blank(values.get(name)))


def judge_variables(
    required: Iterable[str], missing_counts: Mapping[str, int], contacts: int
) -> VariableFindings:
    """A variable is unknown if none of the contacts has it, else missing where some have none.

    `missing_counts` holds, per variable, how many contacts `missing_variables` named it for. A
    built-in is never unknown.
    """
    lacking = [(name, missing_counts.get(name, 0)) for name in required]
    unknown = tuple(
        name for name, count in lacking if count >= contacts > 0 and name not in _BUILT_INS
    )
    missing = tuple((name, count) for name, count in lacking if count and name not in unknown)
    return VariableFindings(unknown, missing)


def render(text: str, values: Mapping[str, str], local: datetime) -> str:
    """Put a contact's values and the moment's greeting and weekday into a text, in one pass.

    `values` come from `contact_values`; `local` is an aware time in the campaign's zone. Raises
    `TextTooLong` over `TEXT_LIMIT` characters.
    """
    if local.tzinfo is None:
        raise ValueError("rendering needs an aware time in the campaign's zone")
    known = {
        **values,
        BuiltIn.SAUDACAO.value: greeting(local),
        BuiltIn.DIA_SEMANA.value: _WEEKDAYS[local.weekday()],
    }

    def replacement(match: re.Match[str]) -> str:
        variable = _variable(match)
        if variable is None:
            return match[0]
        value = known.get(variable.name, "")
        return (variable.default or "") if _is_blank(value) else value

    rendered = _PLACEHOLDER.sub(replacement, text)
    if len(rendered) > TEXT_LIMIT:
        raise TextTooLong(len(rendered), TEXT_LIMIT)
    return rendered


def greeting(local: datetime) -> str:
    """Bom dia before 12, Boa tarde before 18, else Boa noite."""
    if local.hour < 12:
        return "Bom dia"
    return "Boa tarde" if local.hour < 18 else "Boa noite"


def check_custom_vars(custom_vars: Mapping[str, str]) -> tuple[FieldError, ...]:
    """Every custom variable can be reached by its name, and none shadows a built-in or another."""
    errors = []
    if len(custom_vars) > CUSTOM_VARS_LIMIT:
        errors.append(_field_error("custom_vars", "too_many", limit=CUSTOM_VARS_LIMIT))
    seen: set[str] = set()
    for name, value in custom_vars.items():
        field = f"custom_vars.{name}"
        folded = fold_name(name)
        if not folded or len(name) > CUSTOM_VAR_NAME_LIMIT or set(name) & set("{}|"):
            errors.append(_field_error(field, "invalid_name", limit=CUSTOM_VAR_NAME_LIMIT))
        elif folded in _BUILT_INS:
            errors.append(_field_error(field, "shadows_built_in", variable=folded))
        elif folded in seen:
            errors.append(_field_error(field, "repeated_name"))
        seen.add(folded)
        if len(value) > CUSTOM_VAR_VALUE_LIMIT:
            errors.append(_field_error(field, "too_long", limit=CUSTOM_VAR_VALUE_LIMIT))
    return tuple(errors)


def _variable(match: re.Match[str]) -> Variable | None:
    name, default = fold_name(match[1]), match[2]
    if not name:
        return None
    return Variable(name, None if default is None else default.strip())


def _does_not_count(letter: str) -> bool:
    # Format characters (category Cf) are the invisible ones that come along with pasted text.
    return (
        letter.isspace()
        or bool(unicodedata.combining(letter))
        or unicodedata.category(letter) == "Cf"
    )


def _is_blank(value: str | None) -> bool:
    return value is None or not value.strip()


def _field_error(field: str, code: str, **params: object) -> FieldError:
    return FieldError(field, code, f"custom_vars.{code}", params)
