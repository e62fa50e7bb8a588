"""One message to one phone, through all that a campaign goes through: it works, or why not."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaigns_cli.api import Api, Json
from campaigns_cli.errors import CliError, Problem
from campaigns_cli.language import t
from campaigns_cli.references import CAMPAIGN, CONTACT, INSTANCE
from campaigns_cli.send_campaign import start_campaign, wait_until_prepared
from campaigns_cli.watch_campaign import OVER, pause_explained

POLL_SECONDS = 1.0
_CONTACT_TAG = "teste"
_DOUBTFUL = frozenset({"sending", "unknown", "unconfirmed"})


class Failed(StrEnum):
    """What kept a test from its end; each has an exit code of its own."""

    NOT_ON_WHATSAPP = "not_on_whatsapp"
    DISCONNECTED = "disconnected"
    SERVER_REFUSES = "server_refuses"
    TOO_LATE = "too_late"
    UNCONFIRMED = "unconfirmed"
    PERSON_LEFT_OUT = "person_left_out"
    BUSY = "busy"
    OTHER = "other"


EXIT_CODES = {
    Failed.OTHER: 1,
    Failed.NOT_ON_WHATSAPP: 3,
    Failed.DISCONNECTED: 4,
    Failed.SERVER_REFUSES: 5,
    Failed.TOO_LATE: 6,
    Failed.UNCONFIRMED: 7,
    Failed.PERSON_LEFT_OUT: 8,
    Failed.BUSY: 9,
}
_BY_CODE = {
    "number_not_on_whatsapp": Failed.NOT_ON_WHATSAPP,
    "instance_disconnected": Failed.DISCONNECTED,
    "instance_never_connected": Failed.DISCONNECTED,
    "connection_closed": Failed.DISCONNECTED,
    "instance_unauthorized": Failed.SERVER_REFUSES,
    "instance_not_found": Failed.SERVER_REFUSES,
    "licence_required": Failed.SERVER_REFUSES,
    "address_not_allowed": Failed.SERVER_REFUSES,
    "evolution_error": Failed.SERVER_REFUSES,
    "evolution_unreachable": Failed.SERVER_REFUSES,
    "connect_failed": Failed.SERVER_REFUSES,
    "opted_out": Failed.PERSON_LEFT_OUT,
    "contact_inactive": Failed.PERSON_LEFT_OUT,
    "no_recipients": Failed.PERSON_LEFT_OUT,
    "instance_busy": Failed.BUSY,
}


class ProofFailed(CliError):
    """A test that did not come to its end; the sentence says what to do."""

    def __init__(self, failed: Failed, message: str) -> None:
        super().__init__(message, exit_code=EXIT_CODES[failed])
        self.failed = failed


class Until(StrEnum):
    """How far the message has to come."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"


_REACHED = {
    Until.SENT: {"sent", "delivered", "read", "responded"},
    Until.DELIVERED: {"delivered", "read", "responded"},
    Until.READ: {"read", "responded"},
}


@dataclass(frozen=True, slots=True)
class Proof:
    """What to send, to whom, through which instance; `seconds` is the patience."""

    instance: Json
    phone: str
    text: str
    until: Until
    seconds: float


@dataclass(frozen=True, slots=True)
class Watch:
    """The surroundings of a test: `clock` tells seconds, `on_state` sees what is waited for."""

    sleep: Callable[[float], None]
    clock: Callable[[], float]
    on_state: Callable[[Json], None]


def ready_instance(api: Api, instance: Json) -> Json:
    """The instance as Evolution has it now, where the key may ask; raises unless it is connected.

    A key that may not refresh sees what is known.
    """
    try:
        instance = api.post(INSTANCE.path_of(instance, "refresh/"))
    except Problem as problem:
        if problem.status != 403:
            raise _worded(problem) from problem
    if instance["connection_state"] != "open":
        raise ProofFailed(
            Failed.DISCONNECTED,
            t(
                f"{instance['name']} não está conectado. Conecte o celular: campaigns instances "
                f"connect {instance['id']}",
                f"{instance['name']} is not connected. Connect the phone: campaigns instances "
                f"connect {instance['id']}",
            ),
        )
    return instance


def contact_with(api: Api, phone: str) -> Json:
    """The contact with that phone: a new one, or the one that is there already."""
    body = {"name": t("Teste", "Test"), "phone": phone, "tags": [_CONTACT_TAG]}
    try:
        contact = api.post(CONTACT.path, body)
    except Problem as problem:
        if problem.code != "contact_exists":
            raise
        contact = api.get(CONTACT.path_of(str(problem.body["existing_id"])))
    if contact.get("opted_out_at"):
        raise ProofFailed(
            Failed.PERSON_LEFT_OUT,
            t(
                f"{contact['name']} pediu para não receber mensagens. Se é você quem pede o teste: "
                f"campaigns contacts opt-in {contact['id']}",
                f"{contact['name']} opted out. If it is you who asks for the test: campaigns "
                f"contacts opt-in {contact['id']}",
            ),
        )
    return contact


def create_test(api: Api, proof: Proof, contact_id: str, now: datetime) -> Json:
    """A draft of its own for each test, named so that people know it for one."""
    name = t("Teste de envio", "Send test")
    return api.post(
        CAMPAIGN.path,
        {
            "name": f"{name} {now.astimezone():%d/%m/%Y %H:%M:%S}",
            "instance_id": proof.instance["id"],
            "schedule_type": "immediate",
            "ignore_quiet_hours": True,
            "allow_missing": True,
            "contact_ids": [contact_id],
            "message_texts": [proof.text],
        },
    )


