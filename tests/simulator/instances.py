"""What becomes of instances in the middle of it: by an operator, and by the world."""

from dataclasses import dataclass, field
from typing import Any

from campaigns.bootstrap import App
from local.fake_evolution import ConnectionState
from tests.simulator.desk import Desk
from tests.simulator.evidence import TEST_TEXT, CampaignOf
from tests.simulator.plan import MINUTE_MS, Action, ActionKind


@dataclass
class Instances:
    """Each is found by a campaign that it has."""

    desk: Desk
    secrets: set[str]
    #: Keys that Evolution takes by now and that we were not told yet, by instance id.
    new_keys: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._site = self.desk.site

    def send_test(self, action: Action, campaign: CampaignOf, phone: str) -> None:
        ids = campaign.tenant_id, campaign.instance_id

        def send(app: App) -> object:
            text = f"{TEST_TEXT} {action.choice}"
            return app.direct.test_text(*ids, phone=f"+{phone}", text=text, contact_id=None)

        self.desk.record(action.kind, campaign, send, phone=phone)

    def edit(self, action: Action, campaign: CampaignOf) -> None:
        """The gap becomes longer, now and then shorter; a day's limit that there is, too."""
        least, most = self._site.plan.delay
        least = max(1, least + action.choice % 7 - 1)
        changes = {"delay_min_seconds": least, "delay_max_seconds": max(least, most)}
        if self._site.plan.daily_limit is not None:
            changes["daily_limit"] = max(
                2, self._site.plan.daily_limit + action.choice // 7 % 5 - 2
            )
        self.desk.record(action.kind, campaign, lambda app: _patch(app, campaign, changes))

    def rotate_key(self, action: Action, campaign: CampaignOf) -> None:
        """Evolution takes another key; we are told of it some minutes later."""
        key = f"nova-chave-{action.choice}"
        self.secrets.add(key)
        self.new_keys[campaign.instance_id] = key
        self._site.fake.instances[campaign.instance].api_key = key
        self._site.note(f"{campaign.instance} has a new key", "world")
        self._site.clock.sleep(action.choice % 240_000)
        self.tell_new_key(campaign)

    def tell_new_key(self, campaign: CampaignOf) -> None:
        key = self.new_keys.get(campaign.instance_id)
        if key is None:
            return
        told = self.desk.record(
            ActionKind.ROTATE_KEY, campaign, lambda app: _patch(app, campaign, {"api_key": key})
        )
        if told.is_answered and self.new_keys.get(campaign.instance_id) == key:
            del self.new_keys[campaign.instance_id]

    def disconnect(self, action: Action, campaign: CampaignOf) -> None:
        self._site.note(f"{campaign.instance} is disconnected", "world")
        self.desk.count(action.kind)
        self._site.fake.set_state(campaign.instance, ConnectionState.CLOSE)
        self._site.clock.sleep(action.choice % (5 * MINUTE_MS))
        self._site.fake.set_state(campaign.instance, ConnectionState.OPEN)


def _patch(app: App, campaign: CampaignOf, changes: dict[str, Any]) -> object:
    return app.instances.patch(campaign.tenant_id, campaign.instance_id, changes)
