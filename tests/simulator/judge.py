"""The nine rules, judged from evidence: of a simulated run and of a real stack alike."""

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from campaigns.domain.errors import CampaignsError
from tests.simulator.evidence import Evidence
from tests.simulator.judge_answers import answers_hold, choices_hold, receipts_hold
from tests.simulator.judge_books import (
    exact_books,
    legal_moves,
    never_lost,
    one_live_campaign,
)
from tests.simulator.judge_leaks import no_leaks
from tests.simulator.judge_sending import (
    daily_limit,
    human_pace,
    never_hammered,
    never_twice,
    only_in_hours,
)
from tests.simulator.judge_stops import stop_means_stop

#: What a rule, a store or a server may say. Any other exception is a fault of the code.
_REFUSALS = (CampaignsError,)
_FAILURES = (BotoCoreError, ClientError, PynamoDBException)


def no_fault_of_our_own(evidence: Evidence) -> list[str]:
    """Nothing is raised but refusals, and what a store or server that fails makes ours raise."""
    expected = _REFUSALS if evidence.is_undisturbed else _REFUSALS + _FAILURES
    return [
        f"{type(error).__name__}: {error}"
        for error in evidence.faults
        if not isinstance(error, expected)
    ]


RULES = (
    never_twice,
    never_lost,
    never_hammered,
    human_pace,
    daily_limit,
    only_in_hours,
    stop_means_stop,
    one_live_campaign,
    exact_books,
    legal_moves,
    answers_hold,
    choices_hold,
    receipts_hold,
    no_leaks,
    no_fault_of_our_own,
)


def judge(evidence: Evidence) -> list[str]:
    """What breaks a rule, as `rule: what`."""
    return [f"{rule.__name__}: {what}" for rule in RULES for what in rule(evidence)]
