#!/bin/sh
# What is generated in docs/ is what docs/make.sh makes of the sources now.
set -u
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-docs.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0
OPT=-O0 sh docs/make.sh "$tmp/tools" "$tmp/docs" || exit 1
made=$(ls "$tmp/docs")
for page in states.md configuration.md concepts.md providers.md epay.md network-rules.md places.md catalog-coverage.md; do
    if ! echo "$made" | grep -qx "$page"; then echo "$page was not made" && failed=1; fi
done
for page in $made; do
    if ! diff -u "docs/$page" "$tmp/docs/$page"; then
        echo "docs/$page is out of date: make docs"
        failed=1
    fi
done
exit $failed
