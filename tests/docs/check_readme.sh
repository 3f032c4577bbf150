#!/bin/sh
# The README's first screen does what it says: its C, PHP and Python each take one payment on the sandbox, whose customer
# pays when the page is shown. PHP and Python where they are installed; with PR_FFI=all they must be.
set -u
LC_ALL=C
export LC_ALL
B=${B:-build/release}
failed=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-readme.XXXXXX") || exit 1
trap 'exec 3>&-; rm -rf "$tmp"' EXIT

block() { awk -v begin="^\`\`\`$1\$" '$0 ~ begin { on = 1; next } /^```$/ { if (on) exit } on' README.md; }
skip() {
    echo "skipped: the README's $1: $2"
    [ "${PR_FFI:-}" != all ] || failed=1
}

mkfifo "$tmp/leash" || exit 1
"$B/payroute-sandbox" --dir "$tmp/sandbox" --port 0 --stdin-exit <"$tmp/leash" >"$tmp/ready" &
exec 3>"$tmp/leash" # the sandbox ends when this does
tries=0
while ! grep -q ready "$tmp/ready"; do
    tries=$((tries + 1))
    if [ $tries -gt 200 ]; then echo "the sandbox does not start" && exit 1; fi
    sleep 0.05
done
CHANNELS=$tmp/sandbox/channels.json
SANDBOX=http://127.0.0.1:$(sed 's/.*"port":\([0-9]*\).*/\1/' "$tmp/ready")
LD_LIBRARY_PATH=$B${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
PAYROUTE_FFI=$B/ffi
export CHANNELS SANDBOX LD_LIBRARY_PATH PAYROUTE_FFI PYTHONDONTWRITEBYTECODE=1

took() { # language, command...
    language=$1 && shift
    STORE=$tmp/$language.db "$@" >"$tmp/out" 2>&1
    if [ "$(cat "$tmp/out")" != 'success, then paid, order 1001' ]; then
        echo "the README's $language does not take a payment:" && cat "$tmp/out"
        failed=1
    fi
    lines=$(block "$language" | wc -l)
    if [ "$lines" -gt 14 ]; then echo "the README's $language: $lines lines; a screen has room for 14" && failed=1; fi
}

block c >"$tmp/readme.inc"
${CC:-cc} -std=c11 -Wall -Wextra -Werror -Iinclude -I"$tmp" -o "$tmp/readme" tests/docs/readme.c \
    "$B/libpayroute-host.a" "$B/libpayroute.a" -lcurl -lsqlite3 -lcjson -lmbedx509 -lmbedcrypto || exit 1
took c "$tmp/readme"

if command -v php >/dev/null && php -r 'exit(extension_loaded("FFI") ? 0 : 1);'; then
    { echo '<?php' && block php; } >"$tmp/readme.php"
    BLOCK=$tmp/readme.php took php php tests/docs/readme.php
else
    skip PHP 'no php with FFI here'
fi

if command -v python3 >/dev/null; then
    block python >"$tmp/readme.py"
    BLOCK=$tmp/readme.py took python python3 tests/docs/readme_py.py
else
    skip Python 'no python3 here'
fi
exit $failed
