"""Commands inside sentences, with the program's name as the user's shell takes it."""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

NAME = "campaigns"

# Where a sentence offers a command: after "Para pausar: " or "; ", and in backticks.
_OFFERED = re.compile(rf"((?:[:;] |`)){NAME}(?= [a-z-])")


def as_typed(text: str) -> str:
    """The sentence with commands to paste: whoever runs `.venv/bin/campaigns` has no other."""
    name = typed_name(sys.argv[0], os.environ)
    return _OFFERED.sub(lambda found: found[1] + name, text) if name != NAME else text


def typed_name(called: str, environment: Mapping[str, str]) -> str:
    """How this program was called, or its plain name where the shell finds it by that."""
    if Path(called).name != NAME or os.sep not in called:
        return NAME
    found = shutil.which(NAME, path=environment.get("PATH", ""))
    if found and Path(found).resolve() == Path(called).resolve():
        return NAME
    return shlex.quote(called)
