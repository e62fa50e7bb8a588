"""What to do about an error of the API: the command that helps, where there is one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from campaigns_cli.language import t

_CAMPAIGN = re.compile(r"/api/campaigns/campaigns/([^/]+)/(.*)")
_INSTANCE = re.compile(r"/api/instances/([^/]+)/")
# Their own sentence says what to do; only some of them pass by waiting.
_ABOUT_EVOLUTION = frozenset({"evolution_error", "evolution_unreachable"})


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that an error answers, and the number by which the server knows it."""

    method: str = "GET"
    path: str = ""
    server: str = ""
    request_id: str = ""


def hint(status: int, body: Mapping[str, Any], asked: Asked) -> str | None:
    """A sentence below the error; what was asked tells which thing it was about."""
    code = str(body.get("code", ""))
    found = _CAMPAIGN.match(asked.path)
    campaign = found[1] if found else t("CAMPANHA", "CAMPAIGN")
    if code == "invalid_state":
        wanted = _wanted(asked.method, found[2] if found else "")
        return _about_state(wanted, str(body.get("current_status", "")), campaign)
    return _about_code(code, body, campaign, asked) or _about_status(status, code)


def _wanted(method: str, call: str) -> str:
    """What was to be done with a campaign; changes of what it says are all one."""
    if call == "contacts/" or (call and not call.startswith(("messages/", "contacts/"))):
        return call.removesuffix("/")
    return "delete" if method == "DELETE" and not call else "update"


def _about_state(wanted: str, state: str, campaign: str) -> str | None:
    live = {"scheduled", "active", "paused"}
    if wanted in {"delete", "archive"} and state in live:
        return t("Cancele antes:", "Cancel it first:") + f" campaigns cancel {campaign}"
    if wanted in {"archive", "cancel"} and state == "draft":
        return (
            t("Para apagar o rascunho:", "To delete the draft:") + f" campaigns delete {campaign}"
        )
    if wanted in {"delete", "cancel"} and state in {"completed", "cancelled"}:
        return t("Para tirá-la da lista:", "To take it off the list:") + (
            f" campaigns archive {campaign}"
        )
    if wanted == "start" and state == "active":
        return t("Para acompanhar:", "To follow it:") + f" campaigns watch {campaign}"
    if wanted == "update" and state in {"active", "paused"}:
        return _copy(campaign)
    helping = {
        "draft": t("Para iniciar:", "To start it:") + f" campaigns start {campaign}",
        "scheduled": t("Para voltar a rascunho:", "To make it a draft again:")
        + f" campaigns unschedule {campaign}",
        "active": t("Para pausar:", "To pause it:") + f" campaigns pause {campaign}",
        "paused": t("Para retomar:", "To resume it:") + f" campaigns resume {campaign}",
        "completed": _copy(campaign),
        "cancelled": _copy(campaign),
    }
    return helping.get(state)


def _copy(campaign: str) -> str:
    return t("Para fazer outra a partir dela:", "To make another from it:") + (
        f" campaigns duplicate {campaign}"
    )


def _about_code(code: str, body: Mapping[str, Any], campaign: str, asked: Asked) -> str | None:
    codes = {code, *(str(error.get("code", "")) for error in body.get("errors") or [])}
    instance = found[1] if (found := _INSTANCE.match(asked.path)) else "WHATSAPP"
    helping = {
        "contact_exists": t("Veja quem é:", "See who it is:")
        + f" campaigns contacts show {body.get('existing_id', 'ID')}",
        "already_created": t(
            "A resposta com o segredo se perdeu no caminho. Apague e crie de novo:",
            "The answer with the secret was lost on its way. Delete it and create another:",
        )
        + f" campaigns keys delete {body.get('existing_id', 'ID')}",
        "last_owner_key": t("Para criar:", "To create one:")
        + " campaigns keys create NOME --role owner",
        "instance_busy": t("Veja qual campanha a ocupa:", "See which campaign holds it:")
        + " campaigns instances list",
        "instance_in_use": t("Veja quais:", "See which:")
        + f" campaigns list --instance {instance}",
        "instance_disconnected": t("Conecte o WhatsApp:", "Connect WhatsApp:")
        + f" campaigns instances connect {instance}"
        + t("; se já está conectado:", "; if it is connected already:")
        + f" campaigns instances refresh {instance}",
        "no_recipients": t("Acrescente pessoas:", "Add people:")
        + f" campaigns recipients add {campaign} --tag TAG",
        "no_active_message": t("Acrescente um texto:", "Add a text:")
        + f" campaigns messages add {campaign} --message 'Oi {{{{primeiro_nome}}}}!'",
        "unknown_variables": t(
            "Corrija o texto, ou dê um valor reserva, como {{nome|amigo}}:",
            "Correct the text, or give a fallback, such as {{nome|friend}}:",
        )
        + f" campaigns messages update {campaign} 1 --message {t('TEXTO', 'TEXT')}",
        "missing_values": _about_variables(campaign, asked),
        "recipients_preparing": t("Tente de novo em alguns instantes.", "Try again in a moment."),
    }
    return next((helping[one] for one in helping if one in codes), None)


def _about_variables(campaign: str, asked: Asked) -> str:
    if asked.path.endswith(("/test/", "/test-message/")):
        return t(
            "Diga como quem o texto se lê: --contact 'Maria Souza'",
            "Say as whom the text is read: --contact 'Maria Souza'",
        )
    return t(
        "Dê um valor reserva no texto, como {{nome|amigo}}, ou aceite a falta: "
        f"campaigns update {campaign} --allow-missing",
        "Give a fallback in the text, such as {{nome|friend}}, or accept the gap: "
        f"campaigns update {campaign} --allow-missing",
    )


def _about_status(status: int, code: str) -> str | None:
    if status == 401:
        return t(
            "Confira a chave em --key ou CAMPAIGNS_KEY.",
            "Check the key in --key or CAMPAIGNS_KEY.",
        )
    if status == 403:
        return t(
            "Use uma chave de papel maior (operator ou owner). O papel desta: campaigns me",
            "Use a key with a higher role (operator or owner). The role of this one: campaigns me",
        )
    if status == 429 or (status >= 500 and code not in _ABOUT_EVOLUTION):
        return t("Tente de novo em alguns instantes.", "Try again in a moment.")
    if not code:
        # Each refusal of the API has one.
        return t(
            "Confira o endereço em --url ou CAMPAIGNS_URL: não parece ser o da API.",
            "Check the address in --url or CAMPAIGNS_URL: it does not seem to be the API's.",
        )
    return None
