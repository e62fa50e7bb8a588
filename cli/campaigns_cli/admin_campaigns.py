"""`campaigns admin campaigns …`: what runs in a deployment, whosever it is."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from campaigns.domain.campaign import CampaignStatus, progress_percentage
from campaigns.domain.instants import to_iso
from campaigns.domain.model import Tenant
from campaigns.services.ports import CampaignFilter
from campaigns_cli.admin_tenants import every_tenant
from campaigns_cli.command_group import with_examples
from campaigns_cli.deployment import WHERE, deployment
from campaigns_cli.language import t
from campaigns_cli.options import JsonOption, print_json, say
from campaigns_cli.stack_outputs import StackOption
from campaigns_cli.tables import print_table
from campaigns_cli.wording import local_time, percent, word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaigns.bootstrap import App
    from campaigns.services.campaign_details import CampaignDetails

_PAGE = 50

campaigns = typer.Typer(
    no_args_is_help=True,
    help=t("As campanhas de todas as empresas.", "The campaigns of all tenants."),
)


@campaigns.callback()
def _group() -> None:
    """Keeps `list` a command of its own while it is the only one."""


@campaigns.command(
    "list",
    help=with_examples(
        t(
            "Lista as campanhas de todas as empresas, ou de uma.",
            "Lists the campaigns of all tenants, or of one.",
        )
        + f"\n\n{WHERE}",
        "campaigns admin campaigns list --status active",
        "campaigns admin campaigns list --tenant tn_01hz7q3v9k2m4n6p8r0s2t4v6x --json",
    ),
)
def list_campaigns(
    status: Annotated[
        CampaignStatus | None,
        typer.Option(help=t("Só as que estão neste estado.", "Only those in this state.")),
    ] = None,
    tenant_id: Annotated[
        str | None,
        typer.Option(
            "--tenant", metavar="TENANT", help=t("Só as desta empresa.", "Only this tenant's.")
        ),
    ] = None,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    with deployment(stack) as app:
        tenants = [app.tenants.read(tenant_id)] if tenant_id else every_tenant(app)
        found = [
            (tenant, details) for tenant in tenants for details in _of_tenant(app, tenant, status)
        ]
    if as_json:
        print_json([_shown(tenant, details) for tenant, details in found])
    elif found:
        _print(found)
    else:
        say(t("Não há nada para mostrar.", "There is nothing to show."))


def _of_tenant(
    app: "App", tenant: Tenant, status: CampaignStatus | None
) -> "Iterator[CampaignDetails]":
    wanted, after = CampaignFilter(status=status), None
    while True:
        page = app.campaigns.list(tenant.tenant_id, wanted, after=after, limit=_PAGE)
        yield from page.items
        after = page.next
        if after is None:
            return


def _print(found: "list[tuple[Tenant, CampaignDetails]]") -> None:
    titles = [
        t("Estado", "Status"),
        t("Empresa", "Tenant"),
        t("Campanha", "Campaign"),
        "ID",
        t("Progresso", "Progress"),
        t("Número", "Instance"),
        t("Próximo envio", "Next send"),
    ]
    rows = []
    for tenant, details in found:
        shown = _shown(tenant, details)
        rows.append(
            [
                word(shown["status"]),
                tenant.name,
                shown["name"],
                shown["id"],
                percent(shown["progress_percentage"]),
                shown["instance"]["name"],
                local_time(shown["next_scheduled_send"]),
            ]
        )
    print_table(titles, rows)


def _shown(tenant: Tenant, details: "CampaignDetails") -> dict[str, Any]:
    """Named as the API names it, with the tenant."""
    campaign, instance = details.view.campaign, details.instance
    return {
        "id": campaign.campaign_id,
        "name": campaign.name,
        "status": campaign.status.value,
        "auto_pause_reason": campaign.auto_pause_reason,
        "tenant": {"id": tenant.tenant_id, "name": tenant.name},
        "instance": {
            "id": campaign.instance_id,
            "name": instance and instance.name,
            "connection_state": details.gate and details.gate.connection_state.value,
        },
        "progress_percentage": progress_percentage(details.counts),
        "next_scheduled_send": details.next_send_at and to_iso(details.next_send_at),
    }
