#!/bin/sh
# `make peers`: the official npm SDKs of Stripe and Alipay against our adapters and our sandbox. Everything that
# is downloaded or made lands in $B/peers; the versions and their hashes are pinned by package-lock.json.
set -eu
cd "$(dirname "$0")/../.."
: "${B:=build/release}"
cc=${CC:-cc}
here=tests/peers
at=$B/peers

for tool in node npm "$cc" pkg-config; do
    command -v "$tool" >/dev/null 2>&1 || {
        echo "peers: $tool is missing; try: make deps-peers deps peers" >&2
        exit 1
    }
done
mkdir -p "$at"
cp "$here"/*.mjs "$here/package.json" "$at/"

if ! cmp -s "$here/package-lock.json" "$at/installed.json"; then
    cp "$here/package-lock.json" "$at/package-lock.json"
    (cd "$at" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1) || {
        cat "$at/npm.log" >&2
        echo "peers: the SDKs could not be installed" >&2
        exit 1
    }
    cp "$here/package-lock.json" "$at/installed.json"
fi

# shellcheck disable=SC2046
$cc -std=c11 -O1 -g -Wall -Wextra -D_GNU_SOURCE= -Iinclude -Ilib -o "$at/lines" "$here/lines.c" \
    "$B/libpayroute-host.a" "$B/libpayroute.a" $(pkg-config --cflags --libs libcurl sqlite3 libcjson) \
    ${MBEDTLS_LIBS:--lmbedx509 -lmbedcrypto} -lm -pthread

# Alipay's SDK writes its timestamps in local time, and the gateway reads them as Beijing's.
TZ=Asia/Shanghai B=$B exec node "$at/peers.mjs"
