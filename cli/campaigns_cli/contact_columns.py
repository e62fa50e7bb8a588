"""What each column of a contact list is, by its header as people write it."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.domain.rendering import CUSTOM_VAR_NAME_LIMIT, BuiltIn

REFUSED_LINE_HEADER = "Linha no arquivo"
REFUSED_REASON_HEADER = "Motivo da recusa"

# The first name that is present wins; the others of the list become variables.
_FIELD_NAMES = {
    "name": (
        "nome",
        "nome_completo",
        "name",
        "full_name",
        "cliente",
        "nome_do_cliente",
        "nome_cliente",
        "primeiro_nome",
        "first_name",
        "contato",
    ),
    "quem_indicou": ("quem_indicou", "indicado_por", "indicacao", "indicou", "referred_by"),
    "tags": ("tags", "tag", "etiquetas", "etiqueta", "marcadores", "labels"),
    "email": ("email", "e_mail", "mail"),
    "notes": ("observacoes", "observacao", "obs", "notas", "notes", "anotacoes", "comentarios"),
}
# In the order in which a row's phone is looked for: what is on WhatsApp for sure comes first.
_PHONE_WORDS = (
    *("whatsapp", "whats", "zap", "celular", "cel", "mobile"),
    *("telefone", "fone", "tel", "phone", "fixo"),
)
# Headers that are a phone only where the cells look like it: a house number is a "Número" too.
_PERHAPS_PHONE = frozenset({"numero", "contato"})
_BESIDE_PHONE = frozenset({"numero", "n", "no", "de", "do", "com", "ddd", "cliente"})
_OUR_OWN = frozenset({"linha_no_arquivo", "motivo_da_recusa"})
_FEWEST_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Columns:
    """Column indices: phones in order of preference, fields by name, variables by key.

    `renamed` maps a header to the key it got where the plain key was taken.
    """

    phones: tuple[int, ...]
    fields: dict[str, int]
    variables: dict[str, int]
    renamed: dict[str, str]


def variable_key(header: str) -> str:
    """A header as a variable: lower case, no accents, everything else than a-z and 0-9 is `_`."""
    plain = unicodedata.normalize("NFKD", header.casefold())
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")


def recognise_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Columns:
    """Each column is a phone, a field of the contact, our own note of a refusal, or a variable."""
    keys = [variable_key(title) for title in header]
    phones = _phone_columns(keys, rows)
    fields: dict[str, int] = {}
    for field, names in _FIELD_NAMES.items():
        index = next((keys.index(name) for name in names if name in keys), None)
        if index is not None and index not in phones:
            fields[field] = index
    taken = {*phones, *fields.values()}
    variables: dict[str, int] = {}
    renamed: dict[str, str] = {}
    for index, key in enumerate(keys):
        if index in taken or key in _OUR_OWN:
            continue
        if not key and not any(_cell(row, index) for row in rows):
            continue
        plain = key or f"coluna_{index + 1}"
        free = _free_key(plain, variables)
        if free != plain:
            renamed[header[index]] = free
        variables[free] = index
    return Columns(phones, fields, variables, renamed)


def _free_key(key: str, taken: dict[str, int]) -> str:
    """A column may not take over a name that a message knows already."""
    if key in set(BuiltIn):
        key = f"{key}_da_planilha"
    key = key[: CUSTOM_VAR_NAME_LIMIT - len("_00")]
    free, count = key, 2
    while free in taken:
        free, count = f"{key}_{count}", count + 1
    return free


def _phone_columns(keys: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """All columns plainly named as the contact's phone; failing these, one whose name has the word.

    "Telefone da mãe" beside "Telefone" is somebody else's, and "Tem WhatsApp?" is no number.
    """
    ranked = sorted(
        (_phone_rank(key), index) for index, key in enumerate(keys) if _names_phone(key)
    )
    candidates = [index for _, index in ranked]
    holding = [index for index in candidates if _holds_phones(rows, index)]
    plain = [index for index in candidates if _is_plain(keys[index])]
    certain = [index for index in plain if keys[index] not in _PERHAPS_PHONE]
    plain_holding = [index for index in plain if index in holding]
    return tuple(plain_holding or certain or holding[:1])


def _names_phone(key: str) -> bool:
    return key in _PERHAPS_PHONE or not set(_PHONE_WORDS).isdisjoint(key.split("_"))


def _phone_rank(key: str) -> int:
    words = key.split("_")
    if "fixo" in words:
        return len(_PHONE_WORDS)
    return next(
        (rank for rank, word in enumerate(_PHONE_WORDS) if word in words), len(_PHONE_WORDS)
    )


def _is_plain(key: str) -> bool:
    known = _BESIDE_PHONE.union(_PHONE_WORDS, _PERHAPS_PHONE)
    return all(word in known or word.isdigit() for word in key.split("_"))


def _holds_phones(rows: Sequence[Sequence[str]], index: int) -> bool:
    cells = [cell for row in rows if (cell := _cell(row, index))]
    with_phone = sum(sum(sign.isdigit() for sign in cell) >= _FEWEST_DIGITS for cell in cells)
    return bool(cells) and 2 * with_phone >= len(cells)


def _cell(row: Sequence[str], index: int) -> str:
    return row[index].strip() if index < len(row) else ""
