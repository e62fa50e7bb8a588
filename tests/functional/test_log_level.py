"""How much the functions log is a setting, and what they measure does not depend on it."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

import api_handler
import dispatcher_handler
import scheduler_handler
from campaigns.adapters.logs import function_logger
from tests.fakes.functions import Functions, three_functions


@pytest.fixture
def functions() -> Iterator[Functions]:
    with three_functions() as opened:
        yield opened


@pytest.mark.parametrize("level", ["INFO", "WARN", "ERROR"])
def test_a_level_above_info_leaves_out_lines_and_never_metrics(
    functions: Functions,
    level: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As on AWS: Lambda's own filter, which reads `AWS_LAMBDA_LOG_LEVEL`, stands at INFO."""
    campaign_id = functions.create(functions.add_contacts(1))["body"]["id"]
    functions.lay()
    monkeypatch.setenv("AWS_LAMBDA_LOG_LEVEL", "INFO")
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", level)
    handlers = {
        handler
        for module in (api_handler, scheduler_handler, dispatcher_handler)
        for handler in module.logger.handlers
    }
    capsys.readouterr()
    with ExitStack() as ended:
        for handler in handlers:
            ended.callback(handler.setLevel, handler.level)
            ended.callback(handler.setStream, handler.setStream(sys.stdout))
        function_logger()
        functions.start(campaign_id)
        functions.deliver()
    printed = capsys.readouterr().out.splitlines()
    lines = [json.loads(line) for line in printed]
    levels = {logging.getLevelName(line["level"]) for line in lines if "level" in line}
    assert all(each >= logging.getLevelName(level) for each in levels)
    assert (logging.INFO in levels) is (level == "INFO")
    assert [line["MessagesSent"] for line in lines if "_aws" in line] == [1]
    assert not any("level" in line for line in lines if "_aws" in line)
