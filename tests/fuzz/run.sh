#!/bin/sh
# Runs fuzz targets one after the other, each FUZZ_SECONDS long, beginning with the committed corpus and what earlier
# runs found. New inputs and findings land in the build folder. Usage: B=build-folder FUZZ_SECONDS=n run.sh program...
set -u
LC_ALL=C
export LC_ALL
: "${B:=build/fuzz}" "${FUZZ_SECONDS:=60}"
findings=$B/findings
log=$B/fuzz.log
mkdir -p "$findings"

passed=0
failed=0
printf '%-10s %12s %9s %9s %9s %8s\n' target executions edges features corpus findings
for program in "$@"; do
    name=$(basename "$program" | sed 's/^test_//')
    seeds=tests/fuzz/corpus/$name
    found=$B/corpus/$name
    mkdir -p "$found"
    words=
    if [ -f "tests/fuzz/dict/$name.dict" ]; then words=-dict=tests/fuzz/dict/$name.dict; fi
    if [ ! -d "$seeds" ]; then seeds=; fi
    before=$(find "$findings" -name "$name-*" | wc -l)
    # shellcheck disable=SC2086
    "$program" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$findings/$name-" ${words:+"$words"} ${FUZZ_FLAGS:-} "$found" ${seeds:+"$seeds"} >"$log" 2>&1
    status=$?
    fresh=$(($(find "$findings" -name "$name-*" | wc -l) - before))
    awk -v name="$name" -v fresh="$fresh" '
        / cov: / { for (i = 1; i < NF; i++) { if ($i == "cov:") cov = $(i + 1); if ($i == "ft:") ft = $(i + 1)
                   if ($i == "corp:") corp = $(i + 1) } }
        /^stat::number_of_executed_units:/ { runs = $2 }
        END { sub(/\/.*/, "", corp)
              printf "%-10s %12d %9d %9d %9d %8d\n", name, runs, cov, ft, corp, fresh }' "$log"
    if [ "$status" -eq 0 ] && [ "$fresh" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        tail -n 60 "$log" | grep -v '^#[0-9]'
    fi
done
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
