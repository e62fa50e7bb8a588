"""The template as CloudFormation gets it: after SAM's transform, which adds roles and rights."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.permissions.recordings import RECORDINGS, ROOT

_TEMPLATE = ROOT / "template.yaml"
_SAM = ROOT / "tools" / "sam"
_TRANSFORM = Path(__file__).with_name("transform.py")


def processed(template: Path = _TEMPLATE) -> dict[str, Any]:
    """The processed template. SAM takes seconds: its answer is kept under ``.aws-calls``."""
    digest = hashlib.sha256()
    for file in (template, _TRANSFORM, _SAM / "uv.lock"):
        digest.update(file.read_bytes())
    kept = RECORDINGS / "templates" / f"{digest.hexdigest()}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        # Whoever else is at it writes the same.
        new = kept.with_suffix(f".{os.getpid()}")
        new.write_text(transform(template.read_text("utf-8")))
        new.replace(kept)
    document: dict[str, Any] = json.loads(kept.read_text())
    return document


def transform(template: str) -> str:
    """JSON of what SAM makes of a template's text."""
    python = _SAM / ".venv" / "bin" / "python"
    if not python.exists():
        raise RuntimeError("SAM's environment is missing. Run: make sync")
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    run = subprocess.run(  # noqa: S603 - our own script
        [python, _TRANSFORM],
        input=template,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        sys.stderr.write(run.stderr)
        raise RuntimeError("SAM could not process the template")
    return run.stdout
