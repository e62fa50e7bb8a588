"""Every code that a caller can meet has its sentence, in both languages."""

import ast
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.direct_message import DirectErrorCode
from campaigns.domain.model import EventType
from campaigns.domain.phone import PhoneProblem
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus
from campaigns.domain.recipient_log import EVENT_LEVELS
from campaigns.domain.resolving import Resolution
from campaigns.domain.sending_window import SendingWindowProblem
from campaigns.domain.server_address import AddressProblem
from campaigns.domain.start_warnings import StartWarning
from campaigns.services.ports_evolution import AdminRefusal
from campaigns.services.start_conditions import StartCheck
from campaigns_api.catalogue import SENTENCES
from campaigns_api.document import codes_of
from campaigns_api.language import Language, say
from campaigns_api.problems import problem_codes, status_of
from campaigns_api.recipient_sheet import COLUMNS
from campaigns_api.routes import all_operations

ROOT = Path(__file__).parents[2]
CUSTOM_VARS = ("too_many", "invalid_name", "shadows_built_in", "repeated_name", "too_long")


@cache
def field_errors() -> list[ast.Call]:
    """Each ``FieldError(field, code, key, ...)`` in the code."""
    files = (
        path
        for folder in ("layers/common/python/campaigns", "functions/api")
        for path in (ROOT / folder).rglob("*.py")
    )
    return [
        node
        for path in files
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "FieldError"
    ]


def keys_of_field_errors() -> set[str]:
    """The keys of their sentences."""
    keys = (node.args[2] for node in field_errors())
    return {key.value for key in keys if isinstance(key, ast.Constant)}


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
        ("reason", AdminRefusal),
        ("title", {str(status_of(code)) for code in problem_codes()}),
        ("event", EventType),
        ("recipient", RecipientErrorCode),
        ("pause", AutoPauseReason),
        ("direct", DirectErrorCode),
        ("check", StartCheck),
        ("warning", StartWarning),
        ("state", CampaignStatus),
        ("status", RecipientStatus),
        ("decision", Resolution),
        ("column", COLUMNS),
    ],
)
def test_every_code_of_a_closed_list_has_a_sentence(prefix: str, codes):
    assert sorted({f"{prefix}.{code}" for code in codes} - SENTENCES.keys()) == []


#: What each sentence with gaps is given by whoever says it; those of wrong fields are found.
GIVEN = {
    "problem.invalid_state": {"current_status"},
    "problem.body_too_large": {"limit"},
    "problem.throttled": {"retry_after"},
    "problem.too_many_instances": {"limit"},
    "reason.unsupported_version": {"version"},
    "check.not_a_draft": {"current_status"},
    "check.unknown_variables": {"variables"},
    "check.missing_values": {"variables"},
    "warning.quiet_hours": {"quiet_hours_start", "quiet_hours_end"},
    "warning.quiet_hours_ignored": {"quiet_hours_start", "quiet_hours_end"},
    "warning.daily_limit_spans_days": {"daily_limit", "days"},
    "warning.first_contact_with_many": {"first_contacts", "recipients"},
    "event.campaign_started": {"recipients"},
    "event.campaign_auto_paused": {"reason"},
    "event.recipients_ready": {"added"},
    "event.recipient_resolved": {"place", "decision"},
    "event.recipients_requeued": {"requeued"},
    "event.because": {"reason"},
    **{f"event.{event}": {"place", "reason"} for event in EVENT_LEVELS},
}
#: Sentences of fields that helpers make, beside ``FieldError`` written out.
MADE_BY_HELPERS = {
    "too_long": {"limit"},
    "too_short": {"limit"},
    "too_few": {"limit"},
    "too_many": {"limit"},
    "out_of_range": {"low", "high"},
    "invalid_choice": {"choices"},
    "missing_values": {"variables"},
    "too_many_groups": {"limit"},
    "custom_vars.too_many": {"limit"},
    "custom_vars.invalid_name": {"limit"},
    "custom_vars.shadows_built_in": {"variable"},
    "custom_vars.too_long": {"limit"},
}


def given_to_fields() -> dict[str, set[str]]:
    """What every ``FieldError(field, code, key, {...})`` in the code gives to its sentence."""
    found: dict[str, set[str]] = {}
    for node in field_errors():
        if not isinstance(key := node.args[2], ast.Constant):
            continue
        given = node.args[3] if len(node.args) > 3 else ast.Dict([], [])
        if not isinstance(given, ast.Dict):
            continue
        names = {ast.literal_eval(each) for each in given.keys if each}
        found[key.value] = found.get(key.value, names) & names
    return found


def gaps_of(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("key", sorted(SENTENCES))
def test_every_sentence_is_whole_in_both_languages(key: str):
    portuguese, english = SENTENCES[key]
    base = f"check.{key.removeprefix('problem.')}" if key.startswith("problem.") else key
    given = given_to_fields().get(key, set()) | MADE_BY_HELPERS.get(key, set())
    given |= GIVEN.get(key, set()) | GIVEN.get(base, set())
    assert gaps_of(portuguese) == gaps_of(english)
    assert gaps_of(portuguese) <= given
    for language in Language:
        told = say(key, language, dict.fromkeys(given, "x"))
        assert "…" not in told
        assert told.strip() == told != ""
        assert "  " not in told
    # Names and signs are the same in both; a sentence never is.
    assert portuguese != english or "." not in portuguese


def test_a_sentence_ends_like_one():
    beginnings = ("title", "state", "status", "column", "decision")
    open_ended = ("event.campaign_auto_paused", "event.because")
    for key, sentence in SENTENCES.items():
        if key.split(".")[0] in beginnings or key in open_ended:
            continue
        for told in sentence:
            assert told.endswith((".", "{reason}")), key


def test_a_gap_that_nothing_fills_leaves_the_sentence_readable():
    assert say("too_long", Language.ENGLISH) == "Use … characters at most."


def test_every_code_of_an_operation_is_one_of_the_list():
    for operation in all_operations():
        assert set(codes_of(operation)) <= set(problem_codes())
