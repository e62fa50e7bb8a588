"""Start a campaign: look at every condition, tell all that fail, then take its instance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.campaign_log import SYSTEM, new_entry
from campaigns.domain.errors import (
    CheckFailure,
    ConcurrentUpdate,
    InvalidState,
    NotFound,
    StartRefused,
)
from campaigns.domain.instants import MINUTE_MS, to_iso
from campaigns.domain.model import (
    Campaign,
    EventType,
    InstanceGate,
    Lane,
    LaneKey,
    RecipientsState,
)
from campaigns.domain.rendering import contact_values
from campaigns.domain.rendering import missing_variables as missing_in
from campaigns.services.campaign_facts import FactsCache
from campaigns.services.find_reachable import FindReachable
from campaigns.services.ports import (
    Campaigns,
    CampaignView,
    Clock,
    Contacts,
    Gates,
    Recipients,
    TransitionRefusal,
)
from campaigns.services.ports_connection import ConnectionChecks
from campaigns.services.start_conditions import StartCheck, keep_from_starting, start_failures

#: Contacts named as examples of a missing value, and recipients looked through for them.
_SAMPLES = 5
_SAMPLED = 200
#: How often a campaign is checked because it was edited while it was checked.
_ATTEMPTS = 3
#: A scheduled campaign that waits for its number has it looked at in every such minute.
_LOOKS_EACH_MINUTES = 10

type _Attempt = Callable[[CampaignView], TransitionRefusal | None]


@dataclass(frozen=True, slots=True)
class Checks:
    """Each condition with what fails of it, and when the first message would leave (epoch ms)."""

    failures: tuple[CheckFailure, ...]
    first_send_at: int | None


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
        reachable: FindReachable,
        checks: ConnectionChecks,
        clock: Clock,
        random: Random,
    ) -> None:
        self._campaigns = campaigns
        self._reachable = reachable
        self._checks = checks
        self._recipients = recipients
        self._contacts = contacts
        self._gates = gates
        self._facts = facts
        self._clock = clock
        self._random = random

    def check(self, view: CampaignView) -> Checks:
        return self._check(view, self._gate(view))

    def _gate(self, view: CampaignView) -> InstanceGate | None:
        return self._gates.read(view.campaign.instance_id, consistent=True)

    def _check(self, view: CampaignView, gate: InstanceGate | None) -> Checks:
        campaign = view.campaign
        first_send_at = self._first_send_at(campaign, gate)
        failures = start_failures(view, gate, first_send_at)
        is_laid = campaign.total and campaign.recipients.state is RecipientsState.READY
        if is_laid and not self._reachable.is_there(campaign):
            failures += (CheckFailure(StartCheck.NO_RECIPIENTS),)
        told = tuple(self._with_samples(campaign, failure) for failure in failures)
        return Checks(told, first_send_at)

    def begin(self, view: CampaignView, *, actor: str) -> LaneKey:
        """Draft (or scheduled and due) to active; the lane to plan at once.

        Raises :class:`StartRefused` with every condition that does not hold,
        :class:`InvalidState` where the campaign moved meanwhile, :class:`NotFound` where it was
        deleted, and :class:`ConcurrentUpdate` where it was edited each time that it had been
        checked, or its `scheduled_at` was.
        """
        written = self._write_as_checked(view, lambda each: self._take_instance(each, actor))
        return written.campaign.lane_key

    def put_on_schedule(self, view: CampaignView, *, actor: str) -> None:
        """Draft to scheduled; the instance is taken when it is due. Raises as `begin` does."""
        self._write_as_checked(view, lambda current: self._schedule(current, actor))

    def when_due(self, campaign: Campaign) -> bool:
        """Start a scheduled campaign whose time has come; where it can't, say why and try again."""
        view = self._campaigns.view(campaign.tenant_id, campaign.campaign_id)
        scheduled_at = campaign.schedule.scheduled_at or 0
        if view is None or self._clock.now() < scheduled_at:
            return False
        try:
            self.begin(view, actor=campaign.started_by or SYSTEM)
        except StartRefused as refused:
            self._note_refusal(campaign, [failure.code for failure in refused.failures])
            return False
        except (InvalidState, ConcurrentUpdate):
            return False
        return True

    def _note_refusal(self, campaign: Campaign, codes: Sequence[str]) -> None:
        told = ",".join(codes)
        is_new = told != campaign.last_error
        if is_new:
            self._campaigns.note_error(campaign, told)
        now = self._clock.now()
        waited = (now - (campaign.schedule.scheduled_at or now)) // MINUTE_MS
        if StartCheck.INSTANCE_DISCONNECTED in codes and (
            is_new or waited % _LOOKS_EACH_MINUTES == 0
        ):
            # Events are lost: that it has been connected again need not have been told.
            self._checks.leave_due(campaign.instance_id, now)

    def _write_as_checked(self, view: CampaignView, attempt: _Attempt) -> CampaignView:
        """An edit between check and write refuses the write: what it made is checked again.

        The campaign as it was written at last: its instance may be another by then.
        """
        for _ in range(_ATTEMPTS):
            refusal = attempt(view)
            if refusal is None:
                return view
            if refusal is not TransitionRefusal.STATE:
                raise StartRefused([_FAILURE_OF[refusal]])
            view = self._moved(view.campaign)
        raise ConcurrentUpdate

    def _take_instance(self, view: CampaignView, actor: str) -> TransitionRefusal | None:
        now, old = self._clock.now(), view.campaign
        gate = self._gate(view)
        self._require_conditions(view, gate, now)
        new = replace(
            old,
            status=CampaignStatus.ACTIVE,
            started_at=now,
            resumed_at=now,
            vouched_at=now,
            started_by=actor,
            updated_at=now,
            last_error=None,
            active_message_ids=_active(view),
        )
        lane = _new_lane(old, max(now, gate.gap_ends_at if gate else now), due_at=now)
        entry = new_entry(
            EventType.CAMPAIGN_STARTED,
            now,
            self._random,
            actor=actor,
            metadata={"recipients": old.total},
        )
        return self._campaigns.start(old, new, lane, entry)

    def _schedule(self, view: CampaignView, actor: str) -> TransitionRefusal | None:
        now, old = self._clock.now(), view.campaign
        scheduled_at = old.schedule.scheduled_at
        assert scheduled_at is not None
        self._require_conditions(view, self._gate(view), now)
        new = replace(old, status=CampaignStatus.SCHEDULED, started_by=actor, updated_at=now)
        lane = _new_lane(old, scheduled_at, due_at=scheduled_at)
        entry = new_entry(
            EventType.CAMPAIGN_SCHEDULED,
            now,
            self._random,
            actor=actor,
            metadata={"at": to_iso(scheduled_at)},
        )
        return self._campaigns.schedule(old, new, lane, entry)

    def _require_conditions(self, view: CampaignView, gate: InstanceGate | None, now: int) -> None:
        """All but the state: that is the write's own condition, and told as such."""
        standing = keep_from_starting(self._check(view, gate).failures, view.campaign, now)
        failures = [failure for failure in standing if failure.code != StartCheck.NOT_A_DRAFT]
        if failures:
            raise StartRefused(failures)

    def _moved(self, campaign: Campaign) -> CampaignView:
        """The campaign as it is now, if something else than its state and its time has changed."""
        view = self._campaigns.view(campaign.tenant_id, campaign.campaign_id)
        if view is None:
            raise NotFound
        if view.campaign.status is not campaign.status:
            raise InvalidState(view.campaign.status)
        if view.campaign.schedule.scheduled_at != campaign.schedule.scheduled_at:
            # To start at once and to be put on schedule are two things: it is to be asked again.
            raise ConcurrentUpdate
        return view

    def _first_send_at(self, campaign: Campaign, gate: InstanceGate | None) -> int | None:
        base = max(
            self._clock.now(),
            campaign.schedule.scheduled_at or 0,
            gate.gap_ends_at if gate else 0,
        )
        return self._facts.hours(campaign).next_opening(base)

    def _with_samples(self, campaign: Campaign, failure: CheckFailure) -> CheckFailure:
        """Missing values name some contacts that lack each of them."""
        if failure.code != StartCheck.MISSING_VALUES:
            return failure
        missing: Any = failure.context["missing"]
        samples = self._samples(campaign, [each["variable"] for each in missing])
        listed = [
            each | {"sample_contact_ids": samples.get(each["variable"], [])} for each in missing
        ]
        return replace(failure, context={"missing": listed})

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


_FAILURE_OF = {
    TransitionRefusal.TAKEN: CheckFailure(StartCheck.INSTANCE_BUSY),
    TransitionRefusal.DISCONNECTED: CheckFailure(StartCheck.INSTANCE_DISCONNECTED),
}


def _active(view: CampaignView) -> tuple[str, ...]:
    return tuple(message.message_id for message in view.messages if message.is_active)


def _new_lane(campaign: Campaign, first_slot_at: int, *, due_at: int) -> Lane:
    return Lane(
        campaign.lane_key,
        cursor=0,
        laid_through=campaign.total,
        next_slot_at=first_slot_at,
        due_at=due_at,
    )
