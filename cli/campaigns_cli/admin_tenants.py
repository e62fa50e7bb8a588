"""`campaigns admin tenant …`: the tenants of a deployment."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from campaigns.domain.instants import to_iso
from campaigns.domain.model import Tenant
from campaigns_cli.command_group import with_examples
from campaigns_cli.deployment import WHERE, deployment
from campaigns_cli.language import t
from campaigns_cli.options import JsonOption, print_json, say
from campaigns_cli.session import given, joined
from campaigns_cli.stack_outputs import StackOption
from campaigns_cli.tables import print_details, print_table
from campaigns_cli.tenant_options import (
    KeywordsOption,
    LocaleOption,
    NameOption,
    QuietHoursOption,
    ZoneOption,
    tenant_changes,
)
from campaigns_cli.wording import local_time

if TYPE_CHECKING:
    from campaigns.bootstrap import App

_PAGE = 200

tenants = typer.Typer(
    no_args_is_help=True, help=t("As empresas da instalação.", "The deployment's tenants.")
)

TenantArgument = Annotated[
    str, typer.Argument(metavar="TENANT", help=t("O id da empresa.", "The tenant's id."))
]


def every_tenant(app: "App") -> Iterator[Tenant]:
    """All of the deployment, in the order in which they were created."""
    after: str | None = None
    while True:
        page = app.tenants.list(after=after, limit=_PAGE)
        yield from page.items
        if page.next is None:
            return
        after = page.next


@tenants.command(
    "create",
    help=with_examples(
        t(
            "Cria uma empresa e a chave do dono, que só aparece desta vez.",
            "Creates a tenant and its owner's key, which is shown this once.",
        )
        + f"\n\n{WHERE}",
        "campaigns admin tenant create 'Padaria do João' --stack alrea-campaigns",
        "campaigns admin tenant create 'Corner Shop' --timezone Europe/Lisbon --locale en --json",
    ),
)
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help=t("Nome da empresa.", "Its name."))],
    timezone: ZoneOption = None,
    locale: LocaleOption = None,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    chosen = given(timezone=timezone, locale=locale and locale.value)
    with deployment(stack) as app:
        created = app.administer.create_tenant(name, **chosen)
    if as_json:
        print_json({"tenant_id": created.tenant_id, "owner_key": created.owner_key})
        return
    say(
        t(
            f"Empresa criada: {created.tenant_id}\nChave do dono: {created.owner_key}\n"
            "Guarde a chave agora: ela não aparece de novo.",
            f"Tenant created: {created.tenant_id}\nOwner key: {created.owner_key}\n"
            "Keep the key now: it is not shown again.",
        )
    )


@tenants.command(
    "list",
    help=with_examples(
        t("Lista as empresas.", "Lists the tenants.") + f"\n\n{WHERE}",
        "campaigns admin tenant list --json",
    ),
)
def list_tenants(stack: StackOption = None, as_json: JsonOption = False) -> None:
    with deployment(stack) as app:
        found = list(every_tenant(app))
    if as_json:
        print_json([_shown(tenant) for tenant in found])
        return
    if not found:
        say(t("Ainda não há empresas.", "There are no tenants yet."))
        return
    print_table(
        ["ID", t("Nome", "Name"), t("Fuso", "Time zone"), t("Criada em", "Created")],
        [
            [tenant.tenant_id, tenant.name, tenant.timezone, local_time(to_iso(tenant.created_at))]
            for tenant in found
        ],
    )


@tenants.command(
    "show",
    help=with_examples(
        t("Mostra uma empresa.", "Shows a tenant.") + f"\n\n{WHERE}",
        "campaigns admin tenant show tn_01hz7q3v9k2m4n6p8r0s2t4v6x",
    ),
)
def show(tenant_id: TenantArgument, stack: StackOption = None, as_json: JsonOption = False) -> None:
    with deployment(stack) as app:
        found = app.tenants.read(tenant_id)
    _print(found, as_json=as_json)


@tenants.command(
    "update",
    help=with_examples(
        t(
            "Muda uma empresa; o que não é dito fica como está.",
            "Changes a tenant; what is not said stays as it is.",
        )
        + f"\n\n{WHERE}",
        "campaigns admin tenant update tn_01hz7q3v9k2m4n6p8r0s2t4v6x --quiet-hours 20:00-09:00",
    ),
)
def update(
    tenant_id: TenantArgument,
    name: NameOption = None,
    timezone: ZoneOption = None,
    locale: LocaleOption = None,
    opt_out_keyword: KeywordsOption = None,
    quiet_hours: QuietHoursOption = None,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    changes = tenant_changes(name, timezone, locale, opt_out_keyword, quiet_hours)
    with deployment(stack) as app:
        changed = app.administer.change_tenant(tenant_id, changes)
    _print(changed, as_json=as_json)


def _print(tenant: Tenant, *, as_json: bool) -> None:
    if as_json:
        print_json(_shown(tenant))
        return
    print_details(
        {
            "ID": tenant.tenant_id,
            t("Nome", "Name"): tenant.name,
            t("Fuso", "Time zone"): tenant.timezone,
            t("Idioma", "Language"): tenant.locale,
            t("Palavras para sair", "Opt-out words"): joined(tenant.opt_out_keywords),
            t("Silêncio", "Quiet hours"): f"{tenant.quiet_hours_start}-{tenant.quiet_hours_end}",
            t("Criada em", "Created"): local_time(to_iso(tenant.created_at)),
        }
    )


def _shown(tenant: Tenant) -> dict[str, Any]:
    """As the API shows it."""
    return {
        "id": tenant.tenant_id,
        "name": tenant.name,
        "timezone": tenant.timezone,
        "locale": tenant.locale,
        "opt_out_keywords": list(tenant.opt_out_keywords),
        "quiet_hours_start": tenant.quiet_hours_start,
        "quiet_hours_end": tenant.quiet_hours_end,
        "created_at": to_iso(tenant.created_at),
        "updated_at": to_iso(tenant.updated_at),
    }
