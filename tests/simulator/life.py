"""What calls the functions: each minute, the queue's mapping, webhooks; people and operators."""

from dataclasses import dataclass, field
from functools import partial
from random import Random

from campaigns.bootstrap import App
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.resolving import Resolution
from campaigns.domain.sources import NamedSources
from campaigns.services.dispatch_message import ReceivedJob
from local.fake_evolution import ConnectionState
from tests.simulator.deployment import Deployment, Invocation
from tests.simulator.faults import FaultKind
from tests.simulator.plan import MINUTE_MS, Action, ActionKind

OPERATOR = "key:operator"
DISPATCHER_SECONDS = 60
SCHEDULER_SECONDS = 300
API_SECONDS = 29


@dataclass(frozen=True, slots=True)
class CampaignOf:
    """A campaign of the run; `number` is the one that its texts begin with."""

    number: int
    tenant_id: str
    campaign_id: str
    instance: str
    instance_id: str
    contacts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """A call of an operator, in true time; `answered_at` None: it failed or crashed."""

    kind: ActionKind
    campaign: int
    phone: str
    began_at: int
    answered_at: int | None


@dataclass
class Life:
    """Everything that happens to a deployment until it is calm."""

    site: Deployment
    campaigns: list[CampaignOf]
    until: int
    phones: dict[str, str]
    spare: dict[str, list[str]]
    is_calm: bool = False
    done: list[Done] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    #: Campaigns in which nobody is left to start with.
    empty: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._minutes = Random(f"minutes {self.site.plan.seed}")
        self._deliveries = Random(f"deliveries {self.site.plan.seed}")

    # The schedule

    def each_minute(self) -> None:
        clock, plan, random = self.site.clock, self.site.plan, self._minutes
        while clock.now() < self.until:
            clock.spawn(partial(self._tick, "scheduler"))
            pause = MINUTE_MS
            if not self.is_calm and random.random() < plan.minute_rate:
                match random.randrange(3):
                    case 0:
                        self._count(FaultKind.SECOND_PLANNER)
                        at = clock.now() + random.choice((0, 0, 5, 300, 2_000))
                        clock.spawn(partial(self._tick, "scheduler too"), at=at)
                    case 1:
                        self._count(FaultKind.LATE_MINUTE)
                        pause += random.randrange(MINUTE_MS)
                    case _:
                        self._count(FaultKind.MISSING_MINUTE)
                        pause += MINUTE_MS * random.randint(1, 3)
            clock.sleep(self._idle_ms() if self.is_calm else pause)

    def _tick(self, slot: str) -> None:
        def tick(app: App) -> int:
            return app.schedule.tick(app.clock.now() + SCHEDULER_SECONDS * 1_000)

        self._ended(self.site.invoke(slot, "scheduler", tick, seconds=SCHEDULER_SECONDS))

    def _idle_ms(self) -> int:
        """Minutes in which nothing is due need not be gone through one by one."""
        due = self.next_due()
        if self.site.queue.messages or due is None:
            return MINUTE_MS
        ahead = due - self.site.clock.now()
        return max(MINUTE_MS, min(-(-ahead // MINUTE_MS) * MINUTE_MS, 60 * MINUTE_MS))

    def next_due(self) -> int | None:
        """When the first lane or laying is due, as the table has it."""
        index = self.site.ground.model._tables["campaigns"].indexes["by_due"]
        entries = (part[0][0] for part in index.partitions.values() if part)
        return min((int(entry) for entry in entries), default=None)

    # The queue's mapping

    def poll(self, number: int) -> None:
        clock, queue = self.site.clock, self.site.queue
        while clock.now() < self.until:
            batch = queue.receive()
            if batch:
                self._deliver(f"dispatcher {number}", batch)
            else:
                clock.wait(queue.next_visible_at(clock.now()) or self.until)

    def _deliver(self, slot: str, batch: list[ReceivedJob]) -> None:
        random, clock = self._deliveries, self.site.clock
        if not self.is_calm and random.random() < self.site.plan.delivery_rate:
            match random.randrange(3):
                case 0:
                    self._count(FaultKind.DUPLICATE_DELIVERY)
                    later = random.choice((0, 10, 1_000, 20_000, 70_000, 200_000))
                    again = partial(self._dispatch, f"{slot} again", list(batch))
                    clock.spawn(again, at=clock.now() + later)
                case 1:
                    self._count(FaultKind.LATE_DELIVERY)
                    clock.sleep(random.choice((2_000, 16_000, 80_000, 100_000)))
                case _:
                    self._count(FaultKind.REORDERED_DELIVERY)
                    batch = sorted(batch, key=lambda each: each.group, reverse=True)
        staying = self._dispatch(slot, batch)
        if staying is not None:
            for each in batch:
                if each.message_id not in staying:
                    self.site.queue.delete(each.receipt_handle)

    def _dispatch(self, slot: str, batch: list[ReceivedJob]) -> set[str] | None:
        def dispatch(app: App) -> set[str]:
            return app.dispatch.dispatch(batch, app.clock.now() + DISPATCHER_SECONDS * 1_000)

        made = self.site.invoke(slot, "dispatcher", dispatch, seconds=DISPATCHER_SECONDS)
        self._ended(made)
        return made.result if made.is_answered else None

    def _count(self, kind: FaultKind) -> None:
        self.site.chaos.counts[kind] += 1
        self.site.note(kind, "world")

    # People

    def start(self, campaign: CampaignOf) -> Invocation[None]:
        tenant_id, campaign_id = campaign.tenant_id, campaign.campaign_id
        return self.ask(
            f"starts campaign {campaign.number}",
            lambda app: app.run.start(tenant_id, campaign_id, OPERATOR),
        )

    def resume(self, campaign: CampaignOf) -> None:
        self._record(
            ActionKind.RESUME,
            campaign,
            lambda app: app.run.resume(campaign.tenant_id, campaign.campaign_id, OPERATOR),
        )

    def act(self, action: Action) -> None:
        """What somebody does at that moment; refusals are answers too."""
        site, campaign = self.site, self.campaigns[action.campaign]
        site.chaos.counts[f"{action.kind}_action"] += 1
        tenant_id, campaign_id = campaign.tenant_id, campaign.campaign_id
        match action.kind:
            case ActionKind.PAUSE:
                self._record(
                    action.kind,
                    campaign,
                    lambda app: app.run.pause(tenant_id, campaign_id, OPERATOR),
                )
            case ActionKind.RESUME:
                self.resume(campaign)
            case ActionKind.CANCEL:
                self._record(
                    action.kind,
                    campaign,
                    lambda app: app.run.cancel(tenant_id, campaign_id, OPERATOR),
                )
            case ActionKind.OPT_OUT:
                contact = campaign.contacts[action.choice % len(campaign.contacts)]
                self._record(
                    action.kind,
                    campaign,
                    lambda app: app.contacts.opt_out(
                        tenant_id, contact, reason=None, source="manual"
                    ),
                    phone=self.phones[contact],
                )
            case ActionKind.RETRY_FAILED:
                self.ask(
                    f"retries who failed in campaign {campaign.number}",
                    lambda app: app.retry_failed.retry(
                        tenant_id, campaign_id, OPERATOR, deadline=app.clock.now() + 20_000
                    ),
                )
            case ActionKind.RESOLVE:
                self._resolve(campaign, action)
            case ActionKind.ADD_CONTACTS:
                self.ask(
                    f"adds contacts to campaign {campaign.number}",
                    lambda app: app.add_recipients.add(
                        tenant_id,
                        campaign_id,
                        NamedSources(contact_ids=self.spare[tenant_id]),
                        OPERATOR,
                    ),
                )
            case ActionKind.REMOVE_CONTACT:
                self._remove(campaign, action)
            case ActionKind.SECOND_START:
                for rival in self.campaigns:
                    if rival.instance_id == campaign.instance_id:
                        site.clock.spawn(partial(self.start, rival))
            case ActionKind.DISCONNECT:
                site.note(f"{campaign.instance} is disconnected", "world")
                site.fake.set_state(campaign.instance, ConnectionState.CLOSE)
                site.clock.sleep(action.choice % 300_000)
                site.fake.set_state(campaign.instance, ConnectionState.OPEN)

    def _resolve(self, campaign: CampaignOf, action: Action) -> None:
        """The operator decides about everybody unconfirmed by then."""
        stores = self.site.observer
        for each in stores.recipients.page(
            campaign.tenant_id, campaign.campaign_id, 0, 100, limit=100, consistent=True
        ):
            if each.status is not RecipientStatus.UNCONFIRMED:
                continue
            resolution = list(Resolution)[(action.choice + each.sequence) % len(Resolution)]

            def resolve(
                app: App, recipient_id: str = each.recipient_id, wanted: Resolution = resolution
            ) -> object:
                return app.resolve_recipient.resolve(
                    campaign.tenant_id,
                    campaign.campaign_id,
                    recipient_id,
                    wanted,
                    OPERATOR,
                    accepts_duplicate=True,
                )

            self._record(action.kind, campaign, resolve, phone=self.phones[each.contact_id])

    def _remove(self, campaign: CampaignOf, action: Action) -> None:
        people = self.site.observer.recipients.page(
            campaign.tenant_id, campaign.campaign_id, 0, 100, limit=100, consistent=True
        )
        if people:
            chosen = people[action.choice % len(people)].recipient_id
            self.ask(
                f"removes {chosen} from campaign {campaign.number}",
                lambda app: app.remove_recipient.remove(
                    campaign.tenant_id, campaign.campaign_id, chosen, approve=lambda _: None
                ),
            )

    def _record(self, kind: ActionKind, campaign: CampaignOf, task, phone: str = "") -> None:  # type: ignore[no-untyped-def]
        began_at = self.site.clock.now()
        made = self.ask(f"asks for {kind} in campaign {campaign.number} {phone}", task)
        answered_at = self.site.clock.now() if made.is_answered else None
        self.done.append(Done(kind, campaign.number, phone, began_at, answered_at))

    def ask(self, what: str, task) -> Invocation:  # type: ignore[no-untyped-def, type-arg]
        self.site.note(what, "operator")
        made = self.site.invoke(f"api {len(self.done) % 2}", "api", task, seconds=API_SECONDS)
        self.site.note("is answered" if made.is_answered else "gets no good answer", "operator")
        self._ended(made)
        return made

    def _ended(self, made: Invocation) -> None:  # type: ignore[type-arg]
        if made.error is not None:
            self.errors.append(made.error)
