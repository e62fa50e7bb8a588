"""What a deployment counts of itself, and the port through which services tell it.

A metric has no dimension: nothing in it speaks of a tenant, a campaign or a person.
"""

from enum import StrEnum
from typing import Protocol


class Count(StrEnum):
    """How often something happened; the parts of one call add up."""

    #: Tries of campaigns' messages that came to their end.
    SEND_TRIES = "SendTries"
    #: What became of them: proven to be sent, not sent for good, of unknown outcome, to be tried
    #: again.
    MESSAGES_SENT = "MessagesSent"
    MESSAGES_FAILED = "MessagesFailed"
    SENDS_UNKNOWN = "SendsUnknown"
    SENDS_RETRIED = "SendsRetried"
    #: Messages that WhatsApp refused after their server had taken them.
    MESSAGES_REFUSED = "MessagesRefused"
    #: All tries but those that were sent, and the refused of these: the share of it in the tries is
    #: how badly sending goes.
    SEND_FAILURES = "SendFailures"
    #: Recipients that were shown to the operator as in doubt.
    RECIPIENTS_UNCONFIRMED = "RecipientsUnconfirmed"
    #: Instances that were of use, and no longer are.
    INSTANCES_DISCONNECTED = "InstancesDisconnected"
    #: Calls of the API that were answered with a fault of ours. To Lambda they are no errors.
    CALLS_FAILED = "CallsFailed"


class Peak(StrEnum):
    """The largest value of one call, in milliseconds."""

    #: From the minute that a run stands for until the last of its lanes was planned.
    PLANNER_DELAY = "PlannerDelay"
    #: By how much this process' clock and DynamoDB's differ at the least.
    CLOCK_SKEW = "ClockSkew"


class Metrics(Protocol):
    """Never raises, and may be told from several threads at once."""

    def count(self, metric: Count, number: int = 1) -> None:
        """A number of 0 is told too: beside another metric it says that there was nothing."""

    def peak(self, metric: Peak, milliseconds: int) -> None: ...
