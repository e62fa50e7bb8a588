"""A fake Evolution API and the phones behind it: one for the tests in process and over HTTP."""

from local.fake_evolution.app import FakeEvolutionApp
from local.fake_evolution.behaviours import Behaviour, Operation, Rule
from local.fake_evolution.core import FakeEvolution
from local.fake_evolution.model import (
    AckStatus,
    AckStep,
    ConnectionState,
    Held,
    Instance,
    Message,
    Outcome,
    Phone,
    SendRequest,
)
from local.fake_evolution.transport import transport
from local.fake_evolution.webhooks import Deliver, Post

__all__ = [
    "AckStatus",
    "AckStep",
    "Behaviour",
    "ConnectionState",
    "Deliver",
    "FakeEvolution",
    "FakeEvolutionApp",
    "Held",
    "Instance",
    "Message",
    "Operation",
    "Outcome",
    "Phone",
    "Post",
    "Rule",
    "SendRequest",
    "transport",
]
