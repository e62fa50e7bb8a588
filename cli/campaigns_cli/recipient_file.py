"""A campaign's recipients as the API's CSV, page after page into one file."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx

from campaigns_cli.api import Api, Json
from campaigns_cli.errors import CliError
from campaigns_cli.file_errors import why
from campaigns_cli.language import counted, t
from campaigns_cli.options import messages
from campaigns_cli.progress import progress
from campaigns_cli.references import CAMPAIGN


def write_recipient_file(api: Api, campaign: Json, target: Path) -> int:
    """Writes everybody to `target`, which appears whole or not at all; returns the rows."""
    partial = target.with_name(f"{target.name}.part")
    total = int(campaign["total_contacts"])
    rows = 0
    try:
        with (
            partial.open("wb") as file,
            progress(messages(), t("Gravando", "Writing"), total, people) as show,
        ):
            for part in _parts(api, CAMPAIGN.path_of(campaign, "contacts.csv")):
                file.write(part)
                # The first line of all is the titles.
                rows += part.count(b"\n") - (not rows)
                show(rows)
        partial.replace(target)
    except OSError as error:
        raise CliError(
            t(
                f"Não consegui gravar {target} ({why(error)}).",
                f"{target} could not be written ({why(error)}).",
            )
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()
    return rows


def _parts(api: Api, path: str) -> Iterator[bytes]:
    """The parts of the file; put together they are one, with its titles at the beginning."""
    query: dict[str, str | int] | None = {}
    while query is not None:
        part = api.get_raw(path, query)
        yield part.content
        query = _next(part)


def people(rows: int) -> str:
    """So many rows in words."""
    return counted(rows, "pessoa pessoas", "person people")


def _next(part: httpx.Response) -> dict[str, str | int] | None:
    """The query of the part after this one, where there is one."""
    following = part.links.get("next", {}).get("url")
    return dict(parse_qsl(urlsplit(following).query)) if following else None
