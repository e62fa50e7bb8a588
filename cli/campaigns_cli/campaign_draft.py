"""`campaigns create`, `update` and `audience`: what a campaign is, before it runs."""

from typing import Annotated

import typer

from campaigns_cli.api import Json
from campaigns_cli.audience import (
    SourceContactsOption,
    SourceGroupsOption,
    SourceTagsOption,
    sources_of,
)
from campaigns_cli.campaign_commands import CAMPAIGNS_PANEL
from campaigns_cli.campaign_shown import show_campaign
from campaigns_cli.command_group import Group
from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import t
from campaigns_cli.prepare_recipients import prepared
from campaigns_cli.recipient_file import people
from campaigns_cli.references import CAMPAIGN, CampaignArgument, InstanceOption, find
from campaigns_cli.schedule_options import (
    AfternoonOption,
    AtOption,
    DescriptionOption,
    HolidaysOption,
    MissingOption,
    MorningOption,
    QuietOption,
    ReconnectOption,
    ScheduleTypeOption,
    TimezoneOption,
    WeekendsOption,
    hours_of,
    start_of,
)
from campaigns_cli.send_campaign import check_messages, find_instance
from campaigns_cli.session import Session, given
from campaigns_cli.texts import MessageOption, typed_texts

AUDIENCE = "/api/campaigns/audience/"

drafting = Group()


@drafting.verb(
    "create",
    t(
        "Cria uma campanha como rascunho: nada é enviado antes de `campaigns start`.",
        "Creates a campaign as a draft: nothing is sent before `campaigns start`.",
    ),
    "campaigns create Natal --message 'Oi {{primeiro_nome}}!' --tag vip --instance Loja",
    "campaigns create Natal --message @convite.txt --group Clientes --morning 9h-12h --at "
    "'25/11/2026 9h'",
    panel=CAMPAIGNS_PANEL,
)
def create(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help=t("O nome.", "The name."))],
    message: MessageOption,
    instance: InstanceOption = None,
    description: DescriptionOption = None,
    contact: SourceContactsOption = None,
    group: SourceGroupsOption = None,
    tag: SourceTagsOption = None,
    schedule_type: ScheduleTypeOption = None,
    morning: MorningOption = None,
    afternoon: AfternoonOption = None,
    skip_weekends: WeekendsOption = None,
    skip_holidays: HolidaysOption = None,
    timezone: TimezoneOption = None,
    at: AtOption = None,
    ignore_quiet_hours: QuietOption = None,
    allow_missing: MissingOption = None,
    resume_on_reconnect: ReconnectOption = None,
) -> None:
    texts = check_messages(typed_texts(message))
    api = session.api
    body = {
        **hours_of(schedule_type, morning, afternoon),
        **start_of(api, at, timezone, None),
        **sources_of(api, contact, group, tag),
        **given(
            name=name,
            description=description,
            skip_weekends=skip_weekends,
            skip_holidays=skip_holidays,
            timezone=timezone,
            ignore_quiet_hours=ignore_quiet_hours,
            allow_missing=allow_missing,
            resume_on_reconnect=resume_on_reconnect,
        ),
        "instance_id": find_instance(api, instance)["id"],
        "message_texts": list(texts),
    }
    campaign = prepared(api, api.post(CAMPAIGN.path, body))
    session.done(campaign, _created(campaign))


def _created(campaign: Json) -> str:
    """What there is now, and what to do next."""
    campaign_id, total = campaign["id"], int(campaign["total_contacts"])
    if not total:
        return t(
            f"Rascunho {campaign_id} criado, ainda sem ninguém. Acrescente pessoas: campaigns "
            f"recipients add {campaign_id} --tag TAG",
            f"Draft {campaign_id} created, for nobody yet. Add people: campaigns recipients add "
            f"{campaign_id} --tag TAG",
        )
    who = people(total)
    return t(
        f"Rascunho {campaign_id} criado para {who}. Confira e inicie: campaigns checks "
        f"{campaign_id}; campaigns start {campaign_id}",
        f"Draft {campaign_id} created for {who}. Check and start it: campaigns checks "
        f"{campaign_id}; campaigns start {campaign_id}",
    )


@drafting.verb(
    "update",
    t(
        "Muda uma campanha: nome e descrição sempre, o resto no rascunho. Textos e pessoas têm "
        "comandos próprios: `messages` e `recipients`.",
        "Changes a campaign: name and description always, the rest in a draft. Texts and people "
        "have commands of their own: `messages` and `recipients`.",
    ),
    "campaigns update Natal --name 'Natal 2026'",
    "campaigns update Natal --morning 9h-12h --afternoon 14h-18h --at 'sexta 9h'",
    panel=CAMPAIGNS_PANEL,
)
def update(
    session: Session,
    campaign: CampaignArgument,
    name: Annotated[str | None, typer.Option(help=t("O nome.", "The name."))] = None,
    description: DescriptionOption = None,
    instance: InstanceOption = None,
    schedule_type: ScheduleTypeOption = None,
    morning: MorningOption = None,
    afternoon: AfternoonOption = None,
    skip_weekends: WeekendsOption = None,
    skip_holidays: HolidaysOption = None,
    timezone: TimezoneOption = None,
    at: AtOption = None,
    ignore_quiet_hours: QuietOption = None,
    allow_missing: MissingOption = None,
    resume_on_reconnect: ReconnectOption = None,
) -> None:
    api = session.api
    found = find(api, CAMPAIGN, campaign)
    changes = {
        **hours_of(schedule_type, morning, afternoon),
        **start_of(api, at, timezone, found),
        **given(
            name=name,
            description=description,
            instance_id=instance and find_instance(api, instance)["id"],
            skip_weekends=skip_weekends,
            skip_holidays=skip_holidays,
            timezone=timezone,
            ignore_quiet_hours=ignore_quiet_hours,
            allow_missing=allow_missing,
            resume_on_reconnect=resume_on_reconnect,
        ),
    }
    if not changes:
        raise UnusableInput(t("Diga o que mudar: veja --help.", "Say what to change: see --help."))
    show_campaign(session, api.patch(CAMPAIGN.path_of(found), changes))


@drafting.verb(
    "audience",
    t(
        "Conta quantas pessoas uma campanha alcançaria, antes de criá-la.",
        "Counts how many people a campaign would reach, before it is created.",
    ),
    "campaigns audience --tag vip --group Clientes",
    panel=CAMPAIGNS_PANEL,
)
def audience(
    session: Session,
    contact: SourceContactsOption = None,
    group: SourceGroupsOption = None,
    tag: SourceTagsOption = None,
) -> None:
    sources = sources_of(session.api, contact, group, tag)
    if not sources:
        raise UnusableInput(
            t("Diga quem: --contact, --group ou --tag.", "Say who: --contact, --group or --tag.")
        )
    counted = session.api.post(AUDIENCE, sources)
    session.details(
        counted,
        {
            t("Pessoas", "People"): counted["total"],
            t("Podem receber", "Reachable"): counted["reachable"],
            t("Pediram para sair", "Opted out"): counted["opted_out"],
            t("Inativas", "Inactive"): counted["inactive"],
            t("Contagem", "Count"): t("exata", "exact")
            if counted["exact"]
            else t("estimada", "estimated"),
        },
    )
