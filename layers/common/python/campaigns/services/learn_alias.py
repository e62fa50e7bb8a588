"""Learn whose an alias is: opt-outs that waited for that are hers at once."""

from dataclasses import dataclass

from campaigns.domain.identity import Identity
from campaigns.domain.jid import bare_jid
from campaigns.domain.opt_out_review import OptOutReview
from campaigns.services.choose_by_reply import ChooseByReply
from campaigns.services.ports import Clock
from campaigns.services.ports_aliases import AliasBook
from campaigns.services.ports_reviews import Reviews


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnAlias:
    """See :class:`campaigns.services.ports_aliases.Aliases`."""

    aliases: AliasBook
    reviews: Reviews
    choose: ChooseByReply
    identity: Identity
    clock: Clock

    def person(self, tenant_id: str, jid: str) -> str | None:
        return self.aliases.read(tenant_id, self.alias(tenant_id, jid))

    def learn(self, tenant_id: str, jid: str, person: str) -> None:
        self.learn_hashed(tenant_id, self.alias(tenant_id, jid), person)

    def alias(self, tenant_id: str, jid: str) -> str:
        """What the address is kept as: the same for all devices of a person."""
        return self.identity.alias(tenant_id, bare_jid(jid))

    def learn_hashed(self, tenant_id: str, alias: str, person: str) -> None:
        """As `learn`, where only the hash is known."""
        if self.aliases.read(tenant_id, alias) == person:
            return
        # Before, so that a crash in between repeats it; after, for those that came meanwhile.
        self._settle_waiting(tenant_id, alias, person)
        self.aliases.put(tenant_id, alias, person, self.clock.now())
        self._settle_waiting(tenant_id, alias, person)

    def settle(self, review: OptOutReview, person: str) -> bool:
        """It is this person's opt-out. Whether she is out afterwards: she may have come back."""
        is_out = self.choose(review.tenant_id, review.instance_id, person, review.choice)
        self.reviews.settle(review, self.clock.now())
        return is_out

    def _settle_waiting(self, tenant_id: str, alias: str, person: str) -> None:
        for review in self.reviews.waiting(tenant_id, alias):
            self.settle(review, person)