def run_test(api: Api, proof: Proof, draft: Json, watch: Watch) -> Json:
    """Starts it and returns the recipient once it came as far as wanted; raises `ProofFailed`."""
    campaign_id = str(draft["id"])
    deadline = watch.clock() + proof.seconds
    recipient: Json = {"status": "pending"}

    def wait(seconds: float) -> None:
        if watch.clock() >= deadline:
            raise _too_late(proof, recipient)
        watch.sleep(seconds)

    wait_until_prepared(api, draft, wait)
    try:
        campaign = start_campaign(api, campaign_id)
    except Problem as problem:
        raise _worded(problem) from problem
    while True:
        recipient = recipient_of(api, campaign_id)
        if recipient["status"] in _REACHED[proof.until]:
            return recipient
        watch.on_state(recipient)
        _raise_if_over(campaign, recipient)
        wait(POLL_SECONDS)
        campaign = api.get(CAMPAIGN.path_of(campaign_id))


def recipient_of(api: Api, campaign_id: str) -> Json:
    """The test's only recipient, with its history."""
    page = api.get(CAMPAIGN.path_of(campaign_id, "contacts/"), {"limit": 1})
    path = CAMPAIGN.path_of(campaign_id, f"contacts/{page['results'][0]['id']}/")
    return api.get(path)


def end_test(api: Api, campaign_id: str) -> None:
    """Frees the instance and puts the test away; from now on nothing of it is sent."""
    campaign = api.get(CAMPAIGN.path_of(campaign_id))
    if campaign["status"] == "draft":
        api.delete(CAMPAIGN.path_of(campaign_id))
        return
    if campaign["status"] not in OVER:
        reason = t("O teste acabou.", "The test is over.")
        api.post(CAMPAIGN.path_of(campaign_id, "cancel/"), {"reason": reason})
    # It is over already; that it stays in the list does no harm.
    with suppress(Problem):
        api.post(CAMPAIGN.path_of(campaign_id, "archive/"))


def _raise_if_over(campaign: Json, recipient: Json) -> None:
    """What will not come right by waiting."""
    if recipient["status"] in {"failed", "skipped", "unconfirmed"}:
        raise _about_recipient(recipient)
    if reason := campaign.get("auto_pause_reason"):
        failed = _BY_CODE.get(str(reason), Failed.OTHER)
        raise ProofFailed(failed, pause_explained(campaign))
    if campaign["status"] in {"paused", "cancelled"}:
        raise ProofFailed(
            Failed.OTHER,
            t(
                f"Alguém mexeu no teste: a campanha está {campaign['status']}.",
                f"Somebody touched the test: the campaign is {campaign['status']}.",
            ),
        )


def _about_recipient(recipient: Json) -> ProofFailed:
    reason = recipient.get("error_message") or recipient.get("error_code") or recipient["status"]
    if recipient["status"] == "unconfirmed":
        return ProofFailed(
            Failed.UNCONFIRMED,
            t(
                f"Não se sabe se a mensagem saiu: {reason} Olhe no celular; o teste não repete.",
                f"It is not known whether the message left: {reason} Look at the phone; the test "
                "does not repeat.",
            ),
        )
    failed = _BY_CODE.get(str(recipient.get("error_code")), Failed.OTHER)
    advice = {
        Failed.NOT_ON_WHATSAPP: t(
            "Confira o número, com DDD; a mensagem precisa de um WhatsApp ativo.",
            "Check the number and its area code; the message needs a WhatsApp in use.",
        ),
        Failed.SERVER_REFUSES: t(
            "Confira a instância: campaigns instances list", "Check: campaigns instances list"
        ),
        Failed.DISCONNECTED: t(
            "Conecte o celular: campaigns instances connect",
            "Connect the phone: campaigns instances connect",
        ),
    }.get(failed, "")
    return ProofFailed(failed, f"{reason} {advice}".strip())


def _too_late(proof: Proof, recipient: Json) -> ProofFailed:
    seconds = f"{proof.seconds:g}"
    if recipient["status"] in _REACHED[Until.SENT]:
        missing = t("leitura", "read") if proof.until is Until.READ else t("entrega", "delivery")
        return ProofFailed(
            Failed.TOO_LATE,
            t(
                f"Saiu, mas em {seconds} s não veio o aviso de {missing}: olhe no celular.",
                f"It left, but no {missing} receipt came within {seconds} s: look at the phone.",
            ),
        )
    if recipient["status"] in _DOUBTFUL:
        return ProofFailed(
            Failed.TOO_LATE,
            t(
                f"Em {seconds} s o servidor Evolution não respondeu ao envio: pode ter saído ou "
                "não. Confira no celular e o servidor.",
                f"Within {seconds} s the Evolution server did not answer the send: it may have "
                "left or not. Check the phone and the server.",
            ),
        )
    return ProofFailed(
        Failed.TOO_LATE,
        t(
            f"Em {seconds} s a mensagem não saiu. A mesma pessoa recebe no máximo uma mensagem "
            "por minuto, e o limite do dia também conta; tente daqui a pouco, ou dê mais tempo "
            "com --timeout. Se continuar: campaigns admin logs scheduler",
            f"Within {seconds} s the message did not leave. One person gets a message a minute at "
            "most, and the day's limit counts too; try in a moment, or give more time with "
            "--timeout. If it goes on: campaigns admin logs scheduler",
        ),
    )


def _worded(problem: Problem) -> CliError:
    """A refusal with the exit code of its cause."""
    codes = [problem.code, *(str(each.get("code")) for each in problem.body.get("errors") or [])]
    failed = next((_BY_CODE[code] for code in codes if code in _BY_CODE), None)
    return problem if failed is None else ProofFailed(failed, problem.message)
