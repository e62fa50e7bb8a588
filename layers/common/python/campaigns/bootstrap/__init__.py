"""Puts the parts together. Nothing is built at import; each part is built when it is first used."""

from campaigns.bootstrap.dispatching import Dispatching
from campaigns.bootstrap.receiving import Receiving
from campaigns.settings import Settings


class App(Receiving, Dispatching):
    """Every service of a deployment, over its adapters."""


def bootstrap(settings: Settings) -> App:
    """The parts of a function's process."""
    return App(settings)
