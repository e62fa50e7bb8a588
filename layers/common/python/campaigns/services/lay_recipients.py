"""Lay a campaign's recipients: one layer at a time, in order, repeatable after any crash."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from random import Random

from campaigns.domain.campaign_log import new_entry
from campaigns.domain.identity import Identity, new_token
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import (
    Campaign,
    Contact,
    EventType,
    LogLevel,
    Recipient,
    RecipientsState,
)
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.rendering import contact_values
from campaigns.services.ports import (
    Clock,
    Concurrently,
    Contacts,
    Kick,
    Layings,
    RecipientsToLay,
    Suppressions,
)

#: A piece is started only with this much time left; its lease outlives the deadline by as much.
_PIECE_MS = 30 * SECOND_MS
#: Leases beyond one a piece before laying is given up: something in it fails each time.
_MOST_FAILURES = 20


class LayRecipients:
    """Turns a campaign's sources into recipients, a piece at a time, under a lease."""

    def __init__(
        self,
        *,
        layings: Layings,
        recipients: RecipientsToLay,
        contacts: Contacts,
        suppressions: Suppressions,
        identity: Identity,
        kick: Kick,
        clock: Clock,
        random: Random,
        concurrently: Concurrently,
    ) -> None:
        self._layings = layings
        self._recipients = recipients
        self._contacts = contacts
        self._suppressions = suppressions
        self._identity = identity
        self._kick = kick
        self._clock = clock
        self._random = random
        self._concurrently = concurrently

    def lay(self, tenant_id: str, campaign_id: str, deadline: int) -> None:
        """Go on with laying until it is done or the time (epoch ms) is up."""
        now = self._clock.now()
        campaign = self._layings.lease(
            tenant_id,
            campaign_id,
            token=new_token(self._random),
            now=now,
            until=deadline + _PIECE_MS,
        )
        if campaign is None:
            return  # Another layer is at it.
        if campaign.recipients.state is not RecipientsState.PREPARING:
            self._layings.release(campaign, now)
            self._layings.forget(tenant_id, campaign_id)
            return
        if campaign.laying_epoch > campaign.sources + _MOST_FAILURES:
            self._finish(campaign, RecipientsState.FAILED, "laying_failed")
            return
        while campaign.next_source < campaign.sources:
            if self._clock.now() > deadline - _PIECE_MS:
                self._hand_over(campaign)
                return
            advanced = self._lay_piece(campaign)
            if advanced is None:
                return  # The lease is another's: that layer goes on.
            campaign = advanced
        self._finish(campaign, RecipientsState.READY, None)

    def _lay_piece(self, campaign: Campaign) -> Campaign | None:
        ids = self._layings.source(campaign.tenant_id, campaign.campaign_id, campaign.next_source)
        # Consistently: a campaign may follow its contacts within a second.
        contacts = self._contacts.read_many(campaign.tenant_id, ids, consistent=True)
        tally: Counter[str] = Counter()
        wanted = self._wanted(campaign, [contacts.get(each) for each in ids], tally)
        values: Counter[str] = Counter()
        recipients = []
        for place, contact in enumerate(wanted, start=campaign.total):
            recipients.append(self._recipient(campaign, contact, place))
            values.update(_values_of(contact))
        epoch = campaign.laying_epoch
        laid = self._concurrently(
            [partial(self._recipients.lay, each, epoch) for each in recipients]
        )
        if not all(laid):
            return None
        advanced = _advanced(campaign, len(recipients), tally, self._clock.now())
        return advanced if self._layings.advance(campaign, advanced, values) else None

    def _wanted(
        self, campaign: Campaign, contacts: Sequence[Contact | None], tally: Counter[str]
    ) -> list[Contact]:
        """Who is to be laid: active, not opted out, and not laid already."""
        known = [contact for contact in contacts if contact and contact.is_active]
        tally["inactive"] = len(contacts) - len(known)
        suppressed = self._suppressions.read_many(
            campaign.tenant_id, [contact.person for contact in known]
        )
        reachable = [contact for contact in known if contact.person not in suppressed]
        tally["opted_out"] = len(known) - len(reachable)
        in_order: dict[str, Contact] = {}
        for contact in reachable:
            recipient_id = self._identity.recipient_id(campaign.campaign_id, contact.person)
            in_order.setdefault(recipient_id, contact)
        laid = self._recipients.already_laid(
            campaign.tenant_id, campaign.campaign_id, list(in_order), campaign.total
        )
        wanted = [contact for each, contact in in_order.items() if each not in laid]
        tally["repeats"] = len(reachable) - len(wanted)
        return wanted

    def _recipient(self, campaign: Campaign, contact: Contact, sequence: int) -> Recipient:
        return Recipient(
            recipient_id=self._identity.recipient_id(campaign.campaign_id, contact.person),
            tenant_id=campaign.tenant_id,
            campaign_id=campaign.campaign_id,
            instance_id=campaign.instance_id,
            sequence=sequence,
            person=contact.person,
            contact_id=contact.contact_id,
            status=RecipientStatus.PENDING,
            plan_number=1,
            updated_at=self._clock.now(),
        )

    def _hand_over(self, campaign: Campaign) -> None:
        """The time is up: whoever is called next goes on from here."""
        self._layings.release(campaign, self._clock.now())
        self._kick.lay(campaign.tenant_id, campaign.campaign_id)

    def _finish(self, campaign: Campaign, state: RecipientsState, error: str | None) -> None:
        now = self._clock.now()
        finished = replace(
            campaign,
            recipients=replace(campaign.recipients, state=state, error=error),
            laying_token=None,
            laying_until=None,
            updated_at=now,
        )
        entry = new_entry(
            EventType.RECIPIENTS_FAILED if error else EventType.RECIPIENTS_READY,
            now,
            self._random,
            level=LogLevel.ERROR if error else LogLevel.INFO,
            metadata={"added": campaign.recipients.added},
        )
        self._layings.finish(campaign, finished, entry)


def _values_of(contact: Contact) -> list[str]:
    """The variables for which the contact has a value that is not blank."""
    values = contact_values(contact.name, contact.quem_indicou, contact.custom_vars)
    return [name for name, value in values.items() if value.strip()]


def _advanced(campaign: Campaign, count: int, tally: Counter[str], now: int) -> Campaign:
    made = campaign.recipients
    return replace(
        campaign,
        total=campaign.total + count,
        total_version=campaign.total_version + 1,
        next_source=campaign.next_source + 1,
        recipients=replace(
            made,
            added=made.added + count,
            repeats=made.repeats + tally["repeats"],
            opted_out=made.opted_out + tally["opted_out"],
            inactive=made.inactive + tally["inactive"],
        ),
        updated_at=now,
    )
