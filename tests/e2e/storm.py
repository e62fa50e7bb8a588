"""`python -m tests.e2e.storm [SECONDS [SEED]]`: the local stack's processes are killed, under load.

The dispatcher and the scheduler are killed at random moments (from the seed, drawn and told where
left out), the emulator of AWS is restarted in the middle; then calm, until every campaign is over,
and the nine rules are judged. The last line is ``kills …, restarts …, violations K``; exit code 1
where K is above 0, and then the folder with the logs is kept.
"""

import argparse
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from shutil import rmtree

from campaigns.bootstrap import App, bootstrap
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.recipient import SENT_OR_FURTHER, RecipientStatus
from campaigns.settings import Settings
from campaigns_cli.send_campaign import wait_until_prepared
from local.demo_stack import running_stack
from local.ending import Ending
from tests.e2e.storm_evidence import (
    duplicates,
    gather,
    head_of,
    is_settled,
    judge_all,
    list_leaks,
    lost,
    recount,
    wrong_books,
)
from tests.e2e.storm_load import Load, Phones, make_load, path_of
from tests.e2e.storm_logs import read_logs
from tests.e2e.storm_people import People
from tests.e2e.storm_plan import INSTANCES, SETTINGS, StormPlan, Victim, draw
from tests.e2e.storm_trouble import Trouble
from tests.simulator.evidence import Evidence
from tests.simulator.plan import ActionKind

#: Leases and visibilities that deaths left behind run out, and whoever waited is sent to.
_CALM_SECONDS = 240.0
#: The books of what is complete are recounted two minutes after they last moved.
_BOOKS_SECONDS = 200.0
_LOOK_SECONDS = 2.0
_SAY_SECONDS = 5
_STORM_SECONDS = 120.0
_SEEDS = 1_000_000
_THREADS = 16

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stormed:
    """What a storm came to: the line of its figures, what broke, and what it did.

    `refused`: the codes of what the API refused to operators.
    """

    figures: str
    violations: Sequence[str]
    refused: Sequence[str]
    kills: Counter[Victim]
    emulator_restarts: int

    @property
    def last_line(self) -> str:
        return f"{self.figures}, violations {len(self.violations)}"


def storm(folder: Path, plan: StormPlan, say: Say) -> Stormed:
    """Runs a stack in the folder through the storm and the calm, and judges it."""
    began = time.monotonic()
    with ExitStack() as ends:
        stack = ends.enter_context(running_stack(folder, SETTINGS))
        ends.enter_context(_aws_of(stack.environment))
        observer = bootstrap(Settings.from_environment(stack.environment))
        evolution = ends.enter_context(closing(Phones(stack.evolution_url)))
        load = make_load(stack, observer, plan, evolution)
        for tenant in load.tenants:
            ends.enter_context(tenant.api)
        trouble = ends.enter_context(closing(Trouble(stack.control_url, say)))
        people = People(load, evolution, say)

        def progress(what: str = "storm") -> None:
            say(f"{what}: {evolution.total_messages()} messages to {load.recipients} recipients")

        say(f"{len(load.campaigns)} campaigns, Evolution {plan.version}")
        _start(load)
        _rage(plan, trouble, people, progress)
        _wait(_CALM_SECONDS, lambda: _not_over(load, observer, people), progress, "not over")
        look = partial(gather, load, observer, evolution, people)
        evidence = _recounted(look, observer, progress)
        leaks, restarts = list_leaks(load), trouble.restarts()
    seconds = time.monotonic() - began
    logs = read_logs(folder / "logs", stack.owner_key)
    evidence = replace(evidence, leaks=leaks, log_lines=logs)
    return Stormed(
        _figures(evidence, trouble, restarts, seconds),
        judge_all(evidence, load),
        people.refused,
        trouble.kills,
        trouble.emulator_restarts,
    )


@contextmanager
def _aws_of(environment: Mapping[str, str]) -> Iterator[None]:
    """This process reads the stack's table, and can reach nobody's account."""
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    stack = {name: value for name, value in environment.items() if name.startswith("AWS_")}
    for name in before:
        del os.environ[name]
    os.environ.update(stack)
    try:
        yield
    finally:
        for name in stack:
            del os.environ[name]
        os.environ.update(before)


def _start(load: Load) -> None:
    for campaign in load.campaigns:
        api = load.tenant_of(campaign).api
        wait_until_prepared(api, api.get(path_of(campaign)), time.sleep)
    for campaign in load.campaigns[:INSTANCES]:
        load.tenant_of(campaign).api.post(path_of(campaign, "start/"))


