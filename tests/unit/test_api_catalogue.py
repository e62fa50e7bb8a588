"""Every code that a caller can meet has its sentence, in both languages."""

import ast
import re
from pathlib import Path

import pytest

from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.model import EventType
from campaigns.domain.phone import PhoneProblem
from campaigns.domain.recipient import RecipientErrorCode
from campaigns.domain.sending_window import SendingWindowProblem
from campaigns.domain.server_address import AddressProblem
from campaigns.services.start_campaign import StartWarning
from campaigns.services.start_conditions import StartCheck
from campaigns_api.catalogue import SENTENCES
from campaigns_api.document import codes_of
from campaigns_api.language import Language, say
from campaigns_api.problems import problem_codes, status_of
from campaigns_api.routes import all_operations

ROOT = Path(__file__).parents[2]
CUSTOM_VARS = ("too_many", "invalid_name", "shadows_built_in", "repeated_name", "too_long")


def keys_of_field_errors() -> set[str]:
    """The key of the sentence of each ``FieldError(field, code, key)`` in the code."""
    found = set()
    for folder in ("layers/common/python/campaigns", "functions/api"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                is_error = isinstance(node, ast.Call) and ast.unparse(node.func) == "FieldError"
                if is_error and isinstance(key := node.args[2], ast.Constant):
                    found.add(key.value)
    return found


def test_every_fault_of_a_field_has_a_sentence():
    listed = {*PhoneProblem, *SendingWindowProblem, *AddressProblem}
    keys = keys_of_field_errors() | listed | {f"custom_vars.{code}" for code in CUSTOM_VARS}
    assert "phone_no_area_code" in keys
    assert "required" in keys
    assert sorted(keys - SENTENCES.keys()) == []


@pytest.mark.parametrize(
    ("prefix", "codes"),
    [
        ("problem", problem_codes()),
        ("title", {str(status_of(code)) for code in problem_codes()}),
        ("event", EventType),
        ("recipient", RecipientErrorCode),
        ("pause", AutoPauseReason),
        ("check", StartCheck),
        ("warning", StartWarning),
    ],
)
def test_every_code_of_a_closed_list_has_a_sentence(prefix: str, codes):
    assert sorted({f"{prefix}.{code}" for code in codes} - SENTENCES.keys()) == []


def test_both_languages_have_the_same_gaps():
    for key, (portuguese, english) in SENTENCES.items():
        assert re.findall(r"\{\w+\}", portuguese) == re.findall(r"\{\w+\}", english), key


def test_a_gap_that_nothing_fills_leaves_the_sentence_readable():
    assert say("too_long", Language.ENGLISH) == "Use … characters at most."


def test_every_code_of_an_operation_is_one_of_the_list():
    for operation in all_operations():
        assert set(codes_of(operation)) <= set(problem_codes())
