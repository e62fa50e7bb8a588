"""What `make build-host` made, for tests that run it."""

from pathlib import Path

HOST_BUILD = Path(__file__).parents[2] / ".aws-sam" / "host"


def host_build() -> Path:
    """The folder of the build for this machine's own processor, as `sam deploy` would take it.

    It holds `template.yaml`, a folder for each function and `CommonLayer/python`. Python never
    compares its bytecode with its sources: who changes a module of a copy has to remove the
    `__pycache__` beside it. Raises `RuntimeError` where nothing was built; that it is not stale is
    the Makefile's business.
    """
    if not (HOST_BUILD / "template.yaml").is_file():
        raise RuntimeError(f"{HOST_BUILD} holds no build. Run: make build-host")
    return HOST_BUILD
