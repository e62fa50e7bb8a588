"""What operators do with recipients in the middle of it."""

from dataclasses import dataclass

from campaigns.bootstrap import App
from campaigns.domain.model import Recipient
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.resolving import Resolution
from campaigns.domain.sources import NamedSources
from tests.simulator.desk import OPERATOR, Desk
from tests.simulator.evidence import CampaignOf
from tests.simulator.plan import MINUTE_MS, Action, ActionKind


@dataclass
class Recipients:
    """`phones` by contact id; `spare`, by tenant, are contacts to be added."""

    desk: Desk
    phones: dict[str, str]
    spare: dict[str, list[str]]

    def of(self, campaign: CampaignOf) -> list[Recipient]:
        stores = self.desk.site.observer
        ids = campaign.tenant_id, campaign.campaign_id
        return stores.recipients.page(*ids, 0, 100, limit=100, consistent=True)

    def retry_failed(self, campaign: CampaignOf) -> None:
        ids = campaign.tenant_id, campaign.campaign_id

        def retry(app: App) -> object:
            return app.retry_failed.retry(*ids, OPERATOR, deadline=app.clock.now() + 20_000)

        self.desk.record(ActionKind.RETRY_FAILED, campaign, retry)

    def resolve_when_there_is_one(self, action: Action, campaign: CampaignOf) -> None:
        """From then on the operator looks each minute, until there is somebody to decide about."""
        site = self.desk.site
        while not self.resolve(action.choice, campaign) and site.chaos.is_on:
            site.clock.sleep(MINUTE_MS)

    def resolve(self, choice: int, campaign: CampaignOf) -> bool:
        """Decide about everybody unconfirmed by then; whether there was anybody."""
        doubtful = [
            each for each in self.of(campaign) if each.status is RecipientStatus.UNCONFIRMED
        ]
        for each in doubtful:
            wanted = list(Resolution)[(choice + each.sequence) % len(Resolution)]
            self._decide(campaign, each, wanted)
        return bool(doubtful)

    def _decide(self, campaign: CampaignOf, doubtful: Recipient, wanted: Resolution) -> None:
        ids = campaign.tenant_id, campaign.campaign_id, doubtful.recipient_id

        def resolve(app: App) -> object:
            return app.resolve_recipient.resolve(*ids, wanted, OPERATOR, accepts_duplicate=True)

        phone = self.phones[doubtful.contact_id]
        self.desk.record(ActionKind.RESOLVE, campaign, resolve, phone=phone, detail=wanted)

    def add(self, campaign: CampaignOf) -> None:
        sources = NamedSources(contact_ids=self.spare[campaign.tenant_id])
        ids = campaign.tenant_id, campaign.campaign_id
        self.desk.record(
            ActionKind.ADD_CONTACTS,
            campaign,
            lambda app: app.add_recipients.add(*ids, sources, OPERATOR),
        )

    def remove(self, action: Action, campaign: CampaignOf) -> None:
        people = self.of(campaign)
        if not people:
            return
        chosen = people[action.choice % len(people)].recipient_id
        ids = campaign.tenant_id, campaign.campaign_id, chosen
        self.desk.record(
            ActionKind.REMOVE_CONTACT,
            campaign,
            lambda app: app.remove_recipient.remove(*ids, approve=lambda _: None),
        )
