#!/bin/sh
# docs/states.md is what docs/mkstates.c makes of the tables now.
set -u
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-docs.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
${CC:-cc} -std=c11 -O0 -Ilib -o "$tmp/mkstates" docs/mkstates.c && "$tmp/mkstates" >"$tmp/states.md" || exit 1
if ! diff -u docs/states.md "$tmp/states.md"; then
    echo "docs/states.md is out of date: make docs"
    exit 1
fi
