"""What goes wrong in the demo, on purpose and at its moment."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from campaigns.settings import LEASE_MARGIN_SECONDS
from campaigns_cli.api import Api, Json
from campaigns_cli.language import t
from campaigns_cli.watch_campaign import campaign_path, settled
from local.demo_measure import arrived_between
from local.demo_stack import QUICK_FAULTS

DUPLICATES = 2
LEASE_SECONDS = int(QUICK_FAULTS["FUNCTION_TIMEOUT_SECONDS"]) + LEASE_MARGIN_SECONDS
PAUSE_SECONDS = 5.0
# From then on after the answer to a pause no request may leave.
STOPPED_AFTER_SECONDS = 1.0
_TICK_SECONDS = 0.2
_REQUEST_SECONDS = 20.0


class DemoError(Exception):
    """The demo did not show what it is there to show; one sentence."""


class FakePhones:
    """The fake Evolution's own side: what the phones got, and what it is told."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=_REQUEST_SECONDS, trust_env=False)

    def phones(self) -> list[dict[str, Any]]:
        phones: list[dict[str, Any]] = self._call("GET", "/_fake/phones")["phones"]
        return phones

    def requests(self) -> list[dict[str, Any]]:
        requests: list[dict[str, Any]] = self._call("GET", "/_fake/requests")["requests"]
        return requests

    def take_off_whatsapp(self, phone: str) -> None:
        self._call("PUT", f"/_fake/phones/{phone.lstrip('+')}", {"on_whatsapp": False})

    def hold_one_answer(self, after: int) -> None:
        """Of the sends to come, one after so many others reaches its phone and is not answered."""
        self._call("POST", "/_fake/rules", {"behaviour": "hold", "after": after, "count": 1})

    def holds(self) -> bool:
        return bool(self._call("GET", "/_fake/held")["held"])

    def release(self) -> None:
        self._call("POST", "/_fake/held/release", {})

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        answer: Json = self._client.request(method, path, json=body).raise_for_status().json()
        return answer


class Control:
    """The stack's hand on its dispatcher."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=_REQUEST_SECONDS, trust_env=False)

    def duplicate(self, jobs: int) -> None:
        body = {"count": jobs}
        self._client.post("/control/dispatcher/duplicate", json=body).raise_for_status()

    def kill_dispatcher(self) -> None:
        """Kills the one that waits for an answer of the fake."""
        self._client.post("/control/dispatcher/kill", json={}).raise_for_status()

    def duplicated(self) -> int:
        return int(self._client.get("/control/status").raise_for_status().json()["duplicated"])


class Faults:
    """Half-way a pause and a resume; a while later the dispatcher dies between send and settle."""

    def __init__(
        self,
        api: Api,
        phones: FakePhones,
        control: Control,
        announce: Callable[[str], None],
    ) -> None:
        self._api = api
        self._phones = phones
        self._control = control
        self._announce = announce
        self.left_while_paused: int | None = None
        self.killed = False

    def before_start(self, phone: str) -> None:
        """Two jobs will be delivered twice, and this phone is not on WhatsApp."""
        self._control.duplicate(DUPLICATES)
        self._phones.take_off_whatsapp(phone)

    def see(self, campaign: Json) -> None:
        """Pauses and resumes once, when half of the recipients are settled."""
        half_way = 2 * settled(campaign) >= campaign["total_contacts"]
        if self.left_while_paused is None and campaign["status"] == "active" and half_way:
            self._pause_and_resume(campaign)

    def act_for(self, seconds: float) -> None:
        """Passes the time until the next look at the campaign; kills when the moment comes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.left_while_paused is not None and not self.killed and self._phones.holds():
                self._control.kill_dispatcher()
                self._phones.release()
                self.killed = True
                self._announce(
                    t(
                        "O dispatcher foi morto entre enviar e registrar: a instância espera "
                        f"{LEASE_SECONDS} s, até que o prazo dele acabe.",
                        "The dispatcher was killed between send and settle: the instance waits "
                        f"{LEASE_SECONDS} s, until its lease is over.",
                    )
                )
            time.sleep(_TICK_SECONDS)

    def missing(self) -> list[str]:
        """Which of the planned faults did not happen; then the run proves less than it should."""
        missing = []
        if self.left_while_paused is None:
            missing.append(t("a pausa", "the pause"))
        if not self.killed:
            missing.append(t("a morte do dispatcher", "the dispatcher's death"))
        if self._control.duplicated() < DUPLICATES:
            missing.append(t("as entregas repetidas", "the repeated deliveries"))
        return missing

    def _pause_and_resume(self, campaign: Json) -> None:
        self._announce(
            t(f"Na metade: pausa de {PAUSE_SECONDS:g} s.", f"Half-way: {PAUSE_SECONDS:g} s pause.")
        )
        self._api.post(campaign_path(campaign["id"], "pause/"))
        paused_at = time.time()
        time.sleep(PAUSE_SECONDS)
        self.left_while_paused = arrived_between(
            self._phones.requests(), paused_at + STOPPED_AFTER_SECONDS, time.time()
        )
        self._phones.hold_one_answer(after=(campaign["total_contacts"] - settled(campaign)) // 4)
        self._api.post(campaign_path(campaign["id"], "resume/"))
        count = self.left_while_paused
        self._announce(
            t(
                f"Retomada: {count} mensagens saíram a partir de 1 s depois da pausa.",
                f"Resumed: {count} messages left from 1 s after the pause on.",
            )
        )
