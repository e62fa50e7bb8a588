"""Lambda's bootstrap for Python over built folders, in an interpreter that sees nothing else.

Run as ``python -I -S -B lambda_bootstrap.py CODE LAYER RUNTIME REPORT HANDLER``: the folder of the
function (as `/var/task`), the layer's `python` folder (as `/opt/python`), that of awslambdaric (as
`/var/runtime`), the file to which each wait for a call adds a line of JSON, and the handler.
``-I -S`` leaves the standard library alone on `sys.path`; nothing of the repository is imported.
"""

import json
import os
import resource
import sys
import threading
import time
from types import ModuleType

_WATCH_SECONDS = 0.5


def main() -> None:
    code, layer, runtime, report, handler = sys.argv[1:]
    born = time.clock_gettime(time.CLOCK_BOOTTIME) - _age_at_start()
    sys.path[:0] = [code, layer, runtime]
    os.chdir(code)
    _end_with_the_emulator()
    from awslambdaric import bootstrap
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

    own = frozenset(sys.modules)

    class Reporting(LambdaRuntimeClient):
        def wait_next_invocation(self) -> object:
            with open(report, "a", encoding="utf-8") as lines:
                lines.write(json.dumps(_facts(born, own)) + "\n")
            return super().wait_next_invocation()

    address = os.environ["AWS_LAMBDA_RUNTIME_API"]
    bootstrap.run(handler, Reporting(address, use_thread_for_polling_next=True))


def _age_at_start() -> float:
    """Seconds for which this process was there already: the interpreter's own start."""
    with open("/proc/self/stat", encoding="utf-8") as stat:
        started_ticks = int(stat.read().rpartition(")")[2].split()[19])
    started = started_ticks / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


def _facts(born: float, own: frozenset[str]) -> dict[str, object]:
    # multiprocessing gives this file a second name.
    this = sys.modules["__main__"]
    modules = {
        name: _places(module)
        for name, module in list(sys.modules.items())
        if name not in own and module is not this
    }
    return {
        "wall_seconds": time.clock_gettime(time.CLOCK_BOOTTIME) - born,
        "cpu_seconds": time.process_time(),
        "peak_kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "standard_library": os.path.dirname(os.__file__),
        "modules": modules,
    }


def _places(module: ModuleType) -> list[str]:
    """The module's file, or a namespace package's folders; nothing for one without either."""
    file = getattr(module, "__file__", None)
    return [file] if file else [str(each) for each in getattr(module, "__path__", [])]


def _end_with_the_emulator() -> None:
    """A handler that hangs would otherwise outlive an emulator that was killed."""
    emulator = os.getppid()

    def watch() -> None:
        while os.getppid() == emulator:
            time.sleep(_WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="watch", daemon=True).start()


if __name__ == "__main__":
    main()
