"""Operators and the owners of phones, in the middle of a storm: all of it by HTTP."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from campaigns_cli.errors import CliError, Problem
from tests.e2e.storm_load import Load, Phones, path_of
from tests.e2e.storm_plan import Act, Writing
from tests.simulator.evidence import CampaignOf, Done
from tests.simulator.plan import ActionKind

_PATHS = {
    ActionKind.PAUSE: "pause/",
    ActionKind.RESUME: "resume/",
    ActionKind.CANCEL: "cancel/",
    ActionKind.SECOND_START: "start/",
}

#: A webhook that finds the emulator away comes again within this time.
_TAKEN_SECONDS = 60.0
_LOOK_SECONDS = 0.5


@dataclass
class People:
    """What they did, with the times of the answers; a refusal or no answer is an answer of None."""

    load: Load
    evolution: Phones
    say: Callable[[str], None]
    done: list[Done] = field(default_factory=list)
    #: Codes of what the API refused.
    refused: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    #: Somebody ended the storm before its time: nobody waits for anything any more.
    is_given_up: threading.Event = field(default_factory=threading.Event)

    def act(self, act: Act) -> None:
        campaign = self.load.campaigns[act.campaign]
        match act.kind:
            case Writing():
                self._write(campaign, act)
            case ActionKind.OPT_OUT:
                self._opt_out(campaign, act)
            case ActionKind.PAUSE:
                self.ask(ActionKind.PAUSE, campaign)
                # Resumed at once where the storm ends in between.
                self.over.wait(act.lasts)
                self.ask(ActionKind.RESUME, campaign)
            case _:
                self.ask(act.kind, campaign)

    def ask(self, kind: ActionKind, campaign: CampaignOf) -> bool:
        """Whether it was granted."""
        return self._post(kind, campaign, "", path_of(campaign, _PATHS[kind]))

    def _opt_out(self, campaign: CampaignOf, act: Act) -> None:
        contact = campaign.contacts[act.choice % len(campaign.contacts)]
        path = f"/api/contacts/contacts/{contact}/opt-out/"
        self._post(ActionKind.OPT_OUT, campaign, self.load.phones[contact], path)

    def _write(self, campaign: CampaignOf, act: Act) -> None:
        """One of those who got a message from it writes back to the same number."""
        reached = [
            phone["phone"]
            for phone in self.evolution.all()
            if any(message["instance"] == campaign.instance for message in phone["messages"])
        ]
        if not reached:
            return
        phone = sorted(reached)[act.choice % len(reached)]
        body = {"text": act.kind, "instance": campaign.instance}
        self.say(f"somebody writes {act.kind} to {campaign.instance}")
        began_at = _now()
        self.evolution.call("POST", f"/_fake/phones/{phone}/replies", body)
        if act.kind is Writing.OPT_OUT:
            answered_at = self._opted_out_at(campaign, phone)
            kind = ActionKind.REPLY_OUT
            self.done.append(Done(kind, campaign.number, phone, began_at, answered_at))

    def _opted_out_at(self, campaign: CampaignOf, phone: str) -> int | None:
        """When the system said for the first time that she is out; None: not for long."""
        contact = next(
            contact
            for each in self.load.campaigns
            if each.tenant_id == campaign.tenant_id
            for contact in each.contacts
            if self.load.phones[contact] == phone
        )
        api = self.load.tenant_of(campaign).api
        deadline = time.monotonic() + _TAKEN_SECONDS
        while time.monotonic() < deadline and not self.is_given_up.is_set():
            with suppress(CliError):
                if api.get(f"/api/contacts/contacts/{contact}/")["opted_out_at"]:
                    return _now()
            self.is_given_up.wait(_LOOK_SECONDS)
        return None

    def _post(self, kind: ActionKind, campaign: CampaignOf, phone: str, path: str) -> bool:
        began_at = _now()
        answered_at, came_of_it = None, "done"
        try:
            self.load.tenant_of(campaign).api.post(path)
            answered_at = _now()
        except Problem as problem:
            self.refused.append(problem.code)
            came_of_it = f"{problem.status} {problem.code}"
        except CliError as error:
            came_of_it = str(error)
        self.say(f"{kind} in campaign {campaign.number}: {came_of_it}")
        self.done.append(Done(kind, campaign.number, phone, began_at, answered_at))
        return answered_at is not None


def _now() -> int:
    return time.time_ns() // 1_000_000
