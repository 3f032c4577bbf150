#!/bin/sh
# The example of the host's loop does what its first comment says: an answer lost after the charge is asked
# about, nothing is sent twice, and each send comes after its save.
set -u
B=${B:-build/release}
out=$("$B/pure") || { echo "$out" && echo "pure failed" && exit 1; }
course=$(echo "$out" | awk '{printf "%s ", $1}')
expected='SAVE SEND SAVE SEND SAVE WAIT QUERY SAVE DONE '
if [ "$course" != "$expected" ]; then
    echo "$out"
    echo "expected: $expected"
    exit 1
fi
echo "$out" | grep -q '"status":"paid".*"captured_minor":1250' || { echo "$out" && exit 1; }
lines=$(wc -l <examples/pure.c)
if [ "$lines" -gt 120 ]; then echo "examples/pure.c: $lines lines, 120 at most" && exit 1; fi
