"""A process of the local stack ends when the stack does, however the stack ended.

Run as ``python guard.py MODULE [ARGUMENT…]``: like ``python -m MODULE``, in any interpreter, with a
watch on standard input. The stack holds the other end of that pipe and never writes to it, so its
end is the stack's, a KILL included. (Linux could signal the child itself, but would do so already
when the *thread* that started it ends; the pipe works everywhere and means the process.)
"""

import os
import runpy
import signal
import sys
import threading
import time

PATIENCE_SECONDS = 10


def _end_with_the_stack() -> None:
    while os.read(sys.__stdin__.fileno(), 4096):  # type: ignore[union-attr]
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_stack, name="guard", daemon=True).start()
    sys.path[0] = os.getcwd()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
