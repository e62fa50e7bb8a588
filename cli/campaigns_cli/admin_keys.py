"""`campaigns admin key …`: keys of a deployment's tenants, also where nobody has one any more."""

from typing import Annotated, Any

import typer

from campaigns.domain import model
from campaigns.domain.bearer_key import prefix_of
from campaigns.domain.instants import to_iso
from campaigns.domain.model import Key
from campaigns_cli.account_commands import Role
from campaigns_cli.command_group import with_examples
from campaigns_cli.deployment import WHERE, deployment
from campaigns_cli.language import t
from campaigns_cli.options import JsonOption, YesOption, be_sure, print_json, say
from campaigns_cli.stack_outputs import StackOption
from campaigns_cli.tables import print_table
from campaigns_cli.wording import local_time, word

_PAGE = 200
_EXAMPLE = "tn_01hz7q3v9k2m4n6p8r0s2t4v6x"

keys = typer.Typer(no_args_is_help=True, help=t("As chaves das empresas.", "The tenants' keys."))

TenantOption = Annotated[
    str,
    typer.Option("--tenant", metavar="TENANT", help=t("O id da empresa.", "The tenant's id.")),
]


@keys.command(
    "create",
    help=with_examples(
        t(
            "Cria uma chave para uma empresa; ela só aparece desta vez.",
            "Creates a key for a tenant; it is shown this once.",
        )
        + f"\n\n{WHERE}",
        f"campaigns admin key create 'Sistema da loja' --role operator --tenant {_EXAMPLE}",
    ),
)
def create(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help=t("Quem ou o que a usa.", "Who or what uses it."))
    ],
    role: Annotated[
        Role,
        typer.Option(
            help=t(
                "viewer lê; operator também escreve e envia; owner também administra.",
                "viewer reads; operator also writes and sends; owner also administers.",
            )
        ),
    ],
    tenant_id: TenantOption,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    with deployment(stack) as app:
        made = app.administer.create_key(tenant_id, name, model.Role(role.value))
    if as_json:
        print_json(_shown(made.key) | {"key": made.text})
        return
    say(
        t(
            f"Chave: {made.text}\nGuarde-a agora: ela não aparece de novo.",
            f"Key: {made.text}\nKeep it now: it is not shown again.",
        )
    )


@keys.command(
    "list",
    help=with_examples(
        t("Lista as chaves de uma empresa.", "Lists a tenant's keys.") + f"\n\n{WHERE}",
        f"campaigns admin key list --tenant {_EXAMPLE}",
    ),
)
def list_keys(
    tenant_id: TenantOption, stack: StackOption = None, as_json: JsonOption = False
) -> None:
    found: list[Key] = []
    with deployment(stack) as app:
        # A tenant that is not there has no keys either, but that is no answer.
        app.tenants.read(tenant_id)
        after: str | None = None
        while True:
            page = app.keys.list(tenant_id, after=after, limit=_PAGE)
            found += page.items
            if page.next is None:
                break
            after = page.next
    if as_json:
        print_json([_shown(key) for key in found])
        return
    print_table(
        [
            "ID",
            t("Nome", "Name"),
            t("Papel", "Role"),
            t("Último uso", "Last used"),
            t("Criada em", "Created"),
        ],
        [
            [
                key.key_id,
                key.name,
                word(key.role),
                local_time(_iso_or_none(key.last_used_at)),
                local_time(to_iso(key.created_at)),
            ]
            for key in found
        ],
    )


@keys.command(
    "delete",
    help=with_examples(
        t(
            "Apaga uma chave: quem a usa fica de fora na hora.",
            "Deletes a key: whoever uses it is locked out at once.",
        )
        + f"\n\n{WHERE}",
        f"campaigns admin key delete 01hz7q3v9k2m4n6p8r0s2t4v6x --tenant {_EXAMPLE} --yes",
    ),
)
def delete(
    key_id: Annotated[
        str,
        typer.Argument(
            metavar=t("CHAVE", "KEY"),
            help=t("O id da chave, com ou sem ak_.", "The key's id, with or without ak_."),
        ),
    ],
    tenant_id: TenantOption,
    yes: YesOption = False,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    with deployment(stack) as app:
        key = app.keys.read(tenant_id, key_id.removeprefix("ak_"))
        question = t(f"Apagar a chave {key.name}?", f"Delete the key {key.name}?")
        be_sure(question, yes=yes)
        app.administer.delete_key(tenant_id, key.key_id)
    if as_json:
        print_json({"id": key.key_id, "deleted": True})
    else:
        say(t(f"{key.name}: apagada", f"{key.name}: deleted"))


def _shown(key: Key) -> dict[str, Any]:
    """As the API shows it."""
    return {
        "id": key.key_id,
        "name": key.name,
        "role": key.role.value,
        "prefix": prefix_of(key),
        "last_used_at": _iso_or_none(key.last_used_at),
        "created_at": to_iso(key.created_at),
    }


def _iso_or_none(at: int | None) -> str | None:
    return None if at is None else to_iso(at)
