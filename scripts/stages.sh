#!/bin/sh
# Runs each named make target in turn, stops at the first that fails, and prints the time of each.
set -u

total=0
table=""
status=0
for stage in "$@"; do
    printf '\n== %s\n' "$stage"
    began=$(date +%s)
    "$MAKE" --no-print-directory "$stage" || status=$?
    seconds=$(($(date +%s) - began))
    total=$((total + seconds))
    [ "$status" -eq 0 ] && verdict=ok || verdict=FAILED
    table="$table$(printf '%-22s %5d s  %s' "$stage" "$seconds" "$verdict")
"
    [ "$status" -eq 0 ] || break
done
printf '\n%s%-22s %5d s\n' "$table" total "$total"
exit "$status"
