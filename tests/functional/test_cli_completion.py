"""Tab in a shell gives names and ids of what there is, soon or not at all."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from campaigns_cli.program import app
from tests.fakes.fake_campaigns_api import KEY, FakeCampaignsApi, campaign_object, served

PROGRAM = Path(sys.executable).with_name("campaigns")
PATIENCE_SECONDS = 60


@pytest.fixture
def fake():
    fake = FakeCampaignsApi()
    fake.instances.append({"id": "in_2", "name": "Filial Norte", "connection_state": "close"})
    fake.campaigns["cp_1"] = campaign_object(id="cp_1", name="Natal")
    return fake


@pytest.fixture
def environment(fake, tmp_path, monkeypatch):
    """What a shell has: of the process itself, and to give to another."""
    with served(fake) as url:
        ours = {"CAMPAIGNS_URL": url, "CAMPAIGNS_KEY": KEY, "LC_ALL": "C.UTF-8"}
        for name, value in ours.items():
            monkeypatch.setenv(name, value)
        yield {**os.environ, "HOME": str(tmp_path)}


@pytest.fixture
def completed(environment, monkeypatch, capsys):
    """What bash is given for the last word; what is written to stderr would spoil the line."""

    def completed(*words):
        monkeypatch.setenv("_CAMPAIGNS_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", " ".join(["campaigns", *words]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        with pytest.raises(SystemExit):
            app(prog_name="campaigns")
        output = capsys.readouterr()
        assert output.err == ""
        return output.out.split()

    return completed


@pytest.mark.parametrize(
    ("words", "found"),
    [
        # A name of two words would be two arguments: its id stands for it.
        (("instances", "connect", ""), ["Loja", "in_2"]),
        (("instances", "connect", "Lo"), ["Loja"]),
        (("instances", "connect", "in"), ["in_2"]),
        (("instances", "show", "in_2"), ["in_2"]),
        (("send", "--instance", "L"), ["Loja"]),
        (("test-campaign", "--instance", "L"), ["Loja"]),
        (("pause", "cp"), ["cp_1"]),
        (("watch", ""), ["cp_1"]),
        (("watch", "cp_9"), []),
    ],
)
def test_what_there_is_is_offered(completed, words, found):
    assert completed(*words) == found


def test_two_of_one_name_are_offered_by_their_ids(completed, fake):
    fake.instances.append({"id": "in_3", "name": "Loja", "connection_state": "open"})
    assert completed("instances", "connect", "in") == ["in_1", "in_2", "in_3"]


@pytest.mark.parametrize(
    "broken",
    [
        {"CAMPAIGNS_KEY": "wrong"},
        {"CAMPAIGNS_URL": "http://127.0.0.1:1"},
        {"CAMPAIGNS_URL": "not an address"},
        {"CAMPAIGNS_URL": "", "STATE_DIR": "/nowhere"},
    ],
)
def test_what_goes_wrong_offers_nothing_and_says_nothing(completed, monkeypatch, broken):
    for name, value in broken.items():
        monkeypatch.setenv(name, value)
    assert completed("instances", "connect", "") == []


def test_an_answer_that_makes_no_sense_offers_nothing(completed, fake):
    fake.before = lambda _: httpx.Response(200, json={"results": [{"no": "name"}]})
    assert completed("instances", "connect", "") == []
    fake.before = lambda _: httpx.Response(200, text="<html>")
    assert completed("instances", "connect", "") == []


def test_bash_completes_once_it_is_installed(environment, tmp_path):
    bash = shutil.which("bash")
    assert bash is not None
    # The shell is the one that it is called from, which in CI may be none that completes.
    install = [bash, "--norc", "-c", f'"{PROGRAM}" --install-completion; exit $?']
    subprocess.run(install, env=environment, check=True, capture_output=True)  # noqa: S603
    script = (
        "source ~/.bashrc; COMP_WORDS=(campaigns instances connect L); COMP_CWORD=3; "
        f'complete -p campaigns; _campaigns_completion "{PROGRAM}"; echo "${{COMPREPLY[@]}}"'
    )
    run = subprocess.run(  # noqa: S603
        [bash, "--norc", "-c", script],
        env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True,
    )  # fmt: skip
    assert run.stdout.splitlines()[-1] == "Loja"
    assert run.stderr == ""


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_what_they_ask_for(environment, shell):
    ask = {
        "_CAMPAIGNS_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "campaigns instances connect L",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    run = subprocess.run(  # noqa: S603 - our own program
        [PROGRAM], env={**environment, **ask}, capture_output=True, text=True, check=True
    )
    assert "Loja (open)" in run.stdout
