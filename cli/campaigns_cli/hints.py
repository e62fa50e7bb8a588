"""What to do about an error of the API: the command that helps, where there is one."""

import re
from collections.abc import Mapping
from typing import Any

from campaigns_cli.language import t

_CAMPAIGN = re.compile(r"/api/campaigns/campaigns/([^/]+)/")


def hint(status: int, body: Mapping[str, Any], path: str) -> str | None:
    """A sentence below the error; `path` tells which campaign the request was about."""
    code = str(body.get("code", ""))
    found = _CAMPAIGN.match(path)
    campaign = found[1] if found else t("CAMPANHA", "CAMPAIGN")
    if code == "invalid_state":
        return _about_state(str(body.get("current_status", "")), campaign)
    return _about_code(code, body, campaign) or _about_status(status)


def _about_state(state: str, campaign: str) -> str | None:
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
    return t("Para fazer outra igual:", "To make another like it:") + (
        f" campaigns duplicate {campaign}"
    )


def _about_code(code: str, body: Mapping[str, Any], campaign: str) -> str | None:
    codes = {code, *(str(error.get("code", "")) for error in body.get("errors") or [])}
    helping = {
        "contact_exists": t("Veja quem é:", "See who it is:")
        + f" campaigns contacts show {body.get('existing_id', 'ID')}",
        "already_created": t(
            "A resposta com o segredo se perdeu no caminho. Apague e crie de novo:",
            "The answer with the secret was lost on its way. Delete it and create another:",
        )
        + f" campaigns keys delete {body.get('existing_id', 'ID')}",
        "last_owner_key": t("Crie outra antes:", "Create another first:")
        + " campaigns keys create NOME --role owner",
        "instance_busy": t("Veja qual campanha a ocupa:", "See which campaign holds it:")
        + " campaigns instances list",
        "instance_in_use": t("Veja quais:", "See which:") + " campaigns list",
        "instance_disconnected": t("Conecte o WhatsApp:", "Connect WhatsApp:")
        + " campaigns instances connect",
        "no_recipients": t("Acrescente pessoas:", "Add people:")
        + f" campaigns recipients add {campaign} --tag TAG",
        "no_active_message": t("Acrescente um texto:", "Add a text:")
        + f" campaigns messages add {campaign} --message 'Oi {{{{primeiro_nome}}}}!'",
        "missing_values": _about_variables(campaign),
        "unknown_variables": _about_variables(campaign),
        "recipients_preparing": t("Tente de novo em alguns instantes.", "Try again in a moment."),
        "precondition_failed": t("Rode o comando de novo.", "Run the command again."),
    }
    return next((helping[one] for one in helping if one in codes), None)


def _about_variables(campaign: str) -> str:
    return t(
        "Dê um valor reserva no texto, como {{nome|amigo}}, ou aceite a falta: "
        f"campaigns update {campaign} --allow-missing",
        "Give a fallback in the text, such as {{nome|friend}}, or accept the gap: "
        f"campaigns update {campaign} --allow-missing",
    )


def _about_status(status: int) -> str | None:
    if status == 401:
        return t(
            "Confira a chave em --key ou CAMPAIGNS_KEY.",
            "Check the key in --key or CAMPAIGNS_KEY.",
        )
    if status == 403:
        return t(
            "Esta chave não tem permissão para isso: use a de um papel maior (operator, owner). "
            "O papel desta: campaigns me",
            "This key may not do that: use one with a higher role (operator, owner). The role of "
            "this one: campaigns me",
        )
    if status == 429 or status >= 500:
        return t("Tente de novo em alguns instantes.", "Try again in a moment.")
    return None
