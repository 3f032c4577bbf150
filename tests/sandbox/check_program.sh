#!/bin/sh
# The sandbox as a program: its options, what it leaves on disk, and how it ends.
set -eu
: "${B:=build/release}"
program=$B/payroute-sandbox
dir=$(mktemp -d "${TMPDIR:-/tmp}/sandbox-check.XXXXXX")
pid=
trap 'if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi; rm -rf "$dir"' EXIT

die() {
    echo "check_program: $*" >&2
    exit 1
}

"$program" --help | grep -q '^  POST /_fault ' || die "--help does not list the calls"

refused() {
    rc=0
    "$program" "$@" >"$dir/out" 2>"$dir/err" </dev/null || rc=$?
    [ "$rc" -eq 64 ] || die "exit $rc for: $*"
    [ ! -s "$dir/out" ] || die "said something on standard output for: $*"
    [ -s "$dir/err" ] || die "said nothing for: $*"
}
refused
refused --dir "$dir" --port x
refused --dir "$dir" --port 65536
refused --dir "$dir" --clock -1
refused --dir "$dir" --nonsense
refused --dir "$dir" --channels ali-main,nobody
refused --dir "$dir" more

rc=0
"$program" --dir "$dir/no/such" >"$dir/out" 2>"$dir/err" </dev/null || rc=$?
[ "$rc" -eq 1 ] || die "exit $rc for a folder that cannot be made"

# With --stdin-exit it ends when its input does; what it wrote is private and the same next time.
run() {
    "$program" --dir "$dir/a" --keys "$dir/keys" --stdin-exit </dev/null >"$dir/out"
    grep -q '^{"ready":true,"port":[1-9][0-9]*,"dir":".*/a"}$' "$dir/out" || die "no ready line: $(cat "$dir/out")"
    [ "$(stat -c %a "$dir/a/channels.json")" = 600 ] || die "channels.json is not private"
    grep -E '"(secret_key|webhook_secret|app_id|seller_id)"' "$dir/a/channels.json"
}
run >"$dir/first"
run >"$dir/second"
[ "$(wc -l <"$dir/first")" -eq 8 ] || die "credentials are missing"
cmp "$dir/first" "$dir/second" || die "the secrets changed with a restart"
"$program" --dir "$dir/b" --keys "$dir/keys" --channels wx-main,epay-main --stdin-exit </dev/null >"$dir/out"
[ "$(grep -c '"provider"' "$dir/b/channels.json")" -eq 2 ] || die "--channels does not choose"
echo "the sandbox's options, files and end are as they should be"
