"""A fake Evolution API and the phones behind it: one for the tests in process and over HTTP."""

from local.fake_evolution.ack_rules import USUAL_ACKS, AckRule
from local.fake_evolution.app import FakeEvolutionApp
from local.fake_evolution.behaviours import Behaviour, Operation, Rule
from local.fake_evolution.core import FakeEvolution
from local.fake_evolution.model import (
    AckStatus,
    AckStep,
    ConnectionState,
    Held,
    Instance,
    Lid,
    Message,
    Outcome,
    Phone,
    Reply,
    ReplyKind,
    SendRequest,
)
from local.fake_evolution.transport import transport
from local.fake_evolution.webhook_rules import WebhookRule, WebhookTrait
from local.fake_evolution.webhooks import Deliver, Post

__all__ = [
    "USUAL_ACKS",
    "AckRule",
    "AckStatus",
    "AckStep",
    "Behaviour",
    "ConnectionState",
    "Deliver",
    "FakeEvolution",
    "FakeEvolutionApp",
    "Held",
    "Instance",
    "Lid",
    "Message",
    "Operation",
    "Outcome",
    "Phone",
    "Post",
    "Reply",
    "ReplyKind",
    "Rule",
    "SendRequest",
    "WebhookRule",
    "WebhookTrait",
    "transport",
]
