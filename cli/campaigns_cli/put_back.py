"""`campaigns retry-failed`, and what comes after somebody was put back."""

from collections import Counter

from campaigns_cli.api import Json
from campaigns_cli.campaign_commands import RUNNING_PANEL
from campaigns_cli.command_group import Group
from campaigns_cli.language import number, t
from campaigns_cli.references import CAMPAIGN, CampaignArgument, find
from campaigns_cli.session import Session

putting_back = Group()


@putting_back.verb(
    "retry-failed",
    t(
        "Põe de volta na fila quem falhou por um problema passageiro; quem não tem WhatsApp, ou "
        "pode já ter recebido, fica como está.",
        "Puts back whoever failed for a passing reason; whoever is not on WhatsApp, or may have "
        "got the message, stays as it is.",
    ),
    "campaigns retry-failed Natal",
    panel=RUNNING_PANEL,
)
def retry_failed(session: Session, campaign: CampaignArgument) -> None:
    found = find(session.api, CAMPAIGN, campaign)
    requeued = 0
    while True:
        answer = session.api.post(CAMPAIGN.path_of(found, "retry-failed/"))
        requeued += answer["requeued"]
        # Nobody put back in all that time: the next answer would be the same.
        if answer["complete"] or not answer["requeued"]:
            break
        session.notice(t(f"{requeued} até agora…", f"{requeued} so far…"))
    session.done(answer | {"requeued": requeued}, _told(found, requeued, answer["excluded"]))
    if not answer["complete"]:
        session.notice(
            t(
                "O tempo acabou antes de olhar todos. Tente de novo mais tarde.",
                "The time was up before everybody was looked at. Try again later.",
            )
        )
    if requeued:
        tell_how_to_go_on(session, session.api.get(CAMPAIGN.path_of(found)))


def _told(campaign: Json, requeued: int, excluded: dict[str, int]) -> str:
    name, kept = campaign["name"], Counter(excluded).total()
    stay = t("fica", "stays") if kept == 1 else t("ficam", "stay")
    text = t(
        f"{name}: {requeued} de volta na fila, {kept} {stay} como falha",
        f"{name}: {requeued} put back, {kept} {stay} failed",
    )
    if not kept:
        return text
    by_reason = [
        f"  {number(people)}  {_REASONS.get(reason, reason)}"
        for reason, people in sorted(excluded.items(), key=lambda each: (-each[1], each[0]))
    ]
    more = t("Veja quem:", "See who:")
    return "\n".join(
        [text, *by_reason, f"{more} campaigns recipients list {campaign['id']} --status failed"]
    )


# Why somebody stays failed; what is new here is shown as it is.
_REASONS = {
    "may_have_been_sent": t("a mensagem pode já ter chegado", "the message may have arrived"),
    "number_not_on_whatsapp": t("o número não está no WhatsApp", "the number is not on WhatsApp"),
    "refused_by_whatsapp": t("o WhatsApp recusou a mensagem", "WhatsApp refused the message"),
    "resolved_as_failed": t("resolvido como falha, à mão", "resolved as failed, by hand"),
    "text_too_long": t(
        "o texto passou do limite do WhatsApp", "the text was over WhatsApp's limit"
    ),
}


def tell_how_to_go_on(session: Session, campaign: Json) -> None:
    """A paused campaign sends nothing to whoever was put back, until it is resumed."""
    if campaign["status"] == "paused":
        session.notice(
            t(
                "A campanha está pausada e ocupa a instância. Para enviar:",
                "The campaign is paused and holds its instance. To send:",
            )
            + f" campaigns resume {campaign['id']}"
        )
