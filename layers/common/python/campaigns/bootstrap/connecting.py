"""The parts that keep instances and connect them to phones."""

from functools import cached_property
from typing import TYPE_CHECKING

from campaigns.bootstrap.following import Following

if TYPE_CHECKING:
    from campaigns.adapters.evolution_admin import EvolutionAdmin
    from campaigns.services.connect_instance import ConnectInstance
    from campaigns.services.instance_views import InstanceViews
    from campaigns.services.manage_instances import ManageInstances
    from campaigns.services.probe_instance import ProbeInstance
    from campaigns.services.provision_instance import ProvisionInstance
    from campaigns.services.remove_instance import RemoveInstance
    from campaigns.services.set_webhook import SetWebhook


class Connecting(Following):
    """What asks Evolution servers about instances."""

    @cached_property
    def _evolution(self) -> "EvolutionAdmin":
        from campaigns.adapters.evolution_admin import EvolutionAdmin

        return EvolutionAdmin(self.http_client)

    @cached_property
    def _probe(self) -> "ProbeInstance":
        from campaigns.adapters.http_client import resolve_name
        from campaigns.services.probe_instance import ProbeInstance

        return ProbeInstance(self._evolution, self.address_policy, resolve_name)

    @cached_property
    def set_webhook(self) -> "SetWebhook":
        from campaigns.services.set_webhook import SetWebhook

        return SetWebhook(
            instances=self.instance_store,
            admin=self._evolution,
            vault=self.vault,
            identity=self.identity,
            clock=self.clock,
            public_url=self.settings.public_url,
        )

    @cached_property
    def instance_views(self) -> "InstanceViews":
        from campaigns.services.instance_views import InstanceViews

        return InstanceViews(
            instances=self.instance_store,
            gates=self.gates,
            campaigns=self.campaign_store,
            tenants=self.tenant_rules,
            clock=self.clock,
        )

    @cached_property
    def instances(self) -> "ManageInstances":
        from campaigns.services.manage_instances import ManageInstances

        return ManageInstances(
            instances=self.instance_store,
            views=self.instance_views,
            vault=self.vault,
            probe=self._probe,
            follow=self.follow_connection,
            webhooks=self.set_webhook,
            identity=self.identity,
            clock=self.clock,
            random=self.random,
            concurrently=self.concurrently,
        )

    @cached_property
    def provision_instance(self) -> "ProvisionInstance":
        from campaigns.adapters.parameter_store import ParameterStoreKey
        from campaigns.services.provision_instance import ProvisionInstance

        settings = self.settings
        return ProvisionInstance(
            instances=self.instance_store,
            gates=self.gates,
            views=self.instance_views,
            vault=self.vault,
            admin=self._evolution,
            probe=self._probe,
            webhooks=self.set_webhook,
            server=settings.evolution_server,
            server_key=ParameterStoreKey(
                lambda: self.aws.client("ssm"), settings.evolution_server_key_parameter
            ),
            identity=self.identity,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def connect_instance(self) -> "ConnectInstance":
        from campaigns.services.connect_instance import ConnectInstance

        return ConnectInstance(
            instances=self.instance_store,
            views=self.instance_views,
            admin=self._evolution,
            vault=self.vault,
            provision=self.provision_instance,
            refresh=self.instances.refresh,
            pause=self.pause,
            identity=self.identity,
            clock=self.clock,
        )

    @cached_property
    def remove_instance(self) -> "RemoveInstance":
        from campaigns.services.remove_instance import RemoveInstance

        return RemoveInstance(
            instances=self.instance_store,
            gates=self.gates,
            views=self.instance_views,
            provision=self.provision_instance,
            webhooks=self.set_webhook,
            checks=self.connection_checks,
            identity=self.identity,
        )
