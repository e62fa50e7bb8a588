"""Another release of what was built: the same artefact with some of its code changed."""

import py_compile
import shutil
from collections.abc import Mapping
from pathlib import Path


def changed_release(build: Path, release: Path, changes: Mapping[str, Mapping[str, str]]) -> Path:
    """A copy of the build in which texts of source files are others; gives its folder.

    `changes` name files below the build, and for each the texts with what takes their place. A
    file's bytecode, if it was built with it, is made anew: Python would run the old one.
    """
    shutil.copytree(build, release)
    for name, texts in changes.items():
        source = release / name
        content = source.read_text(encoding="utf-8")
        for old, new in texts.items():
            assert old in content, f"{name} does not hold {old}"
            content = content.replace(old, new)
        source.write_text(content, encoding="utf-8")
        for compiled in source.parent.glob(f"__pycache__/{source.stem}.*.pyc"):
            compiled.unlink()
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            py_compile.compile(str(source), str(compiled), doraise=True, invalidation_mode=mode)
    return release
