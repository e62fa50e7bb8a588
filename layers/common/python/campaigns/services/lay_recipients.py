"""Lay a campaign's recipients: one layer at a time, in order, repeatable after any crash."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from random import Random

from campaigns.domain.campaign import LIVE
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
from campaigns.domain.rendering import contact_values, missing_variables, required_variables
from campaigns.domain.sources import RecipientTally, valued_variables
from campaigns.services.ports import (
    Campaigns,
    Clock,
    Concurrently,
    Contacts,
    Kick,
    Layings,
    RecipientsToLay,
    Suppressions,
)
from campaigns.services.ports_activity import Activities
from campaigns.services.sources import Piece, WalkSources

#: A piece is started only with this much time left; its lease outlives the deadline by as much.
_PIECE_MS = 30 * SECOND_MS
#: Leases without a piece being laid before it is given up: something in it fails each time.
_MOST_FAILURES = 20
#: Variables counted with one piece: a write takes no more, and no wording needs as many.
_VARIABLES_AT_ONCE = 300
_OF_THE_ADDED = ("added", "first_contacts")


class LayRecipients:
    """Turns a campaign's sources into recipients, a piece at a time, under a lease."""

    def __init__(
        self,
        *,
        layings: Layings,
        sources: WalkSources,
        recipients: RecipientsToLay,
        campaigns: Campaigns,
        contacts: Contacts,
        suppressions: Suppressions,
        activities: Activities,
        identity: Identity,
        kick: Kick,
        clock: Clock,
        random: Random,
        concurrently: Concurrently,
    ) -> None:
        self._layings = layings
        self._sources = sources
        self._recipients = recipients
        self._campaigns = campaigns
        self._contacts = contacts
        self._suppressions = suppressions
        self._activities = activities
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
        is_preparing = campaign.recipients.state is RecipientsState.PREPARING
        if is_preparing and campaign.laying_epoch - campaign.laid_epoch > _MOST_FAILURES:
            self._finish(campaign, RecipientsState.FAILED, "laying_failed")
        else:
            self._lay_all(campaign, deadline)

    def _lay_all(self, campaign: Campaign, deadline: int) -> None:
        current: Campaign | None = campaign
        while current is not None:
            if current.recipients.state is not RecipientsState.PREPARING:
                if self._layings.forget(current, self._clock.now()):
                    return
            elif current.next_source == current.sources:
                if self._finish(current, RecipientsState.READY, None):
                    return
            elif self._clock.now() > deadline - _PIECE_MS:
                self._hand_over(current)
                return
            elif advanced := self._lay_piece(current):
                current = advanced
                continue
            # Refused: either the lease is another's, and that layer goes on, or sources were added.
            current = self._layings.held(current)

    def _required_variables(self, campaign: Campaign) -> tuple[str, ...]:
        """What everybody added now must have: of a draft that is looked at when it starts."""
        if campaign.status not in LIVE or campaign.allow_missing:
            return ()
        texts = self._campaigns.texts(campaign.tenant_id, campaign.campaign_id)
        return required_variables(
            text.text for text in texts if text.message_id in campaign.active_message_ids
        )

    def _lay_piece(self, campaign: Campaign) -> Campaign | None:
        piece = self._sources.next_piece(campaign)
        ids = piece.contact_ids
        # Consistently: a campaign may follow its contacts within a second.
        contacts = self._contacts.read_many(campaign.tenant_id, ids, consistent=True)
        tally: Counter[str] = Counter()
        wanted = self._wanted(campaign, [contacts.get(each) for each in ids], tally)
        tallies = self._tallies(campaign.tenant_id, wanted)
        recipients = [
            self._recipient(campaign, contact, place)
            for place, contact in enumerate(wanted, start=campaign.total)
        ]
        epoch = campaign.laying_epoch
        laid = self._concurrently(
            [
                partial(self._recipients.lay, recipient, epoch, each)
                for recipient, each in zip(recipients, tallies, strict=True)
            ]
        )
        if not all(laid):
            return None
        tally["first_contacts"] = sum(each.is_first_contact for each in tallies)
        values = Counter(name for each in tallies for name in each.values)
        advanced = _advanced(campaign, piece, tally, self._clock.now())
        return advanced if self._layings.advance(campaign, advanced, values) else None

    def _wanted(
        self,
        campaign: Campaign,
        contacts: Sequence[Contact | None],
        tally: Counter[str],
    ) -> list[Contact]:
        """Who is to be laid: active, not opted out, not laid already, with every value needed."""
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
        new = [contact for each, contact in in_order.items() if each not in laid]
        tally["repeats"] = len(reachable) - len(new)
        required = self._required_variables(campaign)
        wanted = [contact for contact in new if not _lacks(contact, required)]
        tally["missing_values"] = len(new) - len(wanted)
        tally["added"] = len(wanted)
        return wanted

    def _tallies(self, tenant_id: str, contacts: Sequence[Contact]) -> list[RecipientTally]:
        """What each of them is counted for: her values, and that she was never messaged."""
        known = self._activities.of_persons(tenant_id, [each.person for each in contacts])
        messaged = {person for person, each in known.items() if each.last_messaged_at is not None}
        names = [valued_variables(contact) for contact in contacts]
        most_common = Counter(chain.from_iterable(names)).most_common(_VARIABLES_AT_ONCE)
        counted = {name for name, _ in most_common}
        return [
            RecipientTally(
                tuple(name for name in valued if name in counted), contact.person not in messaged
            )
            for contact, valued in zip(contacts, names, strict=True)
        ]

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

    def _finish(self, campaign: Campaign, state: RecipientsState, error: str | None) -> bool:
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
        return self._layings.finish(campaign, finished, entry)


def _lacks(contact: Contact, required: Sequence[str]) -> bool:
    values = contact_values(contact.name, contact.quem_indicou, contact.custom_vars)
    return bool(missing_variables(required, values))


def _advanced(campaign: Campaign, piece: Piece, tally: Counter[str], now: int) -> Campaign:
    """The campaign with a piece counted; its source is over where the piece has no position."""
    made = campaign.recipients
    newly_named = piece.newly_named
    if piece.is_again:
        # Whoever is not added by this was met before, and counted then.
        newly_named = tally["added"]
        tally = Counter({name: tally[name] for name in _OF_THE_ADDED})
    counted = {name: getattr(made, name) + count for name, count in tally.items()}
    return replace(
        campaign,
        total=campaign.total + tally["added"],
        total_version=campaign.total_version + 1,
        laid_epoch=campaign.laying_epoch,
        next_source=campaign.next_source + (piece.position is None),
        source_position=piece.position,
        recipients=replace(made, requested=made.requested + newly_named, **counted),
        updated_at=now,
    )
