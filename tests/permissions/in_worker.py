"""Imported by a worker of the local stack: its AWS calls are its function's, and written down."""

import os
from pathlib import Path

from tests.permissions.recorder import FOLDER, NAMING, Recorder, act_for_ever_as, install

#: Whose calls are of interest: other stacks' functions have their own rights.
_FUNCTIONS = {
    "api_handler.handler": "api",
    "scheduler_handler.handler": "scheduler",
    "dispatcher_handler.handler": "dispatcher",
}

if _function := _FUNCTIONS.get(os.environ["_HANDLER"]):
    act_for_ever_as(_function, {name: os.environ.get(name, "") for name in NAMING})
    install(Recorder(Path(os.environ[FOLDER])))
