"""The parts that take what Evolution servers report."""

from functools import cached_property
from typing import TYPE_CHECKING

from campaigns.bootstrap.serving import Serving

if TYPE_CHECKING:
    from campaigns.services.authenticate_webhook import AuthenticateWebhook
    from campaigns.services.receive_webhook import ReceiveWebhook
    from campaigns.services.take_ack import TakeAck
    from campaigns.services.take_inbound import TakeInbound


class Receiving(Serving):
    """What takes webhooks."""

    @cached_property
    def receive_webhook(self) -> "ReceiveWebhook":
        from campaigns.services.receive_webhook import ReceiveWebhook

        # Each is built by the first event of its kind: most processes see acks alone.
        return ReceiveWebhook(
            take_ack=lambda instance, ack: self.take_ack(instance, ack),
            take_inbound=lambda instance, inbound: self.take_inbound(instance, inbound),
            watch_connection=lambda instance, change: self.watch_connection(instance, change),
        )

    @cached_property
    def authenticate_webhook(self) -> "AuthenticateWebhook":
        from campaigns.adapters.webhook_token import is_signed
        from campaigns.services.authenticate_webhook import AuthenticateWebhook

        return AuthenticateWebhook(
            identity=self.identity,
            instances=self.instance_store,
            is_signed=is_signed,
            clock=self.clock,
        )

    @cached_property
    def take_ack(self) -> "TakeAck":
        from campaigns.services.take_ack import TakeAck

        return TakeAck(
            index=self.message_index,
            advance=self.advance,
            direct=self.direct_messages,
            gates=self.gates,
            learn_alias=lambda tenant_id, jid, person: self.aliases.learn(tenant_id, jid, person),
            judge_refusal=lambda recipient: self.judge_receipts.refused(recipient),
            clock=self.clock,
        )

    @cached_property
    def take_inbound(self) -> "TakeInbound":
        from campaigns.adapters.dynamodb.activity_store import CorrespondenceStore
        from campaigns.services.take_inbound import TakeInbound

        return TakeInbound(
            index=self.message_index,
            aliases=self.aliases,
            correspondences=CorrespondenceStore(self.table),
            recipients=self.recipients,
            contacts=self.contact_store,
            tenants=self.tenant_rules,
            choose=self.choose_by_reply,
            reviews=self.opt_outs,
            advance=self.advance,
            identity=self.identity,
            clock=self.clock,
        )
