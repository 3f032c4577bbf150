#!/bin/sh
# The schema's providers, forks, flows and credentials are what docs/mkschema.c makes of the providers' facts now.
set -u
B=${B:-build/release}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-schema.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
schema=include/payroute/payroute.schema.json
# shellcheck disable=SC2046
${CC:-cc} -std=c11 -O0 -Iinclude -Ilib -o "$tmp/mkschema" docs/mkschema.c "$B/libpayroute.a" \
    $(pkg-config --libs libcjson) || exit 1
"$tmp/mkschema" <"$schema" >"$tmp/schema.json" || exit 1
if ! diff -u "$schema" "$tmp/schema.json"; then
    echo "$schema is out of date with lib/provider: make schema"
    exit 1
fi
