"""`campaigns me`, `audit`, `tenant …` and `keys …`: the account and who may use it."""

from enum import StrEnum
from typing import Annotated

import typer

from campaigns_cli.api import Json
from campaigns_cli.command_group import Group
from campaigns_cli.language import t
from campaigns_cli.options import DEFAULT_LIMIT, AllOption, LimitOption, YesOption, be_sure
from campaigns_cli.references import KEY, find
from campaigns_cli.session import Columns, Session, joined
from campaigns_cli.tenant_options import (
    KeywordsOption,
    LocaleOption,
    NameOption,
    QuietHoursOption,
    ZoneOption,
    tenant_changes,
)
from campaigns_cli.wording import local_time, word

TENANT = "/api/tenant/"
ACCOUNT_PANEL = t("Conta", "Account")

account = Group()
tenant = Group(t("A empresa desta chave.", "The tenant of this key."))
keys = Group(t("As chaves da API e o que cada uma pode.", "The API's keys and what each may do."))


class Role(StrEnum):
    """What a key may do."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    OWNER = "owner"


@account.verb(
    "me",
    t("Diz de que empresa é a chave e o que ela pode.", "Says whose key this is, and its role."),
    "campaigns me",
    panel=ACCOUNT_PANEL,
)
def me(session: Session) -> None:
    found = session.api.get("/api/me/")
    session.details(
        found,
        {
            t("Empresa", "Tenant"): f"{found['tenant']['name']} ({found['tenant']['id']})",
            t("Fuso", "Time zone"): found["tenant"]["timezone"],
            t("Idioma", "Language"): found["tenant"]["locale"],
            t("Chave", "Key"): found["key_id"],
            t("Papel", "Role"): word(found["role"]),
            t("Servidor", "Server"): session.api.url,
        },
    )


@account.verb(
    "audit",
    t(
        "Lista quem mudou o quê e quando (papel owner).",
        "Lists who changed what, and when (owner).",
    ),
    "campaigns audit --limit 20",
    "campaigns audit --all --json",
    panel=ACCOUNT_PANEL,
)
def audit(
    session: Session, limit: LimitOption = DEFAULT_LIMIT, everything: AllOption = False
) -> None:
    # Whoever may read this may read the keys; a key that is gone has its id only.
    names = (
        {}
        if session.as_json
        else {f"key:{one['id']}": one["name"] for one in session.api.each(KEY.path)}
    )
    columns: Columns = {
        t("Quando", "When"): lambda one: local_time(one["created_at"]),
        t("Quem", "Who"): lambda one: names.get(one["actor"], one["actor"]),
        t("Ação", "Action"): lambda one: one["action"],
        t("O quê", "What"): _object,
        t("Campos", "Fields"): lambda one: joined(one["fields"]),
    }
    session.list("/api/audit/", columns, limit=limit, everything=everything)


def _object(entry: Json) -> str:
    changed = entry["object"]
    return str(changed["id"] or changed["kind"])


@tenant.verb("show", t("Mostra a empresa.", "Shows the tenant."), "campaigns tenant show")
def show_tenant(session: Session) -> None:
    _show(session, session.api.get(TENANT))


def _show(session: Session, found: Json) -> None:
    session.details(
        found,
        {
            "ID": found["id"],
            t("Nome", "Name"): found["name"],
            t("Fuso", "Time zone"): found["timezone"],
            t("Idioma", "Language"): found["locale"],
            t("Palavras para sair", "Opt-out words"): joined(found["opt_out_keywords"]),
            t("Silêncio", "Quiet hours"): (
                f"{found['quiet_hours_start']}-{found['quiet_hours_end']}"
            ),
        },
    )


@tenant.verb(
    "update",
    t("Muda a empresa (papel owner).", "Changes the tenant (owner)."),
    "campaigns tenant update --quiet-hours 20:00-09:00",
    "campaigns tenant update --opt-out-keyword SAIR --opt-out-keyword PARAR",
)
def update_tenant(
    session: Session,
    name: NameOption = None,
    timezone: ZoneOption = None,
    locale: LocaleOption = None,
    opt_out_keyword: KeywordsOption = None,
    quiet_hours: QuietHoursOption = None,
) -> None:
    changes = tenant_changes(name, timezone, locale, opt_out_keyword, quiet_hours)
    _show(session, session.api.patch(TENANT, changes))


@keys.verb(
    "list",
    t("Lista as chaves (papel owner).", "Lists the keys (owner)."),
    "campaigns keys list",
)
def list_keys(
    session: Session, limit: LimitOption = DEFAULT_LIMIT, everything: AllOption = False
) -> None:
    columns: Columns = {
        "ID": lambda one: one["id"],
        t("Nome", "Name"): lambda one: one["name"],
        t("Papel", "Role"): lambda one: word(one["role"]),
        t("Último uso", "Last used"): lambda one: local_time(one["last_used_at"]),
    }
    session.list(KEY.path, columns, limit=limit, everything=everything)


@keys.verb(
    "create",
    t(
        "Cria uma chave, que só aparece desta vez (papel owner).",
        "Creates a key, which is shown this once (owner).",
    ),
    "campaigns keys create 'Sistema da loja' --role operator",
)
def create_key(
    session: Session,
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
) -> None:
    made = session.api.post(KEY.path, {"name": name, "role": role.value})
    session.done(
        made,
        t(f"Chave: {made['key']}", f"Key: {made['key']}"),
        t(
            "Guarde-a agora: ela não aparece de novo.",
            "Keep it now: it is not shown again.",
        ),
    )


@keys.verb(
    "delete",
    t(
        "Apaga uma chave: quem a usa fica de fora na hora (papel owner).",
        "Deletes a key: whoever uses it is locked out at once (owner).",
    ),
    "campaigns keys delete 'Sistema da loja' --yes",
)
def delete_key(
    session: Session,
    key_id: Annotated[
        str,
        typer.Argument(
            metavar=t("CHAVE", "KEY"),
            help=t("Nome, id ou começo do id.", "Name, id or beginning of the id."),
        ),
    ],
    yes: YesOption = False,
) -> None:
    # As it begins, for whoever has the key before her.
    found = find(session.api, KEY, key_id.removeprefix("ak_"))
    name = found["name"]
    be_sure(t(f"Apagar a chave {name}?", f"Delete the key {name}?"), yes=yes)
    session.api.delete(KEY.path_of(found))
    session.done({"id": found["id"], "deleted": True}, t(f"{name}: apagada", f"{name}: deleted"))
