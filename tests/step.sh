#!/usr/bin/env bash
# `tests/step.sh SURFACE WHAT COMMAND...`: says what it does, runs it, keeps output and status for the
# summary, and never stops the steps after it.
surface=$1 what=$2
shift 2
results=target/results
mkdir -p "$results"
number=$(printf '%02d' "$(find "$results" -name '*.log' | wc -l)")
log="$results/$number.$surface.log"
printf '\n==> %s: %s\n    %s\n' "$surface" "$what" "$*"
start=$SECONDS
"$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
printf '%s\n%s\n' "$status" "$what" >"${log%.log}.status"
printf '    %s after %ss\n' "$([ "$status" = 0 ] && echo done || echo "FAILED ($status)")" "$((SECONDS - start))"
