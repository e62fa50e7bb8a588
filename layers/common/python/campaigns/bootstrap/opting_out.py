"""The parts that let people opt out and come back."""

from functools import cached_property
from typing import TYPE_CHECKING

from campaigns.bootstrap.parts import Parts

if TYPE_CHECKING:
    from campaigns.adapters.dynamodb.alias_store import AliasStore
    from campaigns.adapters.dynamodb.choice_store import ChoiceStore
    from campaigns.adapters.dynamodb.review_store import ReviewStore
    from campaigns.services.choose_by_reply import ChooseByReply
    from campaigns.services.choose_for_contact import ChooseForContact
    from campaigns.services.learn_alias import LearnAlias
    from campaigns.services.read_contacts import ReadContacts
    from campaigns.services.review_opt_outs import ReviewOptOuts


class OptingOut(Parts):
    """What people choose, and whose an address is."""

    @cached_property
    def choices(self) -> "ChoiceStore":
        from campaigns.adapters.dynamodb.choice_store import ChoiceStore

        return ChoiceStore(self.table)

    @cached_property
    def choose_for_contact(self) -> "ChooseForContact":
        from campaigns.services.choose_for_contact import ChooseForContact

        return ChooseForContact(choices=self.choices, clock=self.clock, random=self.random)

    @cached_property
    def choose_by_reply(self) -> "ChooseByReply":
        from campaigns.services.choose_by_reply import ChooseByReply
        from campaigns.services.confirm_opt_out import ConfirmOptOut

        return ChooseByReply(
            choices=self.choices,
            confirm=ConfirmOptOut(
                messages=self.direct_messages,
                gates=self.gates,
                contacts=self.contact_store,
                tenants=self.tenant_rules,
                queue=self.queue,
                identity=self.identity,
                clock=self.clock,
            ),
            reading=self.contact_reading,
            identity=self.identity,
        )

    @cached_property
    def aliases(self) -> "LearnAlias":
        from campaigns.services.learn_alias import LearnAlias

        return LearnAlias(
            aliases=self._alias_store,
            reviews=self._review_store,
            choose=self.choose_by_reply,
            identity=self.identity,
            clock=self.clock,
        )

    @cached_property
    def opt_outs(self) -> "ReviewOptOuts":
        from campaigns.services.review_opt_outs import ReviewOptOuts

        return ReviewOptOuts(
            reviews=self._review_store,
            aliases=self._alias_store,
            learn=self.aliases,
            contacts=self.contact_store,
            instances=self.instance_store,
            identity=self.identity,
            clock=self.clock,
        )

    @cached_property
    def contact_reading(self) -> "ReadContacts":
        from campaigns.services.read_contacts import ReadContacts

        return ReadContacts(
            contacts=self.contact_store,
            suppressions=self.suppressions,
            memberships=self.memberships,
            activities=self.activities,
            random=self.random,
        )

    @cached_property
    def _alias_store(self) -> "AliasStore":
        from campaigns.adapters.dynamodb.alias_store import AliasStore

        return AliasStore(self.table)

    @cached_property
    def _review_store(self) -> "ReviewStore":
        from campaigns.adapters.dynamodb.review_store import ReviewStore

        return ReviewStore(self.table)
