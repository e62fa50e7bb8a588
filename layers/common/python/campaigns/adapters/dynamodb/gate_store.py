"""The two gates: one conditional write each, which asserts the whole truth at that moment."""

from dataclasses import replace
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.gate_items import (
    GateItem,
    PersonItem,
    latest_through,
    messaged_at,
    to_gate,
)
from campaigns.adapters.dynamodb.table import Done, Table
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.gates import LEAVE_WITHIN_MS, Refusal, Shut, judge_instance_gate
from campaigns.domain.latest_send import LatestSend
from campaigns.domain.model import ConnectionState, InstanceGate
from campaigns.domain.try_report import TryReport
from campaigns.services.ports import Stamp


class GateStore:
    """Instance gates (see :class:`campaigns.services.ports.Gates`)."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, instance_id: str, *, consistent: bool = False) -> InstanceGate | None:
        item = self._table.get(GateItem, keys.instance_gate(instance_id), consistent=consistent)
        return to_gate(item) if item else None

    def take(
        self,
        gate: InstanceGate,
        *,
        campaign_id: str | None,
        token: str,
        holder: str,
        now: int,
        busy_until: int,
        day: str,
        next_day_at: int,
    ) -> InstanceGate | Shut:
        known = gate
        # Twice: what was known may be old, and the refused write tells what is true.
        for _ in range(2):
            shut = judge_instance_gate(
                known,
                campaign_id=campaign_id,
                config_version=gate.config_version,
                now=now,
                day=day,
                next_day_at=next_day_at,
            )
            if shut:
                return replace(shut, holder=known.busy_holder)
            # A clock that is behind at midnight must not begin the old day anew.
            day = max(day, known.day or day)
            is_new_day = known.day != day
            result = self._table.update(
                GateItem,
                keys.instance_gate(gate.instance_id),
                [
                    GateItem.busy_token.set(token),
                    GateItem.write_token.set(token),
                    GateItem.busy_until.set(busy_until),
                    GateItem.busy_holder.set(holder),
                    GateItem.busy_campaign_id.set(campaign_id)
                    if campaign_id is not None
                    else GateItem.busy_campaign_id.remove(),
                    GateItem.last_left_at.set(now + LEAVE_WITHIN_MS),
                    GateItem.day.set(day),
                    GateItem.day_count.set(1)
                    if is_new_day
                    else GateItem.day_count.set(GateItem.day_count + 1),
                ],
                _is_open(known, campaign_id, now, day, is_new_day=is_new_day),
                token=token,
                returning="ALL_OLD",
            )
            if isinstance(result, Done):
                stored = to_gate(result.item) if result.item else known
                return _without_own_mark(stored) if stored.busy_token == token else stored
            if result.item is None:
                return Shut(Refusal.NOT_LIVE)
            known = to_gate(result.item)
        # Refused twice, and open by what was seen last: somebody is at it this very moment.
        return Shut(Refusal.BUSY, now)

    def settle(
        self,
        before: InstanceGate,
        *,
        token: str,
        left_at: int | None,
        day: str,
        counts: bool,
        report: TryReport | None = None,
    ) -> int:
        actions: list[Action] = [
            GateItem.busy_token.remove(),
            GateItem.busy_until.remove(),
            GateItem.busy_holder.remove(),
            GateItem.busy_campaign_id.remove(),
            GateItem.last_left_at.set(before.last_left_at if left_at is None else left_at),
        ]
        if not counts:
            actions.append(GateItem.day_count.set(before.sent_on(day)))
        if report is not None:
            actions += _noted(report)
        result = self._table.update(
            GateItem,
            keys.instance_gate(before.instance_id),
            actions,
            GateItem.busy_token == token,
            returning="ALL_NEW",
        )
        if not isinstance(result, Done) or result.item is None:
            return 0
        return int(result.item.failures_in_row)

    def note_failure(
        self, instance_id: str, *, campaign_id: str | None, token: str
    ) -> InstanceGate | None:
        """See :class:`campaigns.services.ports_breaker.FailureCounts`."""
        is_another = GateItem.failure_token.does_not_exist() | (GateItem.failure_token != token)
        condition: Condition = GateItem.pk.exists() & is_another
        if campaign_id is not None:
            condition &= _is_active(campaign_id)
        result = self._table.update(
            GateItem,
            keys.instance_gate(instance_id),
            [GateItem.failures_in_row.add(1), GateItem.failure_token.set(token)],
            condition,
            returning="ALL_NEW",
        )
        is_counted = isinstance(result, Done) or (
            result.item is not None and result.item.failure_token == token
        )
        return to_gate(result.item) if is_counted and result.item else None


def _noted(report: TryReport) -> list[Action]:
    """In the write that settles anyway: what is known of an instance costs nothing more."""
    actions: list[Action] = []
    if report.has_failed is not None:
        actions.append(
            GateItem.failures_in_row.add(1)
            if report.has_failed
            else GateItem.failures_in_row.set(0)
        )
    if report.honours_message_id is not None:
        actions.append(GateItem.honours_message_id.set(report.honours_message_id))
    return actions


def _without_own_mark(stored: InstanceGate) -> InstanceGate:
    """What was before our write, seen only after it. Last-left stays on the safe side."""
    return replace(
        stored,
        busy_token=None,
        busy_until=None,
        busy_holder=None,
        busy_campaign_id=None,
        day_count=stored.day_count - 1,
    )


def _is_active(campaign_id: str) -> Condition:
    """This campaign is live here and not paused."""
    is_active: Condition = (GateItem.live_campaign_id == campaign_id) & (
        GateItem.live_status == CampaignStatus.ACTIVE
    )
    return is_active


def _is_open(
    known: InstanceGate, campaign_id: str | None, now: int, day: str, *, is_new_day: bool
) -> Condition:
    """The condition of the write says what :func:`judge_instance_gate` says."""
    condition: Condition = (
        (GateItem.connection_state == ConnectionState.OPEN)
        & (GateItem.config_version == known.config_version)
        & (GateItem.delay_min_ms == known.delay_min_ms)
        & (GateItem.last_left_at <= now - known.delay_min_ms)
        & (GateItem.busy_until.does_not_exist() | (GateItem.busy_until <= now))
    )
    if campaign_id is not None:
        condition &= _is_active(campaign_id)
    if is_new_day:
        condition &= GateItem.day.does_not_exist() | (GateItem.day < day)
        return condition
    has_room = GateItem.daily_limit.does_not_exist() | (GateItem.day_count < GateItem.daily_limit)
    condition &= (GateItem.day == day) & has_room
    return condition


class PersonStore:
    """Person gates (see :class:`campaigns.services.ports.Persons`)."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def stamp(
        self,
        person: str,
        *,
        tenant_id: str,
        stamped_by: str,
        token: str,
        now: int,
        gap_ms: int,
        own_is_free: bool,
        latest: LatestSend | None = None,
    ) -> Stamp | Shut:
        is_free = (
            PersonItem.stamped_at.does_not_exist()
            | (PersonItem.stamped_at <= now - gap_ms)
            | (PersonItem.write_token == token)
        )
        if own_is_free:
            is_free |= PersonItem.stamped_by == stamped_by
        messaged = messaged_at(tenant_id)
        result = self._table.update(
            PersonItem,
            keys.person_gate(person),
            [
                PersonItem.stamped_at.set(now),
                PersonItem.stamped_by.set(stamped_by),
                PersonItem.write_token.set(token),
                messaged.set(now),
                *([latest_through(latest.instance_id).set(latest.text)] if latest else []),
            ],
            is_free,
            token=token,
            returning="ALL_OLD",
        )
        old = result.item
        before_at = old.times.get("stamped_at") if old else None
        if not isinstance(result, Done):
            return Shut(Refusal.PERSON, now if before_at is None else before_at + gap_ms)
        if old is None:
            return Stamp(person, tenant_id, token, latest=latest)
        return Stamp(
            person,
            tenant_id,
            token,
            before_at=before_at,
            before_by=old.stamped_by,
            before_messaged_at=old.times.get(messaged.attr_name),
            is_repeat=old.write_token == token,
            latest=latest,
            before_latest=_latest_in(old, latest),
        )

    def undo(self, stamp: Stamp) -> None:
        before: tuple[tuple[Any, int | str | None], ...] = (
            (PersonItem.stamped_at, stamp.before_at),
            (PersonItem.stamped_by, stamp.before_by),
            (messaged_at(stamp.tenant_id), stamp.before_messaged_at),
            *(
                [(latest_through(stamp.latest.instance_id), stamp.before_latest)]
                if stamp.latest
                else []
            ),
        )
        self._table.update(
            PersonItem,
            keys.person_gate(stamp.person),
            [
                PersonItem.write_token.set("restored"),
                *(path.remove() if value is None else path.set(value) for path, value in before),
            ],
            PersonItem.write_token == stamp.token,
        )


def _latest_in(item: PersonItem, of: LatestSend | None) -> str | None:
    return item.texts.get(latest_through(of.instance_id).attr_name) if of else None