def _rage(plan: StormPlan, trouble: Trouble, people: People, progress: Callable[[], None]) -> None:
    """Everything that was drawn, at its moment; returns when the storm is over."""
    began = time.monotonic()
    looks = range(_SAY_SECONDS, int(plan.seconds), _SAY_SECONDS)
    events: list[tuple[float, Callable[[], None]]] = [
        *((each.at, partial(trouble.kill, each)) for each in plan.kills),
        *((each.at, partial(people.act, each)) for each in plan.acts),
        (plan.restart_at, partial(trouble.restart_emulator, plan.away_seconds)),
        *((float(at), progress) for at in looks),
        (plan.seconds, progress),
    ]
    running: list[Future[None]] = []
    with ThreadPoolExecutor(_THREADS) as threads:
        try:
            for at, what in sorted(events, key=lambda event: event[0]):
                time.sleep(max(0.0, began + at - time.monotonic()))
                running.append(threads.submit(what))
        except BaseException:
            people.is_given_up.set()
            raise
        finally:
            people.over.set()
    for each in running:
        each.result()


def _not_over(load: Load, observer: App, people: People) -> list[int]:
    """The numbers of the campaigns in which somebody is on the way; an operator sets going whatever
    is stopped, or could not start."""
    for campaign in load.campaigns:
        status = head_of(observer, campaign).status
        if status is CampaignStatus.PAUSED:
            people.ask(ActionKind.RESUME, campaign)
        elif status is CampaignStatus.DRAFT:
            people.ask(ActionKind.SECOND_START, campaign)
    return [each.number for each in load.campaigns if not is_settled(observer, each)]


def _recounted(
    look: Callable[[], Evidence], observer: App, progress: Callable[[str], None]
) -> Evidence:
    """What there is once the books are right, or once they had the time to be: receipts still come,
    and each is booked a moment after it is taken."""
    seen: list[Evidence] = []

    def wrong() -> list[int]:
        seen.append(look())
        campaigns = wrong_books(seen[-1])
        for number in campaigns:
            # What is completed is recounted soon enough by itself.
            if seen[-1].heads[number].status is CampaignStatus.CANCELLED:
                recount(seen[-1].heads[number], observer)
        return campaigns

    _wait(_BOOKS_SECONDS, wrong, progress, "to be recounted")
    return seen[-1]


def _wait(
    seconds: float,
    missing: Callable[[], list[int]],
    progress: Callable[[str], None],
    what: str,
) -> None:
    """Until no campaign is missing; where the time is up, the judge will say what is."""
    deadline = time.monotonic() + seconds
    while (campaigns := missing()) and time.monotonic() < deadline:
        progress(f"campaigns {', '.join(map(str, campaigns))} {what}")
        time.sleep(_LOOK_SECONDS)


def _figures(
    evidence: Evidence, trouble: Trouble, restarts: Mapping[str, int], seconds: float
) -> str:
    statuses = Counter(each.status for people in evidence.people.values() for each in people)
    counts = {
        "recipients": statuses.total(),
        "sent": sum(statuses[each] for each in SENT_OR_FURTHER),
        "failed": statuses[RecipientStatus.FAILED],
        "skipped": statuses[RecipientStatus.SKIPPED],
        "unconfirmed": statuses[RecipientStatus.UNCONFIRMED],
        "duplicates": duplicates(evidence),
        "lost": lost(evidence),
        "seconds": round(seconds),
    }
    kills = ", ".join(f"{name}={trouble.kills[name]}" for name in Victim)
    again = {**restarts, "ministack": trouble.emulator_restarts}
    started = ", ".join(f"{name}={count}" for name, count in sorted(again.items()))
    rest = ", ".join(f"{name} {count}" for name, count in counts.items())
    return f"kills {trouble.kills.total()} by process {kills}, restarts {started}, {rest}"


def main() -> int:
    """Runs one storm by hand."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.storm", description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=_STORM_SECONDS)
    parser.add_argument("seed", type=int, nargs="?", default=secrets.randbelow(_SEEDS))
    asked = parser.parse_args()
    ending = Ending()
    ending.listen()
    folder = Path(tempfile.mkdtemp(prefix="campaigns-storm-"))
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:6.1f} s  {line}\n")
        sys.stdout.flush()

    say(f"SECONDS={asked.seconds:g} SEED={asked.seed}, logs in {folder / 'logs'}")
    try:
        came = storm(folder, draw(asked.seed, asked.seconds), say)
    except KeyboardInterrupt:
        rmtree(folder, ignore_errors=True)
        return 130
    for violation in came.violations:
        say(f"broken: {violation}")
    if not came.violations:
        rmtree(folder, ignore_errors=True)
    sys.stdout.write(f"{came.last_line}\n")
    return 1 if came.violations else 0


if __name__ == "__main__":
    sys.exit(main())
