"""What was left out of the layer is missed by nobody: the same answers as with whole packages.

Only what is loaded by a name made at run time, or read from a file, is asked: an import that the
source shows cannot have been left out.
"""

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from scripts.build import ROOT
from tests.built.artefact import host_build

pytestmark = pytest.mark.built

QUESTIONS = Path(__file__).with_name("questions.py")


def answers(folders: list[Path]) -> dict[str, object]:
    """What a process answers that finds nothing but the standard library and these folders."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-I", "-S", "-W", "ignore", QUESTIONS, *folders],
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    answered: dict[str, object] = json.loads(done.stdout)
    return answered


def test_the_layer_answers_as_the_whole_packages_do():
    lean = answers([host_build() / "ApiFunction", host_build() / "CommonLayer/python"])
    packages = Path(sysconfig.get_path("purelib"))
    whole = answers([ROOT / "functions/api", ROOT / "layers/common/python", packages])
    assert len(lean) > 5
    for question, answer in whole.items():
        assert lean[question] == answer, question
