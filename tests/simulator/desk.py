"""Where somebody asks the API for something: each call an invocation that may fail or crash."""

from collections.abc import Callable
from dataclasses import dataclass, field

from campaigns.bootstrap import App
from campaigns.domain.errors import InvalidState, StartRefused
from campaigns_api.problems import problem_of
from tests.simulator.deployment import Deployment, Invocation
from tests.simulator.evidence import CampaignOf, Done, Refusal
from tests.simulator.plan import ActionKind

OPERATOR = "key:operator"
API_SECONDS = 29

type Asking = Callable[[App], object]


@dataclass
class Desk:
    """Keeps what was asked for, and what the answer was."""

    site: Deployment
    done: list[Done] = field(default_factory=list)

    def count(self, kind: ActionKind) -> None:
        """It took place."""
        self.site.chaos.counts[f"action.{kind}"] += 1

    def record(
        self,
        kind: ActionKind,
        campaign: CampaignOf,
        task: Asking,
        *,
        phone: str = "",
        detail: str = "",
    ) -> Invocation[object]:
        began_at = self.site.clock.now()
        what = f"asks for {kind} in campaign {campaign.number} {phone} {detail}".rstrip()
        made = self.ask(what, task)
        now = self.site.clock.now()
        answered_at = now if made.is_answered else None
        refusal = _refusal(made.error, now) if made.error else None
        self.done.append(Done(kind, campaign.number, phone, began_at, answered_at, detail, refusal))
        if made.is_answered:
            self.count(kind)
        return made

    def ask(self, what: str, task: Asking) -> Invocation[object]:
        self.site.note(what, "operator")
        made = self.site.invoke(f"api {len(self.done) % 2}", "api", task, seconds=API_SECONDS)
        self.site.note("is answered" if made.is_answered else "gets no good answer", "operator")
        return made


def _refusal(error: Exception, at: int) -> Refusal:
    """As the API would have answered."""
    problem = problem_of(error)
    codes = {problem.code}
    if isinstance(error, StartRefused):
        codes |= {failure.code for failure in error.failures}
    state = error.current_status if isinstance(error, InvalidState) else ""
    return Refusal(at, problem.status, frozenset(codes), state)
