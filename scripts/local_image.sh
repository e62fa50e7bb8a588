#!/bin/sh
# Sees to it that Docker's engine has the image on which `sam local` runs the functions.
#
#   local_image.sh [x86_64|arm64]      (default: this machine's own processor)
#
# On Debian with mmdebstrap, as root, it is made without a registry: Debian's own Python 3.13, the
# runtime client that tools/lambda/uv.lock names, and nothing else. Elsewhere AWS's image is pulled.
# Does nothing where the image is there and was made of the same things.
set -eu
cd "$(dirname "$0")/.."

# Its Python is the functions' 3.13.
release=trixie
inputs_label=alrea-campaigns.inputs
uv=.tools/bin/uv

say() { printf 'local image: %s\n' "$*"; }
fail() {
    printf 'local image: %s\n' "$*" >&2
    exit 1
}

machine=$(uname -m | sed 's/aarch64/arm64/')
architecture=${1:-$machine}
case $architecture in
    x86_64) python_platform=x86_64-manylinux_2_28 ;;
    arm64) python_platform=aarch64-manylinux_2_28 ;;
    *) fail "no processor of Lambda: $architecture (x86_64 or arm64)" ;;
esac
# The name under which SAM looks for it.
image=public.ecr.aws/lambda/python:3.13-$architecture

command -v docker >/dev/null || fail "docker is missing. On Debian: apt-get install docker.io"
docker info >/dev/null 2>&1 ||
    fail "Docker's engine does not answer. Start it (as root without a service manager: sh scripts/docker_engine.sh COMMAND)"

inputs=$(cat "$0" tools/lambda/uv.lock | sha256sum | cut -d ' ' -f 1)
if found=$(docker image inspect --format "{{ index .Config.Labels \"$inputs_label\" }}" "$image" 2>/dev/null); then
    case $found in
        "$inputs") say "$image is there" && exit ;;
        # No label of ours: AWS's own, which nobody should lose to ours.
        "" | "<no value>") say "$image is there, from its registry" && exit ;;
    esac
    say "$image was made of something else: it is made again"
fi

# The address from which this machine gets its own packages; nothing where it is not Debian.
mirror() {
    command -v apt-get >/dev/null || return 0
    apt-get indextargets --format '$(REPO_URI)' \
        'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 2>/dev/null | head -n 1
}

make_image() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM

    mkdir -p "$work/root/var/runtime" "$work/root/var/task"
    "$uv" export --quiet --frozen --project tools/lambda --no-emit-project >"$work/requirements.txt"
    "$uv" pip install --quiet --target "$work/root/var/runtime" --require-hashes \
        --python .venv/bin/python --python-version 3.13 --python-platform "$python_platform" \
        --only-binary :all: --link-mode copy --requirement "$work/requirements.txt"
    cat >"$work/root/var/runtime/bootstrap" <<'BOOTSTRAP'
#!/bin/sh
# The path is Lambda's: the function's code goes before the layers, and these before the runtime.
export PYTHONPATH=/var/task:/opt/python/lib/python3.13/site-packages:/opt/python:/var/runtime
exec python3 -m awslambdaric "$_HANDLER"
BOOTSTRAP
    chmod 755 "$work/root/var/runtime/bootstrap"

    # libstdc++ for the runtime client's compiled part; certificates for calls that leave the machine.
    mmdebstrap --quiet --mode=root --variant=essential \
        --include=python3-minimal,libpython3-stdlib,libstdc++6,ca-certificates \
        --aptopt="$(apt-config dump Acquire::http) $(apt-config dump Acquire::https)" \
        --customize-hook="sync-in '$work/root' /" \
        "$release" "$work/root.tar" "$1" ||
        fail "mmdebstrap failed, see above. Without it: docker pull $image"
    docker import --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 LAMBDA_TASK_ROOT=/var/task' \
        --change 'WORKDIR /var/task' --change "LABEL $inputs_label=$inputs" \
        --platform "linux/$(dpkg --print-architecture)" "$work/root.tar" "$image" >/dev/null
    say "made $image"
}

missing=
[ "$architecture" = "$machine" ] || missing="this machine's processor is another one"
[ "$(id -u)" -eq 0 ] || missing="root is needed"
command -v mmdebstrap >/dev/null || missing="mmdebstrap is missing"
mirror=$(mirror)
[ -n "$mirror" ] || missing="this is no Debian"

if [ -z "$missing" ]; then
    say "making $image of Debian's packages"
    make_image "$mirror"
else
    say "pulling $image (not made of Debian's packages: $missing)"
    docker pull --quiet "$image" ||
        fail "no registry to be had. On Debian, as root, none is needed: apt-get install mmdebstrap, and run this again"
fi
