"""What `make model` explores: each scenario of docs/model whole, then again with a guard off."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scenario:
    """One .cfg file of docs/model: few actors, and one kind of bad day."""

    name: str
    about: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A scenario in which guards are switched off, and the property that then breaks.

    More than one guard: each of them holds alone what the others would.
    """

    without: tuple[str, ...]
    scenario: str
    breaks: str


SCENARIOS = (
    Scenario("doubt", "a crash, a lost answer, a resend; both versions of Evolution"),
    Scenario("copies", "a job delivered twice, a crash, a fault; a server that ignores ids"),
    Scenario("stop", "pause, resume, cancel and opt-out at any moment, a slow spell"),
    Scenario("planners", "two planners of two people, a batch taken in part"),
    Scenario("adds", "somebody added while the walk completes, a crash"),
    Scenario("pair", "two people on one instance, two dispatchers, a crash"),
    Scenario("rivals", "two campaigns on one instance reach one person, a cancel"),
    Scenario("versions", "Evolution becomes another version in the middle of a doubt"),
    Scenario("ends", "a crash, a pause, a lost job, a fault: it comes to its end all the same"),
)

MUTANTS = (
    Mutant(("claim",), "copies", "NeverTwice"),
    Mutant(("plan_number",), "copies", "OnlyLostAreRequeued"),
    Mutant(("plan_number", "version_asked", "claimed_under"), "copies", "NeverTwice"),
    Mutant(("expiry_is_doubt",), "doubt", "NeverTwice"),
    Mutant(("version_asked",), "versions", "NeverTwice"),
    Mutant(("claimed_under",), "versions", "NeverTwice"),
    Mutant(("jobs_first",), "pair", "OnlyLostAreRequeued"),
    Mutant(("ordered_ack",), "planners", "OnlyLostAreRequeued"),
    Mutant(("walk_judges",), "planners", "NeverLost"),
    Mutant(("total_version",), "adds", "NeverLost"),
    Mutant(("person_gate",), "rivals", "NeverHammered"),
    Mutant(("busy_mark",), "pair", "OneInFlight"),
    Mutant(("lease_outlives",), "pair", "OneInFlight"),
    Mutant(("gap",), "pair", "HumanPace"),
    Mutant(("one_second",), "stop", "StopMeansStop"),
    Mutant(("gate_is_active",), "stop", "StopMeansStop"),
    Mutant(("suppression",), "stop", "StopMeansStop"),
    Mutant(("one_live",), "rivals", "OneLive"),
    Mutant(("requeue",), "ends", "Ends"),
    Mutant(("walk",), "ends", "Ends"),
)
