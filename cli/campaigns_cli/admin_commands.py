"""`campaigns admin …`: what is done on the deployment itself, without a key for the API."""

import typer

from campaigns_cli.admin_campaigns import campaigns
from campaigns_cli.admin_dead_letters import dead_letters
from campaigns_cli.admin_keys import keys
from campaigns_cli.admin_logs import LOGS_HELP, logs
from campaigns_cli.admin_restore import RESTORE_HELP, after_restore
from campaigns_cli.admin_tenants import tenants
from campaigns_cli.language import t

admin = typer.Typer(
    no_args_is_help=True, help=t("Administração da instalação.", "Running the deployment.")
)
admin.add_typer(tenants, name="tenant")
admin.add_typer(keys, name="key")
admin.add_typer(campaigns, name="campaigns")
admin.add_typer(dead_letters, name="dead-letters")
admin.command("logs", help=LOGS_HELP)(logs)
admin.command("after-restore", help=RESTORE_HELP)(after_restore)
