"""Structured logs by Powertools, for the function and for the package alike."""

import logging

from aws_lambda_powertools import Logger


def function_logger() -> Logger:
    """The function's logger; what the package logs by ``logging`` takes the same way out.

    Service name and level come from Powertools' environment variables.
    """
    logger = Logger()
    package = logging.getLogger("campaigns")
    package.handlers = list(logger.handlers)
    package.setLevel(logger.log_level)
    package.propagate = False
    return logger
