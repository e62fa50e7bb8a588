"""Operators and the people whom they write to: what they do, and what they were answered."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from campaigns.bootstrap import App
from campaigns.domain.campaign import CampaignStatus
from local.fake_evolution.model import Message
from tests.simulator.deployment import Deployment, Invocation
from tests.simulator.desk import OPERATOR, Desk
from tests.simulator.edge import Edge
from tests.simulator.evidence import CampaignOf, Done
from tests.simulator.instances import Instances
from tests.simulator.plan import Action, ActionKind
from tests.simulator.recipients import Recipients

_WORDS = {
    ActionKind.REPLY_OUT: ("SAIR", "sair.", "Sair"),
    ActionKind.REPLY_IN: ("VOLTAR", "voltar!"),
    ActionKind.REPLY: ("Quanto custa?", "Obrigada, não quero sair de casa", "Oi"),
}

#: How often she looks at her phone.
_LOOKS_EACH_MS = 20_000


@dataclass
class People:
    """Whoever does something, and in which campaign."""

    site: Deployment
    edge: Edge
    secrets: set[str]
    campaigns: list[CampaignOf] = field(default_factory=list)
    phones: dict[str, str] = field(default_factory=dict)
    spare: dict[str, list[str]] = field(default_factory=dict)
    owner_keys: dict[str, str] = field(default_factory=dict)
    #: Campaigns in which nobody is left to start with.
    empty: set[int] = field(default_factory=set)
    #: What people wrote, with the id of the message.
    written: list[tuple[Done, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.desk = Desk(self.site)
        self.recipients = Recipients(self.desk, self.phones, self.spare)
        self.instances = Instances(self.desk, self.secrets)

    def everything_done(self) -> list[Done]:
        """In the order of time; what people wrote is answered when it was first taken."""
        taken = self.edge.taken_at
        replies = [
            Done(each.kind, each.campaign, each.phone, each.began_at, taken.get(message_id))
            for each, message_id in self.written
        ]
        return sorted([*self.desk.done, *replies], key=lambda each: each.began_at)

    def act(self, action: Action) -> None:
        """What somebody does at that moment; refusals are answers too."""
        campaign = self.campaigns[action.campaign]
        match action.kind:
            case ActionKind.START:
                self.start(campaign)
            case ActionKind.PAUSE:
                self.pause(campaign)
            case ActionKind.RESUME:
                self.resume(campaign)
            case ActionKind.CANCEL:
                self.cancel(campaign)
            case ActionKind.UNSCHEDULE:
                self.unschedule(campaign)
            case ActionKind.SECOND_START:
                self._start_rivals(action, campaign)
            case ActionKind.OPT_OUT | ActionKind.OPT_IN:
                self._choose(action, campaign)
            case ActionKind.REPLY_OUT | ActionKind.REPLY_IN | ActionKind.REPLY:
                self._write(action, campaign)
            case ActionKind.RETRY_FAILED:
                self.recipients.retry_failed(campaign)
            case ActionKind.RESOLVE:
                self.recipients.resolve_when_there_is_one(action, campaign)
            case ActionKind.ADD_CONTACTS:
                self.recipients.add(campaign)
            case ActionKind.REMOVE_CONTACT:
                self.recipients.remove(action, campaign)
            case ActionKind.TEST_MESSAGE:
                phone = self.phones[self._somebody(action, campaign)]
                self.instances.send_test(action, campaign, phone)
            case ActionKind.EDIT_INSTANCE:
                self.instances.edit(action, campaign)
            case ActionKind.ROTATE_KEY:
                self.instances.rotate_key(action, campaign)
            case ActionKind.DISCONNECT:
                self.instances.disconnect(action, campaign)
            case ActionKind.CLOCK_STEP:
                self._step_a_clock(action)

    # Campaigns

    def start(self, campaign: CampaignOf) -> Invocation[object]:
        ids = campaign.tenant_id, campaign.campaign_id
        return self.desk.record(
            ActionKind.START, campaign, lambda app: app.run.start(*ids, OPERATOR)
        )

    def pause(self, campaign: CampaignOf) -> None:
        ids = campaign.tenant_id, campaign.campaign_id
        self.desk.record(ActionKind.PAUSE, campaign, lambda app: app.run.pause(*ids, OPERATOR))

    def resume(self, campaign: CampaignOf) -> None:
        ids = campaign.tenant_id, campaign.campaign_id
        self.desk.record(ActionKind.RESUME, campaign, lambda app: app.run.resume(*ids, OPERATOR))

    def cancel(self, campaign: CampaignOf) -> None:
        ids = campaign.tenant_id, campaign.campaign_id
        self.desk.record(ActionKind.CANCEL, campaign, lambda app: app.run.cancel(*ids, OPERATOR))

    def unschedule(self, campaign: CampaignOf) -> None:
        ids = campaign.tenant_id, campaign.campaign_id
        self.desk.record(
            ActionKind.UNSCHEDULE, campaign, lambda app: app.run.unschedule(*ids, OPERATOR)
        )

    def start_what_is_free(self) -> None:
        """One campaign after the other on an instance."""
        for each in self.campaigns:
            gate = self.site.observer.gates.read(each.instance_id, consistent=True)
            head = self.site.observer.campaign_store.head(each.tenant_id, each.campaign_id)
            is_draft = head is not None and head.status is CampaignStatus.DRAFT
            if is_draft and gate and gate.live_campaign_id is None:
                self.start(each)

    def _start_rivals(self, action: Action, campaign: CampaignOf) -> None:
        """Every campaign of its instance at once."""
        for rival in self.campaigns:
            if rival.instance_id == campaign.instance_id:
                self.site.clock.spawn(partial(self.start, rival))
        self.desk.count(action.kind)

    # People

    def _choose(self, action: Action, campaign: CampaignOf) -> None:
        contact = self._somebody(action, campaign)

        def choose(app: App) -> object:
            if action.kind is ActionKind.OPT_IN:
                return app.contacts.opt_in(campaign.tenant_id, contact)
            return app.contacts.opt_out(campaign.tenant_id, contact, reason=None, source="manual")

        self.desk.record(action.kind, campaign, choose, phone=self.phones[contact])

    def _somebody(self, action: Action, campaign: CampaignOf) -> str:
        return campaign.contacts[action.choice % len(campaign.contacts)]

    def _write(self, action: Action, campaign: CampaignOf) -> None:
        """She writes a word or something else: at once, or quoting what she gets, if she does."""
        phone = self.phones[self._somebody(action, campaign)]
        words = _WORDS[action.kind]
        text = words[action.choice // 7 % len(words)]
        is_quoting = bool(action.choice % 2)
        quoting = self._awaited(phone, campaign) if is_quoting else None
        if is_quoting and not quoting:
            return
        # WhatsApp tells the second: two choices within one are told apart by nothing.
        self.site.clock.sleep(-self.site.clock.now() % 1_000)
        began_at = self.site.clock.now()
        reply = self.site.fake.reply(phone, text, instance=campaign.instance, quoting=quoting)
        self.site.note(f"{phone} writes {text!r} to {campaign.instance}", "person")
        said = Done(action.kind, campaign.number, phone, began_at, None)
        self.written.append((said, str(reply.key["id"])))
        self.desk.count(action.kind)

    def _awaited(self, phone: str, campaign: CampaignOf) -> Message | None:
        """The latest that she got from there; for the first she waits while faults go on."""
        while True:
            got = [
                each
                for each in self.site.fake.received(phone)
                if each.instance == campaign.instance
            ]
            if got or not self.site.chaos.is_on:
                return got[-1] if got else None
            self.site.clock.sleep(_LOOKS_EACH_MS)

    # Clocks

    def _step_a_clock(self, action: Action) -> None:
        """A living process's clock is set right, or wrong, all at once."""
        slots = sorted(self.site.apps)
        if not slots:
            return
        slot, most = slots[action.choice % len(slots)], self.site.plan.most_step_ms
        clock: Any = self.site.apps[slot].clock
        before = clock.skew_ms
        clock.skew_ms = action.choice // 11 % (2 * most + 1) - most
        self.desk.count(action.kind)
        self.site.note(f"the clock of {slot} steps from {before} to {clock.skew_ms} ms", "world")
