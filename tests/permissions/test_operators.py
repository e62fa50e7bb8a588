"""The rights that the page tells for `campaigns admin` are those that its commands take."""

import json
import re

import pytest

from campaigns_cli import dead_letter_queue
from tests.permissions.calls import Call
from tests.permissions.operators import (
    PAGE,
    Right,
    at_the_desk,
    granted,
    needless,
    rows,
    untold,
    used,
)
from tests.permissions.recorder import _acting
from tests.permissions.recordings import ROOT
from tests.permissions.roles import statements_in
from tests.permissions.stack import Stack, arn

PAGE_TEXT = PAGE.read_text("utf-8")


def calls() -> list[Call]:
    """What the commands would call if they used each right of the page."""
    return [
        Call(command, "an:Operation", action, resource)
        for command, action, resource in sorted(granted(PAGE_TEXT))
    ]


def test_the_page_is_read_and_written_alike() -> None:
    rights = granted(PAGE_TEXT)
    assert len(rights) > 20
    in_page = re.findall(r"^\| `admin .*$", PAGE_TEXT, re.MULTILINE)
    assert sorted(in_page) == sorted(rows(rights))


def test_rights_that_are_taken_and_told_are_right() -> None:
    assert used(calls()) == granted(PAGE_TEXT)
    assert (untold(calls()), needless(calls())) == ([], [])


@pytest.mark.parametrize("call", calls(), ids=str)
def test_a_right_that_no_command_takes_is_needless(call: Call) -> None:
    (fault,) = needless([each for each in calls() if each != call])
    assert call.action in fault
    assert call.who in fault


def test_a_right_that_the_page_does_not_tell_is_missed() -> None:
    more = Call("admin logs", "s3:PutObject", "s3:PutObject", "?bucket")
    (fault,) = untold([*calls(), more])
    assert "campaigns admin logs takes s3:PutObject on the ?bucket" in fault


def test_what_the_functions_call_is_none_of_an_operators() -> None:
    call = Call("api", "kms:Encrypt", "kms:Encrypt", "KMS_KEY_ID")
    assert used([call]) == set()
    assert untold([call]) == []


def test_the_two_queues_are_told_apart() -> None:
    with at_the_desk("dead-letters", dead_letters="https://dead"):
        actor = _acting.get()
    assert actor
    assert actor.name("sqs:SendMessage", "https://jobs", "") == "queue of jobs"
    assert actor.name("sqs:DeleteMessage", "https://dead", "") == "dead-letter queue"


#: What is on the page by its kind, on AWS by an ARN like these.
ON_AWS = {
    "dead-letter queue": arn("sqs", "alrea-campaigns-DeadLetterQueue-1.fifo"),
    "indexes": arn("dynamodb", "table/alrea-campaigns-Table-1/index/by_list"),
    "key": arn("kms", "key/1"),
    "log group": arn("logs", "log-group:/aws/lambda/alrea-campaigns-api:log-stream:"),
    "queue of jobs": arn("sqs", "alrea-campaigns-JobsQueue-1.fifo"),
    "stack": arn("cloudformation", "stack/alrea-campaigns/1"),
    "table": arn("dynamodb", "table/alrea-campaigns-Table-1"),
}


@pytest.mark.parametrize("right", sorted(granted(PAGE_TEXT)), ids=str)
def test_the_operators_policy_allows_what_the_commands_take(right: Right) -> None:
    _, action, resource = right
    document = json.loads((ROOT / "docs" / "iam" / "operate.json").read_text("utf-8"))
    statements = statements_in(Stack({"Resources": {}}), document)
    assert any(each.speaks_of(action, ON_AWS[resource]) for each in statements)


def test_the_runbook_and_the_command_line_name_no_right_that_the_page_does_not() -> None:
    told = {action for _, action, _ in granted(PAGE_TEXT)}
    runbook = (ROOT / "docs" / "runbook.md").read_text("utf-8")
    sentence = dead_letter_queue._not_allowed("")
    for text in (runbook, sentence):
        named = set(re.findall(r"\b(?:cloudformation|dynamodb|kms|logs|sqs):[A-Z]\w+", text))
        assert named
        assert named <= told
