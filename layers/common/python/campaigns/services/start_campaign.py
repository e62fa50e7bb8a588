"""Start a campaign: look at every condition, tell all that fail, then take its instance."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.errors import CheckFailure, InvalidState, StartRefused
from campaigns.domain.identity import new_id
from campaigns.domain.model import (
    Campaign,
    ConnectionState,
    EventType,
    InstanceGate,
    Lane,
    LaneKey,
    LogEntry,
    LogLevel,
    RecipientsState,
)
from campaigns.domain.rendering import contact_values, judge_variables, required_variables
from campaigns.domain.rendering import missing_variables as missing_in
from campaigns.services.campaign_facts import FactsCache
from campaigns.services.pause_campaign import SYSTEM
from campaigns.services.ports import (
    Campaigns,
    CampaignView,
    Clock,
    Contacts,
    Gates,
    Recipients,
    TransitionRefusal,
)

#: Contacts named as examples of a missing value, and recipients looked through for them.
_SAMPLES = 5
_SAMPLED = 200


class StartCheck(StrEnum):
    """The conditions of a start (closed list of the contract)."""

    RECIPIENTS_PREPARING = "recipients_preparing"
    RECIPIENTS_FAILED = "recipients_failed"
    NO_RECIPIENTS = "no_recipients"
    NO_ACTIVE_MESSAGE = "no_active_message"
    UNKNOWN_VARIABLES = "unknown_variables"
    MISSING_VALUES = "missing_values"
    INSTANCE_DISCONNECTED = "instance_disconnected"
    INSTANCE_BUSY = "instance_busy"
    WINDOW_NEVER_OPENS = "window_never_opens"


class StartWarning(StrEnum):
    """What an owner should know before a start; nothing here keeps her from it."""

    QUIET_HOURS_IGNORED = "quiet_hours_ignored"
    NO_DAILY_LIMIT = "no_daily_limit"


@dataclass(frozen=True, slots=True)
class Checks:
    """Each condition with what fails of it, and when the first message would leave (epoch ms)."""

    failures: tuple[CheckFailure, ...]
    warnings: tuple[StartWarning, ...]
    first_send_at: int | None

    def state_of(self, check: StartCheck) -> bool:
        return all(failure.code != check for failure in self.failures)


class StartCampaign:
    """Checks and starts. Of two starts on one instance the store lets one through."""

    def __init__(
        self,
        *,
        campaigns: Campaigns,
        recipients: Recipients,
        contacts: Contacts,
        gates: Gates,
        facts: FactsCache,
        clock: Clock,
        random: Random,
    ) -> None:
        self._campaigns = campaigns
        self._recipients = recipients
        self._contacts = contacts
        self._gates = gates
        self._facts = facts
        self._clock = clock
        self._random = random

    def check(self, view: CampaignView) -> Checks:
        campaign = view.campaign
        gate = self._gates.read(campaign.instance_id, consistent=True)
        first_send_at = self._first_send_at(campaign, gate)
        failures = [
            *_of_recipients(campaign),
            *self._of_messages(view),
            *_of_instance(campaign, gate),
        ]
        if first_send_at is None:
            failures.append(CheckFailure(StartCheck.WINDOW_NEVER_OPENS))
        warnings = []
        if campaign.schedule.ignore_quiet_hours:
            warnings.append(StartWarning.QUIET_HOURS_IGNORED)
        if gate is not None and gate.daily_limit is None:
            warnings.append(StartWarning.NO_DAILY_LIMIT)
        return Checks(tuple(failures), tuple(warnings), first_send_at)

    def begin(self, view: CampaignView, *, actor: str) -> LaneKey:
        """Draft (or scheduled and due) to active; the lane to plan at once.

        Raises :class:`StartRefused` with every condition that does not hold, and
        :class:`InvalidState` where the campaign moved meanwhile.
        """
        failures = self.check(view).failures
        if failures:
            raise StartRefused(failures)
        now, old = self._clock.now(), view.campaign
        gate = self._gates.read(old.instance_id)
        new = replace(
            old,
            status=CampaignStatus.ACTIVE,
            started_at=now,
            started_by=actor,
            updated_at=now,
            last_error=None,
            active_message_ids=_active(view),
        )
        lane = _new_lane(old, max(now, gate.gap_ends_at if gate else now), due_at=now)
        entry = self._entry(EventType.CAMPAIGN_STARTED, actor, {"recipients": old.total})
        refusal = self._campaigns.start(old, new, lane, entry)
        if refusal is TransitionRefusal.STATE:
            self._raise_moved(old)
        if refusal:
            raise StartRefused([_FAILURE_OF[refusal]])
        return lane.key

    def put_on_schedule(self, view: CampaignView, *, actor: str) -> None:
        """Draft to scheduled; the instance is taken when it is due."""
        old, now = view.campaign, self._clock.now()
        scheduled_at = old.schedule.scheduled_at
        assert scheduled_at is not None
        failures = tuple(
            failure
            for failure in self.check(view).failures
            if failure.code not in {StartCheck.INSTANCE_BUSY, StartCheck.INSTANCE_DISCONNECTED}
        )
        if failures:
            raise StartRefused(failures)
        new = replace(old, status=CampaignStatus.SCHEDULED, started_by=actor, updated_at=now)
        lane = _new_lane(old, scheduled_at, due_at=scheduled_at)
        entry = self._entry(EventType.CAMPAIGN_SCHEDULED, actor, {"at": scheduled_at})
        if self._campaigns.schedule(old, new, lane, entry):
            self._raise_moved(old)

    def when_due(self, campaign: Campaign) -> bool:
        """Start a scheduled campaign whose time has come; where it can't, say why and try again."""
        view = self._campaigns.view(campaign.tenant_id, campaign.campaign_id)
        scheduled_at = campaign.schedule.scheduled_at or 0
        if view is None or self._clock.now() < scheduled_at:
            return False
        try:
            self.begin(view, actor=campaign.started_by or SYSTEM)
        except StartRefused as refused:
            codes = ",".join(failure.code for failure in refused.failures)
            if codes != campaign.last_error:
                self._campaigns.note_error(campaign, codes)
            return False
        except InvalidState:
            return False
        return True

    def _first_send_at(self, campaign: Campaign, gate: InstanceGate | None) -> int | None:
        base = max(
            self._clock.now(),
            campaign.schedule.scheduled_at or 0,
            gate.gap_ends_at if gate else 0,
        )
        return self._facts.hours(campaign).next_opening(base)

    def _of_messages(self, view: CampaignView) -> list[CheckFailure]:
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
            samples = self._samples(view.campaign, [name for name, _ in found.missing])
            listed = [
                {"variable": name, "count": count, "sample_contact_ids": samples.get(name, [])}
                for name, count in found.missing
            ]
            failures.append(CheckFailure(StartCheck.MISSING_VALUES, {"missing": listed}))
        return failures

    def _samples(self, campaign: Campaign, names: list[str]) -> Mapping[str, list[str]]:
        """Some contacts that lack each value, of the first recipients."""
        page = self._recipients.page(
            campaign.tenant_id, campaign.campaign_id, 0, campaign.total, limit=_SAMPLED
        )
        contacts = self._contacts.read_many(
            campaign.tenant_id, [recipient.contact_id for recipient in page]
        )
        samples: dict[str, list[str]] = {}
        for contact in contacts.values():
            values = contact_values(contact.name, contact.quem_indicou, contact.custom_vars)
            for name in missing_in(names, values):
                if len(samples.setdefault(name, [])) < _SAMPLES:
                    samples[name].append(contact.contact_id)
        return samples

    def _entry(
        self, event_type: EventType, actor: str, metadata: Mapping[str, str | int]
    ) -> LogEntry:
        now = self._clock.now()
        return LogEntry(
            new_id("lg", now, self._random), LogLevel.INFO, event_type, now, actor, metadata
        )

    def _raise_moved(self, campaign: Campaign) -> None:
        current = self._campaigns.head(campaign.tenant_id, campaign.campaign_id, consistent=True)
        raise InvalidState(current.status if current else campaign.status)


