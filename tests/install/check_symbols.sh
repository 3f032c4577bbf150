#!/bin/sh
# What a library exports is what its installed headers declare, not a name more or less: a loader resolves every name
# of the FFI text at once, and an export that no header shows could never be taken back. Archives have no version
# script; there each global name must at least carry our prefix.
set -u
LC_ALL=C
export LC_ALL
B=${B:-build/release}
failed=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-symbols.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT

declared() { # headers...: the names that PAYROUTE_API stands before
    awk '/^PAYROUTE_API / { on = 1; s = "" }
         on { s = s " " $0 }
         on && /\(/ { sub(/\(.*/, "", s); sub(/.*[ *]/, "", s); print s; on = 0 }' "$@" | sort
}
# As in the FFI texts: host.h, host_*.h and what includes one of them belong to payroute-host.
host=$({
    grep -lE '^#include <payroute/host(_[a-z_]*)?\.h>' include/payroute/*.h
    ls include/payroute/host.h include/payroute/host_*.h 2>/dev/null
} | sort -u)
pure=$(ls include/payroute/*.h | grep -vxF "$host")
# shellcheck disable=SC2086
declared $pure >"$tmp/payroute.h"
# shellcheck disable=SC2086
declared $host >"$tmp/payroute-host.h"

for name in payroute payroute-host; do
    if [ "$(wc -l <"$tmp/$name.h")" -lt 20 ]; then echo "$name: too few prototypes found" && failed=1; fi
    uniq -d "$tmp/$name.h" >"$tmp/twice"
    if [ -s "$tmp/twice" ]; then echo "declared twice:" && cat "$tmp/twice" && failed=1; fi
    nm -D --defined-only "$B/lib$name.so.0" | awk '{ print $NF }' | sed 's/@.*//' | sort >"$tmp/$name.so"
    if ! diff "$tmp/$name.h" "$tmp/$name.so" >"$tmp/diff"; then
        echo "lib$name.so (< only declared, > only exported):" && grep '^[<>]' "$tmp/diff"
        failed=1
    fi
    nm -A --defined-only --extern-only "$B/lib$name.a" 2>/dev/null | awk '{ print $NF }' | sort -u |
        grep -vE '^(payroute_|pr_|prh_|__odr_asan)' >"$tmp/foreign"
    if [ -s "$tmp/foreign" ]; then
        echo "lib$name.a takes names that are not ours:" && cat "$tmp/foreign"
        failed=1
    fi
    if ! grep -q 'local: \*;' "lib/$name.map"; then echo "lib/$name.map is no list of what is allowed" && failed=1; fi
done
# Both archives go into one program.
for name in payroute payroute-host; do
    nm --defined-only --extern-only "$B/lib$name.a" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u
done | sort | uniq -d >"$tmp/clash"
if [ -s "$tmp/clash" ]; then echo "in both archives:" && cat "$tmp/clash" && failed=1; fi
exit $failed
