"""Structured logs by Powertools, for the function and for the package alike."""

import logging
import os
from typing import Final

from aws_lambda_powertools import Logger

from campaigns.services.correlation import correlation_id

#: At INFO they tell each URL, and at DEBUG what is in requests and answers: phones and keys.
_TALKATIVE: Final = ("boto3", "botocore", "httpcore", "httpx", "urllib3")


def function_logger() -> Logger:
    """The function's logger; what the package logs by ``logging`` takes the same way out.

    Service name and level come from Powertools' environment variables.
    """
    logger = Logger()
    package = logging.getLogger("campaigns")
    package.handlers = list(logger.handlers)
    for handler in package.handlers:
        handler.addFilter(_correlate)
        # Loggers take the level of Lambda's own filter before ours. That one stays at INFO, for it
        # would leave out the metrics: whatever names no level is INFO to it.
        handler.setLevel(os.environ.get("POWERTOOLS_LOG_LEVEL", "NOTSET").upper())
    package.setLevel(logger.log_level)
    package.propagate = False
    # The runtime gives every logger the level that is meant for the function's own.
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    return logger


def _correlate(record: logging.LogRecord) -> bool:
    """A line names the call for which it is written: a batch's jobs may be of several."""
    if with_id := correlation_id():
        record.__dict__["correlation_id"] = with_id
    return True
