#!/bin/sh
# The C, PHP and Python of the pages in docs/: the blocks of one language on a page are one program, cut out in order
# and put where tests/docs/PAGE.c, PAGE.php and PAGE_py.py say (#include "PAGE.inc"; BLOCK in the environment). C has
# the macro AFTER_BLOCK between two. Each says at its end that it is fine, against the sandbox. PHP and Python where they
# are installed; with PR_FFI=all they must be. check_blocks.sh runs this with its sandbox (SANDBOX, SANDBOX_DIR) and sees
# to it that no page is forgotten; check_readme.sh runs the README's.
set -u
LC_ALL=C.UTF-8
export LC_ALL
B=${B:-build/release}
failed=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-code.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/blocks" && awk -v dir="$tmp/blocks" -f tests/docs/blocks.awk docs/*.md >"$tmp/list" || exit 1

skip() {
    echo "skipped: $1: $2"
    [ "${PR_FFI:-}" != all ] || failed=1
}

CHANNELS=$tmp/channels.json # the sandbox's, and one that the host drives
bank='{"id":"bank","provider":"custom","methods":[{"method":"card","flows":["direct"]}],"currencies":["CNY"],"priority":9},'
sed "s/\"channels\":[ 	]*\[/&$bank/" "$SANDBOX_DIR/channels.json" >"$CHANNELS"
LD_LIBRARY_PATH=$B${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
PAYROUTE_FFI=$B/ffi
PYTHONPATH=examples/python
export CHANNELS LD_LIBRARY_PATH PAYROUTE_FFI PYTHONPATH PYTHONDONTWRITEBYTECODE=1

blocks() { # page, language
    for n in $(awk -F '\t' -v page="docs/$1.md" -v language="$2" \
        '$2 == page && $4 == language && $5 == "-" { print $1 }' "$tmp/list"); do
        cat "$tmp/blocks/$n" && echo
        if [ "$2" = c ]; then echo AFTER_BLOCK; fi
    done | sed -e "s#/etc/shop/channels.json#$CHANNELS#g" -e "s#/var/lib/shop/payments.db#$tmp/$1.$2.db#g"
}

took() { # page, language, command…
    page=$1 language=$2 && shift 2
    STORE=$tmp/$page.$language.db "$@" >"$tmp/out" 2>&1
    if [ "$(tail -n 1 "$tmp/out")" != fine ]; then
        echo "docs/$page.md: its $language does not do what it says:" && cat "$tmp/out"
        failed=1
    fi
}

for page in $(awk -F '\t' '$4 ~ /^(c|php|python)$/ && $5 == "-" { print $2 }' "$tmp/list" | sort -u); do
    page=$(basename "$page" .md)
    blocks "$page" c >"$tmp/$page.inc"
    if [ -s "$tmp/$page.inc" ]; then
        blocks "$page" sql | sed -e 's/"/\\"/g' -e '/./s/.*/"&"/' >"$tmp/${page}_sql.inc"
        if ${CC:-cc} -std=c11 -D_GNU_SOURCE= -Wall -Wextra -Wshadow -Werror -Iinclude -I"$tmp" -o "$tmp/$page" "tests/docs/$page.c" \
            "$B/libpayroute-host.a" "$B/libpayroute.a" -lcurl -lsqlite3 -lcjson -lmbedx509 -lmbedcrypto; then
            took "$page" c "$tmp/$page"
        else
            failed=1
        fi
    fi
    blocks "$page" php >"$tmp/$page.body"
    if [ -s "$tmp/$page.body" ]; then
        { echo '<?php' && cat "$tmp/$page.body"; } >"$tmp/$page.php"
        if command -v php >/dev/null && php -r 'exit(extension_loaded("FFI") ? 0 : 1);'; then
            BLOCK=$tmp/$page.php took "$page" php php "tests/docs/$page.php"
        else
            skip "PHP of docs/$page.md" 'no php with FFI here'
        fi
    fi
    blocks "$page" python >"$tmp/$page.py"
    if [ -s "$tmp/$page.py" ]; then
        if command -v python3 >/dev/null; then
            BLOCK=$tmp/$page.py took "$page" python python3 "tests/docs/${page}_py.py"
        else
            skip "Python of docs/$page.md" 'no python3 here'
        fi
    fi
done
exit $failed
