#!/bin/sh
# Runs a command with Docker's engine at hand: the one that answers, else one that ends with it.
#
#   docker_engine.sh COMMAND [ARGUMENT...]
#
# Where no service manager starts the engine (in a container, on a CI machine), root can start it by
# hand. Its log is shown where it does not start. The exit status is the command's.
set -u

fail() {
    printf 'docker engine: %s\n' "$*" >&2
    exit 1
}

[ $# -gt 0 ] || fail "give a command to run, such as: sh scripts/docker_engine.sh make test-docker"
command -v docker >/dev/null || fail "the docker command is missing. On Debian: apt-get install docker.io"

docker info >/dev/null 2>&1 && exec "$@"

command -v dockerd >/dev/null || fail "no engine answers and dockerd is missing. On Debian: apt-get install docker.io"
[ "$(id -u)" -eq 0 ] || fail "no engine answers, and only root can start one"

log=$(mktemp)
engine=
end_engine() {
    trap '' INT TERM HUP
    [ -z "$engine" ] || {
        kill "$engine" 2>/dev/null
        wait "$engine"
    }
    rm -f "$log"
}
trap end_engine EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# In a session of its own, so that a Ctrl-C reaches it after the command and its containers; and
# ended with this script however that ends.
setsid setpriv --pdeathsig TERM dockerd >"$log" 2>&1 &
engine=$!

seconds=60
until docker info >/dev/null 2>&1; do
    seconds=$((seconds - 1))
    if [ "$seconds" -eq 0 ] || ! kill -0 "$engine" 2>/dev/null; then
        tail -n 20 "$log" >&2
        # A client and an engine of versions too far apart do not talk to each other.
        docker info 2>&1 >/dev/null | tail -n 1 >&2
        fail "the engine that was started does not answer, see above"
    fi
    sleep 1
done

"$@"
