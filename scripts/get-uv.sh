#!/bin/sh
# Puts a working uv at .tools/bin/uv, with any Python that can make an environment.
# A uv on PATH is the last choice: under pyenv it may be a shim that refuses to run in this folder.
set -u

uv=.tools/bin/uv
"$uv" --version >/dev/null 2>&1 && exit 0

# Interpreters by path come before pyenv's shims, which obey .python-version and may lead nowhere.
for python in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3 \
    /usr/local/bin/python3 /opt/homebrew/bin/python3 /usr/bin/python3 python3 python; do
    "$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 8))' >/dev/null 2>&1 || continue
    echo "Getting uv with $python"
    rm -rf .tools
    "$python" -m venv .tools && .tools/bin/python -m pip install --quiet uv && exec "$uv" --version
done

found=$(command -v uv) && "$found" --version >/dev/null 2>&1 && {
    rm -rf .tools
    mkdir -p .tools/bin
    ln -s "$found" "$uv"
    exec "$uv" --version
}

echo "No Python with venv and pip, and no uv. On Debian: apt-get install python3-venv" >&2
exit 1
