#!/bin/sh
# Runs test programs and check scripts three at a time (some of them wait), each with a time limit and its output in a log that is
# shown only when it failed. The last line counts: cmocka programs by their tests, everything else as one.
# Usage: B=build-folder tests/run.sh program... ; JOBS and TEST_TIMEOUT (seconds) may be given.
set -u
LC_ALL=C
export LC_ALL B CC
: "${B:=build/release}"
limit=${TEST_TIMEOUT:-300}

if [ "${1:-}" = --one ]; then
    program=$2
    log=$logs/$(echo "$program" | tr '/' '_')
    case $program in
    *.sh) timeout -k 5 "$limit" sh "$program" >"$log" 2>&1 </dev/null ;;
    *) timeout -k 5 "$limit" "$program" >"$log" 2>&1 </dev/null ;;
    esac
    rc=$?
    passed=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test(s)\..*/\1/p' "$log" | awk '{n += $1} END {print n + 0}')
    failed=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test(s).*/\1/p' "$log" | awk '{n += $1} END {print n + 0}')
    ran=$(grep -c '^\[==========\] Running' "$log")
    if [ "$rc" -eq 0 ] && [ "$ran" -eq 0 ]; then passed=1; fi
    if [ "$rc" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
    if [ "$rc" -eq 0 ] && [ "$failed" -ne 0 ]; then rc=1; fi
    echo "$passed $failed $rc $program" >"$log.result"
    if [ "$rc" -eq 124 ]; then echo "time limit of $limit s reached" >>"$log"; fi
    if [ "$failed" -eq 0 ]; then
        printf 'ok    %4d  %s\n' "$passed" "${program#"$B"/}"
        sed -n 's/^skipped: /            skipped: /p' "$log"
    else
        printf 'FAIL        %s (exit %d)\n' "${program#"$B"/}" "$rc"
    fi
    exit 0
fi

logs=$(mktemp -d "${TMPDIR:-/tmp}/payroute-tests.XXXXXX") || exit 1
trap 'rm -rf "$logs"' EXIT
export logs
if [ $# -gt 0 ]; then printf '%s\n' "$@" | xargs -n 1 -P "${JOBS:-3}" sh "$0" --one; fi

passed=0
failed=0
for program in "$@"; do
    log=$logs/$(echo "$program" | tr '/' '_')
    if [ -f "$log.result" ]; then read -r p f rc _ <"$log.result"; else p=0 f=1 rc=1; fi
    passed=$((passed + p))
    failed=$((failed + f))
    if [ "$f" -ne 0 ]; then
        printf '\n---- %s (exit %s) ----\n' "$program" "$rc"
        if [ -f "$log" ]; then tail -n 200 "$log"; fi
    fi
done
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
