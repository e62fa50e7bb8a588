"""Receive a webhook: each kind of event has one service that takes it."""

from collections.abc import Callable

from campaigns.domain.model import Instance
from campaigns.domain.webhook_event import Ack, ConnectionChange, Inbound, WebhookEvent


class ReceiveWebhook:
    """Takes an event of an instance. A repeat of an event changes nothing."""

    def __init__(
        self,
        *,
        take_ack: Callable[[Instance, Ack], None],
        take_inbound: Callable[[Instance, Inbound], None],
        watch_connection: Callable[[Instance, ConnectionChange], None],
    ) -> None:
        self._take_ack = take_ack
        self._take_inbound = take_inbound
        self._watch_connection = watch_connection

    def receive(self, instance: Instance, event: WebhookEvent) -> None:
        """Raises :class:`campaigns.domain.errors.NotYet` where it should be sent again."""
        match event:
            case Ack():
                self._take_ack(instance, event)
            case Inbound():
                self._take_inbound(instance, event)
            case ConnectionChange():
                self._watch_connection(instance, event)
