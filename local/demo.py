"""`python -m local.demo`: one campaign from the list to the report, with faults on the way.

Its last line on stdout is one JSON object. The exit code is 0 only if every promise was kept and
every planned fault happened; otherwise the folder with the logs is kept.
"""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
from rich.console import Console

from campaigns_cli.api import Api, Json
from campaigns_cli.connection import Server
from campaigns_cli.contact_file import read_contact_file
from campaigns_cli.contact_import import run_import, summary
from campaigns_cli.errors import CliError
from campaigns_cli.import_contacts import ImportReport, OnDuplicate
from campaigns_cli.language import t
from campaigns_cli.options import messages, say
from campaigns_cli.send_campaign import (
    CampaignPlan,
    create_campaign,
    find_instance,
    wait_until_prepared,
)
from campaigns_cli.watch_campaign import campaign_path, pause_explained, watch_campaign
from local.demo_faults import Control, DemoError, FakePhones, Faults
from local.demo_measure import measure
from local.demo_report import Run, print_result, print_tables, problems
from local.demo_stack import QUICK_FAULTS, demo_folder, running_stack
from local.ending import Ending
from local.process import ROOT, StartError

CONTACTS = ROOT / "examples" / "contatos.csv"
MESSAGES = (
    "{{saudacao}}, {{primeiro_nome|tudo bem}}! Chegaram as novidades da semana.",
    "Oi, {{primeiro_nome|tudo bem}}! Esta semana tem novidade na loja.",
    "{{primeiro_nome|Oi}}, passe na loja nesta {{dia_semana}}: temos novidades.",
)
FEWEST_CONTACTS = 10
_DELAY_MIN_SECONDS = 1
_PACE: Json = {"delay_min_seconds": _DELAY_MIN_SECONDS, "delay_max_seconds": 2}
# Above the pace: a lease and a visibility that run out after the kill, graces, retries.
_LIMIT_SECONDS = 420.0
_LIMIT_SECONDS_PER_CONTACT = 4.0
# A receipt that came before its message was known is brought again after 5, 10, 20, … s.
_RECEIPTS_SECONDS = 90.0


def main() -> None:
    """Runs the demo and exits with its verdict."""
    ending = Ending()
    ending.listen()
    try:
        wanted = wanted_contacts(os.environ)
        with demo_folder() as folder:
            run(folder, wanted, ending)
    except (CliError, DemoError, StartError, httpx.HTTPError) as error:
        say(str(error), messages())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def wanted_contacts(environment: Mapping[str, str]) -> int:
    """DEMO_CONTACTS, 40 without it; below ten there is no room for all the faults."""
    text = environment.get("DEMO_CONTACTS") or "40"
    if not text.isdecimal() or int(text) < FEWEST_CONTACTS:
        raise DemoError(
            t(
                f"DEMO_CONTACTS precisa ser um número a partir de {FEWEST_CONTACTS}.",
                f"DEMO_CONTACTS must be a number from {FEWEST_CONTACTS} on.",
            )
        )
    return int(text)


def run(folder: Path, wanted: int, ending: Ending) -> None:
    """From the start of the stack to the verdict; a bad one raises after the last line."""
    quick = ", ".join(f"{name}={value}" for name, value in QUICK_FAULTS.items())
    say(t(f"Prazos curtos nesta demonstração: {quick}", f"Short times in this demo: {quick}"))
    began = time.monotonic()
    with running_stack(folder) as stack:
        setup_seconds = time.monotonic() - began
        say(t(f"Pilha local pronta: {stack.api_url}", f"Local stack ready: {stack.api_url}"))
        with Api(Server(stack.api_url, stack.owner_key)) as api:
            phones = FakePhones(stack.evolution_url)
            # The bar's own console: what is said on another one is drawn over by the bar.
            console = messages()
            control = Control(stack.control_url)
            faults = Faults(api, phones, control, lambda text: say(text, console))
            report = _imported(api, ending)
            campaign = _created(api, stack.instance_name, list(report.contact_ids)[:wanted])
            recipients = _recipients(api, campaign)
            # The third: neither the first, which shows how soon one leaves, nor near the pause.
            faults.before_start(str(recipients[2]["contact"]["phone"]))
            started_at = time.time()
            api.post(campaign_path(campaign["id"], "start/"))
            _follow(api, campaign, faults, console, ending)
            recipients = _receipted(api, campaign, phones, ending)
            requests = phones.requests()
            measured = measure(recipients, phones.phones(), requests)
            missing = faults.missing()
    first_request_at = min((one["arrived_at"] for one in requests), default=None)
    ran = Run(
        measured,
        None if first_request_at is None else first_request_at - started_at,
        faults.left_while_paused,
        missing,
    )
    print_tables(report, recipients)
    seconds = round(time.monotonic() - began)
    say(t(f"Tudo isso em {seconds} s.", f"All this in {seconds} s."))
    print_result(report, ran, setup_seconds)
    if found := problems(ran, _DELAY_MIN_SECONDS):
        raise DemoError("\n".join(found))


def _imported(api: Api, ending: Ending) -> ImportReport:
    try:
        report = run_import(api, read_contact_file(CONTACTS), OnDuplicate.UPDATE)
    except CliError:
        # Cut short by whoever runs the demo, it has not failed.
        ending.check()
        raise
    say(summary(report, None))
    return report


def _created(api: Api, instance_name: str, contact_ids: Sequence[str]) -> Json:
    instance = find_instance(api, instance_name)
    api.patch(f"/api/instances/{instance['id']}/", _PACE)
    name = t("Demonstração", "Demo")
    plan = CampaignPlan(name, str(instance["id"]), MESSAGES, ignore_quiet_hours=True)
    return wait_until_prepared(api, create_campaign(api, plan, contact_ids), time.sleep)


def _recipients(api: Api, campaign: Json) -> list[Json]:
    return list(api.each(campaign_path(campaign["id"], "contacts/")))


def _receipted(api: Api, campaign: Json, phones: FakePhones, ending: Ending) -> list[Json]:
    """The recipients once every message that arrived is known to be delivered, or time is up."""
    say(t("Esperando os recibos dos telefones.", "Waiting for the receipts of the phones."))
    deadline = time.monotonic() + _RECEIPTS_SECONDS
    while True:
        ending.check()
        recipients = _recipients(api, campaign)
        measured = measure(recipients, phones.phones(), [])
        if measured.delivered >= measured.sent or time.monotonic() > deadline:
            return recipients
        time.sleep(1.0)


def _follow(api: Api, campaign: Json, faults: Faults, console: Console, ending: Ending) -> None:
    limit = _LIMIT_SECONDS + _LIMIT_SECONDS_PER_CONTACT * campaign["total_contacts"]
    deadline = time.monotonic() + limit

    def see(campaign: Json) -> None:
        ending.check()
        if campaign["auto_pause_reason"]:
            raise DemoError(pause_explained(campaign))
        if time.monotonic() > deadline:
            raise DemoError(
                t(
                    f"A campanha não terminou em {limit:g} s.",
                    f"The campaign did not end within {limit:g} s.",
                )
            )
        faults.see(campaign)

    ended = watch_campaign(
        api,
        campaign["id"],
        console,
        sleep=faults.act_for,
        now=lambda: datetime.now(UTC),
        on_state=see,
    )
    if ended["status"] != "completed":
        raise DemoError(
            t(
                f"A campanha terminou como {ended['status']}.",
                f"The campaign ended as {ended['status']}.",
            )
        )


if __name__ == "__main__":
    main()
