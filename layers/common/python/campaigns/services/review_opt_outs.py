"""Review opt-outs whose author is not known: they wait for somebody to say who she is."""

from dataclasses import dataclass
from typing import Final

from campaigns.domain.errors import NotFound, UnknownReference
from campaigns.domain.identity import Identity
from campaigns.domain.model import Instance
from campaigns.domain.opt_out import Choice
from campaigns.domain.opt_out_review import OptOutReview, ReviewOutcome, review_id_of
from campaigns.domain.plain_text import on_one_line
from campaigns.services.learn_alias import LearnAlias
from campaigns.services.ports import Clock, Contacts, Instances, Listing
from campaigns.services.ports_aliases import AliasBook
from campaigns.services.ports_reviews import Reviews

#: A text that is a choice is no longer, and WhatsApp's names are far shorter.
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class ReviewView:
    """An entry and the instance that she wrote to; None once that is deleted."""

    review: OptOutReview
    instance: Instance | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOptOuts:
    """Nothing that waits here is dropped: it ends by a person, or by an operator's word."""

    reviews: Reviews
    aliases: AliasBook
    learn: LearnAlias
    contacts: Contacts
    instances: Instances
    identity: Identity
    clock: Clock

    def wait(
        self, instance: Instance, jid: str, choice: Choice, *, text: str, push_name: str | None
    ) -> None:
        """Keep an opt-out from an address of nobody that is known, once per message."""
        tenant_id = instance.tenant_id
        alias = self.learn.alias(tenant_id, jid)
        review = OptOutReview(
            review_id=review_id_of(alias, self.identity.inbound(instance.instance_id, choice.by)),
            tenant_id=tenant_id,
            alias=alias,
            instance_id=instance.instance_id,
            whatsapp_message_id=choice.by,
            keyword=choice.reason or text,
            text=on_one_line(text, _SHOWN),
            push_name=on_one_line(push_name or "", _SHOWN) or None,
            said_at=choice.said_at,
            received_at=self.clock.now(),
        )
        self.reviews.add(review)
        # Whoever learns the alias at this moment may not have seen it.
        person = self.aliases.read(tenant_id, alias, consistent=True)
        if person is not None:
            self.learn.settle(review, person)

    def withdraw(self, instance: Instance, jid: str, choice: Choice) -> None:
        """She has come back, whoever she is: what she wrote before waits no more."""
        alias = self.learn.alias(instance.tenant_id, jid)
        for review in self.reviews.waiting(instance.tenant_id, alias):
            if review.choice.mark < choice.mark:
                self.reviews.settle(review, self.clock.now())

    def list(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[ReviewView]:
        """Newest first."""
        page = self.reviews.page(tenant_id, after=after, limit=limit)
        wanted = dict.fromkeys(review.instance_id for review in page.items)
        instances = {each: self.instances.read(each) for each in wanted}
        views = [ReviewView(review, instances[review.instance_id]) for review in page.items]
        return Listing(views, page.next)

    def resolve(self, tenant_id: str, review_id: str, contact_id: str) -> ReviewOutcome:
        """She is this contact, from now on too. Raises NotFound or UnknownReference."""
        review = self._waiting(tenant_id, review_id)
        found = self.contacts.read_many(tenant_id, [contact_id], consistent=True)
        if contact_id not in found:
            raise UnknownReference({"contact_id": [contact_id]})
        person = found[contact_id].person
        is_out = self.learn.settle(review, person)
        self.learn.learn_hashed(tenant_id, review.alias, person)
        return ReviewOutcome.OPTED_OUT if is_out else ReviewOutcome.SUPERSEDED

    def dismiss(self, tenant_id: str, review_id: str) -> ReviewOutcome:
        """Nobody is to be opted out for it. Raises NotFound."""
        self.reviews.settle(self._waiting(tenant_id, review_id), self.clock.now())
        return ReviewOutcome.DISMISSED

    def _waiting(self, tenant_id: str, review_id: str) -> OptOutReview:
        review = self.reviews.read(tenant_id, review_id)
        if review is None:
            raise NotFound
        return review
