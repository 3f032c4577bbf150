#!/bin/sh
# The threads' test with health itself compiled for ThreadSanitizer; everything else comes from the build. The mapped
# file's processes are beyond its sight: test_torture is for them.
set -eu
: "${B:=build/release}" "${CC:=cc}"
cd "$(dirname "$0")/../.."
out=$B/tsan
mkdir -p "$out"
# shellcheck disable=SC2086
$CC -std=c11 -O1 -g -fsanitize=thread -ffp-contract=off -D_GNU_SOURCE= -Iinclude -Ilib -Itests/health \
    -o "$out/test_health_threads" tests/health/test_health_threads.c tests/health/block_of.c lib/health/*.c \
    lib/base/rng.c "$B/libpayroute.a" -lcmocka -lcjson ${MBEDTLS_LIBS:--lmbedx509 -lmbedcrypto} -lm -pthread
if [ "${1:-}" = run ]; then TSAN_OPTIONS=halt_on_error=1 exec "$out/test_health_threads"; fi
