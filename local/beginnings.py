"""What a new stack begins with and keeps: a tenant, its owner's key, an instance at the fake."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

from campaigns_cli.language import t
from local.evolution import put_instance
from local.process import ROOT, StartError, clean_environment
from local.supervisor import Stack

TENANT_NAME = "Loja"
INSTANCE_NAME = "loja"
# The fake's phones need no rest; a person who tries the stack has no minutes.
_PACE = {"delay_min_seconds": 2, "delay_max_seconds": 5, "daily_limit": None}
_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Beginnings:
    """The tenant, the key that opens it, and the key of its instance at the fake."""

    tenant_id: str
    owner_key: str
    instance_key: str


def begin(stack: Stack, path: Path, *, with_fake: bool) -> Beginnings:
    """The beginnings of a running stack: those kept in `path`, or new ones, then kept there."""
    kept = _read(path)
    instances = _instances(stack, kept) if kept else None
    if kept is None or instances is None:
        # No table that knows the key: the first start, or one after the state was lost.
        made = make_tenant(stack.environment, TENANT_NAME)
        kept = Beginnings(**made, instance_key=secrets.token_hex(16))
        write_private(path, asdict(kept))
        instances = []
    if with_fake:
        _put_instance(stack, kept, instances)
    return kept


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """Writes JSON that only its owner may read, whole or not at all."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
    new.replace(path)


def _read(path: Path) -> Beginnings | None:
    try:
        return Beginnings(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def make_tenant(environment: Mapping[str, str], name: str) -> dict[str, str]:
    """The tenant's id and its owner's key, as `local.first_tenant` tells them.

    In a process of its own, as settings come from the environment. Raises `StartError`.
    """
    run = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "local.first_tenant", name],
        env=clean_environment(environment),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    if run.returncode != 0:
        what = t("não consegui criar a empresa", "the tenant could not be made")
        raise StartError(f"{what}:\n{run.stderr}")
    made: dict[str, str] = json.loads(run.stdout)
    return made


def _instances(stack: Stack, kept: Beginnings) -> list[dict[str, Any]] | None:
    """The tenant's instances; None when the key opens nothing."""
    answer = _call(stack, kept, "GET", "/api/instances/?limit=200")
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        return None
    results: list[dict[str, Any]] = _checked(answer)["results"]
    return results


def _put_instance(stack: Stack, kept: Beginnings, instances: list[dict[str, Any]]) -> None:
    """The fake and the system know the instance, at the fake's address of today."""
    known = next((one for one in instances if one["evolution_instance"] == INSTANCE_NAME), None)
    if known is not None and known["evolution_url"] == stack.evolution_url:
        # Its webhook may lead to the address of another day.
        _call(stack, kept, "POST", f"/api/instances/{known['id']}/refresh/")
        return
    put_instance(stack.evolution_url, INSTANCE_NAME, kept.instance_key)
    where = {"evolution_url": stack.evolution_url, "api_key": kept.instance_key}
    if known is not None:
        _checked(_call(stack, kept, "PATCH", f"/api/instances/{known['id']}/", where))
        return
    names = {"name": INSTANCE_NAME, "evolution_instance": INSTANCE_NAME}
    _checked(_call(stack, kept, "POST", "/api/instances/", {**names, **where, **_PACE}))


def _call(
    stack: Stack, kept: Beginnings, method: str, path: str, body: dict[str, Any] | None = None
) -> httpx.Response:
    return httpx.request(
        method,
        stack.api_url + path,
        json=body,
        headers={"Authorization": f"Bearer {kept.owner_key}"},
        timeout=_TIMEOUT_SECONDS,
        trust_env=False,
    )


def _checked(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        call = f"{answer.request.method} {answer.url.path}"
        raise StartError(
            t(
                f"{call} respondeu {answer.status_code}: {answer.text}",
                f"{call} answered {answer.status_code}: {answer.text}",
            )
        )
    content: dict[str, Any] = answer.json()
    return content
