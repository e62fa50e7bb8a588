"""What the default seeds draw takes place: it is counted where it strikes, not where drawn."""

from collections import Counter

from local.fake_evolution import Behaviour, WebhookTrait
from tests.simulator.deployment import Deployment, ground
from tests.simulator.life import Life
from tests.simulator.plan import ActionKind, Plan, draw
from tests.simulator.run import run
from tests.simulator.stranger import CALLS, leaks

SEEDS = 250


def test_each_action_each_behaviour_and_each_trait_strikes_within_the_default_seeds() -> None:
    missing = {
        *(f"action.{each}" for each in ActionKind),
        *(f"evolution.{each}" for each in Behaviour),
        *(f"webhook.{each}" for each in WebhookTrait),
    }
    plans = [draw(seed) for seed in range(SEEDS)]
    with ground() as shared:
        while missing and plans:
            # The one that may strike with most of them comes first: so few runs are enough.
            plan = max(plans, key=lambda each: len(drawn(each) & missing))
            if not drawn(plan) & missing:
                break
            plans.remove(plan)
            result = run(plan, shared)
            assert result.violations == (), plan.seed
            missing -= {*+Counter(result.counts)}
    assert missing == set()


def drawn(plan: Plan) -> set[str]:
    return {
        *(f"action.{each.kind}" for each in plan.actions),
        *(f"evolution.{each.behaviour}" for each in plan.rules),
        *(f"webhook.{each.trait}" for each in plan.webhook_rules),
    }


def test_who_can_see_anothers_is_told_of() -> None:
    plan = next(plan for plan in map(draw, range(SEEDS)) if plan.tenants > 1)
    found: dict[str, list[str]] = {}

    def look(site: Deployment, life: Life) -> None:
        people = life.people
        found["strangers"] = list(leaks(site.observer, people.campaigns, people.owner_keys))
        first, second = people.owner_keys.values()
        swapped = dict(zip(people.owner_keys, (second, first), strict=True))
        found["owners"] = list(leaks(site.observer, people.campaigns, swapped))

    with ground() as shared:
        run(plan, shared, live=look)
    assert found["strangers"] == []
    # Each call of the API, for each campaign: whatever its owner is answered, it is not 404.
    assert len(found["owners"]) == CALLS * (plan.instances + plan.rivals)