_FAILURE_OF = {
    TransitionRefusal.TAKEN: CheckFailure(StartCheck.INSTANCE_BUSY),
    TransitionRefusal.DISCONNECTED: CheckFailure(StartCheck.INSTANCE_DISCONNECTED),
}


def _of_recipients(campaign: Campaign) -> list[CheckFailure]:
    match campaign.recipients.state:
        case RecipientsState.PREPARING:
            return [CheckFailure(StartCheck.RECIPIENTS_PREPARING)]
        case RecipientsState.FAILED:
            return [CheckFailure(StartCheck.RECIPIENTS_FAILED)]
    return [] if campaign.total else [CheckFailure(StartCheck.NO_RECIPIENTS)]


def _of_instance(campaign: Campaign, gate: InstanceGate | None) -> list[CheckFailure]:
    if gate is None or gate.connection_state is not ConnectionState.OPEN:
        return [CheckFailure(StartCheck.INSTANCE_DISCONNECTED)]
    if gate.live_campaign_id not in {None, campaign.campaign_id}:
        return [CheckFailure(StartCheck.INSTANCE_BUSY, {"campaign_id": gate.live_campaign_id})]
    return []


def _active(view: CampaignView) -> tuple[str, ...]:
    return tuple(message.message_id for message in view.messages if message.is_active)


def _new_lane(campaign: Campaign, first_slot_at: int, *, due_at: int) -> Lane:
    key = LaneKey(campaign.tenant_id, campaign.campaign_id, campaign.instance_id)
    return Lane(
        key, cursor=0, laid_through=campaign.total, next_slot_at=first_slot_at, due_at=due_at
    )
