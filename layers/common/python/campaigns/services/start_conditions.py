"""What must be true of a campaign before it starts: one judgement for all who tell of it."""

from collections.abc import Sequence
from enum import StrEnum

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.errors import CheckFailure
from campaigns.domain.model import Campaign, ConnectionState, InstanceGate, RecipientsState
from campaigns.domain.rendering import judge_variables, required_variables
from campaigns.services.ports import CampaignView


class StartCheck(StrEnum):
    """The conditions of a start (closed list of the contract)."""

    NOT_A_DRAFT = "not_a_draft"
    RECIPIENTS_PREPARING = "recipients_preparing"
    RECIPIENTS_FAILED = "recipients_failed"
    NO_RECIPIENTS = "no_recipients"
    NO_ACTIVE_MESSAGE = "no_active_message"
    UNKNOWN_VARIABLES = "unknown_variables"
    MISSING_VALUES = "missing_values"
    INSTANCE_MISSING = "instance_missing"
    INSTANCE_DISCONNECTED = "instance_disconnected"
    INSTANCE_BUSY = "instance_busy"
    WINDOW_NEVER_OPENS = "window_never_opens"


#: A campaign that is put on schedule takes its instance only when it is due.
_WHEN_DUE = frozenset({StartCheck.INSTANCE_BUSY, StartCheck.INSTANCE_DISCONNECTED})


def start_failures(
    view: CampaignView, gate: InstanceGate | None, first_send_at: int | None
) -> tuple[CheckFailure, ...]:
    """Every condition that does not hold; `first_send_at` None where no window ever opens."""
    campaign = view.campaign
    failures = [
        *_of_status(campaign),
        *_of_recipients(campaign),
        *_of_messages(view),
        *_of_instance(campaign, gate),
    ]
    if first_send_at is None:
        failures.append(CheckFailure(StartCheck.WINDOW_NEVER_OPENS))
    return tuple(failures)


def keep_from_starting(
    failures: Sequence[CheckFailure], campaign: Campaign, now: int
) -> tuple[CheckFailure, ...]:
    """Those that refuse a start now: with a `scheduled_at` ahead the instance does not matter."""
    if (campaign.schedule.scheduled_at or 0) <= now:
        return tuple(failures)
    return tuple(failure for failure in failures if failure.code not in _WHEN_DUE)


def _of_status(campaign: Campaign) -> list[CheckFailure]:
    if campaign.status is CampaignStatus.DRAFT:
        return []
    context = {"current_status": campaign.status.value}
    return [CheckFailure(StartCheck.NOT_A_DRAFT, context)]


def _of_recipients(campaign: Campaign) -> list[CheckFailure]:
    match campaign.recipients.state:
        case RecipientsState.PREPARING:
            return [CheckFailure(StartCheck.RECIPIENTS_PREPARING)]
        case RecipientsState.FAILED:
            return [CheckFailure(StartCheck.RECIPIENTS_FAILED)]
    return [] if campaign.total else [CheckFailure(StartCheck.NO_RECIPIENTS)]


def _of_messages(view: CampaignView) -> list[CheckFailure]:
    texts = [message.text for message in view.messages if message.is_active]
    if not texts:
        return [CheckFailure(StartCheck.NO_ACTIVE_MESSAGE)]
    total = view.campaign.total
    required = required_variables(texts)
    missing = {name: total - view.values.get(name, 0) for name in required}
    found = judge_variables(required, missing, total)
    failures = []
    if found.unknown:
        context = {"variables": list(found.unknown)}
        failures.append(CheckFailure(StartCheck.UNKNOWN_VARIABLES, context))
    if found.missing and not view.campaign.allow_missing:
        counts = [{"variable": name, "count": count} for name, count in found.missing]
        failures.append(CheckFailure(StartCheck.MISSING_VALUES, {"missing": counts}))
    return failures


def _of_instance(campaign: Campaign, gate: InstanceGate | None) -> list[CheckFailure]:
    if gate is None:
        return [CheckFailure(StartCheck.INSTANCE_MISSING)]
    if gate.connection_state is not ConnectionState.OPEN:
        return [CheckFailure(StartCheck.INSTANCE_DISCONNECTED)]
    if gate.live_campaign_id not in {None, campaign.campaign_id}:
        return [CheckFailure(StartCheck.INSTANCE_BUSY, {"campaign_id": gate.live_campaign_id})]
    return []
