#!/bin/sh
# Runs the README's first command and holds what it prints against what the README says it prints.
set -u
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-says.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0
make deps demo >"$tmp/said" 2>&1 || failed=1
cat "$tmp/said"
awk '/^```/ { on = 0 } /^ok +1 +normal payment/ { on = 1 } on && !/^ …$/' README.md >"$tmp/readme"
[ -s "$tmp/readme" ] || { echo 'the README does not show the demo' && exit 1; }
while IFS= read -r line; do
    if ! grep -qxF -e "$line" "$tmp/said"; then
        echo "the README says, and the demo does not: $line"
        failed=1
    fi
done <"$tmp/readme"
exit $failed
