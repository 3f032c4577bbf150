#!/bin/sh
# The channel of docs/epay.md is one that `payroute check` takes, and it says what the page says of it; the forks of
# the page are those of the table.
set -u
B=${B:-build/release}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-epay.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0
{
    echo '{"schema":1,"channels":['
    sed -n '/^```json$/,/^```$/p' docs/epay.md | grep -v '^```'
    echo ']}'
} >"$tmp/channels.json"
chmod 600 "$tmp/channels.json"
if ! "$B/payroute" check "$tmp/channels.json" >"$tmp/said" 2>&1; then cat "$tmp/said" && failed=1; fi
if ! grep -q 'epay rainbow, legacy' "$tmp/said"; then echo "check does not say that it is legacy" && failed=1; fi
sed -n 's/^FORK("\([a-z0-9_]*\)".*/\1/p' lib/provider/epay_forks.def | sort >"$tmp/table"
sed -n 's/^| `\([a-z0-9_]*\)` |.*/\1/p' docs/epay.md | sort >"$tmp/page"
if ! diff "$tmp/table" "$tmp/page"; then echo "docs/epay.md: other forks than the table's" && failed=1; fi
exit $failed
