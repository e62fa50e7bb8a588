"""Waiting for a campaign's recipients, where somebody looks on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from campaigns_cli.api import Api, Json
from campaigns_cli.errors import CliError
from campaigns_cli.language import t
from campaigns_cli.options import messages
from campaigns_cli.send_campaign import wait_until_prepared


def prepared(api: Api, campaign: Json) -> Json:
    """The campaign once its recipients are laid; whoever leaves earlier is told what there is."""
    try:
        with preparing():
            return wait_until_prepared(api, campaign, time.sleep)
    except KeyboardInterrupt:
        show = f"campaigns show {campaign['id']}"
        raise CliError(
            t(
                f"A campanha existe, e o servidor continua a preparar as pessoas. Veja: {show}",
                f"The campaign is there, and the server goes on preparing its people. See: {show}",
            ),
            exit_code=130,
        ) from None


@contextmanager
def preparing() -> Iterator[None]:
    """Says on a terminal what is waited for."""
    with messages().status(t("Preparando as pessoas…", "Preparing the people…")):
        yield
