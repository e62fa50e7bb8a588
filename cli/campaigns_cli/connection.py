"""Which server to talk to, and with which key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import t


@dataclass(frozen=True, slots=True)
class Server:
    """The API's address without a trailing slash, and the key to call it with."""

    url: str
    key: str


def find_server(
    url: str | None, key: str | None, environment: Mapping[str, str], folder: Path
) -> Server:
    """What the user gave comes first; the nearest local stack fills in what is missing.

    `url` and `key` are options or their variables. A key from a local stack goes to that stack
    only: with another address the user gives the key too.
    """
    stack = read_stack(environment, folder) or {}
    stack_url = str(stack.get("api_url", "")).rstrip("/")
    chosen = (url or stack_url).rstrip("/")
    if not chosen:
        raise UnusableInput(
            t(
                "Não sei qual é o servidor: use --url e --key, as variáveis CAMPAIGNS_URL e "
                "CAMPAIGNS_KEY, ou suba a pilha local com `make run`.",
                "No server given: use --url and --key, the variables CAMPAIGNS_URL and "
                "CAMPAIGNS_KEY, or start the local stack with `make run`.",
            )
        )
    if not _is_address(chosen):
        raise UnusableInput(
            t(
                f"{chosen} não é um endereço como https://api.exemplo.com.br.",
                f"{chosen} is not an address like https://api.example.com.",
            )
        )
    chosen_key = key or (str(stack.get("owner_key", "")) if chosen == stack_url else "")
    if not chosen_key:
        raise UnusableInput(
            t(
                f"Falta a chave para {chosen}: use --key ou a variável CAMPAIGNS_KEY.",
                f"The key for {chosen} is missing: use --key or the variable CAMPAIGNS_KEY.",
            )
        )
    if not (chosen_key.isascii() and chosen_key.isprintable()):
        raise UnusableInput(
            t(
                "A chave tem caracteres que uma chave não tem: copie-a de novo.",
                "The key holds characters that no key has: copy it again.",
            )
        )
    return Server(chosen, chosen_key)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def read_stack(environment: Mapping[str, str], folder: Path) -> dict[str, Any] | None:
    """`STATE_DIR/stack.json`, else the `.local/stack.json` of the nearest folder upwards."""
    if state_dir := environment.get("STATE_DIR"):
        candidates = [Path(state_dir) / "stack.json"]
    else:
        candidates = [place / ".local" / "stack.json" for place in (folder, *folder.parents)]
    for candidate in candidates:
        try:
            stack = json.loads(candidate.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(stack, dict):
            return stack
    return None
