"""The nine rules, judged from evidence: of a simulated run and of a real stack alike."""

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
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

#: What a store answers to a request that it will never take: no trouble of its own.
_WRONG_REQUESTS = frozenset({"ValidationException", "ResourceNotFoundException", "AccessDenied"})


def no_fault_of_our_own(evidence: Evidence) -> list[str]:
    """Nothing is raised but refusals, and what a store or server that fails makes ours raise."""
    return [
        f"{type(error).__name__}: {error}"
        for error in evidence.faults
        if not isinstance(error, CampaignsError)
        and (evidence.is_undisturbed or not _is_trouble(error))
    ]


def _is_trouble(error: BaseException | None) -> bool:
    """Of the store; a library's own error is judged by what it wraps."""
    match error:
        case PynamoDBException():
            return _is_trouble(error.cause or error.__cause__)
        case ClientError():
            return error.response.get("Error", {}).get("Code") not in _WRONG_REQUESTS
        case ParamValidationError():
            return False
    return isinstance(error, BotoCoreError)


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
