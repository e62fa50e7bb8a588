"""Names and ids for the shell's Tab key: quick or silent, whatever the server does."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import typer

from campaigns_cli.api import OWN_MACHINE
from campaigns_cli.connection import Server, find_server
from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import language

#: A shell waits for its completions: a slow server gives none.
TIMEOUT_SECONDS = 1.5
_MOST = 200
# What a shell takes apart, or takes for something else.
_NOT_IN_A_WORD = frozenset(" \t'\"\\$`!*?[](){}<>|&;#~")

type Suggestions = Sequence[tuple[str, str]]


def complete_instance(ctx: typer.Context) -> Suggestions:
    """Instances, each with its connection."""
    return _named(_listed(ctx, "/api/instances/"), "connection_state")


def complete_contact_group(ctx: typer.Context) -> Suggestions:
    """Groups of contacts, each with its size."""
    return _named(_listed(ctx, "/api/contacts/groups/"), "contacts_count")


def complete_campaign(ctx: typer.Context) -> Suggestions:
    """Ids of the newest campaigns, each with its name and status."""
    campaigns = _listed(ctx, "/api/campaigns/campaigns/")
    return [(one["id"], f"{one['name']} ({one.get('status', '')})") for one in campaigns]


def _named(things: Sequence[dict[str, Any]], about: str) -> Suggestions:
    """By name; by id where the name is not one word or not one thing's alone."""
    names = [one["name"] for one in things]
    found = []
    for one in things:
        name = one["name"]
        is_good = names.count(name) == 1 and not set(name) & _NOT_IN_A_WORD
        found.append((name if is_good else one["id"], f"{name} ({one.get(about, '')})"))
    return found


def _listed(ctx: typer.Context, path: str) -> list[dict[str, Any]]:
    """The first page of a list; nothing where it is not there at once."""
    try:
        server = _server(ctx)
        answer = httpx.get(
            f"{server.url}{path}",
            params={"limit": _MOST},
            headers={"Authorization": f"Bearer {server.key}", "Accept-Language": language()},
            timeout=TIMEOUT_SECONDS,
            trust_env=httpx.URL(server.url).host not in OWN_MACHINE,
        )
        results: list[dict[str, Any]] = answer.raise_for_status().json()["results"]
    except (UnusableInput, httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError, TypeError):
        return []
    return [one for one in results if {"id", "name"} <= one.keys()]


def _server(ctx: typer.Context) -> Server:
    """As the command itself would find it, from what was typed so far."""
    url = ctx.params.get("url") or os.environ.get("CAMPAIGNS_URL")
    key = ctx.params.get("key") or os.environ.get("CAMPAIGNS_KEY")
    return find_server(url, key, os.environ, Path.cwd())
