#!/bin/sh
# Instructions a call of the hot paths, counted by callgrind: the same on a busy machine as on an idle one.
# Usage: B=build/release sh tests/bench/count.sh [times]
set -u
LC_ALL=C
export LC_ALL
times=${1:-100}
program=$B/payroute-bench
command -v valgrind >/dev/null || { echo "valgrind is missing: sh .ci/deps.sh bench" >&2; exit 1; }
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-count.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
if ! valgrind -q --tool=callgrind --instr-atstart=no --callgrind-out-file="$tmp/out" \
    "$program" --build "$B" --count "$times" >"$tmp/names" 2>"$tmp/log"; then
    cat "$tmp/log" >&2
    exit 1
fi
# The nth dump belongs to the nth name; "summary" is its sum.
n=0
printf '%14s  %s\n' 'instructions' 'one run of'
while IFS="$(printf '\t')" read -r runs name; do
    n=$((n + 1))
    sum=$(awk '$1 == "summary:" { print $2; exit }' "$tmp/out.$n") || exit 1
    [ -n "$sum" ] || { echo "no count of $name" >&2; exit 1; }
    printf '%14d  %s\n' $((sum / runs)) "$name"
done <"$tmp/names"
[ "$n" -gt 0 ]
