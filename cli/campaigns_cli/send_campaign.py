"""From accepted contacts to a campaign that runs."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from campaigns_cli.api import Api, Json
from campaigns_cli.errors import CliError, UnusableInput
from campaigns_cli.language import t
from campaigns_cli.references import INSTANCE, MOST_NAMED, find, names_of
from campaigns_cli.watch_campaign import CAMPAIGNS, campaign_path

MOST_RECIPIENTS = 10_000
MOST_MESSAGES = 5
LONGEST_MESSAGE = 4096
_PREPARING_POLL_SECONDS = 1.0


class ScheduleType(StrEnum):
    """When a campaign may send, of the kinds that need no hours of their own."""

    IMMEDIATE = "immediate"
    BUSINESS_DAYS = "business_days"
    BUSINESS_HOURS = "business_hours"


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """What the user asked for, besides the contacts."""

    name: str
    instance_id: str
    message_texts: tuple[str, ...]
    schedule_type: ScheduleType = ScheduleType.IMMEDIATE
    ignore_quiet_hours: bool = False


def check_messages(texts: Sequence[str]) -> tuple[str, ...]:
    """One to five wordings of 1 to 4,096 characters; refused before anything is sent."""
    if not 1 <= len(texts) <= MOST_MESSAGES:
        raise UnusableInput(
            t(
                f"Dê de 1 a {MOST_MESSAGES} mensagens com --message.",
                f"Give 1 to {MOST_MESSAGES} messages with --message.",
            )
        )
    for place, text in enumerate(texts, start=1):
        if not text.strip() or len(text) > LONGEST_MESSAGE:
            raise UnusableInput(
                t(
                    f"A mensagem {place} precisa ter de 1 a {LONGEST_MESSAGE} caracteres.",
                    f"Message {place} must have 1 to {LONGEST_MESSAGE} characters.",
                )
            )
    return tuple(texts)


def find_instance(api: Api, wanted: str | None) -> Json:
    """The instance that is meant; where none was named, the only one there is."""
    if wanted is not None:
        return find(api, INSTANCE, wanted)
    instances, more = api.listed(INSTANCE.path, at_most=MOST_NAMED)
    if not instances:
        raise UnusableInput(
            t(
                "Ainda não há WhatsApp cadastrado. Comece por: campaigns instances create --help",
                "There is no WhatsApp yet. Begin with: campaigns instances create --help",
            )
        )
    if len(instances) > 1:
        known = names_of(instances, more=more)
        raise UnusableInput(
            t(
                f"Há mais de um WhatsApp. Diga qual deles, por nome ou id: {known}",
                f"There is more than one WhatsApp. Say which, by name or id: {known}",
            )
        )
    return instances[0]


def create_campaign(api: Api, plan: CampaignPlan, contact_ids: Sequence[str]) -> Json:
    """Creates the campaign once: the same command on the same day meets the same campaign.

    The Idempotency-Key is made of what is asked for, so that whoever repeats a command that was
    cut short does not message everybody a second time. Returns the campaign as it is now.
    """
    body: Json = {
        "name": plan.name,
        "instance_id": plan.instance_id,
        "schedule_type": plan.schedule_type.value,
        "ignore_quiet_hours": plan.ignore_quiet_hours,
        "contact_ids": list(contact_ids),
        "message_texts": list(plan.message_texts),
    }
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    created = api.post(CAMPAIGNS, body, idempotency_key=f"send-{digest}")
    return api.get(campaign_path(created["id"]))


def wait_until_prepared(api: Api, campaign: Json, sleep: Callable[[float], None]) -> Json:
    """Returns the campaign once its recipients are laid; raises where laying failed."""
    while campaign["recipients"]["state"] == "preparing":
        sleep(_PREPARING_POLL_SECONDS)
        campaign = api.get(campaign_path(campaign["id"]))
    if campaign["recipients"]["state"] == "failed":
        trouble = campaign["recipients"].get("error") or ""
        raise CliError(
            t(
                f"Não foi possível preparar os destinatários: {trouble}",
                f"The recipients could not be prepared: {trouble}",
            )
        )
    return campaign


def start_campaign(api: Api, campaign_id: str) -> Json:
    """Starts it and returns it as it is then. A refusal lists every condition that fails."""
    api.post(campaign_path(campaign_id, "start/"))
    return api.get(campaign_path(campaign_id))
