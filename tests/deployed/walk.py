"""One walk through docs/deploy.md, in an account of an emulator that starts empty."""

import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from local.process import ROOT
from tests.deployed.emulated import emulated_template
from tests.deployed.guide import Block, BlockFailed, Terminal, blocks_of
from tests.deployed.stack import Deployment

GUIDE = ROOT / "docs" / "deploy.md"
_OURS = {".aws-sam", ".git", "samconfig.toml"}
_VALUE = re.compile(r'^  "(\w+)=(.*)",$', re.MULTILINE)
_MINUTE_SECONDS = 2.0


@dataclass(slots=True)
class Walk:
    """`replaced` fills in what the reader fills in; `excused` names blocks that are not run.

    Blocks of toml lines go into the `stage`'s values in samconfig.toml when they are come to.
    """

    terminal: Terminal
    folder: Path
    stage: str
    replaced: Mapping[str, str]
    excused: Mapping[str, str]
    ahead: list[Block] = field(default_factory=lambda: blocks_of(GUIDE))
    used: set[str] = field(default_factory=set)
    stopped: bool = False

    def step(self, section: str, answers: str = "", **filled: str) -> str:
        """Runs the next block, which stands in that section; what it printed.

        `filled` fills in what is known by now only.
        """
        assert not self.stopped, "The walk ended in the test before."
        self.stopped = True
        self._pass_by(filled)
        block = self.ahead.pop(0)
        assert (block.section, block.language) == (section, "sh"), block
        try:
            printed = self.terminal.run(self._filled(block.text, filled), answers)
        except BlockFailed as failed:
            raise AssertionError(f"In {GUIDE.name}, {section}:\n{failed}") from None
        assert filled.keys() <= self.used, block.text
        self.stopped = False
        return printed

    def finish(self) -> None:
        """What stands behind the last block that was run has to be excused too."""
        self._pass_by({})
        assert self.ahead == []

    def set_values(self, values: Mapping[str, str]) -> None:
        """Parameters in samconfig.toml; those that the stage has already are changed."""
        file = self.folder / "samconfig.toml"
        before, start, rest = file.read_text().partition(f"[{self.stage}.deploy.parameters]")
        head, opening, listed = rest.partition("parameter_overrides = [\n")
        values_now, closing, after = listed.partition("]\n")
        for name, value in values.items():
            values_now = re.sub(rf'^  "{name}=.*\n', "", values_now, flags=re.MULTILINE)
            values_now += f'  "{name}={value}",\n'
        file.write_text(before + start + head + opening + values_now + closing + after)

    def _pass_by(self, filled: Mapping[str, str]) -> None:
        """Excused blocks and the reader's own values, up to the next block that is run."""
        while self.ahead:
            block = self.ahead[0]
            if block.text in self.excused:
                self.used.add(block.text)
            elif block.language == "toml":
                values = dict(_VALUE.findall(self._filled(block.text, filled)))
                assert len(values) == len(block.text.splitlines()), block.text
                self.set_values(values)
            else:
                return
            del self.ahead[0]

    def _filled(self, text: str, filled: Mapping[str, str]) -> str:
        for blank, value in {**filled, **self.replaced}.items():
            if blank in text:
                self.used.add(blank)
                text = text.replace(blank, value)
        return text


def reader_folder(folder: Path, build: Path) -> None:
    """A checkout in which `make build` has been run: the project's, but for what a reader changes.

    What is built is what the emulator can take.
    """
    for entry in ROOT.iterdir():
        if entry.name not in _OURS and not entry.name.startswith(".local"):
            (folder / entry.name).symlink_to(entry)
    shutil.copy(ROOT / "samconfig.toml", folder)
    put_build(folder, build)


def put_build(folder: Path, build: Path) -> None:
    """That build is the one that `sam deploy` finds in the folder."""
    built = folder / ".aws-sam" / "build" / "template.yaml"
    built.parent.mkdir(parents=True, exist_ok=True)
    built.write_text(emulated_template(build), encoding="utf-8")


def outputs(deployment: Deployment) -> dict[str, str]:
    """What the stack tells of itself now, which the deployment knows from then on."""
    described = deployment.client("cloudformation").describe_stacks(StackName=deployment.stack_name)
    found = {one["OutputKey"]: one["OutputValue"] for one in described["Stacks"][0]["Outputs"]}
    deployment.outputs = found
    return found


@contextmanager
def short_minutes(deployment: Deployment) -> Iterator[None]:
    """The scheduler is called each two seconds, beside its own schedule."""

    def tick() -> None:
        deployment.client("lambda").invoke(
            FunctionName=f"{deployment.stack_name}-scheduler",
            Payload=(ROOT / "events" / "schedule.json").read_bytes(),
        )

    with _again_and_again(tick, _MINUTE_SECONDS):
        yield


@contextmanager
def scanning_phone(evolution: str, phone: str) -> Iterator[None]:
    """Somebody scans the first QR code that the fake Evolution shows."""

    def scan() -> None:
        for instance in _fake(evolution, "GET", "instances")["instances"]:
            if instance["pairing"]:
                _fake(evolution, "POST", f"instances/{instance['name']}/scan", {"phone": phone})

    with _again_and_again(scan, 0.2):
        yield


def answer(evolution: str, phone: str, text: str) -> None:
    """The phone's owner writes to the number that last wrote to her."""
    digits = "55" + "".join(filter(str.isdigit, phone))
    _fake(evolution, "POST", f"phones/{digits}/replies", {"text": text})


def put_instance_key(evolution: str, instance: str, key: str) -> None:
    """The instance answers to another key from now on, as it does after a change at its server."""
    _fake(evolution, "PUT", f"instances/{instance}", {"api_key": key})


@contextmanager
def _again_and_again(call: Callable[[], None], seconds: float) -> Iterator[None]:
    ended = threading.Event()
    failures: list[Exception] = []

    def repeat() -> None:
        while not ended.wait(seconds) and not failures:
            try:
                call()
            except Exception as error:
                failures.append(error)

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    assert failures == []


def _fake(evolution: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    answer = httpx.request(method, f"{evolution}/_fake/{path}", json=body, trust_env=False)
    told: dict[str, Any] = answer.raise_for_status().json()
    return told
