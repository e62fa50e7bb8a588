"""The command line as a user runs it, in process."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from campaigns_cli.main import main
from tests.fakes.api import Shop, http_event, invoke


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What `--json` gave: one value."""
        assert self.code == 0, self.err
        return json.loads(self.out)


def runner(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Runs the program with these arguments."""

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["campaigns", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        output = capsys.readouterr()
        return Outcome(int(end.value.code or 0), _without_metrics(output.out), output.err)

    return run


def _without_metrics(output: str) -> str:
    """The functions are called in this process too, and tell their metrics on the same output."""
    lines = output.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith('{"_aws":'))


def gateway(shop: Shop) -> Callable[[httpx.Request], httpx.Response]:
    """The API's function behind HTTP; recipients are laid as soon as they are asked for."""

    def answer(request: httpx.Request) -> httpx.Response:
        event = http_event(request.method, request.url.path, dict(request.url.params))
        event["headers"] = {name.lower(): value for name, value in request.headers.items()}
        if body := request.read():
            event |= {"body": body.decode(), "isBase64Encoded": False}
        reply = invoke(event)
        shop.lay()
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.text)

    return answer
